package import AdvPOModel
import Synchronization

extension CallAllowance {
    /// An allowance that counts, from 0.
    ///
    /// - Parameter limit: nil for a task without one; its requests are counted all the same.
    package static func counted(limit: Int?) -> CallAllowance {
        let counter = Counter()
        return CallAllowance(
            limit: limit,
            take: {
                counter.taken.withLock { taken in
                    if let limit, taken >= limit { return false }
                    taken += 1
                    return true
                }
            },
            giveBack: { counter.taken.withLock { $0 = max(0, $0 - 1) } },
            spent: { counter.taken.withLock { $0 } })
    }

    private final class Counter: Sendable {
        let taken = Mutex(0)
    }
}
