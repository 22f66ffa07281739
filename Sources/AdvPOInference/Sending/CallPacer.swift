package import AdvPOModel
import OrderedCollections

/// Decides when a model's calls may be sent from this worker, without I/O or clock: within its places, its pace, its tokens and the provider's pauses.
///
/// A call is **waiting** (first come, first served, by ticket), then **under way**, then gone; one that the provider refused waits again under its
/// old ticket, before all that came later. Times are nanoseconds on whatever clock the shell has.
///
/// The pace is even: one interval lies between two starts, and no more than `slack` of lost time is made up for. A worker that sent its share of a
/// minute in one second would spend the burst that a provider grants to the whole cluster.
package struct CallPacer: Sendable {
    /// What holds the first waiting call back.
    package enum Hold: Hashable, Sendable {
        /// The worker's own limit, or a pause: nothing that a larger share would mend.
        case own
        case concurrency, requests, tokens
    }

    static let slackNanoseconds: Int64 = 50_000_000
    /// Of a refusal that names no time: doubled with each further one until a try is accepted.
    static let shortestPauseNanoseconds: Int64 = 100_000_000
    static let longestPauseNanoseconds: Int64 = 5_000_000_000
    /// Above any real one; keeps products within 64 bits.
    static let mostTokensPerMinute: Int64 = 1 << 36
    static let mostTokensPerCall: Int64 = 1 << 32
    static let longestShareMilliseconds: Int64 = 86_400_000

    private let ownConcurrency: Int
    private var share: RateShare?
    /// Whether somebody shares out what all workers may do.
    private var isShared = false
    private var waiting: OrderedSet<UInt64> = []
    private var inFlight = 0
    /// The pace allows no start before.
    private var nextStart = Int64.min
    private var pausedUntil = Int64.min
    /// Of the provider's own words, for the cluster to hear.
    private var askedToPauseUntil = Int64.min
    private var lastRefusal = Int64.min
    private var refusalsInARow = 0
    /// In thousandths; below 0 after calls that took more than they were thought to.
    private var milliTokens: Int64 = 0
    private var refilledAt = Int64.min
    private var tokensPerCall: Int64 = 0
    private var hold: (reason: Hold, since: Int64)?
    private var heldNanoseconds: [Int64] = [0, 0, 0]
    private var generator: SeededGenerator
    private var counts: ModelUsage
    /// A share was cut below what is under way, and whoever gets the places waits for their return.
    private var owesPlaces = false
    /// Something happened that the coordinator should hear of soon.
    package private(set) var hasNews = false

    package init(model: String, concurrency: Int, seed: UInt64) {
        precondition(concurrency >= 1, "a gate with no place would hold everybody for ever")
        ownConcurrency = concurrency
        generator = SeededGenerator(seed: seed)
        counts = ModelUsage(model: model)
    }

    package var waitingCount: Int { waiting.count }
    package var isUnused: Bool { counts.started == 0 && waiting.isEmpty }

    /// A call that wants to be sent, new or again.
    package mutating func enter(_ ticket: UInt64) {
        if waiting.isEmpty, inFlight == 0 { hasNews = true }
        if let last = waiting.last, ticket < last {
            waiting.insert(ticket, at: waiting.firstIndex { $0 > ticket } ?? waiting.count)
        } else {
            waiting.append(ticket)
        }
    }

    /// A call that is not to be sent any more; true when it waited.
    package mutating func withdraw(_ ticket: UInt64) -> Bool { waiting.remove(ticket) != nil }

    /// Those that may be sent now, in order; and when to ask again, if time alone will let more through.
    package mutating func admit(at now: Int64) -> (admitted: [UInt64], next: Int64?) {
        settleHold(now)
        refill(now)
        var admitted: [UInt64] = []
        while let first = waiting.first {
            if now < pausedUntil { return (admitted, held(.own, now, until: pausedUntil)) }
            guard inFlight < places else { return (admitted, held(places < ownConcurrency ? .concurrency : .own, now, until: nil)) }
            if let interval, now < nextStart { return (admitted, held(.requests, now, until: interval == .max ? nil : nextStart)) }
            if let tokens = share?.tokensPerMinute, milliTokens <= 0 {
                return (admitted, held(.tokens, now, until: tokens == 0 ? nil : now + 1_000 + debtNanoseconds(tokens)))
            }
            waiting.removeFirst()
            admitted.append(first)
            inFlight += 1
            counts.started += 1
            milliTokens = max(milliTokens - tokensPerCall * 1_000, leastMilliTokens)
            if let interval { nextStart = interval == .max ? .max : max(nextStart, now - Self.slackNanoseconds) + interval }
        }
        return (admitted, nil)
    }

    /// Until what was used beyond the share is made up for.
    private func debtNanoseconds(_ tokensPerMinute: Int64) -> Int64 {
        Int64(clamping: Int128(1 - milliTokens) * 60_000_000 / Int128(tokensPerMinute))
    }

    /// The most that calls can be in debt for, in thousandths of a token: five minutes of the share, whatever a server says they used.
    private var leastMilliTokens: Int64 { -max(1, min(Self.mostTokensPerMinute, share?.tokensPerMinute ?? Self.mostTokensPerMinute)) * 5 * 1_000 }

    /// A call that was sent got an answer, or failed in a way that is no refusal.
    package mutating func accepted(inputTokens: Int, outputTokens: Int) {
        inFlight -= 1
        counts.accepted += 1
        refusalsInARow = 0
        let (input, output) = (Int64(clamping: max(0, inputTokens)), Int64(clamping: max(0, outputTokens)))
        // Servers may say anything; the cluster's sums must not overflow.
        let bounded = (input: min(input, Self.mostTokensPerCall), output: min(output, Self.mostTokensPerCall))
        counts.inputTokens += bounded.input
        counts.outputTokens += bounded.output
        let total = bounded.input + bounded.output
        milliTokens = max(milliTokens + (tokensPerCall - total) * 1_000, leastMilliTokens)
        if total > 0 { tokensPerCall = tokensPerCall == 0 ? total : (7 * tokensPerCall + total) / 8 }
        returnPlace()
    }

    /// A call that was broken off, or failed before it could use any tokens.
    package mutating func abandoned() {
        inFlight -= 1
        counts.accepted += 1
        milliTokens += tokensPerCall * 1_000
        returnPlace()
    }

    /// The provider turned a call away. `wish`: how long it asks to be left alone; nothing is sent before.
    package mutating func refused(sentAt: Int64, wish: Int64?, at now: Int64) {
        inFlight -= 1
        counts.refused += 1
        milliTokens += tokensPerCall * 1_000
        hasNews = true
        if let wish {
            askedToPauseUntil = max(askedToPauseUntil, now + wish)
            pause(until: now + wish, now)
        } else if sentAt > lastRefusal {
            // Calls that were under way together are refused together: they count once.
            let length = min(Self.shortestPauseNanoseconds << Int64(min(refusalsInARow, 10)), Self.longestPauseNanoseconds)
            refusalsInARow += 1
            pause(until: now + length + Int64.random(in: 0...length, using: &generator), now)
        }
        if sentAt > lastRefusal { lastRefusal = now }
        returnPlace()
    }

    package mutating func take(_ newShare: RateShare, at now: Int64) {
        settleHold(now)
        refill(now)
        let hadPace = interval != nil
        if share?.tokensPerMinute == nil { milliTokens = 0 }
        share = newShare
        owesPlaces = inFlight > newShare.concurrency
        if newShare.pauseMilliseconds > 0 { pause(until: now + min(newShare.pauseMilliseconds, Self.longestShareMilliseconds) * 1_000_000, now) }
        guard let interval, interval != .max else {
            nextStart = interval == nil ? .min : .max
            return
        }
        // Workers that start together must not go on together.
        if !hadPace, inFlight > 0 || !waiting.isEmpty { nextStart = now + spread(interval) }
        nextStart = min(nextStart, now + interval)
    }

    package mutating func shared(_ isShared: Bool) {
        self.isShared = isShared
        if !isShared { share = nil }
    }

    /// Whether to tell the coordinator now; asking takes the news.
    package mutating func takeNews() -> Bool {
        defer { hasNews = false }
        return hasNews
    }

    package mutating func usage(at now: Int64) -> ModelUsage {
        settleHold(now)
        var usage = counts
        usage.inFlight = inFlight
        usage.waiting = waiting.count
        usage.pauseMilliseconds = askedToPauseUntil > now ? (askedToPauseUntil - now + 999_999) / 1_000_000 : 0
        usage.heldByConcurrencyMilliseconds = heldNanoseconds[0] / 1_000_000
        usage.heldByRequestsMilliseconds = heldNanoseconds[1] / 1_000_000
        usage.heldByTokensMilliseconds = heldNanoseconds[2] / 1_000_000
        return usage
    }
}

extension CallPacer {
    /// Until a share has come, one call at a time is enough to ask for one.
    private var places: Int {
        if let share { return min(ownConcurrency, share.concurrency) }
        return isShared ? 1 : ownConcurrency
    }

    /// Between two starts; nil without a bound, the greatest number when none may start.
    private var interval: Int64? {
        guard let rate = share?.milliRequestsPerMinute else { return nil }
        return rate == 0 ? .max : 60_000_000_000_000 / rate
    }

    private mutating func returnPlace() {
        guard owesPlaces, inFlight <= share?.concurrency ?? .max else { return }
        owesPlaces = false
        hasNews = true
    }

    private mutating func pause(until end: Int64, _ now: Int64) {
        guard end > pausedUntil else { return }
        pausedUntil = end
        // Else everybody who waited would go on at the same moment.
        if let interval, interval != .max { nextStart = end + spread(interval) }
    }

    private mutating func spread(_ interval: Int64) -> Int64 { Int64.random(in: 0...interval, using: &generator) }

    private mutating func refill(_ now: Int64) {
        defer { refilledAt = now }
        guard let share, let perMinute = share.tokensPerMinute, refilledAt != .min else { return }
        let rate = min(perMinute, Self.mostTokensPerMinute)
        let elapsedMicroseconds = min((now - refilledAt) / 1_000, 60_000_000)
        // One second's worth may be saved up, or one call.
        milliTokens = min(milliTokens + elapsedMicroseconds * rate / 60_000, max(rate * 1_000 / 60, tokensPerCall * 1_000))
    }

    private mutating func held(_ reason: Hold, _ now: Int64, until: Int64?) -> Int64? {
        hold = (reason, now)
        return until
    }

    /// Books the time since the last look under what held the first call then.
    private mutating func settleHold(_ now: Int64) {
        guard let hold else { return }
        self.hold = waiting.isEmpty ? nil : (hold.reason, now)
        let time = now - hold.since
        switch hold.reason {
        case .own: break
        case .concurrency: heldNanoseconds[0] += time
        case .requests: heldNanoseconds[1] += time
        case .tokens: heldNanoseconds[2] += time
        }
    }
}
