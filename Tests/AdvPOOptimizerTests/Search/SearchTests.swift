import AdvPOModel
import AdvPOTestSupport
import Testing
@testable import AdvPOOptimizer

@Suite(.longRunning) struct SearchTests {
    @Test("a strong effect is found and proven on the holdout", arguments: 0..<6 as Range<UInt64>)
    func strongEffectIsFound(seed: UInt64) throws {
        let run = Driver(Fixture.configuration(seed: seed, budget: 800), SimulatedTarget(effect: .strong, seed: seed))
        let outcome = try #require(run.outcome)
        #expect(outcome.ending == .improved, "\(outcome.explanation)")
        #expect(outcome.proof?.verdict == .improved)
        #expect(outcome.proof?.split == .holdout)
        #expect(outcome.returned.document.examples.count > 1)
        #expect(outcome.challenger == nil)
        #expect(outcome.callsSpent == run.callsAsked)
    }

    @Test("text format finds it too, with everything in the one user template")
    func textFormat() throws {
        let run = Driver(Fixture.configuration(format: .text), SimulatedTarget(effect: .strong))
        let outcome = try #require(run.outcome)
        #expect(outcome.ending == .improved, "\(outcome.explanation)")
        #expect(run.candidates.allSatisfy { $0.document.system == nil && $0.document.examples.isEmpty })
        #expect(run.candidates.contains { $0.document.user.contains("<examples>") })
    }

    @Test("a rewriter's good sentence is found without references")
    func rewriterAlone() throws {
        let configuration = Fixture.configuration(samples: Fixture.samples(120, labelled: false), method: .defaultJudge, callsPerUnit: 2, rewriter: true)
        var wide = configuration
        wide.budgetCalls = 2_000
        let run = Driver(wide, SimulatedTarget(effect: .strong, rewriter: .good))
        let outcome = try #require(run.outcome)
        #expect(outcome.ending == .improved, "\(outcome.explanation)")
        #expect(outcome.returned.document.user.contains(SimulatedTarget.magic))
        #expect(outcome.returned.operatorName == "rewrite")
    }

    @Test("of prompts that are all equal, hardly any is called improved")
    func nullEffect() {
        var improved = 0
        var challenged = 0
        for seed in 0..<200 as Range<UInt64> {
            let run = Driver(Fixture.configuration(seed: seed, budget: 500), SimulatedTarget(effect: .null(0.5), seed: seed))
            improved += run.outcome?.ending == .improved ? 1 : 0
            challenged += run.outcome?.challenger != nil ? 1 : 0
        }
        // Selection finds something to challenge with nearly always; the holdout lets through 2.5% on average.
        #expect(challenged > 100)
        #expect(improved <= 10, "\(improved) of 200")
    }

    @Test("what makes it worse is not returned")
    func harmfulEffect() throws {
        let outcome = try #require(Driver(Fixture.configuration(), SimulatedTarget(effect: .harmful)).outcome)
        #expect(outcome.ending == .kept)
        #expect(outcome.returned.id == CandidateID(0))
        #expect(outcome.proof?.verdict == .kept)
        #expect(outcome.proof?.originalMean == 1)
        #expect(outcome.proof?.pairs == outcome.splits.count { $0 == .holdout })
    }

    @Test("graded scores take the permutation test")
    func gradedEffect() throws {
        let outcome = try #require(Driver(Fixture.configuration(200, budget: 1_500), SimulatedTarget(effect: .graded)).outcome)
        #expect(outcome.ending == .improved, "\(outcome.explanation)")
        #expect(outcome.proof?.method == "sign-flip permutation")
    }

    @Test("20 to 59 samples give a cross-fitted estimate that claims no more than likely", arguments: 0..<5 as Range<UInt64>)
    func crossFitted(seed: UInt64) throws {
        let run = Driver(Fixture.configuration(40, seed: seed), SimulatedTarget(effect: .strong, seed: seed))
        let outcome = try #require(run.outcome)
        #expect(outcome.ending == .kept)
        #expect(outcome.proof?.split == .validation)
        #expect([.likely, .noEvidence].contains(try #require(outcome.proof).verdict))
        #expect(outcome.challenger != nil)
        #expect(!outcome.splits.contains(.holdout))
    }

    @Test("below 20 samples nothing is claimed", arguments: [1, 2, 5, 19])
    func pool(count: Int) throws {
        let run = Driver(Fixture.configuration(count, rewriter: true), SimulatedTarget(effect: .strong, rewriter: .good))
        let outcome = try #require(run.outcome)
        #expect(outcome.ending == .kept)
        #expect([.inSample, .kept].contains(try #require(outcome.proof).verdict))
        #expect(outcome.proof?.split == .pool)
        #expect(outcome.splits.allSatisfy { $0 == .pool })
    }

    @Test("a perfect original is kept without a search")
    func perfectOriginal() throws {
        let run = Driver(Fixture.configuration(), SimulatedTarget(effect: .constant(1)))
        let outcome = try #require(run.outcome)
        #expect(outcome.ending == .kept)
        #expect(outcome.explanation.contains("full score"))
        #expect(run.candidates.count == 1)
    }

    @Test("without a rewriter and without references the search says that it could propose nothing")
    func nothingToPropose() throws {
        let run = Driver(Fixture.configuration(samples: Fixture.samples(80, labelled: false)), SimulatedTarget(effect: .strong))
        #expect(try #require(run.outcome).explanation.contains("nothing could be proposed"))
    }

    @Test("a rewriter that only fails is not asked for ever, and each failure is told")
    func failingRewriter() throws {
        let run = Driver(
            Fixture.configuration(samples: Fixture.samples(80, labelled: false), rewriter: true), SimulatedTarget(effect: .strong, rewriter: .failing))
        let chats = run.generations.reduce(0) { $0 + $1.chats.count }
        #expect(run.rejections.count == chats)
        #expect(chats <= 24)
        #expect(run.rejections.allSatisfy { $0.contains("HTTP 400") })
        #expect(try #require(run.outcome).ending == .kept)
    }

    @Test("a budget too small for one candidate and the proof fails before anything is spent")
    func budgetTooSmall() throws {
        let configuration = Fixture.configuration(120)
        let minimum = Search.minimumBudgetCalls(configuration)
        var small = configuration
        small.budgetCalls = minimum - 1
        let run = Driver(small, SimulatedTarget(effect: .strong))
        let outcome = try #require(run.outcome)
        #expect(outcome.ending == .failed)
        #expect(outcome.callsSpent == 0)
        #expect(run.evaluations.isEmpty)
        #expect(outcome.explanation.contains("\(minimum) calls"))
        small.budgetCalls = minimum
        let enough = Driver(small, SimulatedTarget(effect: .strong))
        #expect(try #require(enough.outcome).ending != .failed)
        #expect(enough.candidates.count > 1)
    }

    @Test("when nothing gets a score the first failure is quoted")
    func allMissing() throws {
        let outcome = try #require(Driver(Fixture.configuration(), SimulatedTarget(effect: .strong, missing: 1)).outcome)
        #expect(outcome.ending == .failed)
        #expect(outcome.explanation.contains("the server at 127.0.0.1 answered 503"))
        #expect(outcome.proof == nil)
    }

    @Test("missing records are left out of the pairs and counted")
    func someMissing() throws {
        let outcome = try #require(Driver(Fixture.configuration(200, budget: 1_500), SimulatedTarget(effect: .strong, missing: 0.15)).outcome)
        let proof = try #require(outcome.proof)
        #expect(outcome.ending == .improved, "\(outcome.explanation)")
        #expect(proof.missingPairs > 0)
        #expect(proof.pairs + proof.missingPairs == outcome.splits.count { $0 == .holdout })
    }

    @Test("shortening returns a shorter prompt that does as well")
    func shortening() throws {
        let long = "You are a helpful assistant. Please read with great care. It matters a lot. Classify the headline: {{headline}}"
        for (format, rewriter) in [(JobOptions.PromptFormat.text, SimulatedTarget.Rewriter.none), (.chat, .shortening)] {
            let configuration = Fixture.configuration(prompt: long, format: format, rewriter: true, shorten: true)
            let run = Driver(configuration, SimulatedTarget(effect: .constant(0.6), rewriter: rewriter))
            let outcome = try #require(run.outcome)
            #expect(outcome.ending == .improved, "\(outcome.explanation)")
            #expect(outcome.explanation.contains("Shorter"))
            #expect(outcome.returned.document.characterCount < long.count)
            #expect(run.candidates.dropFirst().allSatisfy { $0.document.characterCount < long.count })
        }
    }

    @Test("shortening returns the original when every shorter prompt does worse")
    func shorteningFails() throws {
        let configuration = Fixture.configuration(shorten: true)
        var target = SimulatedTarget(effect: .harmful)
        target.rewriter = .none
        let outcome = try #require(Driver(configuration, target).outcome)
        #expect(outcome.returned.document.characterCount <= Fixture.prompt.count)
    }
}
