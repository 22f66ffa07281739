import AdvPOModel
import AdvPOTestSupport
import OrderedCollections
import Testing
@testable import AdvPOOptimizer

/// A budget in dollars holds whatever is answered, and the proof is always paid.
@Suite(.longRunning) struct DollarBudgetTests {
    static let price = CatalogModel.Price(inputPerMillionTokens: NanoDollars(150_000_000), outputPerMillionTokens: NanoDollars(600_000_000))
    static let judgePrice = CatalogModel.Price(inputPerMillionTokens: NanoDollars(3_000_000_000), outputPerMillionTokens: NanoDollars(15_000_000_000))

    static func limit(_ budget: NanoDollars = NanoDollars(.max), judged: Bool = false, rewriter: Bool = false) -> SpendingLimit {
        SpendingLimit(budget: budget, target: price, targetMaxTokens: 100, judge: judged ? judgePrice : nil, rewriter: rewriter ? judgePrice : nil)
    }

    /// The configuration with its least budget times `percent` / 100.
    static func configuration(_ base: SearchConfiguration, percent: Int64, judged: Bool = false, rewriter: Bool = false) throws -> SearchConfiguration {
        var configuration = base
        configuration.spending = limit(judged: judged, rewriter: rewriter)
        let least = try #require(Search.minimum(configuration).dollars)
        configuration.spending?.budget = NanoDollars(least.value / 100 * percent + least.value % 100 * percent / 100)
        return configuration
    }

    /// What share of its worst case each answered call really costs, in hundredths.
    static func paid(_ event: SearchEvent, _ request: Driver.Request, _ configuration: SearchConfiguration, share: Int64) throws -> (SearchEvent, NanoDollars) {
        let limit = try #require(configuration.spending)
        let bound = CostBound(limit: limit, method: configuration.template.method)
        var total = NanoDollars.zero
        func usage(_ worst: NanoDollars) -> Usage {
            let cost = NanoDollars(worst.value / 100 * share)
            total = total + cost
            return Usage(inputTokens: 1, outputTokens: 0, timeToFirstTokenMicroseconds: 1, latencyMicroseconds: 1, cost: max(cost, NanoDollars(3_000)))
        }
        switch (event, request) {
        case (.evaluated(let id, let records), .evaluate(let asked)):
            let priced = zip(asked.items, records).map { item, records in
                zip(item.samples, records).map { sample, record in
                    var record = record
                    let sample = configuration.template.samples[sample]
                    let messages = item.document.rendered(variables: sample.values)
                    record.usage = usage(bound.target(messages))
                    if let judge = bound.judge(messages, reference: sample.referenceResponse) { record.judgeUsage = usage(judge) }
                    return record
                }
            }
            return (.evaluated(requestID: id, records: priced), total)
        case (.generated(let id, let records), .generate(let asked)):
            let priced = zip(asked.chats, records).map { chat, record in
                var record = record
                record.usage = usage(bound.chat(chat))
                return record
            }
            return (.generated(requestID: id, records: priced), total)
        case (.evaluated, .generate), (.generated, .evaluate), (.stopRequested, _), (.spent, _): throw WrongKind()
        }
    }

    struct WrongKind: Error {}

    struct Run {
        var outcome: SearchOutcome?
        var spent = NanoDollars.zero
        var rounds = 0
        var purposes: [EvaluationRequest.Purpose] = []
    }

    static func drive(_ configuration: SearchConfiguration, _ target: SimulatedTarget, share: Int64) throws -> Run {
        var run = Run()
        var search = Search(configuration: configuration)
        var effects = search.start()
        while run.outcome == nil {
            var asked: Driver.Request?
            for effect in effects {
                switch effect {
                case .evaluate(let request):
                    asked = .evaluate(request)
                    run.purposes.append(request.purpose)
                    run.rounds = max(run.rounds, request.iteration)
                case .generate(let request): asked = .generate(request)
                case .finish(let outcome): run.outcome = outcome
                case .candidate, .rejectedProposal, .scored, .progress: break
                }
            }
            guard let asked else { break }
            let (event, cost) = try paid(Driver.answer(asked, configuration, target), asked, configuration, share: share)
            run.spent = run.spent + cost
            effects = search.handle(event)
        }
        return run
    }

    @Test("over many configurations no more is spent than the budget, even when every call costs its worst case, and the proof is always paid", arguments: 0..<40 as Range<Int>)
    func capHolds(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed) + 31)
        let judged = seed % 3 == 0
        let rewriter = seed % 2 == 0
        let count = [12, 30, 60, 90, 120][generator.index(below: 5)]
        let base = Fixture.configuration(
            count, method: judged ? .steering(criteria: ["be <brief>"]) : .builtin(.exactMatch), format: seed % 4 < 2 ? .chat : .text, seed: UInt64(seed),
            budget: 5_000, callsPerUnit: judged ? 2 : 1, rewriter: rewriter)
        let percents: [Int64] = [100, 101, 120, 200, 500, 2_000]
        let shares: [Int64] = [100, 100, 60, 5]
        let share = shares[generator.index(below: 4)]
        let configuration = try Self.configuration(base, percent: percents[generator.index(below: 6)], judged: judged, rewriter: rewriter)
        let effects: [SimulatedTarget.Effect] = [.strong, .null(0.4), .graded, .harmful]
        let target = SimulatedTarget(effect: effects[seed % 4], rewriter: .good, seed: UInt64(seed))
        let run = try Self.drive(configuration, target, share: share)
        let outcome = try #require(run.outcome)
        let budget = try #require(configuration.spending?.budget)
        #expect(run.spent <= budget, "\(run.spent.dollarText) of \(budget.dollarText)")
        #expect(outcome.ending == .improved || outcome.ending == .kept, "\(outcome.explanation)")
        #expect(outcome.proof != nil, "\(outcome.explanation)")
        #expect(run.purposes.contains(.proof) == (count >= Splits.holdoutMinimum))
    }

    @Test("a budget below the least fails before anything is asked, with the amount that would do")
    func tooSmall() throws {
        var configuration = try Self.configuration(Fixture.configuration(), percent: 100)
        let least = try #require(configuration.spending?.budget)
        configuration.spending?.budget = NanoDollars(least.value - 1)
        let run = Driver(configuration, SimulatedTarget(effect: .strong))
        #expect(run.outcome?.ending == .failed && run.evaluations.isEmpty)
        #expect(run.outcome?.explanation.contains(least.dollarText) == true)
        configuration.spending?.budget = least
        #expect(try Self.drive(configuration, SimulatedTarget(effect: .strong), share: 100).outcome?.proof != nil)
    }

    @Test("dollars that are used up end the search, and more dollars let it go on; without a limit nothing changes")
    func moreDollarsMoreRounds() throws {
        let base = Fixture.configuration(budget: 5_000)
        let target = SimulatedTarget(effect: .strong)
        let poor = try Self.drive(try Self.configuration(base, percent: 150), target, share: 100)
        let rich = try Self.drive(try Self.configuration(base, percent: 100_000), target, share: 100)
        #expect(poor.rounds < rich.rounds)
        #expect(poor.outcome?.explanation.contains("budget") == true, "\(poor.outcome?.explanation ?? "")")
        let free = Driver(base, target)
        #expect(rich.outcome == free.outcome)
    }

    @Test("an answer that came without its cost counts at its worst case, one that never came counts as nothing")
    func unknownCosts() throws {
        let configuration = try Self.configuration(Fixture.configuration(), percent: 300, judged: true)
        let limit = try #require(configuration.spending)
        let ledger = DollarLedger(limit: limit, template: configuration.template, holdout: [])
        let document = PromptDocument(user: Fixture.prompt)
        let sample = configuration.template.samples[0]
        func record(_ usage: Usage?, _ judge: Usage?) -> UnitRecord {
            UnitRecord(status: .scored, output: "x", score: 1, usage: usage, judgeUsage: judge, providerCalls: 2)
        }
        func usage(_ tokens: Int, _ cost: NanoDollars?) -> Usage {
            Usage(inputTokens: tokens, outputTokens: 0, timeToFirstTokenMicroseconds: 1, latencyMicroseconds: 1, cost: cost)
        }
        let worst = ledger.bound.unit(document, sample)
        #expect(ledger.actualCost(of: record(nil, nil), document, sample: 0) == .zero)
        #expect(ledger.actualCost(of: record(usage(0, nil), usage(0, nil)), document, sample: 0) == worst)
        #expect(ledger.actualCost(of: record(usage(10, nil), usage(10, nil)), document, sample: 0) == worst)
        // A worker whose prices are lower than those of the admission is not believed.
        #expect(ledger.actualCost(of: record(usage(1_000_000, NanoDollars(1)), nil), document, sample: 0) == Self.price.inputPerMillionTokens)
        #expect(ledger.actualCost(of: record(usage(10, NanoDollars(.max)), usage(10, NanoDollars(.max))), document, sample: 0) == NanoDollars(.max))
    }

    @Test("calls that cost more than their bound end the search without a proof, and the original is returned")
    func beyondTheBound() throws {
        let run = try Self.drive(try Self.configuration(Fixture.configuration(), percent: 100), SimulatedTarget(effect: .strong), share: 5_000)
        #expect(run.outcome?.ending == .kept && run.outcome?.proof == nil)
        #expect(run.outcome?.returned.id == CandidateID(0))
        #expect(run.outcome?.explanation.contains("no longer pays for the proof") == true)
    }

    @Test("a light search asks for less in a round than a medium one, a heavy one for more")
    func presets() {
        let firstRound = JobOptions.Preset.allCases.map { preset -> Int in
            var configuration = Fixture.configuration(200, budget: 3_000)
            configuration.breadth = SearchBreadth(preset)
            let run = Driver(configuration, SimulatedTarget(effect: .strong))
            return run.candidates.count { $0.iteration == 1 }
        }
        #expect(firstRound == [8, 16, 24])
    }
}
