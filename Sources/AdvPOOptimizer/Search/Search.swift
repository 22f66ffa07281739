import AdvPOModel

/// The search of one run as a pure state machine: events are scores and rewrites, effects are requests for them and the outcome.
///
/// At most one request is under way. States, and what may follow each:
///
/// - `idle`: nothing asked yet. `start` leads to `baseline`, or to `finished` when the budget is too small.
/// - `baseline`: the original is being scored on train and validation. Then a round, `proving`, or `finished` when nothing got a score.
/// - `generating`: a round's rewrites are being written. Then `screening`, another round, or `proving`.
/// - `screening`: a round's candidates run a rung on training items. Then the next rung, `validating`, another round, or `proving`.
/// - `validating`: the survivors run a block of validation items. Then the next block, another round, or `proving`.
/// - `proving`: original and winner are on the holdout. Then `completing` or `finished`.
/// - `completing`: the verdict stands; the winner's missing rows are being filled. Then `finished`.
/// - `finished`: the last effect was `finish`; whatever comes is ignored.
///
/// Invalid events. Our bug, trapped: an answer to a request that was never made, of the wrong kind or shape; `start` called twice. The peer's,
/// survived: scores that are not finite or absent count as missing; a rewriter's nonsense is a rejected proposal. Harmless, ignored: an
/// answer that comes a second time, and anything after the finish.
package struct Search: Sendable {
    enum State: Sendable {
        case idle
        case baseline(EvaluationRequest)
        case generating(GenerationRequest, RoundPlan)
        case screening(EvaluationRequest, Race)
        case validating(EvaluationRequest, Race)
        case proving(EvaluationRequest)
        case completing(EvaluationRequest, SearchOutcome)
        case finished
    }

    /// What a round may spend, fixed before its rewrites are asked for.
    struct RoundPlan: Hashable, Sendable {
        var candidates: Int
        var finalistLimit: Int
        var screeningItems: [Int]
    }

    struct Candidate: Sendable {
        var record: CandidateRecord
        var blueprint: Blueprint
        /// Reached the end of validation.
        var isFullyValidated = false
        var length: Int { record.document.characterCount }
    }

    let configuration: SearchConfiguration
    let space: SearchSpace
    var state = State.idle
    var ledger: CallLedger
    /// Nil without a budget in dollars.
    var dollars: DollarLedger?
    var board: Scoreboard
    var candidates: [Candidate] = []
    /// For lookups only.
    var documents: [PromptDocument: CandidateID] = [:]
    var incumbent = CandidateID(0)
    var round = 0
    var roundsWithoutGain = 0
    var nextRequestID = 0
    var chatsAsked = 0
    var rewritesAccepted = 0
    /// Why no further round was run, as the end of a sentence.
    var endReason = ""

    package init(configuration: SearchConfiguration) {
        precondition(configuration.callsPerUnit >= 1, "a unit costs at least one call")
        self.configuration = configuration
        space = SearchSpace(configuration: configuration)
        ledger = CallLedger(
            budget: configuration.budgetCalls, callsPerUnit: configuration.callsPerUnit, reservedUnits: space.proofUnits)
        dollars = configuration.spending.map { [space] in DollarLedger(limit: $0, template: configuration.template, holdout: space.holdout) }
        board = Scoreboard(sampleCount: configuration.template.samples.count)
        let blueprint = Blueprint(system: nil, body: space.original, layout: space.mix.examples.layouts[0])
        let record = CandidateRecord(
            id: CandidateID(0), parents: [], operatorName: "original", iteration: 0, document: PromptDocument(user: space.original.text))
        candidates = [Candidate(record: record, blueprint: blueprint, isFullyValidated: true)]
        documents[record.document] = record.id
        board.addCandidate()
    }

    /// The fewest calls with which a search can say anything: the original on train and validation, one candidate through screening
    /// and validation, and both on the holdout.
    package static func minimumBudgetCalls(_ configuration: SearchConfiguration) -> Int {
        SearchSpace(configuration: configuration).minimumUnits * configuration.callsPerUnit
    }

    /// The first requests. Call once, before any event.
    package mutating func start() -> [SearchEffect] {
        switch state {
        case .idle: break
        case .finished: return []
        case .baseline, .generating, .screening, .validating, .proving, .completing: preconditionFailure("a search starts once")
        }
        let original = SearchEffect.candidate(candidates[0].record)
        guard !space.splits.assignment.isEmpty else {
            return [original] + finish(.failed, "The template has no samples; add evaluationSamples.")
        }
        let minimum = minimum
        guard configuration.budgetCalls >= minimum.calls else {
            return [original]
                + finish(
                    .failed,
                    "The budget of \(configuration.budgetCalls) calls is too small: scoring the original, one candidate and the proof on "
                        + "\(space.splits.assignment.count) samples take \(minimum.calls) calls. Raise the budget to at least that, or give fewer samples. "
                        + "Nothing was spent.")
        }
        if let least = minimum.dollars, let budget = configuration.spending?.budget, budget < least {
            return [original]
                + finish(
                    .failed,
                    "The budget of \(budget.dollarText) is too small: scoring the original, one candidate and the proof on "
                        + "\(space.splits.assignment.count) samples may cost \(least.dollarText). Raise the budget, lower maxTokens, or give fewer samples. "
                        + "Nothing was spent.")
        }
        let (request, effects) = ask(.baseline, [(CandidateID(0), space.searchItems)])
        state = .baseline(request)
        return [original] + effects
    }

    package mutating func handle(_ event: SearchEvent) -> [SearchEffect] {
        switch event {
        case .stopRequested: return stop()
        case .spent(let calls, let unanswered):
            ledger.settle(calls)
            dollars?.enter(unanswered: unanswered)
            return []
        case .evaluated(let requestID, let records):
            guard let request = outstandingEvaluation(requestID) else { return [] }
            settle(records, of: request)
            let scores = enter(records, of: request)
            return scores + advance()
        case .generated(let requestID, let records):
            switch state {
            case .generating(let request, let plan) where request.id == requestID:
                precondition(records.count == request.chats.count, "every chat has one record")
                settle(records, of: request)
                return propose(plan, rewrites: records)
            case .idle, .baseline, .generating, .screening, .validating, .proving, .completing, .finished:
                precondition(requestID < nextRequestID, "an answer to a request that was never made")
                return []
            }
        }
    }

    /// The request that `requestID` answers, or nil for an answer that is late.
    private func outstandingEvaluation(_ requestID: Int) -> EvaluationRequest? {
        let outstanding: EvaluationRequest?
        switch state {
        case .baseline(let request), .screening(let request, _), .validating(let request, _), .proving(let request), .completing(let request, _):
            outstanding = request
        case .generating(let request, _):
            precondition(request.id != requestID, "scores in answer to a request for rewrites")
            outstanding = nil
        case .idle, .finished: outstanding = nil
        }
        precondition(requestID < nextRequestID, "an answer to a request that was never made")
        return outstanding?.id == requestID ? outstanding : nil
    }

    /// What follows when the outstanding evaluation is entered.
    private mutating func advance() -> [SearchEffect] {
        switch state {
        case .baseline: return endBaseline()
        case .screening(_, let race): return endRung(race)
        case .validating(_, let race): return endBlock(race)
        case .proving: return endProof()
        case .completing(_, let outcome): return deliver(outcome)
        case .idle, .generating, .finished: preconditionFailure("no evaluation is under way")
        }
    }

    private mutating func endBaseline() -> [SearchEffect] {
        let summary = board.summary(CandidateID(0), on: space.decidingItems)
        guard summary.mean != nil else {
            var reason = (board.firstFailure ?? "no reason was given").capped(500)
            if reason.hasSuffix(".") { reason.removeLast() }
            return finish(
                .failed,
                "No sample that decides between prompts got a score with the original prompt, so there is nothing to compare with. The first failure: "
                    + "\(reason). Mend the cause and submit again.")
        }
        return beginRound()
    }

    private mutating func stop() -> [SearchEffect] {
        switch state {
        case .finished: return []
        case .completing(_, let outcome):
            // The proof is done and paid for; only rows of the report are missing.
            return deliver(outcome)
        case .idle, .baseline, .generating, .screening, .validating, .proving:
            let best = incumbent == CandidateID(0) ? nil : candidates[incumbent.rawValue].record
            let found = best == nil ? "No better prompt was found until then." : "The best prompt until then is given as challenger; it was not put to the proof."
            return finish(.stopped, "Stopped by the user. The original is returned. \(found)", challenger: best)
        }
    }
}
