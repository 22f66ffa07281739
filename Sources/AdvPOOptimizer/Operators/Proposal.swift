/// A candidate that an operator suggests; the search checks it before it costs anything.
struct Proposal: Hashable, Sendable {
    var operatorName: String
    var parents: [CandidateID]
    var blueprint: Blueprint
}

/// A candidate that others can be made from.
struct Parent: Hashable, Sendable {
    var id: CandidateID
    var blueprint: Blueprint
}

extension Blueprint {
    /// Of two prompts with equal instructions only the examples differ.
    func hasSameInstruction(as other: Blueprint) -> Bool { system == other.system && body == other.body }
}
