import AdvPOModel

/// What the operators that need no model suggest in one round, the most promising first.
///
/// The first round spreads out: sizes, draws and layouts of examples, ways to state the format, both together. Later rounds stay near
/// the best prompt: vary its examples, draw afresh for it, join it with the parts of other good candidates. More is suggested than a round can
/// try, since some suggestions repeat what is known or fail their check.
struct ProposalMix: Sendable {
    let format: FormatOperator
    let examples: ExampleOperator
    let isShortening: Bool

    var isEmpty: Bool { format.statements.isEmpty && examples.donors.isEmpty && !isShortening }

    func firstRound(original: Parent, count: Int, generator: inout SeededGenerator) -> [Proposal] {
        let formats = format.proposals(for: original)
        var result: [Proposal] = isShortening ? ShortenOperator.proposals(for: original) : []
        let sizes = spreadSizes()
        guard !sizes.isEmpty else { return result + formats }
        // Of four suggestions two are examples alone, one states the format, one does both.
        for position in 0..<(2 * count) {
            let size = sizes[position % sizes.count]
            let layout = examples.layouts[position % examples.layouts.count]
            let formatted = formats.isEmpty ? nil : formats[(position / 4) % formats.count]
            switch position % 4 {
            case 1:
                if let formatted, position / 4 < formats.count {
                    result.append(formatted)
                    continue
                }
                result.append(examples.proposal(original, examples: examples.draw(size, generator: &generator), layout: layout))
            case 3:
                var both = examples.proposal(original, examples: examples.draw(size, generator: &generator), layout: layout)
                if let formatted {
                    both.blueprint.system = formatted.blueprint.system
                    both.blueprint.body = formatted.blueprint.body
                    both.operatorName = FormatOperator.name + "+" + ExampleOperator.name
                }
                result.append(both)
            default:
                result.append(examples.proposal(original, examples: examples.draw(size, generator: &generator), layout: layout))
            }
        }
        return result
    }

    /// `ranked` are all candidates that were tried, best first; `best` is the one to beat.
    func laterRound(best: Parent, ranked: [Parent], count: Int, generator: inout SeededGenerator) -> [Proposal] {
        var result: [Proposal] = isShortening ? generator.shuffled(ShortenOperator.proposals(for: best)) : []
        let formats = format.proposals(for: best)
        let instructions = ranked.filter { !$0.blueprint.hasSameInstruction(as: best.blueprint) }
        let exampleSets = ranked.filter { !$0.blueprint.examples.isEmpty && $0.blueprint.examples != best.blueprint.examples }
        let runnerUp = ranked.first { $0.id != best.id && !$0.blueprint.examples.isEmpty }
        for turn in 0..<count {
            if turn < formats.count { result.append(formats[turn]) }
            if turn < instructions.count, let joined = CombineOperator.proposal(instruction: instructions[turn], examples: best) { result.append(joined) }
            if turn < exampleSets.count, let joined = CombineOperator.proposal(instruction: best, examples: exampleSets[turn]) { result.append(joined) }
            for mutation in [ExampleOperator.Mutation.swap, .grow, .reorder, .swapTwo, .swap, .drop] {
                if let changed = examples.mutated(best, by: mutation, generator: &generator) { result.append(changed) }
            }
            if let fresh = fresh(for: best, turn: turn, generator: &generator) { result.append(fresh) }
            if let runnerUp, let changed = examples.mutated(runnerUp, by: .swap, generator: &generator) { result.append(changed) }
            if let fresh = fresh(for: best, turn: turn + 1, generator: &generator) { result.append(fresh) }
        }
        return result
    }

    /// Another draw for the same instruction: of the size it has, or of the next larger ones.
    private func fresh(for parent: Parent, turn: Int, generator: inout SeededGenerator) -> Proposal? {
        let sizes = examples.sizes
        guard let largest = sizes.last else { return nil }
        let current = parent.blueprint.examples.count
        let near = sizes.filter { $0 >= current && $0 <= 2 * max(current, 4) }
        let choices = near.isEmpty ? [largest] : near
        let layout = current > 0 ? parent.blueprint.layout : examples.layouts[turn % examples.layouts.count]
        return examples.proposal(parent, examples: examples.draw(choices[turn % choices.count], generator: &generator), layout: layout)
    }

    /// Middle sizes most often: eight examples were best for small models, two are cheapest to serve.
    private func spreadSizes() -> [Int] {
        let wanted = [8, 8, 4, 8, 16, 4, 8, 16, 4, 8, 2, 8, 16]
        let possible = examples.sizes
        guard let largest = possible.last else { return [] }
        return wanted.map { min($0, largest) }
    }
}
