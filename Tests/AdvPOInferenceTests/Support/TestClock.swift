import Synchronization

/// A clock whose short sleeps pass at once, each moving its time on; long ones (time limits) hold until they are released or cancelled.
final class TestClock: Clock, Sendable {
    struct Instant: InstantProtocol {
        var offset: Duration
        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - offset }
        static func < (lhs: Instant, rhs: Instant) -> Bool { lhs.offset < rhs.offset }
    }

    private struct State {
        var now = Instant(offset: .zero)
        var sleeps: [Duration] = []
        /// Held sleeps that may pass.
        var passes = 0
        var nextSleeper = 0
        var held: [Int: CheckedContinuation<Void, Never>] = [:]
        var cancelled: Set<Int> = []
    }

    private let state = Mutex(State())
    private let holdFrom: Duration

    /// Sleeps of `holdFrom` and longer hold.
    init(holdFrom: Duration = .seconds(300)) { self.holdFrom = holdFrom }

    var now: Instant { state.withLock { $0.now } }
    var minimumResolution: Duration { .nanoseconds(1) }
    /// The short sleeps so far, in order.
    var sleeps: [Duration] { state.withLock { $0.sleeps } }

    func advance(by duration: Duration) { state.withLock { $0.now = $0.now.advanced(by: duration) } }

    /// Ends the sleep that is held now, or else the next one that would be.
    func releaseHeldOnce() {
        let sleeper = state.withLock { state in
            guard let first = state.held.keys.min() else {
                state.passes += 1
                return CheckedContinuation<Void, Never>?.none
            }
            return state.held.removeValue(forKey: first)
        }
        sleeper?.resume()
    }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
        let (isHeld, sleeper) = state.withLock { state in
            let wait = state.now.duration(to: deadline)
            state.nextSleeper += 1
            if wait >= holdFrom { return (true, state.nextSleeper) }
            state.sleeps.append(wait)
            state.now = max(state.now, deadline)
            return (false, state.nextSleeper)
        }
        if isHeld { await hold(sleeper) }
        try Task.checkCancellation()
    }

    private func hold(_ sleeper: Int) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let goesOn = state.withLock { state in
                    if state.cancelled.contains(sleeper) { return true }
                    if state.passes > 0 {
                        state.passes -= 1
                        return true
                    }
                    state.held[sleeper] = continuation
                    return false
                }
                if goesOn { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.cancelled.insert(sleeper)
                return state.held.removeValue(forKey: sleeper)
            }
            waiter?.resume()
        }
    }
}
