import Synchronization

/// The requesting end of `InMemoryNetwork`.
final class InMemoryRequester: Requester {
    private struct State {
        var peer = PeerID(0)
        var isClosed = false
        var exchanges: [ObjectIdentifier: Exchange] = [:]
    }

    let address: String
    private let network: InMemoryNetwork
    private let state = Mutex(State())

    init(network: InMemoryNetwork, address: String) {
        self.network = network
        self.address = address
    }

    var peer: PeerID { state.withLock { $0.peer } }

    func connect(as peer: PeerID) { state.withLock { $0.peer = peer } }

    func request(_ message: [UInt8], timeoutMilliseconds: Int) async throws(TransportError) -> [UInt8] {
        let exchange = Exchange(frame: try Frame.encode(message, limits: network.limits), requester: self)
        let isClosed = state.withLock { state in
            if !state.isClosed { state.exchanges[ObjectIdentifier(exchange)] = exchange }
            return state.isClosed
        }
        guard !isClosed else { throw closedError }
        defer {
            state.withLock { $0.exchanges[ObjectIdentifier(exchange)] = nil }
            network.forget(exchange)
        }
        let timer = Task { [clock = network.clock, address] in
            do { try await clock.sleep(for: .milliseconds(timeoutMilliseconds)) } catch { return }
            exchange.finish(
                .failure(TransportError(code: .timedOut, message: "no answer from \(address) within \(timeoutMilliseconds) ms")))
        }
        defer { timer.cancel() }
        network.send(exchange, to: address)
        return try Frame.decode(try await exchange.outcome().get(), limits: network.limits)
    }

    func close() async {
        let exchanges: [Exchange]? = state.withLock { state in
            if state.isClosed { return nil }
            state.isClosed = true
            return Array(state.exchanges.values)
        }
        guard let exchanges else { return }
        for exchange in exchanges { exchange.finish(.failure(closedError)) }
        network.leave(self)
    }

    private var closedError: TransportError { TransportError(code: .closed, message: "the connection to \(address) is closed") }
}
