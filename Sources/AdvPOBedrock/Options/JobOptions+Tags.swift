package import AdvPOModel

/// The tags by which a job sets what the AWS request has no field for.
package enum OptionTag: String, Hashable, Sendable, CaseIterable {
    case preset = "advpo:preset"
    case budgetCalls = "advpo:budget-calls"
    case budgetDollars = "advpo:budget-dollars"
    case holdout = "advpo:holdout"
    case seed = "advpo:seed"
    case promptFormat = "advpo:prompt-format"
    case rewriter = "advpo:rewriter"
    case judge = "advpo:judge"

    /// What every tag of ours begins with; other tags are the user's own.
    package static let prefix = "advpo:"
}

extension JobOptions {
    /// The defaults, overridden by the `advpo:` tags. Tags without the prefix are left alone; the tags' order does not matter: a preset never
    /// overrides a number that another tag gives.
    ///
    /// Throws one `ValidationException` for all tags that are unknown or ill-formed.
    package init(tags: [CreateJobRequest.Tag], defaults: JobOptions) throws(APIError) {
        var options = defaults
        var violations = Violations()
        let givesCalls = tags.contains { $0.key == OptionTag.budgetCalls.rawValue }
        for tag in tags where tag.key.hasPrefix(OptionTag.prefix) {
            guard let option = OptionTag(rawValue: tag.key) else {
                let known = OptionTag.allCases.map(\.rawValue).joined(separator: ", ")
                violations.add(.string(tag.key), at: "tags", "Member must be an option that this server knows: \(known)")
                continue
            }
            options.apply(option, value: tag.value, &violations)
            if option == .preset, !givesCalls { options.budgetCalls = options.preset.budgetCalls }
        }
        try violations.throwIfAny()
        self = options
    }

    private mutating func apply(_ option: OptionTag, value: String, _ violations: inout Violations) {
        let path = "tags['\(option.rawValue)']"
        switch option {
        case .preset:
            guard let named = Preset(rawValue: value) else { return violations.add(.string(value), at: path, Self.constraint(of: Preset.self)) }
            preset = named
        case .budgetCalls:
            guard let calls = Int(value), calls >= 1 else { return violations.add(.string(value), at: path, "Member must be an integer of 1 or more") }
            budgetCalls = calls
        case .budgetDollars:
            guard let amount = Self.budgetDollars(reading: value) else {
                return violations.add(.string(value), at: path, "Member must be \(Self.budgetDollarsConstraint)")
            }
            budgetDollars = amount
        case .holdout:
            guard let share = Self.holdoutThousandths(reading: value) else {
                return violations.add(.string(value), at: path, "Member must be \(Self.holdoutConstraint)")
            }
            holdoutThousandths = share
        case .seed:
            guard let number = UInt64(value) else {
                return violations.add(.string(value), at: path, "Member must be an integer from 0 to \(UInt64.max)")
            }
            seed = number
        case .promptFormat:
            guard let format = PromptFormat(rawValue: value) else {
                return violations.add(.string(value), at: path, Self.constraint(of: PromptFormat.self))
            }
            promptFormat = format
        case .rewriter:
            guard !value.isEmpty else { return violations.add(.string(value), at: path, "Member must name a model of the server's catalog") }
            rewriterModelID = value
        case .judge:
            guard !value.isEmpty else { return violations.add(.string(value), at: path, "Member must name a model of the server's catalog") }
            judgeModelID = value
        }
    }

    private static func constraint<Choice: RawRepresentable<String> & CaseIterable>(of type: Choice.Type) -> String {
        "Member must satisfy enum value set: [\(Choice.allCases.map(\.rawValue).joined(separator: ", "))]"
    }
}
