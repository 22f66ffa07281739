import AdvPOModel

extension RateController {
    mutating func refused(inFlight: Int, _ now: Tick) {
        var episode = self.episode ?? Episode(
            since: now, lastRefusal: now, lastCut: Tick(milliseconds: .min), atStart: meter.total, concurrencyBefore: concurrency.value)
        episode.lastRefusal = now
        defer { self.episode = episode }
        guard now >= settledAt else { return }
        episode.cuts += 1
        cut(&episode, inFlight, now)
        episode.lastCut = now
        atLastCut = meter.total
        if let end = pausedUntil, end > now { episode.pausedMilliseconds = max(episode.pausedMilliseconds, end.milliseconds - now.milliseconds) }
        settledAt = max(now, pausedUntil ?? now).adding(milliseconds: settings.settlingMilliseconds)
        urgency += 1
    }

    private mutating func cut(_ episode: inout Episode, _ inFlight: Int, _ now: Tick) {
        let held = meter.last(5, at: now)
        let isHeldByRate = held.heldByRequests + held.heldByTokens > held.heldByConcurrency
        guard isRateKnown || isHeldByRate else {
            // Refused again, under fewer tries at once than were borne before: it is not these that the provider counts.
            guard episode.cuts <= 2, concurrency.value > 1 else { return boundRequests(episode, now) }
            return cutConcurrency(&episode, inFlight, now)
        }
        // Tries at once follow from the rate and the answers' times: where a rate is known, they are not what is refused.
        isRateKnown = true
        if let tokens, requests == nil || held.heldByTokens > held.heldByRequests {
            let measured = saturated(\.tokens, extra: 0, episode, now)
            self.tokens = cut(tokens, measured: measured, usual: held.tokens * 12, episode, now)
        } else if let requests {
            let measured = saturated(\.accepted, extra: 2, episode, now) * 1_000
            self.requests = cut(requests, measured: measured, usual: held.accepted * 12_000, episode, now)
        }
    }

    /// The first cut takes back the last step up; in the first search it goes down to what is under way; further ones in a row take more.
    private mutating func cutConcurrency(_ episode: inout Episode, _ inFlight: Int, _ now: Tick) {
        var lower = concurrency.value - max(1, concurrency.value / 100)
        if concurrency.phase == .open { lower = min(lower, max(Int64(inFlight), concurrency.value / 4)) }
        if episode.cuts > 1 { lower = min(lower, concurrency.value * 7 / 10) }
        concurrency.cut(to: lower, until: heldUntil(episode, now), accepted: acceptedBeforeProbing(episode))
    }

    /// Refusals without a known rate: what was accepted since they began is the rate.
    private mutating func boundRequests(_ episode: Episode, _ now: Tick) {
        let measured = saturated(\.accepted, extra: 2, episode, now) * 1_000
        let most = ceiling.requestsPerMinute.map { $0 * 1_000 } ?? Self.mostPerMinute
        var bound = RateBound(value: measured, least: min(Self.leastRequests, most), most: most, phase: .held)
        bound.cut(to: measured * 98 / 100, until: heldUntil(episode, now), accepted: acceptedBeforeProbing(episode))
        bound.search(from: max(now, pausedUntil ?? now).adding(milliseconds: 1_000))
        requests = bound
        isRateKnown = true
        concurrency.restore(to: episode.concurrencyBefore, phase: .open, now)
    }

    private func cut(_ bound: RateBound, measured: Int64, usual: Int64, _ episode: Episode, _ now: Tick) -> RateBound {
        var bound = bound
        guard episode.cuts > 1 else {
            // Few calls are sent while a provider fails, so that each of their refusals seems to be the first of its kind.
            let (accepted, tries) = (meter.total.accepted - atLastCut.accepted, meter.total.started - atLastCut.started)
            if bound.phase == .recovering, accepted * 2 < tries {
                bound.yield(to: bound.value * 9 / 10, until: now.adding(milliseconds: 2_000))
                return bound
            }
            // A bound that held nobody back says nothing of what was sent.
            let value = max(min(bound.value, usual), bound.value * 9 / 10)
            bound.cut(to: value * 98 / 100, until: heldUntil(episode, now), accepted: acceptedBeforeProbing(episode))
            return bound
        }
        // A small allowance overflows while nobody asks, and then less is accepted than the limit: a value that was right for long is not given up at once.
        let least = bound.value * (episode.cuts == 2 ? 90 : episode.cuts == 3 ? 80 : 50) / 100
        let lower = max(least, min(bound.value, measured) * 98 / 100)
        let tries = meter.total.started - episode.atStart.started
        let accepted = meter.total.accepted - episode.atStart.accepted
        // A provider that takes less than half of what is sent, at ever lower rates, fails; it does not count.
        if accepted * 2 >= tries {
            bound.cut(to: lower, until: heldUntil(episode, now), accepted: acceptedBeforeProbing(episode))
        } else {
            bound.yield(to: lower, until: now.adding(milliseconds: 2_000))
        }
        return bound
    }

    /// Per minute, from the episode's first refusal until now, rounded up by `extra`: few calls in a short time are a coarse measure, and a value too
    /// high is mended by the next refusal, one too low only by a long search.
    private func saturated(_ count: KeyPath<RateMeter.Counts, Int64>, extra: Int64, _ episode: Episode, _ now: Tick) -> Int64 {
        let time = max(250, now.milliseconds - episode.since.milliseconds)
        let sum = Int128(meter.total[keyPath: count] - episode.atStart[keyPath: count] + extra)
        return Int64(clamping: min(sum * 60_000 / Int128(time), Int128(Self.mostPerMinute / 1_000)))
    }

    private func heldUntil(_ episode: Episode, _ now: Tick) -> Tick {
        let paused = max(episode.pausedMilliseconds, (pausedUntil ?? now).milliseconds - now.milliseconds)
        return now.adding(milliseconds: min(settings.longestHoldMilliseconds, max(settings.holdMilliseconds, paused * settings.holdPerPause)))
    }

    private func acceptedBeforeProbing(_ episode: Episode) -> Int64 {
        let refused = meter.total.refused - episode.atStart.refused + 1
        return meter.total.accepted + min(settings.mostAcceptedBeforeProbing, refused * settings.acceptedPerRefusal)
    }
}
