/// What S3's client takes from outside besides the network: the time, waiting and chance.
package struct S3Timing: Sendable {
    var secondsSince1970: @Sendable () -> Int64
    var sleep: @Sendable (Duration) async throws -> Void
    /// A number from 0 up to 1, evenly spread.
    var chance: @Sendable () -> Double

    package init(
        secondsSince1970: @escaping @Sendable () -> Int64, sleep: @escaping @Sendable (Duration) async throws -> Void, chance: @escaping @Sendable () -> Double
    ) {
        self.secondsSince1970 = secondsSince1970
        self.sleep = sleep
        self.chance = chance
    }

    static let maximumAttempts = 6
    private static let base = Duration.milliseconds(200)
    private static let cap = Duration.seconds(20)

    /// The wait after the failure of try number `attempt` (1-based): exponential with full jitter.
    ///
    /// Source: Brooker, "Exponential backoff and jitter", AWS Architecture Blog, 2015.
    func wait(afterAttempt attempt: Int) -> Duration {
        precondition(attempt >= 1, "tries are counted from 1")
        return min(Self.base * (1 << min(attempt - 1, 20)), Self.cap) * chance()
    }
}
