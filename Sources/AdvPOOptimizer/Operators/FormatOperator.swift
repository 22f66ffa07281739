import AdvPOModel

/// States the form of the answer as the training references show it.
struct FormatOperator: Sendable {
    static let name = "format"
    let statements: [String]
    let promptFormat: JobOptions.PromptFormat

    init(profile: FormatProfile?, promptFormat: JobOptions.PromptFormat) {
        statements = profile?.statements ?? []
        self.promptFormat = promptFormat
    }

    /// Every statement at every place it can stand in, first choices first; none that the prompt already holds.
    func proposals(for parent: Parent) -> [Proposal] {
        var result: [Proposal] = []
        let blueprint = parent.blueprint
        let hasStatement = statements.contains { blueprint.body.text.contains($0) || (blueprint.system ?? "").contains($0) }
        guard !hasStatement else { return [] }
        for place in places {
            for statement in statements {
                guard let changed = stating(statement, at: place, in: blueprint) else { continue }
                result.append(Proposal(operatorName: Self.name, parents: [parent.id], blueprint: changed))
            }
        }
        return result
    }

    private enum Place { case end, beforeInput, system }

    private var places: [Place] {
        switch promptFormat {
        case .text: [.end, .beforeInput]
        case .chat: [.beforeInput, .system, .end]
        }
    }

    private func stating(_ statement: String, at place: Place, in blueprint: Blueprint) -> Blueprint? {
        var changed = blueprint
        switch place {
        case .system:
            changed.system = blueprint.system.map { $0 + "\n\n" + statement } ?? statement
        case .beforeInput:
            guard let point = InsertionPoint(blueprint.body) else { return nil }
            changed.body = point.inserting(statement, into: blueprint.body)
        case .end:
            // After a cue such as `Answer:` a statement would be read as the answer's beginning.
            guard let last = blueprint.body.openIndices.last, !blueprint.body.text.trimmed.hasSuffix(":") else { return nil }
            let text = blueprint.body.segments[last].text.trimmingTrailingBlanks
            let isMiddle = last < blueprint.body.segments.count - 1
            changed.body = blueprint.body.replacing(last, with: (text.isEmpty ? "" : text + "\n\n") + statement + (isMiddle ? "\n\n" : ""))
        }
        return changed
    }
}
