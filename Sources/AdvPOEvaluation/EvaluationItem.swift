package import AdvPOModel

/// One answer to be scored.
package struct EvaluationItem: Sendable {
    /// What the model saw: all messages flattened as text.
    package var renderedPrompt: String
    /// Files that the model was sent with it.
    package var files: [ChatMessage.File]
    package var response: String
    /// `referenceResponse` of the sample.
    package var reference: String?
    package var specification: EvaluationSpecification
    /// Set exactly when the method is `.function`.
    package var functionBundle: FunctionBundle?

    package init(
        renderedPrompt: String, files: [ChatMessage.File] = [], response: String, reference: String?, specification: EvaluationSpecification,
        functionBundle: FunctionBundle? = nil
    ) {
        self.renderedPrompt = renderedPrompt
        self.files = files
        self.response = response
        self.reference = reference
        self.specification = specification
        self.functionBundle = functionBundle
    }
}

/// What an evaluation said about one answer.
package struct EvaluationResult: Sendable, Hashable {
    /// Finite; in [0, 1] for judges and built-in metrics, anything finite for the user's own code. Higher is better.
    package var score: Double
    /// In words, for a rewriter to read; bounded.
    package var feedback: String?
    /// The judge's raw answer that counted; nil for functions and built-in metrics.
    package var judgeOutput: String?
    /// Summed over the judge's answers, unparsable ones included.
    package var judgeUsage: Usage?
    /// Requests sent to the judge, retries included.
    package var providerCalls: Int

    package init(score: Double, feedback: String?, judgeOutput: String? = nil, judgeUsage: Usage? = nil, providerCalls: Int = 0) {
        self.score = score
        self.feedback = feedback
        self.judgeOutput = judgeOutput
        self.judgeUsage = judgeUsage
        self.providerCalls = providerCalls
    }
}

/// Why there is no score. None of these says anything about the candidate, so none of them is ever a 0.
package enum EvaluationFailure: Error, Hashable, CustomStringConvertible {
    /// The judge could not be reached, or never gave an answer that could be read.
    case judge(message: String, providerCalls: Int, judgeUsage: Usage?)
    /// The metric could not be run, raised, ran out of time or memory, or returned something that is no score; with the end of its standard error.
    case metric(message: String)
    /// The surrounding task was cancelled.
    case cancelled
    /// The task's allowance of requests is used up before a verdict.
    case allowance

    package var description: String {
        switch self {
        case .judge(let message, _, _), .metric(let message): message
        case .cancelled: "the evaluation was cancelled"
        case .allowance: "the task's requests are used up"
        }
    }
}
