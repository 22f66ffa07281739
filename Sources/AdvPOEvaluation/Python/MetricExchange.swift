import Dispatch
import Synchronization

/// Why a process gave no reply.
enum MetricProcessFailure: Error, Hashable {
    case timedOut
    case cancelled
    case replyTooLong
    /// It ended, or could not be started.
    case ended(String)
}

/// What the one who asks and the process's pipes share: the reply awaited, the bytes so far, the end of standard error.
final class MetricExchange: Sendable {
    typealias Outcome = Result<[UInt8], MetricProcessFailure>

    private struct State {
        /// Counts the replies asked for; the last one is open until it is answered or interrupted.
        var ticket = 0
        var isOpen = false
        var waiting: CheckedContinuation<Outcome, Never>?
        var unclaimed: [Outcome] = []
        var line: [UInt8] = []
        var errorTail: [UInt8] = []
        /// Lines that came, and marks that standard error was printed to its end for one of them.
        var replies = 0
        var marks = 0
        var waitingForMark: CheckedContinuation<Void, Never>?
        /// Counts the waits for a mark, so that a late timer ends no later wait.
        var markWaits = 0
        /// Set once; every later reply is this.
        var failure: MetricProcessFailure?

        mutating func takeWaitingForMark() -> CheckedContinuation<Void, Never>? {
            defer { waitingForMark = nil }
            return waitingForMark
        }
    }

    private let state = Mutex(State())
    private let maximumLineBytes: Int
    private let maximumTailBytes: Int

    init(maximumLineBytes: Int, maximumTailBytes: Int) {
        self.maximumLineBytes = maximumLineBytes
        self.maximumTailBytes = maximumTailBytes
    }

    /// Asks for a reply. One at a time.
    func open() -> Int {
        state.withLock { state in
            precondition(!state.isOpen, "two callers ask one process")
            state.ticket += 1
            state.isOpen = true
            return state.ticket
        }
    }

    /// The reply asked for last, or why there is none.
    func reply() async -> Outcome {
        await withCheckedContinuation { continuation in
            let outcome: Outcome? = state.withLock { state in
                precondition(state.waiting == nil, "two callers wait for one process")
                if !state.unclaimed.isEmpty {
                    state.isOpen = false
                    return state.unclaimed.removeFirst()
                }
                if let failure = state.failure {
                    state.isOpen = false
                    return .failure(failure)
                }
                state.waiting = continuation
                return nil
            }
            if let outcome { continuation.resume(returning: outcome) }
        }
    }

    func receive(output bytes: [UInt8]) {
        for part in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            if part.offset > 0 { finishLine() }
            let isTooLong = state.withLock { state in
                state.line.append(contentsOf: part.element)
                return state.line.count > maximumLineBytes
            }
            if isTooLong { return fail(.replyTooLong) }
        }
    }

    private func finishLine() {
        let (waiting, line) = state.withLock { state in
            let waiting = state.waiting
            let line = state.line
            state.replies += 1
            state.waiting = nil
            state.line = []
            if waiting != nil { state.isOpen = false }
            // A reply that nobody waits for is only the first one; more would be the metric's own writing, and then one is enough to be found out.
            if waiting == nil, state.unclaimed.isEmpty { state.unclaimed.append(.success(line)) }
            return (waiting, line)
        }
        waiting?.resume(returning: .success(line))
    }

    func receive(error bytes: [UInt8]) {
        let waiting: CheckedContinuation<Void, Never>? = state.withLock { state in
            let printed = bytes.filter { $0 != 0 }
            state.marks += bytes.count - printed.count
            state.errorTail.append(contentsOf: printed.suffix(maximumTailBytes))
            let excess = state.errorTail.count - maximumTailBytes
            if excess > 0 { state.errorTail.removeFirst(excess) }
            return state.marks >= state.replies ? state.takeWaitingForMark() : nil
        }
        waiting?.resume()
    }

    /// Returns once everything is here that was printed before the last reply. A metric that closed its standard error, or printed marks of its own, gets a
    /// second, or none: what it printed is told as far as it came.
    func waitForPrinted() async {
        await withCheckedContinuation { continuation in
            let wait: Int? = state.withLock { state in
                guard state.marks < state.replies, state.failure == nil, state.waitingForMark == nil else { return nil }
                state.waitingForMark = continuation
                state.markWaits += 1
                return state.markWaits
            }
            guard let wait else { return continuation.resume() }
            DispatchQueue.global().asyncAfter(deadline: .now() + 1) {
                self.state.withLock { $0.markWaits == wait ? $0.takeWaitingForMark() : nil }?.resume()
            }
        }
    }

    /// Gives up on one reply, and so on the process. Too late, when the reply has come, it does nothing: the next one must not suffer for it.
    func interrupt(_ ticket: Int, _ failure: MetricProcessFailure) {
        fail(failure, onlyFor: ticket)
    }

    /// The first failure stays.
    func fail(_ failure: MetricProcessFailure) { fail(failure, onlyFor: nil) }

    private func fail(_ failure: MetricProcessFailure, onlyFor ticket: Int?) {
        let (waiting, waitingForMark): (CheckedContinuation<Outcome, Never>?, CheckedContinuation<Void, Never>?) = state.withLock { state in
            if let ticket, !(state.isOpen && state.ticket == ticket) { return (nil, nil) }
            let waiting = state.waiting
            if waiting != nil { state.isOpen = false }
            if state.failure == nil { state.failure = failure }
            state.waiting = nil
            return (waiting, state.takeWaitingForMark())
        }
        waiting?.resume(returning: .failure(failure))
        waitingForMark?.resume()
    }

    /// The end of what was printed, as text; taken out, so that each failure shows its own.
    func takeErrorTail() -> String {
        let bytes = state.withLock { state in
            defer { state.errorTail = [] }
            return state.errorTail
        }
        return PythonText.stripped(String(decoding: bytes, as: UTF8.self))
    }
}
