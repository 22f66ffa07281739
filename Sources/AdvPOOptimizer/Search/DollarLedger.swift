import AdvPOModel

/// Counts what a search has spent, with the request under way at its worst case, so that its budget in dollars is never exceeded.
struct DollarLedger: Sendable {
    let bound: CostBound
    private let samples: [Sample]
    private let holdout: [Int]
    private(set) var spent = NanoDollars.zero
    private var pending = NanoDollars.zero
    /// Of calls that may be billed though no record shows an answer.
    private var unanswered = NanoDollars.zero
    /// What scoring each candidate on the holdout costs at most.
    private var proofs: [CandidateID: NanoDollars] = [:]

    init(limit: SpendingLimit, template: Template, holdout: [Int]) {
        bound = CostBound(limit: limit, method: template.method)
        samples = template.samples
        self.holdout = holdout
    }

    var budget: NanoDollars { bound.limit.budget }

    /// What is left when the request under way costs what it may, and `kept` is not touched.
    func available(keeping kept: NanoDollars) -> NanoDollars {
        NanoDollars(max(0, budget.value.subtractingReportingOverflow((spent + unanswered + pending + kept).value).partialValue))
    }

    func cost(of document: PromptDocument, on items: [Int]) -> NanoDollars {
        items.reduce(.zero) { $0 + bound.unit(document, samples[$1]) }
    }

    /// What the proof of a candidate adds to that of the original.
    mutating func proofCost(of candidate: CandidateID, _ document: PromptDocument) -> NanoDollars {
        if let known = proofs[candidate] { return known }
        let cost = cost(of: document, on: holdout)
        proofs[candidate] = cost
        return cost
    }

    mutating func reserve(_ amount: NanoDollars) { pending = pending + amount }

    /// The request under way has ended and cost so much.
    mutating func settle(_ amount: NanoDollars) {
        pending = .zero
        spent = spent + amount
    }

    mutating func enter(unanswered amount: NanoDollars) { unanswered = amount }

    /// What a finished unit cost, by its worker's word, but never less than its tokens cost at this search's prices. An answer whose cost or tokens nobody
    /// told counts at its worst case; a unit that brought no answer counts as nothing.
    func actualCost(of record: UnitRecord, _ document: PromptDocument, sample: Int) -> NanoDollars {
        let limit = bound.limit
        let messages = document.rendered(variables: samples[sample].values)
        let answer = Self.actualCost(record.usage, price: limit.target) { bound.target(messages) }
        guard let judge = limit.judge else { return answer }
        return answer + Self.actualCost(record.judgeUsage, price: judge) { bound.judge(messages, reference: samples[sample].referenceResponse) ?? .zero }
    }

    func actualCost(of record: UnitRecord, _ chat: GenerationRequest.Chat) -> NanoDollars {
        guard let price = bound.limit.rewriter else { return .zero }
        return Self.actualCost(record.usage, price: price) { bound.chat(chat) }
    }

    private static func actualCost(_ usage: Usage?, price: CatalogModel.Price, worst: () -> NanoDollars) -> NanoDollars {
        guard let usage else { return .zero }
        guard let told = usage.cost, usage.inputTokens > 0 || usage.outputTokens > 0 else { return worst() }
        return max(told, price.cost(inputTokens: usage.inputTokens, outputTokens: usage.outputTokens), .zero)
    }
}
