package import AdvPOModel
import CNNG
package import Logging
import Synchronization

/// The replying end over NNG: a REP socket with one context for each request in hand and some that wait for the next.
///
/// Listens from its initialiser on; what comes before `serve` waits in the connections. `serve` can be called once.
package final class NNGReplier: Replier {
    /// How many receivers wait at least, and how many requests can be in hand at most; beyond that peers wait in their connections.
    package struct Receivers: Hashable, Sendable {
        package var idle = 16
        package var maximum = 16_384
        package init() {}
    }

    /// A peer that does not read its answer for this long loses it.
    private static let sendMilliseconds: Int32 = 30_000

    private enum Phase {
        case listening
        case serving(AsyncStream<Void>.Continuation)
        case closing
        case closed
    }

    private struct State {
        var phase = Phase.listening
        var receivers = 0
        var idle = 0
        /// What made `serve` end by itself.
        var failure: NNGFailure?
        var waitingForClose: [UnsafeContinuation<Void, Never>] = []
    }

    package let address: String
    package var peerEvents: AsyncStream<PeerEvent> { events.stream }
    private let limits: WireLimits
    private let framing: Framing
    private let receivers: Receivers
    private let logger: Logger
    private let socket: Socket
    private let events = PipeEvents()
    private let state = Mutex(State())

    /// - Parameter tls: for `tls+tcp://`, and for nothing else.
    /// - Throws: `.addressInUse`, `.badAddress` (certificates that cannot be used are one), or `.system` with the reason.
    package init(
        listening address: String, limits: WireLimits, receivers: Receivers = Receivers(), framing: Framing = .coded, tls: TLSIdentity? = nil, logger: Logger
    ) throws(TransportError) {
        precondition(receivers.idle > 0 && receivers.maximum >= receivers.idle, "a replier needs receivers")
        self.limits = limits
        self.framing = framing
        self.receivers = receivers
        self.logger = logger
        try SocketAddress.check(address, listening: true)
        let settings = try TLSSettings.make(tls, for: address, .listening)
        do {
            socket = try Socket(.replying(events), limits: limits, tls: settings)
            var listener = nng_listener()
            try NNGFailure.check(nng_listener_create(&listener, socket.id, address))
            if let settings { try NNGFailure.check(nng_listener_set_ptr(listener, NNG_OPT_TLS_CONFIG, settings.pointer)) }
            if SocketAddress.isTCP(address) { try NNGFailure.check(nng_listener_set_bool(listener, NNG_OPT_TCP_KEEPALIVE, true)) }
            try NNGFailure.check(nng_listener_start(listener, 0))
            self.address = try Self.bound(address, listener)
        } catch {
            throw TransportError(opening: address, error)
        }
    }

    private static func bound(_ address: String, _ listener: nng_listener) throws(NNGFailure) -> String {
        guard SocketAddress.isTCP(address), let colon = address.lastIndex(of: ":"), address[colon...] == ":0" else { return address }
        var port: Int32 = 0
        try NNGFailure.check(nng_listener_get_int(listener, NNG_OPT_TCP_BOUND_PORT, &port))
        return "\(address[...colon])\(port)"
    }

    package func serve(_ handler: @escaping @Sendable (IncomingRequest) async -> [UInt8]) async throws(TransportError) {
        let (starts, start) = AsyncStream<Void>.makeStream()
        try begin(start)
        await withDiscardingTaskGroup { group in
            for await _ in starts { group.addTask { await self.receive(handler, start) } }
            group.cancelAll()
        }
        let failure = state.withLock { state in
            state.phase = .closing
            return state.failure
        }
        await release()
        if let failure { throw TransportError(code: .system, message: "listening at \(address) failed: \(failure)") }
    }

    /// Ends `serve`, whose handlers are cancelled and awaited, then frees the address. Not to be called by a handler.
    package func close() async {
        enum Step { case release, stop(AsyncStream<Void>.Continuation), wait }
        let step: Step = state.withLock { state in
            switch state.phase {
            case .listening:
                state.phase = .closing
                return .release
            case .serving(let start): return .stop(start)
            case .closing, .closed: return .wait
            }
        }
        switch step {
        case .release: await release()
        case .stop(let start): start.finish()
        case .wait: break
        }
        await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
            let isClosed = state.withLock { state in
                if case .closed = state.phase { return true }
                state.waitingForClose.append(continuation)
                return false
            }
            if isClosed { continuation.resume() }
        }
    }

    private func begin(_ start: AsyncStream<Void>.Continuation) throws(TransportError) {
        let isFirst = state.withLock { state in
            guard case .listening = state.phase else { return false }
            state.phase = .serving(start)
            state.receivers = receivers.idle
            state.idle = receivers.idle
            return true
        }
        guard isFirst else { throw TransportError(code: .closed, message: "\(address) is served already, or closed") }
        for _ in 0..<receivers.idle { start.yield() }
    }

    private func release() async {
        await socket.close(logger: logger)
        events.finish()
        let waiting = state.withLock { state in
            state.phase = .closed
            defer { state.waitingForClose = [] }
            return state.waitingForClose
        }
        for continuation in waiting { continuation.resume() }
    }

    // MARK: Receivers

    private func receive(_ handler: @Sendable (IncomingRequest) async -> [UInt8], _ start: AsyncStream<Void>.Continuation) async {
        let channel: Channel
        do { channel = try Channel(on: socket.id) } catch { return fail(error, start) }
        defer { channel.close() }
        while !Task.isCancelled {
            let request: Result<IncomingRequest, TransportError>
            do {
                request = try await next(on: channel)
            } catch {
                if !Task.isCancelled { fail(error, start) }
                return
            }
            requestTaken(start)
            let frame = await answer(request, handler)
            if Task.isCancelled { return }
            await send(frame, on: channel)
            if !shallReceiveAgain() { return }
        }
    }

    private func next(on channel: Channel) async throws(NNGFailure) -> Result<IncomingRequest, TransportError> {
        let message = try await channel.operation.receive(on: channel.context)
        do throws(TransportError) {
            return .success(IncomingRequest(peer: message.peer, message: try message.payload(framing, limits: limits)))
        } catch {
            return .failure(error)
        }
    }

    private func answer(
        _ request: Result<IncomingRequest, TransportError>, _ handler: @Sendable (IncomingRequest) async -> [UInt8]
    ) async -> [UInt8] {
        do throws(TransportError) {
            return try framing.frame(of: await handler(try request.get()), limits: limits)
        } catch {
            logger.warning("a request was not answered", metadata: ["address": "\(address)", "reason": "\(error)"])
            return Frame.failure(error.message)
        }
    }

    private func send(_ frame: [UInt8], on channel: Channel) async {
        do {
            try await channel.operation.send(Message(copying: frame), on: channel.context, timeoutMilliseconds: Self.sendMilliseconds)
        } catch {
            logger.debug("an answer was not sent", metadata: ["address": "\(address)", "reason": "\(error)"])
        }
    }

    private func requestTaken(_ start: AsyncStream<Void>.Continuation) {
        let needsMore = state.withLock { state in
            state.idle -= 1
            guard state.idle < receivers.idle, state.receivers < receivers.maximum else { return false }
            state.idle += 1
            state.receivers += 1
            return true
        }
        if needsMore { start.yield() }
    }

    /// False when enough others wait: a burst's receivers go away again.
    private func shallReceiveAgain() -> Bool {
        state.withLock { state in
            if state.idle >= 4 * receivers.idle {
                state.receivers -= 1
                return false
            }
            state.idle += 1
            return true
        }
    }

    private func fail(_ failure: NNGFailure, _ start: AsyncStream<Void>.Continuation) {
        state.withLock { state in if state.failure == nil { state.failure = failure } }
        start.finish()
    }
}
