/// What the users of a model bound for the whole cluster; nil: no bound is known, and one is looked for.
package struct RateCeiling: Hashable, Sendable {
    package var requestsPerMinute: Int64?
    package var tokensPerMinute: Int64?
    package var concurrency: Int?
    package init(requestsPerMinute: Int64? = nil, tokensPerMinute: Int64? = nil, concurrency: Int? = nil) {
        self.requestsPerMinute = requestsPerMinute
        self.tokensPerMinute = tokensPerMinute
        self.concurrency = concurrency
    }
}

/// Times and steps by which a model's rates are found and held.
package struct RateSettings: Hashable, Sendable {
    /// Tries under way at once, of all workers, before anything is known of a model.
    package var firstConcurrency: Int64 = 16
    /// No model gets more, whatever it bears.
    package var mostConcurrency: Int64 = 1 << 20
    /// Between two doublings while nothing was refused yet.
    package var doublingMilliseconds: Int64 = 500
    /// Of a cut, before refusals count against the new value: those that come sooner were sent before.
    package var settlingMilliseconds: Int64 = 500
    /// Refusals no further apart than this are one episode.
    package var episodeMilliseconds: Int64 = 5_000
    /// How long a value is kept after a cut, at least.
    package var holdMilliseconds: Int64 = 10_000
    /// And at most.
    package var longestHoldMilliseconds: Int64 = 300_000
    /// Tries to be accepted after a cut for each one that was refused before the value is raised again: looking for more costs less than 1% of the calls.
    package var acceptedPerRefusal: Int64 = 100
    package var mostAcceptedBeforeProbing: Int64 = 1_000
    /// A pause that a provider asked for is made up for by so much longer a hold.
    package var holdPerPause: Int64 = 40
    /// Between two steps up.
    package var probeMilliseconds: Int64 = 5_000
    /// How often a worker in use is heard, and more often while a limit is being looked for.
    package var reportMilliseconds: Int64 = 1_000
    package var searchingReportMilliseconds: Int64 = 300
    /// Added for each worker, so that a thousand of them are heard as often as their heartbeats come anyway.
    package var reportMillisecondsPerWorker: Int64 = 5
    /// Between two words to one worker that are not urgent.
    package var wordMilliseconds: Int64 = 300
    /// Of one worker with calls; where there is less for each, they take turns.
    package var leastMilliRequestsPerMinute: Int64 = 30_000
    /// How long a worker keeps its place when there is not enough for all workers at once.
    package var turnMilliseconds: Int64 = 30_000
    /// A provider's `Retry-After` is believed up to here.
    package var longestPauseMilliseconds: Int64 = 600_000
    package init() {}
}
