import CNNG
import Synchronization

/// One asynchronous operation of the library at a time, awaited from Swift; cancelling the surrounding task ends it promptly.
///
/// Unchecked because the library's handle is a bare pointer: it is written once in `init`, and the library locks what it points to.
///
/// Phases: `idle` (nothing under way), `starting` (handed to the library, which may not have it yet), `running` (a cancel will be
/// heard), `completed` (its outcome is known). A cancel before `running` would be lost inside the library, so it leaves a flag that is
/// acted upon at `running`. The flag stays until `reset`: who cancels between two steps of one exchange ends the exchange.
///
/// An operation is over when its outcome is known and every call that started a step of it has returned: the library touches the socket
/// at the end of such a call, and who hears that the operation is over may close the socket at once.
final class AsyncOperation: @unchecked Sendable {
    private enum Phase { case idle, starting, running, completed }

    /// Where and until when the answer to a request is awaited once it is sent.
    private struct Answer {
        let context: nng_ctx
        let deadline: nng_time
    }

    private struct State {
        var phase = Phase.idle
        var isCancelled = false
        /// Counts the starts inside the library, so that a late thread does not settle a later start.
        var start: UInt64 = 0
        /// Calls of the library that start a step and have not returned.
        var calls = 0
        var code: Int32 = 0
        /// While true, a failure leaves the message with us.
        var isSending = false
        var answer: Answer?
        var continuation: UnsafeContinuation<Int32, Never>?

        /// Opens the next step, whose call is about to be made.
        mutating func begin() -> UInt64 {
            phase = .starting
            start += 1
            calls += 1
            return start
        }

        /// What to tell, and the way back to `idle`; nil while the outcome is unknown or a call has not returned.
        mutating func end() -> End? {
            guard phase == .completed, calls == 0 else { return nil }
            defer {
                phase = .idle
                continuation = nil
                answer = nil
                isSending = false
            }
            return End(code: code, continuation: continuation, messageIsOurs: code != 0 && isSending)
        }
    }

    private struct End {
        let code: Int32
        let continuation: UnsafeContinuation<Int32, Never>?
        let messageIsOurs: Bool
    }

    private enum Step {
        case receive
        case send(OpaquePointer)
        case request(OpaquePointer, deadline: nng_time)
    }

    private var handle: OpaquePointer?
    private let state = Mutex(State())

    init() throws(NNGFailure) {
        handle = nil
        var allocated: OpaquePointer?
        let completed: @convention(c) (UnsafeMutableRawPointer?) -> Void = { pointer in
            guard let pointer else { return }
            Unmanaged<AsyncOperation>.fromOpaque(pointer).takeUnretainedValue().stepCompleted()
        }
        try NNGFailure.check(nng_aio_alloc(&allocated, completed, Unmanaged.passUnretained(self).toOpaque()))
        handle = allocated
    }

    /// Reaped, not freed: the last reference may go away on the library's own callback thread, where freeing would wait for itself.
    deinit { if handle != nil { nng_aio_reap(handle) } }

    /// Waits for the next message, without end.
    func receive(on context: nng_ctx) async throws(NNGFailure) -> Message {
        nng_aio_set_timeout(handle, NNG_DURATION_INFINITE)
        try NNGFailure.check(await perform(.receive, on: context))
        return try takeMessage()
    }

    func send(_ message: consuming Message, on context: nng_ctx, timeoutMilliseconds: Int32) async throws(NNGFailure) {
        nng_aio_set_timeout(handle, timeoutMilliseconds)
        try NNGFailure.check(await perform(.send(message.release()), on: context))
    }

    /// Sends, then receives the answer: one suspension, and never both pending on one context, which crashes the library.
    func request(_ message: consuming Message, on context: nng_ctx, timeoutMilliseconds: Int32) async throws(NNGFailure) -> Message {
        nng_aio_set_timeout(handle, timeoutMilliseconds)
        let deadline = nng_clock() + UInt64(max(0, timeoutMilliseconds))
        try NNGFailure.check(await perform(.request(message.release(), deadline: deadline), on: context))
        return try takeMessage()
    }

    /// Ends what is under way, or what begins before the next `reset`, with `NNG_ECANCELED`.
    ///
    /// The lock is held over the library's call, so that the operation cannot be finished and replaced by another in between. The
    /// library never calls back from inside it, nor while it holds locks of its own.
    func cancel() {
        state.withLock { state in
            state.isCancelled = true
            if state.phase == .running { nng_aio_cancel(handle) }
        }
    }

    /// Forgets an earlier `cancel`. Precondition: nothing is under way.
    func reset() {
        state.withLock { state in
            precondition(state.phase == .idle, "an operation is reset while it is under way")
            state.isCancelled = false
        }
    }

    private func takeMessage() throws(NNGFailure) -> Message {
        guard let pointer = nng_aio_get_msg(handle) else { throw NNGFailure(NNG_EINTERNAL) }
        nng_aio_set_msg(handle, nil)
        return Message(adopting: pointer)
    }

    private func perform(_ step: Step, on context: nng_ctx) async -> Int32 {
        await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in start(step, on: context, continuation) }
        } onCancel: {
            cancel()
        }
    }

    private func start(_ step: Step, on context: nng_ctx, _ continuation: UnsafeContinuation<Int32, Never>) {
        let (isSending, answer): (Bool, Answer?) =
            switch step {
            case .receive: (false, nil)
            case .send: (true, nil)
            case .request(_, let deadline): (true, Answer(context: context, deadline: deadline))
            }
        let started: UInt64? = state.withLock { state in
            precondition(state.phase == .idle, "an operation is started while another is under way")
            if state.isCancelled { return nil }
            state.isSending = isSending
            state.answer = answer
            state.continuation = continuation
            return state.begin()
        }
        guard let started else {
            switch step {
            case .receive: break
            case .send(let message), .request(let message, _): nng_msg_free(message)
            }
            continuation.resume(returning: NNGFailure(NNG_ECANCELED).code)
            return
        }
        // Balanced in `stepCompleted`: the library holds this object while it has the operation.
        _ = Unmanaged.passRetained(self)
        switch step {
        case .receive: nng_ctx_recv(context, handle)
        case .send(let message), .request(let message, _):
            nng_aio_set_msg(handle, message)
            nng_ctx_send(context, handle)
        }
        settle(started)
    }

    /// The library has the operation now, and this thread is out of it: a cancel that came too early is repeated, an outcome that came already is told.
    private func settle(_ started: UInt64) {
        let end: End? = state.withLock { state in
            state.calls -= 1
            if state.phase == .starting, state.start == started {
                state.phase = .running
                if state.isCancelled { nng_aio_cancel(handle) }
            }
            return state.end()
        }
        if let end { finish(end) }
    }

    private enum Next {
        case receive(Answer, start: UInt64)
        case finish(End)
        case waitForCalls
    }

    /// Runs on a thread of the library: must not block.
    private func stepCompleted() {
        let code = nng_aio_result(handle)
        let next: Next = state.withLock { state in
            if code == 0, let answer = state.answer {
                state.answer = nil
                state.isSending = false
                return .receive(answer, start: state.begin())
            }
            state.phase = .completed
            state.code = code
            return state.end().map(Next.finish) ?? .waitForCalls
        }
        switch next {
        case .receive(let answer, let started):
            let now = nng_clock()
            nng_aio_set_timeout(handle, now < answer.deadline ? Int32(clamping: answer.deadline - now) : 0)
            nng_ctx_recv(answer.context, handle)
            settle(started)
        case .finish(let end): finish(end)
        case .waitForCalls: break
        }
    }

    private func finish(_ end: End) {
        if end.messageIsOurs, let message = nng_aio_get_msg(handle) {
            nng_aio_set_msg(handle, nil)
            nng_msg_free(message)
        }
        Unmanaged.passUnretained(self).release()
        end.continuation?.resume(returning: end.code)
    }
}
