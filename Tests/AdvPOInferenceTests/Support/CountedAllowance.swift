import AdvPOModel
import Synchronization

/// An allowance for the tests of the provider.
final class CountedAllowance: Sendable {
    private let taken = Mutex(0)
    let limit: Int
    init(limit: Int) { self.limit = limit }

    var spent: Int { taken.withLock { $0 } }
    var allowance: CallAllowance {
        CallAllowance(
            limit: limit,
            take: { self.taken.withLock { taken in
                guard taken < self.limit else { return false }
                taken += 1
                return true
            } }, giveBack: { self.taken.withLock { $0 -= 1 } }, spent: { self.spent })
    }
}
