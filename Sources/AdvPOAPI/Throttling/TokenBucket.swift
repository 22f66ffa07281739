/// How many requests one identity may make: so many per second, and after a pause a burst of more.
///
/// The generic cell rate algorithm (ITU-T I.371) in whole nanoseconds: what is kept is the time at which the next request would be due if requests came evenly.
package struct TokenBucket: Hashable, Sendable {
    private let interval: Int64
    private let tolerance: Int64
    private var due: Int64 = .min

    /// - Parameters:
    ///   - perSecond: 1 to 1,000,000.
    ///   - burst: requests that may come at once; 1 or more.
    package init(perSecond: Int, burst: Int) {
        precondition((1...1_000_000).contains(perSecond) && burst >= 1, "a bucket needs a rate from 1 to 1,000,000 and a burst of 1 or more")
        interval = 1_000_000_000 / Int64(perSecond)
        tolerance = interval * Int64(burst - 1)
    }

    /// Takes one request out of the bucket; or takes nothing and returns the nanoseconds after which there is one.
    ///
    /// - Parameter now: nanoseconds of a clock that never goes back.
    package mutating func take(at now: Int64) -> Int64? {
        let next = max(due, now)
        guard next - now <= tolerance else { return next - now - tolerance }
        due = next + interval
        return nil
    }
}
