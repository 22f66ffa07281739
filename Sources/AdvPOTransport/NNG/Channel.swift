import CNNG

/// One context of a socket with the operation that works on it: one exchange at a time.
final class Channel: Sendable {
    let context: nng_ctx
    let operation: AsyncOperation

    init(on socket: nng_socket) throws(NNGFailure) {
        operation = try AsyncOperation()
        var opened = nng_ctx()
        try NNGFailure.check(nng_ctx_open(&opened, socket))
        context = opened
    }

    /// Precondition: nothing is under way on it.
    func close() { nng_ctx_close(context) }
}
