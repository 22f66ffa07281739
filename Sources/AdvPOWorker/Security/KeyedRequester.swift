package import AdvPOCluster
package import AdvPOModel
package import AdvPOTransport
import AdvPOWire
package import Logging
import Synchronization

/// A requester of a worker that has a key: its hellos become handshakes, and everything after them is sealed.
///
/// A coordinator that cannot prove that it knows the key is refused, also one that asks for no proof: prompts and provider calls are for the own
/// cluster alone.
package final class KeyedRequester: Requester {
    /// Both sockets of a worker share one.
    package final class Connection: Sendable {
        fileprivate struct Channel: Sendable {
            let number: UInt64
            let key: ChannelKey
            var counters: [ClusterSocket: UInt64] = [:]
        }

        fileprivate let identity: WorkerIdentity
        fileprivate let key: WorkerKey
        fileprivate let channel = Mutex<Channel?>(nil)
        fileprivate let hasComplained = Mutex(false)
        fileprivate let logger: Logger

        package init(identity: WorkerIdentity, key: WorkerKey, logger: Logger) {
            self.identity = identity
            self.key = key
            self.logger = logger
        }

        /// The next counter on a socket; nil without a channel.
        fileprivate func next(_ socket: ClusterSocket) -> (channel: Channel, counter: UInt64)? {
            channel.withLock { channel in
                channel?.counters[socket, default: 0] += 1
                return channel.flatMap { open in open.counters[socket].map { (open, $0) } }
            }
        }
    }

    private let requester: any Requester
    private let address: String
    private let socket: ClusterSocket
    private let connection: Connection
    private let limits: WireLimits

    /// - Parameter requester: one that leaves frames to its caller, dialling `address`.
    package init(_ requester: any Requester, address: String, socket: ClusterSocket, connection: Connection, limits: WireLimits) {
        self.requester = requester
        self.address = address
        self.socket = socket
        self.connection = connection
        self.limits = limits
    }

    package func close() async { await requester.close() }

    package func request(_ message: [UInt8], timeoutMilliseconds: Int) async throws(TransportError) -> [UInt8] {
        // A hello is field 1: the others need not be decoded to be told from it.
        if socket == .control, message.first == 0x0A, case .success(.hello(let hello)) = Result(catching: { try ControlRequest(decoding: message, limits: limits) }) {
            return try await greet(hello, timeoutMilliseconds: timeoutMilliseconds)
        }
        guard let (channel, counter) = connection.next(socket) else {
            throw TransportError(code: .closed, message: "there is no session at \(address)")
        }
        let frame = channel.key.seal(try Frame.encode(message, limits: limits), as: .request(socket), channel: channel.number, counter: counter)
        let answer = try await requester.request(frame, timeoutMilliseconds: timeoutMilliseconds)
        guard let sealed = SealedFrame(answer) else { return try unsealed(answer) }
        guard sealed.channel == channel.number, sealed.counter == counter, channel.key.fits(sealed, as: .answer(socket)) else { throw foreign }
        return try opened(sealed)
    }

    /// Who does not know the channel cannot seal its answer: "unknown session" is believed without, since all it does is to make the worker say
    /// hello. Whoever could forge it could as well cut the connection.
    private func unsealed(_ answer: [UInt8]) throws(TransportError) -> [UInt8] {
        let payload = try Frame.decode(answer, limits: limits)
        let unknown = socket == .control ? ControlReply.unknownSession.encoded() : WorkReply.unknownSession.encoded()
        guard payload == unknown else { throw foreign }
        return payload
    }

    private func opened(_ sealed: SealedFrame) throws(TransportError) -> [UInt8] {
        try sealed.inner.withUnsafeBytes { bytes in Result { () throws(TransportError) in try Frame.decode(bytes, limits: limits) } }.get()
    }

    private var foreign: TransportError {
        TransportError(code: .corruptMessage, message: "an answer from \(address) is not sealed by the coordinator; it was not looked at")
    }

    // MARK: Handshake

    private func greet(_ hello: ControlRequest.Hello, timeoutMilliseconds: Int) async throws(TransportError) -> [UInt8] {
        var hello = hello
        var generator = SystemRandomNumberGenerator()
        let nonce = (0..<HandshakeClaim.nonceBytes).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        let claim = HandshakeClaim(
            identity: connection.identity, major: hello.version.major, minor: hello.version.minor, instance: hello.instance, name: hello.name, slots: hello.slots,
            models: hello.models, nonce: nonce)
        hello.credential = .init(name: claim.identity.name, serial: claim.identity.serial, nonce: nonce, answer: nil)
        let first = try await say(hello, timeoutMilliseconds)
        switch try reply(in: first) {
        case .challenge(let challenge, let proof):
            let digest = claim.digest(challenge: challenge)
            guard connection.key.isProof(proof, of: .coordinator, digest: digest) else {
                return refusal("whoever listens there does not know the secret of this worker's cluster: the key is of another cluster, or that is not its coordinator")
            }
            hello.credential?.answer = .init(challenge: challenge, proof: connection.key.proof(of: .worker, digest: digest))
            return try welcome(try await say(hello, timeoutMilliseconds), connection.key.channelKey(digest: digest))
        case .refused(let reason): return ControlReply.refused(reason).encoded()
        case .welcome, .instructions, .unknownSession:
            return refusal("whoever listens there asks for no proof, so it is no coordinator of this worker's cluster. Start the coordinator with --cluster, or this worker without --identity")
        }
    }

    private func welcome(_ answer: [UInt8], _ key: ChannelKey) throws(TransportError) -> [UInt8] {
        guard let sealed = SealedFrame(answer) else {
            guard case .refused(let reason) = try reply(in: answer) else { throw foreign }
            return ControlReply.refused(reason).encoded()
        }
        guard sealed.counter == 0, key.fits(sealed, as: .answer(.control)) else { throw foreign }
        let payload = try opened(sealed)
        connection.channel.withLock { $0 = Connection.Channel(number: sealed.channel, key: key) }
        connection.hasComplained.withLock { $0 = false }
        return payload
    }

    private func reply(in answer: [UInt8]) throws(TransportError) -> ControlReply {
        let payload = try Frame.decode(answer, limits: limits)
        do {
            return try ControlReply(decoding: payload, limits: limits)
        } catch {
            throw TransportError(code: .corruptMessage, message: "an answer from \(address) cannot be read: \(error)")
        }
    }

    private func refusal(_ reason: String) -> [UInt8] { ControlReply.refused("\(address): \(reason)").encoded() }

    /// One of the handshake's two requests. Without an answer the log says once what to look at: the library does not tell a refused certificate from silence.
    private func say(_ hello: ControlRequest.Hello, _ timeoutMilliseconds: Int) async throws(TransportError) -> [UInt8] {
        do {
            return try await requester.request(try Frame.encode(ControlRequest.hello(hello).encoded(), limits: limits), timeoutMilliseconds: timeoutMilliseconds)
        } catch {
            let isFirst = connection.hasComplained.withLock { complained in
                defer { complained = true }
                return !complained
            }
            if isFirst, error.code == .timedOut || error.code == .connectionLost { connection.logger.warning("the coordinator does not answer, trying on", metadata: advice(error)) }
            throw error
        }
    }

    private func advice(_ error: TransportError) -> Logger.Metadata {
        let advice =
            address.hasPrefix("tls+tcp://")
            ? "is it up and does it use tls+tcp there; is the address's host one of its certificate's names (advpo-coord cluster init --host); was this worker's certificate issued by the same cluster and has it not expired (openssl verify -CAfile ca.pem worker.pem)"
            : "is it up, and is the address right; does it use tls+tcp there"
        return ["control": "\(address)", "error": "\(error)", "check": "\(advice)"]
    }
}
