import AdvPOBedrock
import AdvPOCoordinator
import AdvPOModel
import AdvPOObjects
import AdvPOStore
import OrderedCollections
import Testing

/// Jobs as their users see them, with real workers in memory.
@Suite(.timeLimit(.minutes(1))) struct CoordinatorJobTests {
    @Test("a job is created, worked on, written, read back, listed and deleted")
    func wholeLife() async throws {
        let store = MemoryStore()
        let cluster = try await Cluster(store: store)
        try await Cluster.putInput(cluster.objects)
        try await cluster.serve(workers: 2) { coordinator in
            let job = try await coordinator.job(try await coordinator.create(Cluster.request()))
            let last = try await coordinator.untilEnded(job)
            #expect(last?.status == .completed, "\(String(describing: last))")
            #expect(try await coordinator.get(job).status == .completed)
            #expect(try await coordinator.list(ListJobsRequest(maxResults: 10, nextToken: nil, ascending: true)).jobs.count == 1)
            let results = try await coordinator.resultFile(Coordinator.resultsFileName, of: job).collected()
            #expect(try JSONValue(parsing: results.split(separator: UInt8(ascii: "\n")).map { Array($0) }[0]).objectValue != nil)
            #expect(try await !coordinator.resultFile(Coordinator.historyFileName, of: job).collected().isEmpty)
            let units = try await store.units(of: RunID(job: job, template: 0, model: 0))
            #expect(units.count > 24 && units.allSatisfy { $0.record.status == .scored })

            let unknown = try #require(JobID("zzzzzzzzzzzz"))
            let deleted = try await coordinator.delete([job, unknown])
            #expect(deleted.map { (try? $0.get())?.job } == [job, nil])
            #expect(try await store.load().jobs.isEmpty)
            await #expect(throws: APIError.self) { try await coordinator.get(job) }
            await #expect(throws: APIError.self) { try await coordinator.progress(of: job) }
        }
    }

    @Test("fields for the model as deep as a request can hold them reach it, and a restart reads them again", .timeLimit(.minutes(1)))
    func deepFields() async throws {
        // A body of 64 levels, the most that is parsed: the fields begin at the fourth.
        let fields = (0..<60).reduce(JSONValue.object([:])) { inner, _ in ["a": inner] }
        var request = Cluster.request()
        request.models[0].additionalModelRequestFields = try #require(fields.objectValue)
        #expect(throws: Never.self) { try JSONValue(parsing: request.json.encoded()) }
        let store = MemoryStore()
        let cluster = try await Cluster(store: store)
        try await Cluster.putInput(cluster.objects)
        let deep = request
        let model = RuleModel { asked throws(InferenceFailure) in
            guard asked.additionalModelRequestFields == deep.models[0].additionalModelRequestFields else {
                throw InferenceFailure(kind: .configuration, message: "other fields", attempts: 1)
            }
            return try await RuleModel.learner.rule(asked)
        }
        let job = try await cluster.serve(models: model) { coordinator in
            let job = try await coordinator.job(try await coordinator.create(deep))
            #expect(try await coordinator.untilEnded(job)?.status == .completed)
            return job
        }
        let restarted = try await Cluster.open(store, cluster.objects)
        #expect(try await restarted.get(job).request == deep)
    }

    @Test("results wait for a place that does not answer for a while; one that never does fails the job, which says so")
    func unreachableOutput() async throws {
        for (failures, status) in [(5, JobStatus.completed), (Int.max, .failed)] {
            let objects = FlakyObjects(MemoryObjects(buckets: ["bucket"]), failures: failures)
            try await objects.inner.write(try ObjectURI("s3://bucket/input.jsonl"), bytes: Plans.input())
            let cluster = try await Cluster(store: MemoryStore(), objects: objects.inner, seenAs: objects, clock: QuickClock())
            try await cluster.serve { coordinator in
                let job = try await coordinator.job(try await coordinator.create(Cluster.request()))
                let last = try await coordinator.untilEnded(job)
                #expect(last?.status == status, "\(String(describing: last))")
                #expect(last?.failureMessage?.contains("does not answer") == (status == .failed ? true : nil))
            }
        }
    }

    @Test("a job that is stopped in the middle aborts its calls, writes what it has, and its watchers end")
    func stop() async throws {
        let cluster = try await Cluster(store: MemoryStore())
        try await Cluster.putInput(cluster.objects)
        // A model that never answers unless its call is aborted.
        let (called, call) = AsyncStream<Void>.makeStream()
        let (aborted, abort) = AsyncStream<Void>.makeStream()
        let hanging = RuleModel { _ throws(InferenceFailure) in
            call.yield()
            await untilCancelled()
            abort.yield()
            throw InferenceFailure(kind: .cancelled, message: "cancelled", attempts: 1)
        }
        try await cluster.serve(models: hanging) { coordinator in
            let job = try await coordinator.job(try await coordinator.create(Cluster.request()))
            async let last = coordinator.untilEnded(job)
            for await _ in called { break }
            await #expect(throws: Never.self) { try await coordinator.stop(job) }
            for await _ in aborted { break }
            #expect(try await last?.status == .stopped)
            #expect(try await !coordinator.resultFile(Coordinator.resultsFileName, of: job).collected().isEmpty)
            // Again is no error; a deletion is possible now.
            try await coordinator.stop(job)
            #expect(try await coordinator.delete([job]).allSatisfy { (try? $0.get()) != nil })
        }
    }

    @Test("a job under way is not deleted, one that has ended is not stopped")
    func conflicts() async throws {
        let cluster = try await Cluster(store: MemoryStore())
        try await Cluster.putInput(cluster.objects)
        try await cluster.serve(workers: 0) { coordinator in
            let job = try await coordinator.job(try await coordinator.create(Cluster.request()))
            let results = try await coordinator.delete([job])
            #expect(throws: BatchDeleteFailure.self) { try results[0].get() }
        }
        let other = try await Cluster(store: MemoryStore(), objects: cluster.objects)
        try await other.serve { coordinator in
            let job = try await coordinator.job(try await coordinator.create(Cluster.request()))
            _ = try await coordinator.untilEnded(job)
            await #expect(throws: APIError.self) { try await coordinator.stop(job) }
        }
    }

    @Test("a worker's answer too long to travel is that model's failure, and the job goes on")
    func oversizedAnswers() async throws {
        let store = MemoryStore()
        let cluster = try await Cluster(store: store)
        try await Cluster.putInput(cluster.objects)
        let talkative = RuleModel { request throws(InferenceFailure) in
            request.messages.last?.text.hasSuffix("headline 1") == true ? String(repeating: "é", count: WireLimits().textBytes) : "sports"
        }
        try await cluster.serve(models: talkative) { coordinator in
            let job = try await coordinator.job(try await coordinator.create(Cluster.request()))
            #expect(try await coordinator.untilEnded(job)?.status == .completed)
            let failed = try await store.units(of: RunID(job: job, template: 0, model: 0)).filter { $0.record.status == .modelFailure }
            #expect(!failed.isEmpty)
            #expect(failed.allSatisfy { $0.record.score == 0 && $0.record.failureReason?.contains("set maxTokens") == true })
        }
    }

    @Test("a job whose results cannot be written is refused before anything is spent", arguments: ["s3://elsewhere/out/", "s3://bucket/file", "s3://bucket/" + String(repeating: "a", count: 1_000) + "/"])
    func unwritableOutput(output: String) async throws {
        let cluster = try await Cluster(store: MemoryStore())
        try await Cluster.putInput(cluster.objects)
        let refusal = await #expect(throws: APIError.self) { try await cluster.coordinator.create(Cluster.request(output: output)) }
        #expect(refusal?.code == .validation)
        #expect(refusal?.message.hasPrefix("outputConfig.s3Uri: ") == true)
    }

    @Test("a job that another life left unfinished goes on where it was, and ends as it would have ended", arguments: [0, 2, 5, 9])
    func restore(afterCommits commits: Int) async throws {
        let objects = MemoryObjects(buckets: ["bucket"])
        try await Cluster.putInput(objects)
        // What the first life had in flight counts as spent: so much budget that this changes nothing.
        let request = Cluster.request(budget: 20_000)
        let calm = MemoryStore()
        _ = try await Cluster(store: calm, objects: objects).serve { coordinator in
            try await coordinator.untilEnded(coordinator.job(try await coordinator.create(request)))
        }

        let disk = MemoryStore()
        let store = ScriptedStore(disk)
        let first = try await Cluster(store: store, objects: objects)
        let job = try await first.serve { coordinator in
            let job = try await coordinator.job(try await coordinator.create(request))
            // The disk stops taking writes, and this life ends.
            var seen = 0
            for await progress in try await coordinator.progress(of: job) {
                seen += 1
                if seen > commits || progress.status.isTerminal { break }
            }
            await store.refuse(commits: .max)
            return job
        }
        let run = RunID(job: job, template: 0, model: 0)
        let kept = try await disk.units(of: run)
        let second = try await Cluster(store: disk, objects: objects)
        let last = try await second.serve { coordinator in try await coordinator.untilEnded(job) }
        #expect(last?.status == .completed)
        #expect(Array(try await disk.units(of: run).prefix(kept.count)) == kept)
        let outcomes = try await (Self.outcomes(disk), Self.outcomes(calm))
        #expect(outcomes.0 == outcomes.1)
        #expect(!outcomes.0.isEmpty)
    }

    /// Without the calls that they took, which a restart may make more.
    private static func outcomes(_ store: MemoryStore) async throws -> [String] {
        try await store.load().runs.compactMap { $0.outcome?.replacing(/"callsSpent":[0-9]+,?/, with: "") }
    }

    @Test("a job that cannot be taken up after a restart fails with the reason, and the others go on")
    func unrestorableJob() async throws {
        let objects = MemoryObjects(buckets: ["bucket"])
        try await Cluster.putInput(objects)
        let store = MemoryStore()
        let first = try await Cluster.open(store, objects)
        let bad = try await first.job(try await first.create(Cluster.request()))
        let good = try await first.job(try await first.create(Cluster.request()))
        await first.close()
        // Its input is gone from the data directory.
        var job = try #require(try await store.load().jobs.first { $0.id == bad })
        let manifest = String(decoding: job.request, as: UTF8.self)
        job.request = Array(manifest.replacing(job.blobs[0].description, with: String(repeating: "0", count: 64)).utf8)
        try await store.commit([.job(job)])

        let second = try await Cluster(store: store, objects: objects)
        #expect(try await second.coordinator.get(bad).status == .failed)
        #expect(try await second.coordinator.get(bad).failureMessage?.contains("could not be taken up after a restart") == true)
        let last = try await second.serve { coordinator in try await coordinator.untilEnded(good) }
        #expect(last?.status == .completed)
    }

    @Test("a job found in the midst of its deletion is deleted")
    func interruptedDeletion() async throws {
        let objects = MemoryObjects(buckets: ["bucket"])
        try await Cluster.putInput(objects)
        let store = MemoryStore()
        let first = try await Cluster.open(store, objects)
        let id = try await first.job(try await first.create(Cluster.request()))
        await first.close()
        var job = try #require(try await store.load().jobs.first)
        job.status = "Deleting"
        try await store.commit([.job(job)])
        let second = try await Cluster.open(store, objects)
        await #expect(throws: APIError.self) { try await second.get(id) }
        #expect(try await store.load().jobs.isEmpty)
    }
}
