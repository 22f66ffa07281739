package import AdvPOModel
import CNNG
package import Logging
import Synchronization

/// The requesting end over NNG: a REQ socket with one context for each request under way.
///
/// Dials without waiting and redials for ever, 100 ms to 1 s apart: requests to a server that is not up wait for it until their timeout.
package final class NNGRequester: Requester {
    /// Contexts kept for the next requests.
    private static let idleChannels = 64

    private struct State {
        var idle: [Channel] = []
        var busy: [ObjectIdentifier: Channel] = [:]
        var isClosed = false
        var waitingForQuiet: [UnsafeContinuation<Void, Never>] = []
    }

    private let address: String
    private let limits: WireLimits
    private let framing: Framing
    private let logger: Logger
    private let socket: Socket
    private let state = Mutex(State())

    /// - Parameter tls: for `tls+tcp://`, and for nothing else.
    /// - Throws: `.badAddress` for what is not an address, or certificates that cannot be used; a server that is not there is no error.
    package init(
        dialing address: String, limits: WireLimits, framing: Framing = .coded, tls: TLSIdentity? = nil, logger: Logger
    ) throws(TransportError) {
        self.address = address
        self.limits = limits
        self.framing = framing
        self.logger = logger
        try SocketAddress.check(address, listening: false)
        let settings = try TLSSettings.make(tls, for: address, .dialing)
        do {
            socket = try Socket(.requesting, limits: limits, tls: settings)
            var dialer = nng_dialer()
            try NNGFailure.check(nng_dialer_create(&dialer, socket.id, address))
            if let settings { try NNGFailure.check(nng_dialer_set_ptr(dialer, NNG_OPT_TLS_CONFIG, settings.pointer)) }
            if SocketAddress.isTCP(address) { try NNGFailure.check(nng_dialer_set_bool(dialer, NNG_OPT_TCP_KEEPALIVE, true)) }
            try NNGFailure.check(nng_dialer_start(dialer, Int32(NNG_FLAG_NONBLOCK)))
        } catch {
            throw TransportError(opening: address, error)
        }
    }

    package func request(_ message: [UInt8], timeoutMilliseconds: Int) async throws(TransportError) -> [UInt8] {
        let frame = try framing.frame(of: message, limits: limits)
        let channel = try checkOut()
        defer { checkIn(channel) }
        let reply: Message
        do {
            reply = try await channel.operation.request(
                Message(copying: frame), on: channel.context, timeoutMilliseconds: Int32(clamping: max(0, timeoutMilliseconds)))
        } catch {
            throw describe(error, timeoutMilliseconds: timeoutMilliseconds)
        }
        return try reply.payload(framing, limits: limits)
    }

    package func close() async {
        let busy = state.withLock { state in
            state.isClosed = true
            return Array(state.busy.values)
        }
        for channel in busy { channel.operation.cancel() }
        await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
            let isQuiet = state.withLock { state in
                if !state.busy.isEmpty { state.waitingForQuiet.append(continuation) }
                return state.busy.isEmpty
            }
            if isQuiet { continuation.resume() }
        }
        let idle = state.withLock { state in
            defer { state.idle = [] }
            return state.idle
        }
        for channel in idle { channel.close() }
        await socket.close(logger: logger)
    }

    private func checkOut() throws(TransportError) -> Channel {
        do {
            return try state.withLock { (state) throws(NNGFailure) in
                if state.isClosed { throw NNGFailure(NNG_ECLOSED) }
                let channel: Channel
                if let spare = state.idle.popLast() { channel = spare } else { channel = try Channel(on: socket.id) }
                channel.operation.reset()
                state.busy[ObjectIdentifier(channel)] = channel
                return channel
            }
        } catch {
            throw describe(error, timeoutMilliseconds: 0)
        }
    }

    private func checkIn(_ channel: Channel) {
        // Busy until it is closed: the library would wake the socket's end while it is still inside the context's.
        let isSpare = state.withLock { state in state.isClosed || state.idle.count >= Self.idleChannels }
        if isSpare { channel.close() }
        let waiting = state.withLock { state in
            state.busy[ObjectIdentifier(channel)] = nil
            if !isSpare { state.idle.append(channel) }
            defer { if state.busy.isEmpty { state.waitingForQuiet = [] } }
            return state.busy.isEmpty ? state.waitingForQuiet : []
        }
        for continuation in waiting { continuation.resume() }
    }

    private func describe(_ failure: NNGFailure, timeoutMilliseconds: Int) -> TransportError {
        switch failure {
        case NNG_ECANCELED where state.withLock({ $0.isClosed }), NNG_ECLOSED:
            TransportError(code: .closed, message: "the connection to \(address) is closed")
        case NNG_ECANCELED:
            TransportError(code: .cancelled, message: "a request to \(address) was cancelled")
        case NNG_ETIMEDOUT:
            TransportError(
                code: .timedOut, message: "no answer from \(address) within \(timeoutMilliseconds) ms; is the coordinator up, and the address right?")
        case NNG_ECONNRESET, NNG_ECONNABORTED, NNG_ECONNSHUT:
            TransportError(code: .connectionLost, message: "the connection to \(address) was lost before the answer came")
        default:
            TransportError(code: .system, message: "a request to \(address) failed: \(failure)")
        }
    }
}
