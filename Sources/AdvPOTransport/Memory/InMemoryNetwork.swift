package import AdvPOModel
import Synchronization

/// A network inside one process: the same seams as NNG's, without sockets, for simulations and quick tests.
///
/// Requests to an address where nobody listens wait, as they do while NNG redials.
package final class InMemoryNetwork: Sendable {
    private struct State {
        var repliers: [String: InMemoryReplier] = [:]
        var requesters: [InMemoryRequester] = []
        /// Requests that wait for somebody to listen.
        var unsent: [(address: String, exchange: Exchange)] = []
        var lastPeer: UInt32 = 0
        var lastPort = 0
    }

    let limits: WireLimits
    let clock: any Clock<Duration>
    private let state = Mutex(State())

    /// - Parameter clock: measures the requests' timeouts.
    package init(limits: WireLimits, clock: any Clock<Duration>) {
        self.limits = limits
        self.clock = clock
    }

    /// A connection to `address`, made as soon as somebody listens there.
    package func requester(for address: String) -> any Requester {
        let requester = InMemoryRequester(network: self, address: address)
        let connected: InMemoryReplier? = state.withLock { state in
            state.requesters.append(requester)
            return Self.connect(requester, &state)
        }
        connected?.peerCame(requester.peer)
        return requester
    }

    /// Listens at `address`; a port of 0 is filled in.
    ///
    /// - Throws: `.addressInUse`.
    package func replier(at address: String) throws(TransportError) -> any Replier {
        let (replier, requesters, exchanges) = try state.withLock { (state) throws(TransportError) in
            var bound = address
            if address.hasSuffix(":0") {
                state.lastPort += 1
                bound = "\(address.dropLast())\(state.lastPort)"
            }
            guard state.repliers[bound] == nil else {
                throw TransportError(code: .addressInUse, message: "\(bound) is in use: another program listens there; choose another address")
            }
            let replier = InMemoryReplier(network: self, address: bound)
            state.repliers[bound] = replier
            let requesters = state.requesters.filter { $0.address == bound }
            for requester in requesters { _ = Self.connect(requester, &state) }
            let exchanges = state.unsent.filter { $0.address == bound }.map(\.exchange)
            state.unsent.removeAll { $0.address == bound }
            return (replier, requesters, exchanges)
        }
        for requester in requesters { replier.peerCame(requester.peer) }
        for exchange in exchanges { replier.take(exchange) }
        return replier
    }

    /// A new connection is a new peer.
    private static func connect(_ requester: InMemoryRequester, _ state: inout State) -> InMemoryReplier? {
        guard let replier = state.repliers[requester.address] else { return nil }
        state.lastPeer += 1
        requester.connect(as: PeerID(state.lastPeer))
        return replier
    }

    func send(_ exchange: Exchange, to address: String) {
        let replier = state.withLock { state in
            let replier = state.repliers[address]
            if replier == nil { state.unsent.append((address, exchange)) }
            return replier
        }
        replier?.take(exchange)
    }

    /// The exchange is over, whether it was sent or not.
    func forget(_ exchange: Exchange) {
        state.withLock { state in state.unsent.removeAll { $0.exchange === exchange } }
    }

    func leave(_ requester: InMemoryRequester) {
        let replier = state.withLock { state in
            state.requesters.removeAll { $0 === requester }
            return state.repliers[requester.address]
        }
        replier?.peerWent(requester.peer)
    }

    func leave(_ replier: InMemoryReplier) {
        state.withLock { state in
            if state.repliers[replier.address] === replier { state.repliers[replier.address] = nil }
        }
    }
}
