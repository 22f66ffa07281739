import AdvPOCluster
import AdvPOCoordinator
import AdvPOModel
import AdvPOObjects
import AdvPOStore
import AdvPOTransport
import AdvPOWire
import AdvPOWorker
import Foundation
import Synchronization
import Testing

/// A coordinator with a secret, over the real sockets: who is let in, and what of what he says is believed.
@Suite(.timeLimit(.minutes(1))) struct GuardedReplierTests {
    @Test("a worker with a key works as one without: hello, heartbeat, pull, fetch, goodbye")
    func worksAsBefore() async throws {
        try await Guarded.run { guarded in
            let worker = try guarded.worker()
            let session = try await worker.join()
            #expect(try await worker.ask(.fetch(session: 0, hashes: [ContentHash(of: [1])])) == .blobs([.init(hash: ContentHash(of: [1]), bytes: nil)]))
            #expect(try await worker.ask(.report(session: session, lease: Lease(task: 1, attempt: 1, epoch: 1), units: [], taskEnded: true)) == .stale)
            #expect(try await worker.ask(.goodbye(session: session)) == .instructions(.init(sequence: 0, cancel: [], drain: false)))
            #expect(try await worker.ask(.heartbeat(.init(session: session, leases: [], seenInstructions: 0))) == .unknownSession)
            // The channel is closed with the session: now nothing can be sealed for the answer.
            #expect(try await worker.ask(.fetch(session: 0, hashes: [ContentHash(of: [1])])) == .unknownSession)
            await worker.close()
        }
    }

    @Test("who has no key is told what to do, on both sockets, and gets no content")
    func withoutKey() async throws {
        try await Guarded.run { guarded in
            let (control, work) = try guarded.requesters(framing: .coded)
            for request in [Guarded.hello("i"), .heartbeat(.init(session: 1, leases: [], seenInstructions: 0)), .goodbye(session: 1)] {
                let answer = try await control.request(request.encoded(), timeoutMilliseconds: 20_000)
                guard case .refused(let reason) = try ControlReply(decoding: answer, limits: WireLimits()) else { throw Guarded.Unexpected() }
                #expect(reason.contains("issue-certificate"))
            }
            for request in [WorkRequest.pull(session: 1), .fetch(session: 1, hashes: [ContentHash(of: [1])])] {
                let answer = try await work.request(request.encoded(), timeoutMilliseconds: 20_000)
                guard case .refused = try WorkReply(decoding: answer, limits: WireLimits()) else { throw Guarded.Unexpected() }
            }
            await control.close()
            await work.close()
        }
    }

    @Test("a sealed message that comes again is not looked at, on its socket or on the other, nor is a changed one")
    func replays() async throws {
        try await Guarded.run { guarded in
            let worker = try guarded.worker()
            let session = try await worker.join()
            let report = WorkRequest.report(session: session, lease: Lease(task: 1, attempt: 1, epoch: 1), units: [], taskEnded: true)
            #expect(try await worker.ask(report) == .stale)
            let frame = try #require(worker.work.sent.last)
            for requester in [worker.work, worker.control] {
                #expect(await Guarded.failure { try await requester.request(frame, timeoutMilliseconds: 20_000) } != nil)
            }
            for index in frame.indices.dropFirst(9) {
                var changed = frame
                changed[index] ^= 1
                #expect(await Guarded.failure { try await worker.work.request(changed, timeoutMilliseconds: 20_000) } != nil, "byte \(index)")
            }
            // None of it hurt the session.
            #expect(try await worker.ask(report) == .stale)
            await worker.close()
        }
    }

    @Test("a proven worker speaks for its own session alone, and cannot end another's by its instance")
    func otherSessions() async throws {
        try await Guarded.run { guarded in
            let (one, two) = (try guarded.worker("one"), try guarded.worker("two"))
            let mine = try await one.join()
            let theirs = try await two.join(instance: "i")
            #expect(mine != theirs)
            #expect(try await one.ask(.fetch(session: 0, hashes: [ContentHash(of: [1])])) != .unknownSession, "the same instance under another name is another worker")
            #expect(try await one.ask(.report(session: theirs, lease: Lease(task: 1, attempt: 1, epoch: 1), units: [], taskEnded: true)) == .unknownSession)
            #expect(try await two.ask(.report(session: theirs, lease: Lease(task: 1, attempt: 1, epoch: 1), units: [], taskEnded: true)) == .stale)
            await one.close()
            await two.close()
        }
    }

    @Test("a revoked worker's session ends at once: its held pull is answered, and its next hello is refused with the reason")
    func revocation() async throws {
        try await Guarded.run { guarded in
            let worker = try guarded.worker("one")
            let session = try await worker.join()
            async let held = worker.ask(WorkRequest.pull(session: session))
            while await guarded.coordinator.heldRequestCount == 0 { await Task.yield() }
            var revocations = Revocations()
            revocations.revoke(worker.identity)
            await guarded.gatekeeper.revoke(revocations, in: guarded.coordinator)
            #expect(try await held == .unknownSession)
            guard case .refused(let reason) = try await worker.ask(Guarded.hello("i")) else { throw Guarded.Unexpected() }
            #expect(reason.contains("revoked"))
            await worker.close()
        }
    }

    @Test("a worker believes no answer that its coordinator did not seal for this very request")
    func forgedAnswers() async throws {
        try await Guarded.run { guarded in
            let worker = try guarded.worker()
            let session = try await worker.join()
            let report = WorkRequest.report(session: session, lease: Lease(task: 1, attempt: 1, epoch: 1), units: [], taskEnded: true)
            #expect(try await worker.ask(report) == .stale)
            let earlier = try #require(worker.work.received.last)
            for forged in [earlier, [0] + WorkReply.accepted().encoded(), [0] + WorkReply.stale.encoded(), [2, 65], [], [3], Array(earlier.dropLast())] {
                worker.work.forge(forged)
                #expect(await Guarded.failure { try await worker.ask(report) } != nil, "\(forged)")
            }
            worker.work.forge([0] + WorkReply.unknownSession.encoded())
            #expect(try await worker.ask(report) == .unknownSession, "which only makes it say hello")
            await worker.close()
        }
    }

    @Test("a worker with a key refuses who asks for no proof and who cannot give one")
    func rogueCoordinators() async throws {
        try await Guarded.run { guarded in
            let welcome = ControlReply.welcome(.init(version: .current, session: 1, epoch: 1, heartbeatMilliseconds: 5_000))
            for (rogue, words) in [(welcome, "asks for no proof"), (.challenge(nonce: [1], proof: [UInt8](repeating: 0, count: 32)), "does not know the secret")] {
                let worker = try guarded.worker()
                worker.control.forge([0] + rogue.encoded())
                guard case .refused(let reason) = try await worker.ask(Guarded.hello("i")) else { throw Guarded.Unexpected() }
                #expect(reason.contains(words))
                #expect(worker.control.sent.count == 1, "it proves nothing to such a one")
                await worker.close()
            }
        }
    }
}

/// A coordinator with a secret that listens in this process.
private struct Guarded {
    struct Unexpected: Error {}

    let coordinator: Coordinator
    let gatekeeper: Gatekeeper
    private let secret: ClusterSecret
    private let addresses: (control: String, work: String)

    static func run(_ body: (Guarded) async throws -> Void) async throws {
        let secret = try #require(ClusterSecret((0..<32).map { UInt8($0) }))
        let objects = MemoryObjects(buckets: ["bucket"])
        let coordinator = try await Cluster.open(MemoryStore(), objects)
        let gatekeeper = Gatekeeper(secret: secret, revocations: Revocations(), logger: Cluster.logger)
        func listen(_ socket: ClusterSocket) throws -> GuardedReplier {
            let replier = try NNGReplier(listening: "inproc://\(UUID().uuidString)", limits: WireLimits(), framing: .callers, logger: Cluster.logger)
            return GuardedReplier(replier, socket: socket, gatekeeper: gatekeeper, limits: WireLimits())
        }
        let (control, work) = (try listen(.control), try listen(.work))
        let server = CoordinatorServer(coordinator: coordinator, work: work, control: control, logger: Cluster.logger)
        let serving = Task { try await server.run() }
        let guarded = Guarded(coordinator: coordinator, gatekeeper: gatekeeper, secret: secret, addresses: (control.address, work.address))
        let result: Result<Void, any Error>
        do { result = .success(try await body(guarded)) } catch { result = .failure(error) }
        serving.cancel()
        _ = await serving.result
        await control.close()
        await work.close()
        try result.get()
    }

    func requesters(framing: Framing) throws -> (control: NNGRequester, work: NNGRequester) {
        (
            try NNGRequester(dialing: addresses.control, limits: WireLimits(), framing: framing, logger: Cluster.logger),
            try NNGRequester(dialing: addresses.work, limits: WireLimits(), framing: framing, logger: Cluster.logger)
        )
    }

    func worker(_ name: String = "one") throws -> KeyedWorker {
        let identity = try #require(WorkerIdentity(name: name, serial: 1))
        let (control, work) = try requesters(framing: .callers)
        return KeyedWorker(identity, secret.key(of: identity), WireTap(control), WireTap(work))
    }

    static func hello(_ instance: String) -> ControlRequest { .hello(.init(version: .current, instance: instance, name: "n", slots: 2, models: ["m"])) }

    static func failure(_ body: () async throws -> some Any) async -> (any Error)? {
        do {
            let answer = try await body()
            // A frame of type 2 is a failure too.
            return (answer as? [UInt8])?.first == 2 ? Unexpected() : nil
        } catch { return error }
    }
}

/// The worker's side of the two sockets, with what travels in view.
private struct KeyedWorker {
    let identity: WorkerIdentity
    let control: WireTap
    let work: WireTap
    private let keyed: (control: KeyedRequester, work: KeyedRequester)

    init(_ identity: WorkerIdentity, _ key: WorkerKey, _ control: WireTap, _ work: WireTap) {
        self.identity = identity
        self.control = control
        self.work = work
        let connection = KeyedRequester.Connection(identity: identity, key: key, logger: Cluster.logger)
        keyed = (
            KeyedRequester(control, address: "control", socket: .control, connection: connection, limits: WireLimits()),
            KeyedRequester(work, address: "work", socket: .work, connection: connection, limits: WireLimits())
        )
    }

    func join(instance: String = "i") async throws -> UInt64 {
        guard case .welcome(let welcome) = try await ask(Guarded.hello(instance)) else { throw Guarded.Unexpected() }
        return welcome.session
    }

    func ask(_ request: ControlRequest) async throws -> ControlReply {
        try ControlReply(decoding: try await keyed.control.request(request.encoded(), timeoutMilliseconds: 20_000), limits: WireLimits())
    }

    func ask(_ request: WorkRequest) async throws -> WorkReply {
        try WorkReply(decoding: try await keyed.work.request(request.encoded(), timeoutMilliseconds: 20_000), limits: WireLimits())
    }

    func close() async {
        await control.close()
        await work.close()
    }
}

/// Passes frames on, keeps them, and answers in the coordinator's place when told to.
private final class WireTap: Requester {
    private struct State {
        var sent: [[UInt8]] = []
        var received: [[UInt8]] = []
        var forged: [UInt8]?
    }

    private let requester: NNGRequester
    private let state = Mutex(State())

    init(_ requester: NNGRequester) { self.requester = requester }

    var sent: [[UInt8]] { state.withLock { $0.sent } }
    var received: [[UInt8]] { state.withLock { $0.received } }
    func forge(_ answer: [UInt8]) { state.withLock { $0.forged = answer } }

    func request(_ message: [UInt8], timeoutMilliseconds: Int) async throws(TransportError) -> [UInt8] {
        let forged = state.withLock { state in
            state.sent.append(message)
            defer { state.forged = nil }
            return state.forged
        }
        if let forged { return forged }
        let answer = try await requester.request(message, timeoutMilliseconds: timeoutMilliseconds)
        state.withLock { $0.received.append(answer) }
        return answer
    }

    func close() async { await requester.close() }
}
