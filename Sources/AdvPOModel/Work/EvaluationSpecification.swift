/// All that a worker needs to score answers of one template, beside the answer itself.
package struct EvaluationSpecification: Hashable, Sendable {
    package var method: EvaluationMethod
    /// Set exactly when `method.usesJudge`.
    package var judgeModelID: String?
    /// The blob of the metric's code; set exactly for `.function`.
    package var functionBundle: ContentHash?
    /// Kinds of the samples' files that the judge is shown, images first, each once; empty without a judge.
    package var judgeAttachments: [Attachment.Kind]

    package init(method: EvaluationMethod, judgeModelID: String?, functionBundle: ContentHash?, judgeAttachments: [Attachment.Kind] = []) {
        self.method = method
        self.judgeModelID = judgeModelID
        self.functionBundle = functionBundle
        self.judgeAttachments = judgeAttachments
    }
}
