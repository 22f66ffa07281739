import AdvPOModel

/// What a search knows of its template before the first score: the splits, the open regions, what the operators can draw on.
struct SearchSpace: Sendable {
    let splits: Splits
    let original: RegionedText
    let check: CandidateCheck
    let mix: ProposalMix
    let rewriting: RewriteOperator
    let strata: Strata
    /// Samples that show the rewriter how a prompt fares, and that screen. A worked example is never one of them, so that all
    /// candidates can be compared on the same items.
    let screeners: [Int]
    /// The validation split, or the pool, in the order in which the blocks of validation take it.
    let decidingItems: [Int]
    /// What the original is scored on first: all but the holdout, ascending.
    let searchItems: [Int]
    let holdout: [Int]

    init(configuration: SearchConfiguration) {
        let samples = configuration.template.samples
        splits = Splits(samples: samples, seed: configuration.seed, holdoutThousandths: configuration.holdoutThousandths)
        original = RegionedText(template: configuration.template.promptTemplate)
        check = CandidateCheck(configuration: configuration, original: original)
        strata = Strata(samples.map(\.referenceResponse))
        var generator = SeededGenerator(seed: configuration.seed, path: [0x5BACE])
        let learning: [Int]
        let deciding: [Int]
        switch splits.scheme {
        case .holdout, .crossFitted:
            learning = splits.indices(.train)
            deciding = splits.indices(.validation)
        case .pool:
            learning = splits.indices(.pool)
            deciding = learning
        }
        let order = strata.balanced(learning, generator: &generator)
        let screenerCount = Self.screenerCount(of: learning.count)
        screeners = order.prefix(screenerCount).sorted()
        decidingItems = strata.balanced(deciding, generator: &generator)
        searchItems = samples.indices.filter { [splits] in splits.assignment[$0] != .holdout }
        holdout = splits.indices(.holdout)
        let format = FormatOperator(
            profile: FormatProfile(references: learning.compactMap { samples[$0].referenceResponse }), promptFormat: configuration.promptFormat)
        let examples = ExampleOperator(
            samples: samples, donors: order.dropFirst(screenerCount).sorted(), strata: strata, promptFormat: configuration.promptFormat)
        mix = ProposalMix(format: format, examples: examples, isShortening: configuration.template.shortenPrompt)
        rewriting = RewriteOperator(configuration: configuration, originalNames: PlaceholderText(original.text).names)
    }

    /// A third of the learning samples, but at least 8 and at most 64; of few, half.
    private static func screenerCount(of learning: Int) -> Int {
        learning < 16 ? (learning + 1) / 2 : min(64, max(8, learning / 3))
    }

    /// Both arms on the holdout.
    var proofUnits: Int { 2 * holdout.count }

    var minimumUnits: Int {
        searchItems.count + proofUnits + Race.units(candidates: 1, screening: screeners.count, validation: decidingItems.count, finalistLimit: 1)
    }

    var decidingSplit: Split {
        switch splits.scheme {
        case .holdout, .crossFitted: .validation
        case .pool: .pool
        }
    }
}
