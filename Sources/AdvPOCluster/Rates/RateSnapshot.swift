package import AdvPOModel

/// One model's rates at a moment, for people and for metrics.
package struct RateSnapshot: Hashable, Sendable {
    package struct WorkerShare: Hashable, Sendable {
        package var session: SessionID
        package var share: RateShare
        package var inFlight: Int
        package var waiting: Int
    }

    package var model: String
    /// Tries at once, of all workers.
    package var concurrency: Int64
    package var concurrencyPhase: String
    /// In thousandths; nil: no bound is known.
    package var milliRequestsPerMinute: Int64?
    package var requestsPhase: String?
    package var tokensPerMinute: Int64?
    package var pausedMilliseconds: Int64
    /// Of the last ten seconds.
    package var acceptedPerMinute: Int64
    package var refusedPerMinute: Int64
    /// Since the coordinator's start.
    package var accepted: Int64
    package var refused: Int64
    package var shares: [WorkerShare]
}

extension RateBook {
    /// In the order in which models were first used.
    package func snapshot(at now: Tick) -> [RateSnapshot] {
        models.map { model, entry in
            let controller = entry.controller
            let recent = controller.meter.last(10, at: now)
            return RateSnapshot(
                model: model, concurrency: controller.concurrency.value, concurrencyPhase: controller.concurrency.phase.rawValue,
                milliRequestsPerMinute: controller.requests?.value, requestsPhase: controller.requests?.phase.rawValue,
                tokensPerMinute: controller.tokens?.value, pausedMilliseconds: max(0, (controller.pausedUntil ?? now).milliseconds - now.milliseconds),
                acceptedPerMinute: recent.accepted * 6, refusedPerMinute: recent.refused * 6, accepted: controller.meter.total.accepted,
                refused: controller.meter.total.refused,
                shares: entry.members.map { session, member in
                    RateSnapshot.WorkerShare(session: session, share: member.share, inFlight: member.usage.inFlight, waiting: member.usage.waiting)
                })
        }
    }
}
