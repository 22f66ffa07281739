import CNNG
import Synchronization

/// Carries a socket's coming and going connections into a bounded stream.
final class PipeEvents: Sendable {
    static let buffered = 16_384
    let stream: AsyncStream<PeerEvent>
    private let continuation: AsyncStream<PeerEvent>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(Self.buffered)) }

    /// The socket keeps this object until it is closed.
    func watch(_ socket: nng_socket) throws(NNGFailure) {
        // Called with a lock of the socket held: only the identity is copied out.
        let notify: @convention(c) (nng_pipe, nng_pipe_ev, UnsafeMutableRawPointer?) -> Void = { pipe, event, pointer in
            guard let pointer else { return }
            let events = Unmanaged<PipeEvents>.fromOpaque(pointer).takeUnretainedValue()
            switch event {
            case NNG_PIPE_EV_ADD_POST: events.continuation.yield(.connected(PeerID(pipe.id)))
            case NNG_PIPE_EV_REM_POST: events.continuation.yield(.lost(PeerID(pipe.id)))
            default: break
            }
        }
        let pointer = Unmanaged.passUnretained(self).toOpaque()
        try NNGFailure.check(nng_pipe_notify(socket, NNG_PIPE_EV_ADD_POST, notify, pointer))
        try NNGFailure.check(nng_pipe_notify(socket, NNG_PIPE_EV_REM_POST, notify, pointer))
    }

    func finish() { continuation.finish() }
}
