import Synchronization

/// When the coordinator last heard of this worker, as far as the worker knows: a worker that was suspended, or cut off, for longer than the coordinator bears
/// silence begins no unit before it has heard that its leases still stand. Others may have them by now, and a unit would be paid for twice.
///
/// What counts is when a message that was answered was sent, not when its answer was read: that may have lain in a buffer through a suspension. The coordinator
/// gives a silent worker up 15 s after it last heard of it, which is never before that message was sent: hence 14 s. A held heartbeat's answer comes after 5 s and
/// the next one's after 10 s, so a worker that is heard never waits. The clock runs on while the process or its host is suspended.
final class Hearing: Sendable {
    static let limit = Duration.seconds(14)
    private static let pause = Duration.milliseconds(100)

    private let last = Mutex(ContinuousClock.now)

    /// A message that was sent then was answered.
    func heard(at sent: ContinuousClock.Instant) { last.withLock { $0 = max($0, sent) } }

    private var isFresh: Bool { last.withLock { $0.duration(to: .now) < Self.limit } }

    /// True once the coordinator has heard of this worker lately; false when the task was cancelled before.
    func isOrBecomesFresh() async -> Bool {
        while !isFresh {
            do { try await Task.sleep(for: Self.pause) } catch { return false }
        }
        return !Task.isCancelled
    }
}
