/// What became of one unit: one sample answered and scored, or one rewrite generated. Paid for once, kept for ever.
package struct UnitRecord: Hashable, Sendable, Codable {
    package enum Status: String, Hashable, Sendable, Codable {
        /// An answer and a score; for a generation, an answer alone.
        case scored
        /// The model's own failure: an empty, refused or unusable answer. Its score is 0.
        case modelFailure
        /// Timeouts, 429s, a judge that never parsed, a lost worker: no score, excluded pairwise.
        case infrastructureFailure
    }

    package var status: Status
    /// The model's text; empty when there was none.
    package var output: String
    /// Nil exactly for infrastructure failures and generations.
    package var score: Double?
    /// What the evaluation said in words, for a rewriter to read.
    package var feedback: String?
    /// The judge's raw answer (`llmjRawEvalOutput…`); nil for functions and built-in metrics.
    package var judgeOutput: String?
    /// Why it failed; nil when scored.
    package var failureReason: String?
    /// Of the target model's (for a generation: the rewriter's) answered call.
    package var usage: Usage?
    /// Summed over the judge's calls, unparsable answers included.
    package var judgeUsage: Usage?
    /// Requests sent to providers, retries and judge calls included.
    package var providerCalls: Int

    package init(
        status: Status, output: String, score: Double?, feedback: String? = nil, judgeOutput: String? = nil, failureReason: String? = nil,
        usage: Usage? = nil, judgeUsage: Usage? = nil, providerCalls: Int
    ) {
        self.status = status
        self.output = output
        self.score = score
        self.feedback = feedback
        self.judgeOutput = judgeOutput
        self.failureReason = failureReason
        self.usage = usage
        self.judgeUsage = judgeUsage
        self.providerCalls = providerCalls
    }
}
