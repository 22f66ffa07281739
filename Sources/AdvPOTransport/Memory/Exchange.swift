import Synchronization

/// One request and its outcome, which the first of answer, timeout, cancellation and loss decides.
final class Exchange: Sendable {
    typealias Outcome = Result<[UInt8], TransportError>

    private enum State {
        case open
        case awaited(UnsafeContinuation<Outcome, Never>)
        case over(Outcome)
    }

    let frame: [UInt8]
    let requester: InMemoryRequester
    private let state = Mutex(State.open)

    init(frame: [UInt8], requester: InMemoryRequester) {
        self.frame = frame
        self.requester = requester
    }

    /// Later outcomes are ignored.
    func finish(_ outcome: Outcome) {
        let continuation: UnsafeContinuation<Outcome, Never>? = state.withLock { state in
            switch state {
            case .open:
                state = .over(outcome)
                return nil
            case .awaited(let continuation):
                state = .over(outcome)
                return continuation
            case .over: return nil
            }
        }
        continuation?.resume(returning: outcome)
    }

    /// To be called once.
    func outcome() async -> Outcome {
        await withTaskCancellationHandler {
            await withUnsafeContinuation { (continuation: UnsafeContinuation<Outcome, Never>) in
                let known: Outcome? = state.withLock { state in
                    switch state {
                    case .open:
                        state = .awaited(continuation)
                        return nil
                    case .over(let outcome): return outcome
                    case .awaited: preconditionFailure("an exchange is awaited twice")
                    }
                }
                if let known { continuation.resume(returning: known) }
            }
        } onCancel: {
            finish(.failure(TransportError(code: .cancelled, message: "a request to \(requester.address) was cancelled")))
        }
    }
}
