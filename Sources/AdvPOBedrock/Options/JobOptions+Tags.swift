package import AdvPOModel

/// The tags by which a job sets what the AWS request has no field for.
package enum OptionTag: String, Hashable, Sendable, CaseIterable {
    case budgetCalls = "advpo:budget-calls"
    case seed = "advpo:seed"
    case promptFormat = "advpo:prompt-format"
    case rewriter = "advpo:rewriter"
    case judge = "advpo:judge"
    /// Reserved: named in the documentation, not offered yet.
    case budgetDollars = "advpo:budget-dollars"
    case preset = "advpo:preset"
    case holdout = "advpo:holdout"

    /// What every tag of ours begins with; other tags are the user's own.
    package static let prefix = "advpo:"

    package var isOffered: Bool {
        switch self {
        case .budgetCalls, .seed, .promptFormat, .rewriter, .judge: true
        case .budgetDollars, .preset, .holdout: false
        }
    }
}

extension JobOptions {
    /// The defaults, overridden by the `advpo:` tags. Tags without the prefix are left alone.
    ///
    /// Throws one `ValidationException` for all tags that are unknown, not offered or ill-formed.
    package init(tags: [CreateJobRequest.Tag], defaults: JobOptions) throws(APIError) {
        var options = defaults
        var violations = Violations()
        for tag in tags where tag.key.hasPrefix(OptionTag.prefix) {
            guard let option = OptionTag(rawValue: tag.key) else {
                let offered = OptionTag.allCases.filter(\.isOffered).map(\.rawValue).joined(separator: ", ")
                violations.add(.string(tag.key), at: "tags", "Member must be an option that this server knows: \(offered)")
                continue
            }
            options.apply(option, value: tag.value, &violations)
        }
        try violations.throwIfAny()
        self = options
    }

    private mutating func apply(_ option: OptionTag, value: String, _ violations: inout Violations) {
        let path = "tags['\(option.rawValue)']"
        switch option {
        case .budgetCalls:
            guard let calls = Int(value), calls >= 1 else { return violations.add(.string(value), at: path, "Member must be an integer of 1 or more") }
            budgetCalls = calls
        case .seed:
            guard let number = UInt64(value) else {
                return violations.add(.string(value), at: path, "Member must be an integer from 0 to \(UInt64.max)")
            }
            seed = number
        case .promptFormat:
            guard let format = PromptFormat(rawValue: value) else {
                let names = PromptFormat.allCases.map(\.rawValue).joined(separator: ", ")
                return violations.add(.string(value), at: path, "Member must satisfy enum value set: [\(names)]")
            }
            promptFormat = format
        case .rewriter:
            guard !value.isEmpty else { return violations.add(.string(value), at: path, "Member must name a model of the server's catalog") }
            rewriterModelID = value
        case .judge:
            guard !value.isEmpty else { return violations.add(.string(value), at: path, "Member must name a model of the server's catalog") }
            judgeModelID = value
        case .budgetDollars, .preset, .holdout:
            violations.add(.string(value), at: path, "This server does not offer the option yet; leave the tag out")
        }
    }
}
