/// What the AWS request has no field for.
package struct JobOptions: Hashable, Sendable {
    package enum PromptFormat: String, Hashable, Sendable, Codable, CaseIterable {
        /// Everything in the one user template: what the published format can carry.
        case text
        /// System text and example turns are allowed.
        case chat
    }

    /// How much effort a search makes: how many calls it has and how widely it looks.
    package enum Preset: String, Hashable, Sendable, CaseIterable {
        case light, medium, heavy

        /// Calls of one run, where no number was given.
        package var budgetCalls: Int {
            switch self {
            case .light: 300
            case .medium: 1_000
            case .heavy: 3_000
            }
        }
    }

    package var promptFormat: PromptFormat
    package var preset: Preset
    /// Provider calls one run may make, judge and rewriter calls included; at least what scoring the original and the proof need.
    package var budgetCalls: Int
    /// What the whole job may cost, all its runs together; nil for no limit.
    package var budgetDollars: NanoDollars?
    /// The share of samples kept for the proof, in thousandths, where a holdout is formed; nil for the search's own share.
    package var holdoutThousandths: Int?
    package var seed: UInt64
    /// Overrides of the catalog's roles.
    package var rewriterModelID: String?
    package var judgeModelID: String?

    /// Without `budgetCalls` the preset's number.
    package init(
        promptFormat: PromptFormat = .text, preset: Preset = .medium, budgetCalls: Int? = nil, budgetDollars: NanoDollars? = nil,
        holdoutThousandths: Int? = nil, seed: UInt64 = 0, rewriterModelID: String? = nil, judgeModelID: String? = nil
    ) {
        self.promptFormat = promptFormat
        self.preset = preset
        self.budgetCalls = budgetCalls ?? preset.budgetCalls
        self.budgetDollars = budgetDollars
        self.holdoutThousandths = holdoutThousandths
        self.seed = seed
        self.rewriterModelID = rewriterModelID
        self.judgeModelID = judgeModelID
    }
}

// MARK: - Values as users write them

extension JobOptions {
    package static let holdoutRange = 100...500
    /// What a holdout share must be, as the end of a sentence.
    package static let holdoutConstraint = "a decimal from 0.1 to 0.5 with at most three digits after the point"
    /// What a budget in dollars must be, as the end of a sentence.
    package static let budgetDollarsConstraint =
        "a decimal number of dollars above 0 and up to \(DollarAmount.largestDollars), with at most nine digits after the point, without sign or currency"

    /// A share such as `0.25` in thousandths; nil when it breaks `holdoutConstraint`.
    package static func holdoutThousandths(reading text: String) -> Int? {
        guard case .value(let thousandths) = FixedPointDecimal.read(text, places: 3, largestWhole: 1), holdoutRange.contains(Int(thousandths)) else { return nil }
        return Int(thousandths)
    }

    /// An amount such as `2.50`, exactly; nil when it breaks `budgetDollarsConstraint`.
    package static func budgetDollars(reading text: String) -> NanoDollars? {
        guard case .amount(let amount) = DollarAmount.read(text), amount > .zero else { return nil }
        return amount
    }
}
