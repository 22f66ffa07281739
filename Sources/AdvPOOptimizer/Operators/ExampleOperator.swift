import AdvPOModel

/// Adds worked examples from the training split, and varies those a prompt has.
struct ExampleOperator: Sendable {
    static let name = "examples"
    static let sizes = [2, 4, 8, 16]
    /// Of one example's input and reference together.
    static let exampleCharacters = 4_000

    /// Samples that may serve as examples, ascending.
    let donors: [Int]
    let layouts: [Blueprint.Layout]
    private let strata: Strata

    /// Leaves out samples without a reference, with attachments, over-long, or whose text reads as a placeholder: rendering would fill it.
    init(samples: [Sample], donors: [Int], strata: Strata, promptFormat: JobOptions.PromptFormat) {
        self.strata = strata
        self.donors = donors.filter { index in
            let sample = samples[index]
            guard let reference = sample.referenceResponse, !reference.trimmed.isEmpty, sample.attachments.isEmpty else { return false }
            let texts = sample.variables.map(\.value) + [reference]
            // The braces at the edges: a value must not become a placeholder together with the prompt's own.
            let isSafe = texts.allSatisfy { PlaceholderText("{" + $0 + "}").names.isEmpty }
            return isSafe && texts.reduce(0) { $0 + $1.count } <= Self.exampleCharacters
        }
        switch promptFormat {
        case .text: layouts = [.echoed, .labelled, .tagged]
        case .chat: layouts = [.turns]
        }
    }

    /// How many examples may be tried, smallest first.
    var sizes: [Int] {
        let possible = Self.sizes.filter { $0 <= donors.count }
        return possible.isEmpty && !donors.isEmpty ? [donors.count] : possible
    }

    /// `size` donors in random order, labels in equal parts where there are labels.
    func draw(_ size: Int, generator: inout SeededGenerator) -> [Int] {
        let chosen = Array(strata.balanced(donors, generator: &generator).prefix(size))
        return generator.shuffled(chosen)
    }

    func proposal(_ parent: Parent, examples: [Int], layout: Blueprint.Layout? = nil) -> Proposal {
        Proposal(operatorName: Self.name, parents: [parent.id], blueprint: parent.blueprint.with(examples: examples, layout: layout))
    }

    enum Mutation: CaseIterable {
        case swap, swapTwo, drop, grow, reorder
    }

    /// A prompt with slightly other examples, or nil where the change is impossible.
    func mutated(_ parent: Parent, by mutation: Mutation, generator: inout SeededGenerator) -> Proposal? {
        var examples = parent.blueprint.examples
        guard !examples.isEmpty else { return nil }
        let unused = donors.filter { !examples.contains($0) }
        switch mutation {
        case .swap, .swapTwo:
            for _ in 0..<(mutation == .swap ? 1 : 2) {
                let position = generator.index(below: examples.count)
                let free = unused.filter { !examples.contains($0) }
                // The same label first: it keeps the balance that the draw made.
                let alike = free.filter { strata.stratum[$0] == strata.stratum[examples[position]] }
                let pool = alike.isEmpty || generator.index(below: 4) == 0 ? free : alike
                guard !pool.isEmpty else { return nil }
                examples[position] = pool[generator.index(below: pool.count)]
            }
        case .drop:
            guard examples.count > 1 else { return nil }
            examples.remove(at: generator.index(below: examples.count))
        case .grow:
            guard !unused.isEmpty, examples.count < 2 * (Self.sizes.last ?? 16) else { return nil }
            for sample in generator.shuffled(unused).prefix(max(1, examples.count / 4)) {
                examples.insert(sample, at: generator.index(below: examples.count + 1))
            }
        case .reorder:
            guard examples.count > 1 else { return nil }
            examples = generator.shuffled(examples)
        }
        var changed = proposal(parent, examples: examples)
        changed.operatorName = "mutate-examples"
        return changed
    }
}
