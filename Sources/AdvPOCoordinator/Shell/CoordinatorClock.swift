import AdvPOCluster
import AdvPOModel
import Glibc

/// The shell's only source of time.
package protocol CoordinatorClock: Sendable {
    func now() -> Moment
    func pause(milliseconds: Int) async
}

package struct WallClock: CoordinatorClock {
    private let origin = ContinuousClock.now
    package init() {}

    package func now() -> Moment {
        let elapsed = origin.duration(to: .now).components
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Moment(
            tick: Tick(milliseconds: elapsed.seconds * 1_000 + elapsed.attoseconds / 1_000_000_000_000_000),
            millisecondsSince1970: Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000)
    }

    /// Returns early when the task is cancelled.
    package func pause(milliseconds: Int) async { try? await Task.sleep(for: .milliseconds(milliseconds)) }
}
