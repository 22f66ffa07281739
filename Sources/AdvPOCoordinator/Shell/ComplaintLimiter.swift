import Synchronization

/// Keeps the log of what peers do wrong to one line a second: whoever can make the coordinator complain could else fill its disk.
final class ComplaintLimiter: Sendable {
    private struct State {
        /// Complaints that the log was not told of one by one.
        var unsaid = 0
        var lastSaid: ContinuousClock.Instant?
    }

    private static let pause = Duration.seconds(1)

    private let state = Mutex(State())

    /// How many complaints were left out since the last line, when the next may be said now; else counts this one and gives nil.
    func unsaidBeforeNext(_ now: ContinuousClock.Instant = .now) -> Int? {
        state.withLock { state in
            if let last = state.lastSaid, now - last < Self.pause {
                state.unsaid += 1
                return nil
            }
            state.lastSaid = now
            defer { state.unsaid = 0 }
            return state.unsaid
        }
    }
}
