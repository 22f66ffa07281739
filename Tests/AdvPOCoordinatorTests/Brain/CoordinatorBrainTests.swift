import AdvPOBedrock
import AdvPOCluster
import AdvPOCoordinator
import AdvPOModel
import AdvPOStore
import OrderedCollections
import Testing

@Suite struct CoordinatorBrainTests {
    @Test("a job goes from its admission to its results: every unit asked once, stored before it is acknowledged, and found in the results")
    func wholeJob() throws {
        var hand = HandDrivenBrain()
        hand.admit(Plans.job())
        #expect(hand.status() == .inProgress)
        hand.work()
        #expect(Set(hand.handedOut).count == hand.handedOut.count)
        #expect(Set(hand.handedOut) == Set(hand.stored.keys))
        let report = try #require(hand.reports.first)
        #expect(hand.reports.count == 1 && hand.status() == .inProgress)
        let result = try #require(report.results.first?.results.first)
        #expect(result.rows.count == 24)
        #expect(result.rows.allSatisfy { $0.original != nil })
        hand.send(.resultsWritten(Plans.id, failure: nil))
        #expect(hand.status() == .completed && hand.lastJob?.status == "Completed")
        hand.send(.forget(Plans.id))
        #expect(hand.brain.progress(of: Plans.id) == nil)
    }

    @Test("what a report brings is stored before the report is acknowledged")
    func persistBeforeReply() throws {
        var hand = HandDrivenBrain()
        hand.admit(Plans.job())
        let next = hand.take()
        let order = try #require(next)
        let effects = hand.report(order, HandDrivenBrain.right)
        let lastUnit = try #require(effects.lastIndex { if case .persist(.unit) = $0 { true } else { false } })
        let reply = try #require(effects.firstIndex { if case .reply(.reportAccepted) = $0 { true } else { false } })
        #expect(lastUnit < reply)
    }

    @Test("candidates of equal text are evaluated once, though the rewriter writes the same one again and again")
    func equalCandidates() {
        var hand = HandDrivenBrain()
        hand.admit(Plans.job())
        var evaluated: Set<String> = []
        while let order = hand.take() {
            hand.report(order) { model, document, sample in
                let isNew = evaluated.insert("\(document) \(sample.index)").inserted
                #expect(isNew, "\(document) was evaluated twice on sample \(sample.index)")
                return HandDrivenBrain.right(model, document, sample)
            }
        }
        #expect(hand.reports.count == 1)
    }

    @Test("a resumed job asks only for what is missing and ends as it would have ended", arguments: [0, 1, 3, 7, 12, 20, 40])
    func resume(afterTasks tasks: Int) {
        var calm = HandDrivenBrain()
        calm.admit(Plans.job())
        calm.work()

        var before = HandDrivenBrain()
        before.admit(Plans.job())
        before.work(tasks: tasks)
        _ = before.take()
        var after = HandDrivenBrain(epoch: 2)
        after.admit(Plans.job(), units: Array(before.stored.values), isNew: false)
        after.work()
        #expect(Set(after.handedOut).isDisjoint(with: before.stored.keys))
        #expect(after.outcomes == calm.outcomes)
        #expect(Set(before.stored.keys).union(after.stored.keys) == Set(calm.stored.keys))
        #expect(after.reports.count == 1)
    }

    @Test("a job that is stopped in any phase hands nothing out any more, tells the worker, and ends with what it has", arguments: 0..<30)
    func stop(afterTasks tasks: Int) throws {
        var hand = HandDrivenBrain()
        hand.admit(Plans.job())
        hand.work(tasks: tasks)
        let inHand = hand.take()
        guard hand.reports.isEmpty else { return }
        hand.send(.stop(Plans.id))
        #expect(hand.status() == .stopping)
        let handedOut = hand.handedOut.count
        if let inHand {
            let late = hand.report(inHand, HandDrivenBrain.right)
            #expect(late.contains { if case .reply(.reportStale) = $0 { true } else { false } })
            #expect(inHand.units.allSatisfy { hand.stored[$0.unit] == nil })
        }
        #expect(hand.take() == nil)
        #expect(hand.handedOut.count == handedOut)
        let report = try #require(hand.reports.first)
        #expect(report.results.first?.results.count == 1)
        hand.send(.stop(Plans.id))
        hand.send(.resultsWritten(Plans.id, failure: nil))
        #expect(hand.lastJob?.status == "Stopped")
    }

    @Test("a job that was stopping when the coordinator died is still stopped, and asks for nothing")
    func stoppingIsRestored() {
        var before = HandDrivenBrain()
        before.admit(Plans.job())
        before.work(tasks: 3)
        before.send(.stop(Plans.id))
        var after = HandDrivenBrain(epoch: 2)
        after.admit(Plans.job(), status: .stopping, units: Array(before.stored.values), isNew: false)
        #expect(after.take() == nil)
        #expect(after.outcomes == before.outcomes)
        after.send(.resultsWritten(Plans.id, failure: nil))
        #expect(after.lastJob?.status == "Stopped")
    }

    @Test("a stop that comes while the results are written changes nothing")
    func stopWhileReporting() {
        var hand = HandDrivenBrain()
        hand.admit(Plans.job())
        hand.work()
        #expect(hand.send(.stop(Plans.id)).isEmpty)
        hand.send(.resultsWritten(Plans.id, failure: nil))
        #expect(hand.lastJob?.status == "Completed")
    }

    @Test("a job whose every run failed has failed, and says what the first failure was")
    func allFailed() {
        var hand = HandDrivenBrain()
        hand.admit(Plans.job())
        hand.work(answer: HandDrivenBrain.unreachable)
        hand.send(.resultsWritten(Plans.id, failure: nil))
        #expect(hand.lastJob?.status == "Failed")
        #expect(hand.lastJob?.failureMessage?.contains("m is down") == true)
    }

    @Test("a job of which one model failed is partially completed")
    func someFailed() {
        var hand = HandDrivenBrain()
        hand.admit(Plans.job(models: ["m", "n"]))
        hand.work { model, document, sample in
            model == "n" ? HandDrivenBrain.unreachable(model, document, sample) : HandDrivenBrain.right(model, document, sample)
        }
        hand.send(.resultsWritten(Plans.id, failure: nil))
        #expect(hand.lastJob?.status == "PartiallyCompleted")
        #expect(hand.lastJob?.failureMessage?.hasPrefix("1 of 2 runs failed. Template \"t\" with model n: ") == true)
        #expect(hand.lastJob?.failureMessage?.contains("n is down") == true)
        #expect(hand.outcomes.count == 2)
    }

    @Test("a job whose every run failed says each cause once, with the first run it befell, within the published length")
    func distinctCauses() throws {
        let templates = (0..<10).map { Plans.template("t\($0)", samples: 20) }
        var hand = HandDrivenBrain()
        hand.admit(Plans.job(templates: templates, models: ["m", "n"]))
        hand.work { model, _, _ in
            let reason = model == "m" ? "the key is wrong" : String(repeating: "long ", count: 300)
            return UnitRecord(status: .infrastructureFailure, output: "", score: nil, failureReason: reason, providerCalls: 1)
        }
        hand.send(.resultsWritten(Plans.id, failure: nil))
        let message = try #require(hand.lastJob?.failureMessage)
        #expect(hand.lastJob?.status == "Failed")
        #expect(message.hasPrefix("All 20 runs failed. Template \"t0\" with model m and 9 more: "))
        #expect(message.contains("the key is wrong") && message.contains("Template \"t0\" with model n and 9 more: "))
        #expect(message.contains("Mend the cause and submit again"))
        #expect(message.count <= 2_048)
    }

    @Test("many distinct causes are cut short rather than left out")
    func manyCauses() throws {
        let templates = (0..<5).map { Plans.template("t\($0)", samples: 20) }
        var hand = HandDrivenBrain()
        hand.admit(Plans.job(templates: templates))
        var turn = 0
        hand.work { _, _, _ in
            turn += 1
            return UnitRecord(
                status: .infrastructureFailure, output: "", score: nil, failureReason: "cause \(turn) " + String(repeating: "x", count: 450), providerCalls: 1)
        }
        hand.send(.resultsWritten(Plans.id, failure: nil))
        let message = try #require(hand.lastJob?.failureMessage)
        for index in 0..<5 { #expect(message.contains("Template \"t\(index)\" with model m: ")) }
        #expect(message.count <= 2_048)
    }

    @Test("a stopped job is marked so in its results, run by run: what ended before keeps its own mark")
    func stoppedRunsAreMarked() throws {
        var hand = HandDrivenBrain()
        hand.admit(Plans.job(models: ["m", "n"]))
        // All of m's tasks, none of n's.
        while let order = hand.take(models: ["m"]) { hand.report(order, HandDrivenBrain.right) }
        hand.send(.stop(Plans.id))
        let results = try #require(hand.reports.first?.results.first?.results)
        #expect(results.map(\.modelID) == ["m", "n"])
        #expect(results[0].status == .success)
        guard case .stopped(let reason) = results[1].status else {
            Issue.record("the run that was under way is not marked as stopped: \(results[1].status)")
            return
        }
        #expect(reason.hasPrefix("Stopped by the user."))
        hand.send(.resultsWritten(Plans.id, failure: nil))
        #expect(hand.lastJob?.status == "Stopped" && hand.lastJob?.failureMessage == nil)
    }

    @Test("a job whose results cannot be written has failed, and says why in the words that a user sees")
    func resultsNotWritable() {
        var hand = HandDrivenBrain()
        hand.admit(Plans.job())
        hand.work()
        hand.send(.resultsWritten(Plans.id, failure: String(repeating: "the disk is full ", count: 500)))
        #expect(hand.lastJob?.status == "Failed")
        #expect(hand.lastJob?.failureMessage?.hasPrefix("The results could not be written: the disk is full") == true)
        #expect(hand.lastJob?.failureMessage?.hasSuffix("Make the place of outputConfig.s3Uri writable and submit the job again.") == true)
        #expect(hand.lastJob?.failureMessage?.count ?? 0 <= 2_048)
    }

    @Test("a budget too small for anything fails the job at its admission, and nothing is handed out")
    func tooSmallABudget() {
        var hand = HandDrivenBrain()
        hand.admit(Plans.job(budgetCalls: 2))
        #expect(hand.take() == nil)
        hand.send(.resultsWritten(Plans.id, failure: nil))
        #expect(hand.lastJob?.status == "Failed")
        #expect(hand.lastJob?.failureMessage?.contains("budget of 2 calls is too small") == true)
    }

    @Test("a run that nobody can serve says so to whoever watches")
    func nobodyServes() {
        var hand = HandDrivenBrain()
        hand.admit(Plans.job(models: ["other"]))
        #expect(hand.take() == nil)
        #expect(hand.brain.progress(of: Plans.id)?.runs.first?.explanation == "waiting for a worker that serves other")
    }

    @Test("a task that cost three workers fails the unit that they were at, and the job still ends")
    func poisonedTask() throws {
        var hand = HandDrivenBrain()
        hand.admit(Plans.job())
        for victim in UInt64(1)...3 {
            let effects = hand.send(.cluster(.hello(
                RequestToken(1_000 + victim), WorkerIntroduction(instance: "v\(victim)", name: "v", slots: 1, models: ["m"]))))
            let session = try #require(effects.compactMap { if case .reply(.welcome(_, let session)) = $0 { session } else { nil } }.first)
            hand.send(.cluster(.pull(RequestToken(2_000 + victim), session)))
            hand.send(.cluster(.connectionLost(session)))
            for _ in 0..<5 {
                hand.now.tick = hand.now.tick.adding(milliseconds: 500)
                hand.send(.cluster(.tick))
            }
        }
        let failed = hand.stored.values.filter { $0.record.status == .infrastructureFailure }
        #expect(failed.count == 1)
        hand.work()
        #expect(hand.reports.count == 1)
    }
}
