import NIOCore

/// What a connection is allowed to take its time for, as a state machine without a clock.
///
/// A limit on silence is not enough: a client that sends a byte now and then is never silent. Each phase has one deadline, set at its beginning, which no byte moves:
///
/// - `head`: the next request's head must be whole; `body`: the request's body must be.
/// - `answering`: the request is whole and the answer is ours to make; no deadline, since an event stream lasts as long as its job. What the client leaves unread has a
///   limit of its own, in `ConnectionGuard`.
///
/// A pipelined request is read while its forerunner is answered; its body has a deadline all the same. An answer may end before its request: the body's deadline stays.
struct ConnectionDeadlines: Hashable {
    enum Phase: Hashable {
        case head
        case body
        case answering
    }

    private(set) var phase = Phase.head
    /// Requests whose answer has not ended.
    private var unanswered = 0
    private var isReadingBody = false

    /// The head of a request is whole. Returns whether a new phase began, as the other events do.
    mutating func requestBegan() -> Bool {
        unanswered += 1
        isReadingBody = true
        return enter(.body)
    }

    mutating func requestEnded() -> Bool {
        isReadingBody = false
        return settle()
    }

    /// An answer without a request is the refusal of an ill-formed head.
    mutating func answerEnded() -> Bool {
        unanswered = max(0, unanswered - 1)
        return isReadingBody ? false : settle()
    }

    private mutating func settle() -> Bool { enter(unanswered == 0 ? .head : .answering) }

    private mutating func enter(_ next: Phase) -> Bool {
        // A second body is a phase of its own, a second wait for a head is not.
        guard next != phase || next == .body else { return false }
        phase = next
        return true
    }
}
