import AdvPOModel
import OrderedCollections
import Synchronization

/// Where a model's calls wait until they may be sent: the shell around `CallPacer`, with its clock and its waiters.
///
/// A waiter whose task is cancelled leaves the queue at once, and takes no place with it.
final class CallGate: Sendable {
    /// The right to send one try; to be given back with what became of it.
    struct Place: Sendable {
        let ticket: UInt64
        fileprivate let sentAt: Int64
    }

    enum Outcome: Sendable {
        case accepted(inputTokens: Int, outputTokens: Int)
        /// The provider had no room; `wish` is how long it asks to be left alone.
        case refused(wish: Duration?)
        case abandoned
    }

    private struct State {
        var pacer: CallPacer
        var nextTicket: UInt64 = 0
        var waiters: OrderedDictionary<UInt64, CheckedContinuation<Place?, Never>> = [:]
        /// Tickets cancelled before they came to wait.
        var cancelled: Set<UInt64> = []
        /// When a sleeper will look again.
        var wakes: Int64?
    }

    private let state: Mutex<State>
    private let clock: any Clock<Duration>
    private let elapsed: @Sendable () -> Duration
    private let news: @Sendable () -> Void

    /// - Parameter news: called when the coordinator should hear of the usage soon.
    init(pacer: CallPacer, clock: any Clock<Duration>, news: @escaping @Sendable () -> Void) {
        state = Mutex(State(pacer: pacer))
        self.clock = clock
        elapsed = Stopwatch(clock).elapsed
        self.news = news
    }

    /// How many wait now.
    var waitingCount: Int { state.withLock { $0.pacer.waitingCount } }

    /// Nil while the model was never asked for.
    var usage: ModelUsage? {
        let now = now
        return state.withLock { $0.pacer.isUnused ? nil : $0.pacer.usage(at: now) }
    }

    func take(_ share: RateShare) { change { $0.take(share, at: $1) } }
    func shared(_ isShared: Bool) { change { pacer, _ in pacer.shared(isShared) } }

    /// A ticket for one call: the lower, the earlier its turn.
    func ticket() -> UInt64 {
        state.withLock { state in
            state.nextTicket += 1
            return state.nextTicket
        }
    }

    /// Waits for the ticket's turn; nil when the task was cancelled first.
    func enter(_ ticket: UInt64) async -> Place? {
        // A cancellation that comes after the decision leaves its ticket behind.
        defer { state.withLock { _ = $0.cancelled.remove(ticket) } }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isCancelled = state.withLock { state in
                    guard state.cancelled.remove(ticket) == nil else { return true }
                    state.waiters[ticket] = continuation
                    state.pacer.enter(ticket)
                    return false
                }
                if isCancelled { continuation.resume(returning: nil) } else { change { _, _ in } }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                guard state.pacer.withdraw(ticket) else {
                    state.cancelled.insert(ticket)
                    return CheckedContinuation<Place?, Never>?.none
                }
                return state.waiters.removeValue(forKey: ticket)
            }
            waiter?.resume(returning: nil)
        }
    }

    func leave(_ place: Place, _ outcome: Outcome) {
        change { pacer, now in
            switch outcome {
            case .accepted(let input, let output): pacer.accepted(inputTokens: input, outputTokens: output)
            case .refused(let wish): pacer.refused(sentAt: place.sentAt, wish: wish.map { min($0, ModelCaller.longestRefusal).wholeMicroseconds * 1_000 }, at: now)
            case .abandoned: pacer.abandoned()
            }
        }
    }

    private var now: Int64 { elapsed().wholeMicroseconds * 1_000 }

    /// Changes the pacer, lets through whom it admits, and sees to it that somebody looks again in time.
    private func change(_ body: (inout CallPacer, Int64) -> Void) {
        let now = now
        let (admitted, sleep, hasNews) = state.withLock { state in
            body(&state.pacer, now)
            let (tickets, next) = state.pacer.admit(at: now)
            var admitted: [(CheckedContinuation<Place?, Never>, Place)] = []
            for ticket in tickets {
                guard let waiter = state.waiters.removeValue(forKey: ticket) else { preconditionFailure("who waits has a continuation") }
                admitted.append((waiter, Place(ticket: ticket, sentAt: now)))
            }
            var sleep: Int64?
            if let next, next < state.wakes ?? .max {
                state.wakes = next
                sleep = next
            }
            return (admitted, sleep, state.pacer.takeNews())
        }
        for (waiter, place) in admitted { waiter.resume(returning: place) }
        if hasNews { news() }
        guard let sleep else { return }
        Task { [weak self, clock] in
            // Nothing cancels it; a sleep that fails is only a look too early.
            try? await clock.sleep(for: .nanoseconds(max(0, sleep - now)))
            self?.wake(sleep)
        }
    }

    private func wake(_ due: Int64) {
        state.withLock { if $0.wakes == due { $0.wakes = nil } }
        change { _, _ in }
    }
}
