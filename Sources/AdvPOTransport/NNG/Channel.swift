import CNNG
import Synchronization

/// One context of a socket with the operation that works on it: one exchange at a time.
final class Channel: Sendable {
    let context: nng_ctx
    let operation: AsyncOperation
    private let isClosed = Mutex(false)

    init(on socket: nng_socket) throws(NNGFailure) {
        operation = try AsyncOperation()
        var opened = nng_ctx()
        try NNGFailure.check(nng_ctx_open(&opened, socket))
        context = opened
    }

    deinit { close() }

    /// Precondition: nothing is under way on it.
    func close() {
        let isFirst = isClosed.withLock { closed in
            defer { closed = true }
            return !closed
        }
        if isFirst { nng_ctx_close(context) }
    }
}
