/// Joins one candidate's instruction with another's examples.
enum CombineOperator {
    static let name = "combine"

    static func proposal(instruction: Parent, examples: Parent) -> Proposal? {
        guard !examples.blueprint.examples.isEmpty, instruction.id != examples.id else { return nil }
        guard !instruction.blueprint.hasSameInstruction(as: examples.blueprint) || instruction.blueprint.examples != examples.blueprint.examples else { return nil }
        let joined = instruction.blueprint.with(examples: examples.blueprint.examples, layout: examples.blueprint.layout)
        return Proposal(operatorName: name, parents: [instruction.id, examples.id], blueprint: joined)
    }
}
