/// All that a worker needs to score answers of one template, beside the answer itself.
package struct EvaluationSpecification: Hashable, Sendable {
    package var method: EvaluationMethod
    /// Set exactly when `method.usesJudge`.
    package var judgeModelID: String?
    /// The blob of the metric's code; set exactly for `.function`.
    package var functionBundle: ContentHash?

    package init(method: EvaluationMethod, judgeModelID: String?, functionBundle: ContentHash?) {
        self.method = method
        self.judgeModelID = judgeModelID
        self.functionBundle = functionBundle
    }
}
