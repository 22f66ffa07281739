import AdvPOBedrock
import AdvPOCoordinator
import AdvPOModel
import AdvPOObjects
import AdvPOStore
import OrderedCollections
import Testing

/// A deletion as it looks while it is on its way to the disk, and a batch of them.
@Suite(.timeLimit(.minutes(1))) struct JobDeletionTests {
    private func objects() async throws -> MemoryObjects {
        let objects = MemoryObjects(buckets: ["bucket"])
        try await Cluster.putInput(objects)
        return objects
    }

    /// A job that has ended: it was stopped at once.
    private func endedJob(_ coordinator: Coordinator, token: String? = nil, name: String = "job") async throws -> JobID {
        let job = try await coordinator.job(try await coordinator.create(Cluster.request(token: token, name: name)))
        try await coordinator.stop(job)
        #expect(try await coordinator.untilEnded(job)?.status == .stopped)
        return job
    }

    private func page(_ coordinator: Coordinator) async throws -> [JobDescription] {
        try await coordinator.list(ListJobsRequest(maxResults: 1_000, nextToken: nil, ascending: true)).jobs
    }

    @Test("until its removal is durable a job is Deleting for everybody, cannot be stopped, and its token stays taken")
    func whileDeleting() async throws {
        let store = ScriptedStore()
        let coordinator = try await Cluster.open(store, try await objects())
        let job = try await endedJob(coordinator, token: "t")
        let arn = try await coordinator.get(job).jobARN
        await store.refuse(commits: .max)
        let deletion = Task { try await coordinator.delete([job]) }
        let before = await store.refused
        while await store.refused < before + 1 { await Task.yield() }

        #expect(try await coordinator.get(job).status == .deleting)
        #expect(try await page(coordinator).map(\.status) == [.deleting])
        let conflict = await #expect(throws: APIError.self) { try await coordinator.stop(job) }
        #expect(conflict?.code == .conflict)
        #expect(try await coordinator.delete([job]).map { try $0.get() } == [DeletedJob(job: job, status: .deleting)])
        #expect(try await coordinator.create(Cluster.request(token: "t")).jobARN == arn)
        let taken = await #expect(throws: APIError.self) { try await coordinator.create(Cluster.request(token: "t", name: "other")) }
        #expect(taken?.code == .conflict)
        #expect(try await coordinator.untilEnded(job)?.status == .deleting)

        await store.refuse(commits: 0)
        #expect(try await deletion.value.map { try $0.get() } == [DeletedJob(job: job, status: .deleting)])
        let gone = await #expect(throws: APIError.self) { try await coordinator.get(job) }
        #expect(gone?.code == .resourceNotFound)
        #expect(try await page(coordinator).isEmpty)
        #expect(try await store.load().jobs.isEmpty)
        #expect(try await coordinator.create(Cluster.request(token: "t", name: "other")).jobARN != arn)
    }

    @Test("a deletion that the coordinator did not live to see answers so, and the job is what it was")
    func closedWhileDeleting() async throws {
        let (store, objects) = (ScriptedStore(), try await objects())
        let coordinator = try await Cluster.open(store, objects)
        let job = try await endedJob(coordinator)
        await store.refuse(commits: .max)
        let deletion = Task { try await coordinator.delete([job]) }
        while await store.refused < 1 { await Task.yield() }
        await coordinator.close()
        let failure = try await deletion.value.map { result in
            #expect(throws: BatchDeleteFailure.self) { try result.get() }
        }
        #expect(failure.first??.code == "InternalServerException")
        await store.refuse(commits: 0)
        #expect(try await Cluster.open(store, objects).get(job).status == .stopped)
    }

    @Test("of a batch of 25 each is answered by its own state: ended ones go, ones under way conflict, unknown and foreign ones are not found")
    func batch() async throws {
        let coordinator = try await Cluster.open(MemoryStore(), try await objects())
        var ended: [JobID] = []
        for _ in 0..<10 { ended.append(try await endedJob(coordinator)) }
        var running: [JobID] = []
        for _ in 0..<5 { running.append(try await coordinator.job(try await coordinator.create(Cluster.request()))) }
        let arn = JobARN(namespace: .standard, job: ended[0]).description
        let foreign = try JobNamespace(partition: "aws", region: "eu-west-1", account: "000000000000")
        let foreignARNs = (0..<3).map { JobARN(namespace: foreign, job: ended[$0]).description }
        let unknown = ["zzzzzzzzzzz0", "zzzzzzzzzzz1", "zzzzzzzzzzz2", "zzzzzzzzzzz3", "zzzzzzzzzzz4", "zzzzzzzzzzz5"]
        let identifiers = [arn] + ended.dropFirst().map(\.rawValue) + [ended[0].rawValue] + running.map(\.rawValue) + foreignARNs + unknown
        #expect(identifiers.count == 25)
        let request = try BatchDeleteRequest(json: ["jobIdentifiers": .array(identifiers.map { .string($0) })], namespace: .standard)
        let response = request.responseJSON(try await coordinator.delete(Array(request.jobs.keys)))

        let deleted = try #require(response.objectValue?["advancedPromptOptimizationJobs"]?.arrayValue).compactMap(\.objectValue)
        #expect(deleted.compactMap { $0["jobIdentifier"]?.stringValue } == [arn] + ended.dropFirst().map(\.rawValue))
        #expect(deleted.allSatisfy { $0["jobStatus"]?.stringValue == "Deleting" })
        var codes: [String: String] = [:]
        for error in try #require(response.objectValue?["errors"]?.arrayValue).compactMap(\.objectValue) {
            codes[error["jobIdentifier"]?.stringValue ?? ""] = error["code"]?.stringValue
            #expect(error["message"]?.stringValue?.isEmpty == false)
        }
        #expect(codes.count == 14)
        for job in running { #expect(codes[job.rawValue] == "ConflictException") }
        for name in foreignARNs + unknown { #expect(codes[name] == "ResourceNotFoundException") }
        #expect(Set(try await page(coordinator).map(\.jobARN)) == Set(running.map { JobARN(namespace: .standard, job: $0).description }))
    }

    @Test("a stop is refused for jobs that have ended otherwise, and is no error for one that is stopped")
    func stops() async throws {
        let (store, objects) = (MemoryStore(), try await objects())
        let first = try await Cluster.open(store, objects)
        let id = try await endedJob(first)
        await #expect(throws: Never.self) { try await first.stop(id) }
        await first.close()
        for status in ["Completed", "Failed", "PartiallyCompleted"] {
            var stored = try #require(try await store.load().jobs.first)
            stored.status = status
            try await store.commit([.job(stored)])
            let next = try await Cluster.open(store, objects)
            let conflict = await #expect(throws: APIError.self) { try await next.stop(id) }
            #expect(conflict?.code == .conflict && conflict?.message.contains(status) == true)
            await next.close()
        }
    }

    @Test("a stored job that cannot be read is shown as failed with what to do, can be deleted, and stops no other")
    func unreadableManifest() async throws {
        let (store, objects) = (MemoryStore(), try await objects())
        let first = try await Cluster.open(store, objects)
        let bad = try await endedJob(first, token: "t")
        let strange = try await endedJob(first)
        let good = try await first.job(try await first.create(Cluster.request()))
        await first.close()
        let stored = try await store.load().jobs
        var broken = try #require(stored.first { $0.id == bad })
        broken.request = Array(#"{"version":2}"#.utf8)
        var odd = try #require(stored.first { $0.id == strange })
        odd.status = "Pondering"
        try await store.commit([.job(broken), .job(odd)])

        let second = try await Cluster(store: store, objects: objects)
        for (job, reason) in [(bad, "another version than 1"), (strange, "Pondering")] {
            let description = try await second.coordinator.get(job)
            #expect(description.status == .failed)
            #expect(description.failureMessage?.contains(reason) == true)
            #expect(description.failureMessage?.contains("delete the job and submit it again") == true)
        }
        // On the disk they are as they were, for the program that can read them.
        #expect(try await store.load().jobs.first { $0.id == bad } == broken)
        let taken = await #expect(throws: APIError.self) { try await second.coordinator.create(Cluster.request(token: "t")) }
        #expect(taken?.code == .conflict)
        #expect(try await second.serve { coordinator in try await coordinator.untilEnded(good) }?.status == .completed)
        await #expect(throws: APIError.self) { try await second.coordinator.stop(bad) }
    }

    @Test("an unreadable job is deleted like any other")
    func unreadableIsDeleted() async throws {
        let (store, objects) = (MemoryStore(), try await objects())
        let first = try await Cluster.open(store, objects)
        let bad = try await endedJob(first)
        await first.close()
        var broken = try #require(try await store.load().jobs.first)
        broken.request = []
        try await store.commit([.job(broken)])
        let second = try await Cluster.open(store, objects)
        #expect(try await second.delete([bad]).map { try $0.get().status } == [.deleting])
        #expect(try await store.load().jobs.isEmpty)
    }
}
