import Synchronization

/// The replying end of `InMemoryNetwork`.
final class InMemoryReplier: Replier {
    private enum Phase { case listening, serving, closing, closed }

    private struct State {
        var phase = Phase.listening
        /// Requests that were not answered yet.
        var inHand: [ObjectIdentifier: Exchange] = [:]
        var waitingForClose: [UnsafeContinuation<Void, Never>] = []
    }

    let address: String
    let peerEvents: AsyncStream<PeerEvent>
    private let network: InMemoryNetwork
    private let events: AsyncStream<PeerEvent>.Continuation
    private let requests: AsyncStream<Exchange>
    private let arrival: AsyncStream<Exchange>.Continuation
    private let state = Mutex(State())

    init(network: InMemoryNetwork, address: String) {
        self.network = network
        self.address = address
        (peerEvents, events) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(PipeEvents.buffered))
        (requests, arrival) = AsyncStream.makeStream()
    }

    func peerCame(_ peer: PeerID) { events.yield(.connected(peer)) }
    func peerWent(_ peer: PeerID) { events.yield(.lost(peer)) }

    func take(_ exchange: Exchange) {
        let isTaken = state.withLock { state in
            switch state.phase {
            case .listening, .serving:
                state.inHand[ObjectIdentifier(exchange)] = exchange
                return true
            case .closing, .closed: return false
            }
        }
        if isTaken { arrival.yield(exchange) } else { lose(exchange) }
    }

    func serve(_ handler: @escaping @Sendable (IncomingRequest) async -> [UInt8]) async throws(TransportError) {
        let isFirst = state.withLock { state in
            guard state.phase == .listening else { return false }
            state.phase = .serving
            return true
        }
        guard isFirst else { throw TransportError(code: .closed, message: "\(address) is served already, or closed") }
        await withDiscardingTaskGroup { group in
            for await exchange in requests { group.addTask { await self.answer(exchange, handler) } }
            group.cancelAll()
        }
        release()
    }

    func close() async {
        let wasServing: Bool = state.withLock { state in
            defer { if state.phase == .listening { state.phase = .closing } }
            return state.phase == .serving
        }
        arrival.finish()
        if !wasServing { return release() }
        await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
            let isClosed = state.withLock { state in
                if state.phase != .closed { state.waitingForClose.append(continuation) }
                return state.phase == .closed
            }
            if isClosed { continuation.resume() }
        }
    }

    private func answer(_ exchange: Exchange, _ handler: @Sendable (IncomingRequest) async -> [UInt8]) async {
        let frame: [UInt8]
        do throws(TransportError) {
            let message = try Frame.decode(exchange.frame, limits: network.limits)
            let reply = await handler(IncomingRequest(peer: exchange.requester.peer, message: message))
            frame = try Frame.encode(reply, limits: network.limits)
        } catch {
            frame = Frame.failure(error.message)
        }
        if Task.isCancelled { return }
        state.withLock { $0.inHand[ObjectIdentifier(exchange)] = nil }
        exchange.finish(.success(frame))
    }

    /// Who still waits for an answer has lost the connection.
    private func release() {
        network.leave(self)
        let (inHand, waiting) = state.withLock { state in
            state.phase = .closed
            defer {
                state.inHand = [:]
                state.waitingForClose = []
            }
            return (Array(state.inHand.values), state.waitingForClose)
        }
        for exchange in inHand { lose(exchange) }
        events.finish()
        for continuation in waiting { continuation.resume() }
    }

    private func lose(_ exchange: Exchange) {
        exchange.finish(
            .failure(TransportError(code: .connectionLost, message: "the connection to \(address) was lost before the answer came")))
    }
}
