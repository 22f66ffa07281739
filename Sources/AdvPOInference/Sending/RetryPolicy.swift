import AdvPOModel

/// How long to wait before the next try: exponential with full jitter, or as long as the server asks.
///
/// Source of the jitter: Brooker, "Exponential backoff and jitter", AWS Architecture Blog, 2015.
struct RetryPolicy: Sendable {
    var base = Duration.milliseconds(250)
    var cap = Duration.seconds(30)
    /// Of what a server asks for with `Retry-After`.
    var serverCap = Duration.seconds(120)

    /// The wait after the failure of try number `attempt` (1-based).
    ///
    /// A server's wish is a lower bound, up to `serverCap`; a little jitter is added so that callers do not come back together.
    func wait(afterAttempt attempt: Int, serverWish: Duration?, using generator: inout SeededGenerator) -> Duration {
        precondition(attempt >= 1, "tries are counted from 1")
        if let serverWish {
            return min(max(serverWish, .zero), serverCap) + random(upTo: base, using: &generator)
        }
        let ceiling = min(base * (1 << min(attempt - 1, 20)), cap)
        return random(upTo: ceiling, using: &generator)
    }

    private func random(upTo ceiling: Duration, using generator: inout SeededGenerator) -> Duration {
        let (seconds, attoseconds) = ceiling.components
        let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        return .microseconds(Int64.random(in: 0...microseconds, using: &generator))
    }
}
