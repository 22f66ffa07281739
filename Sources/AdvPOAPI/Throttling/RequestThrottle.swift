import Synchronization

/// Limits the rate of requests, for each identity by itself, and for all together where there are no identities.
package final class RequestThrottle: Sendable {
    private let perSecond: Int
    private let now: @Sendable () -> Int64
    private let buckets: Mutex<[String: TokenBucket]>

    /// A pause of this many seconds fills a bucket.
    private static let secondsOfBurst = 5

    /// - Parameters:
    ///   - perSecond: requests of one identity; after a pause it may make five times as many at once.
    ///   - now: nanoseconds of a clock that never goes back.
    package init(perSecond: Int, now: @escaping @Sendable () -> Int64) {
        self.perSecond = perSecond
        self.now = now
        buckets = Mutex([:])
    }

    /// Throws when `principal` has to wait.
    func check(_ principal: Principal) throws(RefusedRequest) {
        let now = now()
        let wait = buckets.withLock { buckets in
            buckets[principal.key, default: TokenBucket(perSecond: perSecond, burst: perSecond * Self.secondsOfBurst)].take(at: now)
        }
        if let wait { throw .throttled("Rate exceeded: \(perSecond) requests a second are allowed.", seconds: Int(wait / 1_000_000_000) + 1) }
    }
}
