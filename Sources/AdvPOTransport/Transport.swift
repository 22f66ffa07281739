/// The requesting end of a request-reply connection: what a worker dials.
///
/// Two implementations, NNG and memory, pass one conformance suite. Delivery is at most once: a request whose connection is lost
/// throws, and may or may not have been seen.
package protocol Requester: Sendable {
    /// Sends one message and waits for its answer. Any number may be under way at once.
    ///
    /// - Parameter timeoutMilliseconds: covers sending, the other side's work and the answer.
    /// - Throws: `TransportError`; after the task's cancellation promptly one of kind `.cancelled`.
    func request(_ message: [UInt8], timeoutMilliseconds: Int) async throws(TransportError) -> [UInt8]
    /// Ends what is under way with `.closed`, then releases the connection.
    func close() async
}

/// The replying end: what the coordinator listens with.
package protocol Replier: Sendable {
    /// The address as bound: a port asked for as 0 is filled in.
    var address: String { get }
    /// Serves until `close` or cancellation: calls `handler` for each request, concurrently, and sends what it returns.
    ///
    /// A handler may hold its request as long as it likes; there are always free receivers, up to the implementation's limit of requests
    /// in hand. A reply whose peer is gone is dropped silently: that is why leases exist.
    func serve(_ handler: @escaping @Sendable (IncomingRequest) async -> [UInt8]) async throws(TransportError)
    /// Peers that came and went. Buffered and bounded; a lost event only delays what a lease's end would tell.
    var peerEvents: AsyncStream<PeerEvent> { get }
    func close() async
}

package struct IncomingRequest: Sendable {
    package let peer: PeerID
    package let message: [UInt8]
    /// The session that the sender has proved to be; nil where nobody has to prove anything.
    package let provenSession: UInt64?
    package init(peer: PeerID, message: [UInt8], provenSession: UInt64? = nil) {
        self.peer = peer
        self.message = message
        self.provenSession = provenSession
    }
}

/// Who turns messages into frames.
package enum Framing: Hashable, Sendable {
    /// The transport: messages are payloads.
    case coded
    /// The caller: messages are whole frames, up to `spareBytes` above the limit of one.
    case callers

    /// What a caller may put around a frame.
    package static let spareBytes = 48
}

/// One connection, as long as it lasts.
package struct PeerID: Hashable, Sendable {
    package let rawValue: UInt32
    package init(_ rawValue: UInt32) { self.rawValue = rawValue }
}

package enum PeerEvent: Hashable, Sendable {
    case connected(PeerID)
    case lost(PeerID)
}

package struct TransportError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: String, Hashable, Sendable {
        case cancelled, timedOut, connectionLost, closed, messageTooLarge, addressInUse, badAddress, corruptMessage, system
    }

    package var code: Code
    /// What was tried, at which address, and what to do.
    package var message: String
    package init(code: Code, message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
