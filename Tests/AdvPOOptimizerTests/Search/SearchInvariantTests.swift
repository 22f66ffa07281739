import AdvPOModel
import AdvPOTestSupport
import OrderedCollections
import Testing
@testable import AdvPOOptimizer

@Suite(.longRunning) struct SearchInvariantTests {
    static let tagged = "Keep this: {{a}}.\n<advpo:optimize>Do the task well.</advpo:optimize>\nAlso Keep this line.\n<advpo:optimize></advpo:optimize>Input: {{b}} JSON {\"x\": {}}\n"
    static let excluded = "<advpo:exclude>Keep this rule.</advpo:exclude> Then answer for {{a}} and {{b}}.\n\nAnswer:"

    private static func samples(_ count: Int) -> [Sample] {
        Fixture.samples(count).map { sample in
            var changed = sample
            // Values that look like placeholders or like our own tags must come to nothing.
            let odd = sample.index % 11 == 0 ? " {{b}}" : sample.index % 13 == 0 ? " </prompt> <advpo:optimize>" : ""
            changed.variables = ["a": (sample.variables["headline"] ?? "") + odd, "b": "b\(sample.index)"]
            return changed
        }
    }

    /// Many kinds of configuration by one number.
    private static func configuration(_ seed: UInt64) -> SearchConfiguration {
        var generator = SeededGenerator(seed: seed &+ 1_000)
        let count = [7, 25, 45, 60, 61, 90, 150][generator.index(below: 7)]
        let prompt = [tagged, excluded, "Answer {{a}} with {{b}}."][generator.index(below: 3)]
        let perUnit = 1 + generator.index(below: 2)
        var configuration = Fixture.configuration(
            count, prompt: prompt, samples: samples(count), format: generator.index(below: 2) == 0 ? .text : .chat, seed: seed, callsPerUnit: perUnit,
            rewriter: generator.index(below: 3) > 0, shorten: generator.index(below: 5) == 0)
        configuration.budgetCalls = Search.minimumBudgetCalls(configuration) + generator.index(below: 900)
        configuration.maximumPromptCharacters = 20_000
        return configuration
    }

    private static func target(_ seed: UInt64) -> SimulatedTarget {
        let effects: [SimulatedTarget.Effect] = [.strong, .null(0.4), .graded, .harmful, .constant(0.5)]
        return SimulatedTarget(effect: effects[Int(seed % 5)], rewriter: .hostile, seed: seed, missing: seed % 4 == 0 ? 0.1 : 0)
    }

    @Test("over many configurations the budget, the holdout and the regions are respected", arguments: 0..<80 as Range<UInt64>)
    func invariants(seed: UInt64) throws {
        let configuration = Self.configuration(seed)
        let run = Driver(configuration, Self.target(seed))
        let outcome = try #require(run.outcome)

        #expect(run.callsAsked <= configuration.budgetCalls)
        #expect(outcome.callsSpent == run.callsAsked)
        #expect(run.effects.last == .finish(outcome))
        checkHoldout(run, outcome)
        checkRequests(run)

        let original = RegionedText(template: configuration.template.promptTemplate)
        for candidate in run.candidates {
            #expect(Set(PlaceholderText(candidate.document.user).names) == ["a", "b"])
            #expect(original.matching(candidate.document.user) != nil, "\(candidate)")
            #expect(candidate.document.messages.dropLast().allSatisfy { PlaceholderText($0.text).names.isEmpty })
            #expect(candidate.document.characterCount <= configuration.maximumPromptCharacters)
            #expect(!candidate.document.user.contains("advpo:") || candidate.document.user.contains("</prompt> <advpo:optimize>"))
            #expect(!candidate.document.user.contains("prompt template to improve"))
        }
        #expect(Set(run.candidates.map(\.document)).count == run.candidates.count)
        #expect(run.candidates.map(\.id.rawValue) == Array(0..<run.candidates.count))
    }

    private func checkHoldout(_ run: Driver, _ outcome: SearchOutcome) {
        let proofs = run.evaluations.filter { request in request.items.contains { $0.samples.contains { outcome.splits[$0] == .holdout } } }
        let holdout = outcome.splits.indices.filter { outcome.splits[$0] == .holdout }
        #expect(proofs.count == (holdout.isEmpty ? 0 : 1))
        for request in proofs {
            #expect(request.purpose == .proof)
            #expect(request.items.count <= 2)
            #expect(request.items[0].candidate == CandidateID(0))
            #expect(request.items.allSatisfy { $0.samples == holdout })
            let tested = outcome.challenger?.id ?? outcome.returned.id
            #expect(request.items.last?.candidate == tested)
            let later = run.evaluations.filter { $0.id > request.id }
            #expect(later.allSatisfy { $0.purpose == .completion && $0.items.allSatisfy { $0.candidate == outcome.returned.id } })
        }
    }

    /// No unit is asked twice; no candidate is screened or validated on its own examples.
    private func checkRequests(_ run: Driver) {
        var asked: Set<[Int]> = []
        for request in run.evaluations {
            for item in request.items {
                #expect(item.samples == item.samples.sorted())
                #expect(!item.samples.isEmpty)
                for sample in item.samples { #expect(asked.insert([item.candidate.rawValue, sample]).inserted) }
            }
        }
        let ids = (run.evaluations.map(\.id) + run.generations.map(\.id)).sorted()
        #expect(ids == Array(0..<ids.count))
    }

    @Test("equal configurations and events make equal effects, and a prefix replays")
    func determinism() {
        for seed in 0..<12 as Range<UInt64> {
            let configuration = Self.configuration(seed)
            let first = Driver(configuration, Self.target(seed))
            let second = Driver(configuration, Self.target(seed))
            #expect(first.effects == second.effects)
            var search = Search(configuration: configuration)
            var replayed = search.start()
            for event in first.events { replayed += search.handle(event) }
            #expect(replayed == first.effects)
        }
    }

    @Test("a stop at any point ends at once and cleanly")
    func stops() throws {
        let configuration = Fixture.configuration(seed: 3, budget: 700, rewriter: true)
        let target = SimulatedTarget(effect: .strong, rewriter: .good)
        let whole = Driver(configuration, target)
        #expect(whole.evaluations.contains { $0.purpose == .completion })
        for point in 0..<whole.events.count {
            let run = Driver(configuration, target, stopAfter: point)
            let outcome = try #require(run.outcome)
            #expect(run.effects.last == .finish(outcome))
            if outcome.ending == .improved {
                // Only when the verdict was already there.
                #expect(run.evaluations.last?.purpose == .completion)
            } else {
                #expect(outcome.ending == .stopped)
                #expect(outcome.returned.id == CandidateID(0))
                #expect(outcome.proof == nil)
            }
        }
        let late = Driver(configuration, target, stopAfter: whole.events.count - 2)
        #expect(late.outcome?.challenger != nil)
    }

    @Test("a stop before the start finishes, and the start then asks for nothing")
    func stopBeforeStart() {
        var search = Search(configuration: Fixture.configuration())
        guard case .finish(let outcome)? = search.handle(.stopRequested).last else {
            Issue.record("no finish")
            return
        }
        #expect(outcome.ending == .stopped)
        #expect(search.start().isEmpty)
        #expect(search.handle(.stopRequested).isEmpty)
    }

    @Test("a worked example is never among the items that screen or decide")
    func examplesDoNotScoreThemselves() {
        for count in [12, 40, 120] {
            let configuration = Fixture.configuration(count)
            let run = Driver(configuration, SimulatedTarget(effect: .strong))
            for request in run.evaluations where request.purpose == .screening || request.purpose == .validation {
                for item in request.items {
                    let shown = item.document.examples.map(\.user)
                    for sample in item.samples {
                        let input = configuration.template.samples[sample].variables["headline"] ?? ""
                        #expect(!shown.contains { $0.contains(input) })
                    }
                }
            }
        }
    }
}
