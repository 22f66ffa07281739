/// What the AWS request has no field for.
package struct JobOptions: Hashable, Sendable, Codable {
    package enum PromptFormat: String, Hashable, Sendable, Codable, CaseIterable {
        /// Everything in the one user template: what the published format can carry.
        case text
        /// System text and example turns are allowed.
        case chat
    }

    package var promptFormat: PromptFormat
    /// Provider calls one run may make, judge and rewriter calls included; at least what scoring the original and the proof need.
    package var budgetCalls: Int
    package var seed: UInt64
    /// Overrides of the catalog's roles.
    package var rewriterModelID: String?
    package var judgeModelID: String?

    package init(
        promptFormat: PromptFormat = .text, budgetCalls: Int = 1_000, seed: UInt64 = 0, rewriterModelID: String? = nil, judgeModelID: String? = nil
    ) {
        self.promptFormat = promptFormat
        self.budgetCalls = budgetCalls
        self.seed = seed
        self.rewriterModelID = rewriterModelID
        self.judgeModelID = judgeModelID
    }
}
