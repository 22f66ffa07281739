import AdvPOModel

/// Finds what one model bears, and keeps close below it: requests and tokens per minute, and tries at once, for the whole cluster.
///
/// Concurrency is always bounded, the other two only once the provider's refusals, or its users, gave them a bound. Each bound is **open** (it doubles
/// while calls wait for it and nothing was refused yet), **held** after a cut, then **probing** upwards in small, equal steps; one that was cut because the
/// provider failed rather than because it counts is **recovering** first, which is quick. A bound that nobody waits for is left alone.
///
/// A refusal cuts the concurrency first; when refusals go on under fewer tries at once than were borne before, it is the rate that the provider counts,
/// and from then on the rate is cut: that of the requests, or of the tokens where these are bounded and held more calls back. From the first refusal on the provider's allowance is used up, so what it
/// accepts from there to the next refusal is its limit, measured; pauses in between do not disturb that. Retries count like all tries.
///
/// Sources: Chiu and Jain, "Analysis of the increase and decrease algorithms", 1989, for the steps; Cardwell et al., "BBR", 2016, for measuring what is
/// accepted instead of halving.
struct RateController: Sendable {
    let settings: RateSettings
    let ceiling: RateCeiling
    var concurrency: RateBound
    /// In thousandths of a request per minute.
    var requests: RateBound?
    /// Tokens per minute.
    var tokens: RateBound?
    /// Whether the provider's refusals showed that it counts requests or tokens; users' bounds alone do not.
    var isRateKnown = false
    var meter = RateMeter()
    var episode: Episode?
    /// Refusals before this were on their way when the last cut was made.
    var settledAt = Tick(milliseconds: .min)
    var pausedUntil: Tick?
    /// What was known when the last cut was made.
    var atLastCut = RateMeter.Counts()
    /// Grows with each cut and pause: words that cannot wait.
    var urgency: UInt64 = 0

    /// Refusals that belong together.
    struct Episode: Sendable {
        var since: Tick
        var lastRefusal: Tick
        var lastCut: Tick
        var atStart: RateMeter.Counts
        var concurrencyBefore: Int64
        /// Cuts in a row.
        var cuts = 0
        var pausedMilliseconds: Int64 = 0
    }

    init(settings: RateSettings, ceiling: RateCeiling) {
        self.settings = settings
        self.ceiling = ceiling
        let most = min(settings.mostConcurrency, ceiling.concurrency.map { Int64($0) } ?? .max)
        concurrency = RateBound(value: min(settings.firstConcurrency, most), least: 1, most: most, phase: .open)
        requests = ceiling.requestsPerMinute.map { RateBound(value: $0 * 1_000, least: min(Self.leastRequests, $0 * 1_000), most: $0 * 1_000, phase: .probing) }
        tokens = ceiling.tokensPerMinute.map { RateBound(value: $0, least: 1, most: $0, phase: .probing) }
    }

    /// One request in ten seconds: enough to notice that a provider is back.
    static let leastRequests: Int64 = 6_000
    /// Of any rate; keeps products within 64 bits.
    static let mostPerMinute: Int64 = 1 << 42

    var isSearching: Bool { concurrency.phase == .open || episode != nil }

    func isPaused(_ now: Tick) -> Bool { pausedUntil.map { now < $0 } ?? false }

    /// What workers told of their use since they told it last.
    ///
    /// - Parameters:
    ///   - inFlight: tries under way in the whole cluster, as far as known.
    ///   - pauseMilliseconds: how long the provider asks to be left alone.
    mutating func observe(_ counts: RateMeter.Counts, inFlight: Int, pauseMilliseconds: Int64, at now: Tick) {
        meter.add(counts, at: now)
        if pauseMilliseconds > 0 {
            let end = now.adding(milliseconds: min(pauseMilliseconds, settings.longestPauseMilliseconds))
            // Words about the same pause differ by the time they were on their way.
            if end.milliseconds > (pausedUntil?.milliseconds ?? .min) + 250 {
                pausedUntil = end
                urgency += 1
            }
        }
        if counts.refused > 0 { refused(inFlight: inFlight, now) }
    }

    /// Time passed, with so many workers that have calls. True when a bound was raised.
    mutating func tick(demanding: Int, inFlight: Int, _ now: Tick) -> Bool {
        if let end = pausedUntil, now >= end { pausedUntil = nil }
        if let episode, now > max(episode.lastRefusal, settledAt).adding(milliseconds: settings.episodeMilliseconds) { self.episode = nil }
        guard demanding > 0, !isPaused(now), now >= settledAt else { return false }
        let held = meter.justNow(now)
        // Of some 1.5 seconds, for each worker with calls.
        let enough = Int64(demanding) * 100
        var isRaised = false
        // Workers that wait for their turn wait for places too, though there are enough.
        if held.heldByConcurrency >= enough, Int64(inFlight) * 4 >= concurrency.value { isRaised = concurrency.grow(settings, accepted: meter.total.accepted, now) || isRaised }
        if held.heldByRequests >= enough { isRaised = requests?.grow(settings, accepted: meter.total.accepted, now) ?? false || isRaised }
        if held.heldByTokens >= enough { isRaised = tokens?.grow(settings, accepted: meter.total.accepted, now) ?? false || isRaised }
        return isRaised
    }
}
