import Synchronization

/// When the coordinator last answered: a worker that was suspended, or cut off, for longer than the coordinator bears silence begins no unit before it has heard
/// that its leases still stand. Others may have them by now, and a unit would be paid for twice.
///
/// The coordinator gives a worker up 15 s after it last heard of it, and holds a heartbeat for 5 s at most before it answers: hence 10 s since the last answer.
/// The clock runs on while the process or its host is suspended.
final class Hearing: Sendable {
    static let limit = Duration.seconds(10)
    private static let pause = Duration.milliseconds(100)

    private let last = Mutex(ContinuousClock.now)

    func heard() { last.withLock { $0 = .now } }

    private var isFresh: Bool { last.withLock { $0.duration(to: .now) < Self.limit } }

    /// True once the coordinator has answered lately; false when the task was cancelled before.
    func isOrBecomesFresh() async -> Bool {
        while !isFresh {
            do { try await Task.sleep(for: Self.pause) } catch { return false }
        }
        return !Task.isCancelled
    }
}
