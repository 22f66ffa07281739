import AdvPOBedrock
import AdvPOCluster
import AdvPOCoordinator
import AdvPOModel
import AdvPOObjects
import AdvPOStore
import AdvPOTransport
import AdvPOWire
import OrderedCollections
import Testing

/// The shell's own promises: what is said is durable, what is held ends, and nothing halts it for ever.
@Suite(.timeLimit(.minutes(1))) struct CoordinatorShellTests {
    private func objects() async throws -> MemoryObjects {
        let objects = MemoryObjects(buckets: ["bucket"])
        try await Cluster.putInput(objects)
        return objects
    }

    private func ask(_ coordinator: Coordinator, _ request: WorkRequest, peer: UInt32 = 1) async -> [UInt8] {
        await coordinator.answerWork(IncomingRequest(peer: PeerID(peer), message: request.encoded()), limits: WireLimits())
    }

    private func ask(_ coordinator: Coordinator, _ request: ControlRequest, peer: UInt32 = 1) async -> [UInt8] {
        await coordinator.answerControl(IncomingRequest(peer: PeerID(peer), message: request.encoded()), limits: WireLimits())
    }

    private func join(_ coordinator: Coordinator, slots: UInt32 = 4) async throws -> UInt64 {
        let hello = ControlRequest.Hello(version: .current, instance: "i", name: "n", slots: slots, models: ["m"])
        guard case .welcome(let welcome) = try ControlReply(decoding: await ask(coordinator, .hello(hello)), limits: WireLimits()) else { throw Unexpected() }
        return welcome.session
    }

    private struct Unexpected: Error {}

    @Test("the same client token makes one job, also when both requests come at once; with another request it is a conflict")
    func clientToken() async throws {
        let coordinator = try await Cluster.open(MemoryStore(), try await objects())
        async let first = coordinator.create(Cluster.request(token: "t"))
        async let second = coordinator.create(Cluster.request(token: "t"))
        let (one, two) = try await (first, second)
        #expect(one == two)
        #expect(try await coordinator.create(Cluster.request(token: "t")) == one)
        let conflict = await #expect(throws: APIError.self) { try await coordinator.create(Cluster.request(token: "t", name: "other")) }
        #expect(conflict?.code == .conflict)
        #expect(try await coordinator.list(ListJobsRequest(maxResults: 10, nextToken: nil, ascending: true)).jobs.count == 1)
    }

    @Test("the token is remembered across a restart")
    func clientTokenIsDurable() async throws {
        let (store, objects) = (MemoryStore(), try await objects())
        let first = try await Cluster.open(store, objects)
        let job = try await first.create(Cluster.request(token: "t"))
        await first.close()
        #expect(try await Cluster.open(store, objects).create(Cluster.request(token: "t")) == job)
    }

    @Test("closing ends the pulls and heartbeats that are held, and later ones at once")
    func closeWhileHeld() async throws {
        let coordinator = try await Cluster.open(MemoryStore(), try await objects())
        let session = try await join(coordinator)
        async let pull = ask(coordinator, WorkRequest.pull(session: session))
        async let heartbeat = ask(coordinator, ControlRequest.heartbeat(.init(session: session, leases: [], seenInstructions: 0)))
        while await coordinator.heldRequestCount < 2 { await Task.yield() }
        await coordinator.close()
        #expect(await pull.isEmpty)
        #expect(await heartbeat.isEmpty)
        #expect(await ask(coordinator, WorkRequest.pull(session: session)).isEmpty)
        await #expect(throws: APIError.self) { try await coordinator.create(Cluster.request()) }
    }

    @Test("a request whose asker is gone is held no longer")
    func cancelledPull() async throws {
        let coordinator = try await Cluster.open(MemoryStore(), try await objects())
        let session = try await join(coordinator)
        let pull = Task { await ask(coordinator, WorkRequest.pull(session: session)) }
        while await coordinator.heldRequestCount < 1 { await Task.yield() }
        pull.cancel()
        #expect(await pull.value.isEmpty)
        #expect(await coordinator.heldRequestCount == 0)
    }

    @Test("a full disk halts what would be said, and nothing is lost when there is room again")
    func diskFull() async throws {
        let store = ScriptedStore()
        let coordinator = try await Cluster.open(store, try await objects())
        await store.refuse(commits: 5)
        let response = try await coordinator.create(Cluster.request())
        #expect(await store.refused == 5)
        let job = try await coordinator.job(response)
        #expect(try await store.load().jobs.map(\.id) == [job])
    }

    @Test("a coordinator that closes while the disk is full acts on nothing that was not stored")
    func closeWhileDiskFull() async throws {
        let (store, objects) = (ScriptedStore(), try await objects())
        let coordinator = try await Cluster.open(store, objects)
        await store.refuse(commits: .max)
        let creation = Task { try await coordinator.create(Cluster.request()) }
        while await store.refused < 2 { await Task.yield() }
        await coordinator.close()
        await #expect(throws: APIError.self) { try await creation.value }
        await store.refuse(commits: 0)
        let next = try await Cluster.open(store, objects)
        #expect(try await next.list(ListJobsRequest(maxResults: 10, nextToken: nil, ascending: true)).jobs.isEmpty)
    }

    @Test("what can never be stored is refused to whoever asked, and halts nobody else")
    func poisonedRecord() async throws {
        var limits = StoreLimits()
        limits.blobBytes = 4_000
        let objects = try await objects()
        let coordinator = try await Cluster.open(MemoryStore(limits: limits), objects)
        try await Cluster.putInput(objects, Plans.input([Plans.template(samples: 100)]))
        let refusal = await #expect(throws: APIError.self) { try await coordinator.create(Cluster.request(token: "t")) }
        #expect(refusal?.code == .internalServer)
        try await Cluster.putInput(objects)
        _ = try await coordinator.create(Cluster.request(token: "t"))
        #expect(try await coordinator.list(ListJobsRequest(maxResults: 10, nextToken: nil, ascending: true)).jobs.count == 1)
    }

    @Test("an input file of the largest size that is admitted can be stored")
    func largestInput() {
        #expect(StoreLimits().blobBytes >= InputLimits().fileBytes)
        #expect(StoreLimits().blobBytes >= WireLimits().blobBytes)
    }

    @Test("a message that is not understood is answered, and one of an unknown session is told so")
    func strangers() async throws {
        let coordinator = try await Cluster.open(MemoryStore(), try await objects())
        let nonsense = IncomingRequest(peer: PeerID(1), message: [0xFF, 0xFF])
        guard case .refused = try WorkReply(decoding: await coordinator.answerWork(nonsense, limits: WireLimits()), limits: WireLimits()) else { throw Unexpected() }
        guard case .refused = try ControlReply(decoding: await coordinator.answerControl(nonsense, limits: WireLimits()), limits: WireLimits()) else {
            throw Unexpected()
        }
        #expect(try WorkReply(decoding: await ask(coordinator, WorkRequest.pull(session: 99)), limits: WireLimits()) == .unknownSession)
        let beat = ControlRequest.heartbeat(.init(session: 99, leases: [], seenInstructions: 0))
        #expect(try ControlReply(decoding: await ask(coordinator, beat), limits: WireLimits()) == .unknownSession)
    }

    @Test("a worker of another major version is told what to upgrade")
    func otherVersion() async throws {
        let coordinator = try await Cluster.open(MemoryStore(), try await objects())
        for (major, upgrade) in [(UInt32(0), "upgrade the worker"), (WireVersion.current.major + 1, "upgrade the coordinator")] {
            let hello = ControlRequest.Hello(version: WireVersion(major: major, minor: 0), instance: "i", name: "n", slots: 1, models: ["m"])
            guard case .refused(let reason) = try ControlReply(decoding: await ask(coordinator, .hello(hello)), limits: WireLimits()) else { throw Unexpected() }
            #expect(reason.hasSuffix(upgrade))
        }
    }

    @Test("a watcher is never told of a status that is not stored yet")
    func watchersSeeWhatIsStored() async throws {
        let (store, objects) = (ScriptedStore(), try await objects())
        let coordinator = try await Cluster.open(store, objects)
        let job = try await coordinator.job(try await coordinator.create(Cluster.request()))
        await store.refuse(commits: 200)
        async let stopped: Void = coordinator.stop(job)
        while await store.refused < 1 { await Task.yield() }
        if await store.refused < 200 {
            var watcher = try await coordinator.progress(of: job).makeAsyncIterator()
            if await store.refused < 200 { #expect(await watcher.next()?.status == .inProgress) }
        }
        try await stopped
        #expect(try await coordinator.untilEnded(job)?.status == .stopped)
    }
}
