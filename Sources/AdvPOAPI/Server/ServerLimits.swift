package import NIOCore

/// How much of the server one client may hold, and for how long.
package struct ServerLimits: Hashable, Sendable {
    /// All lines of a request's head together, its target included.
    package var headBytes = 32 * 1024
    package var headerFields = 100
    /// From the opening of a connection to the whole head of its first request, the TLS handshake included.
    package var headTime = TimeAmount.seconds(10)
    /// From a request's head to the end of its body.
    package var bodyTime = TimeAmount.seconds(30)
    /// From the end of an answer to the whole head of the next request.
    package var idleTime = TimeAmount.seconds(60)
    /// How long a client may leave what was sent to it unread while more waits to be sent.
    package var writeTime = TimeAmount.seconds(30)
    /// Connections at one time; a further one waits in the system's queue until one ends.
    package var connections = 1_024
    package var eventStreams = 256
    package var eventStreamsPerIdentity = 64

    package init() {}
}
