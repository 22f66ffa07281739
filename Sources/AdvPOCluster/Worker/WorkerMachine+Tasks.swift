import AdvPOModel
import OrderedCollections

extension WorkerMachine {
    mutating func greet() -> [WorkerEffect] {
        isGreeting = true
        return [.hello]
    }

    mutating func welcomed(_ session: SessionID) -> [WorkerEffect] {
        guard isGreeting else { return [] }
        isGreeting = false
        greetingPause = settings.greetingMilliseconds
        failedHeartbeats = 0
        seenInstructions = 0
        cancelledEarly = []
        heartbeats = 0
        self.session = session
        return [beat(session)] + (slots.indices.flatMap { pullIfFree($0) }) + leaveIfDrained()
    }

    mutating func instructed(
        _ session: SessionID, _ sequence: UInt64, _ cancel: [Lease], _ drain: Bool, _ shares: [RateShare]
    ) -> [WorkerEffect] {
        guard session == self.session, !saidGoodbye else { return [] }
        failedHeartbeats = 0
        heartbeats = max(0, heartbeats - 1)
        // An older word that was overtaken has older shares.
        let setShares: [WorkerEffect] = shares.isEmpty || sequence < seenInstructions ? [] : [.setShares(shares)]
        seenInstructions = max(seenInstructions, sequence)
        if drain { isDraining = true }
        let abandoned = cancel.flatMap { cancelled($0) }
        return setShares + abandoned + (heartbeats == 0 ? [beat(session)] : []) + leaveIfDrained()
    }

    mutating func beat(_ session: SessionID) -> WorkerEffect {
        heartbeats += 1
        return .heartbeat(session, leases: leases, seenInstructions: seenInstructions)
    }

    mutating func pullIfFree(_ slot: Int) -> [WorkerEffect] {
        guard let session, !isDraining, slots[slot] == .free else { return [] }
        slots[slot] = .pulling
        return [.pull(session, slot: slot)]
    }

    mutating func pulled(_ session: SessionID, _ slot: Int, _ order: TaskOrder?) -> [WorkerEffect] {
        guard session == self.session, slots[slot] == .pulling else { return [] }
        return take(order, slot)
    }

    /// Fills a slot whose pull was answered.
    private mutating func take(_ order: TaskOrder?, _ slot: Int) -> [WorkerEffect] {
        slots[slot] = .free
        guard let order, hands[order.lease] == nil, cancelledEarly.remove(order.lease) == nil else { return pullIfFree(slot) + leaveIfDrained() }
        slots[slot] = .busy(order.lease)
        hands[order.lease] = Hand(slot: slot, unfinished: order.units.count)
        // A task that arrives while draining is given back at once.
        guard !isDraining else { return handle(.taskReturned(order.lease)) }
        return [.run(order)]
    }

    /// Sends what is unsent, unless a report of this lease is already under way: one at a time keeps them in order.
    mutating func flush(_ lease: Lease) -> [WorkerEffect] {
        guard let session, var hand = hands[lease], hand.inFlight == nil, !hand.unsent.isEmpty || hand.returned else { return [] }
        let batch = nextBatch(of: hand.unsent)
        hand.unsent.removeFirst(batch.count)
        hand.inFlight = batch
        hand.inFlightEnds = hand.returned && hand.unsent.isEmpty
        // What gives a task back asks for none: it may be draining, and the coordinator may be about to say so.
        hand.inFlightPulls = hand.inFlightEnds && hand.unfinished == 0 && !isDraining
        hands[lease] = hand
        return [.report(session, lease, units: batch, taskEnded: hand.inFlightEnds, andPull: hand.inFlightPulls)]
    }

    /// As many units as one report may carry; at least one of those there are.
    private func nextBatch(of unsent: [UnitReport]) -> [UnitReport] {
        var bytes = 0
        let count = unsent.prefix(settings.unitsPerReport).prefix { unit in
            bytes += unit.record.textBytes
            return bytes <= settings.textBytesPerReport
        }.count
        return Array(unsent.prefix(max(1, count)))
    }

    /// What cannot be reported as it is is reported as failed, once; if even that is refused, the task is dropped and the coordinator takes it back.
    mutating func refused(_ session: SessionID, _ lease: Lease, _ reason: String) -> [WorkerEffect] {
        guard session == self.session, var hand = hands[lease], let batch = hand.inFlight else { return [] }
        guard !hand.wasRefused, !batch.isEmpty else { return abort(lease) }
        hand.wasRefused = true
        let failed = batch.map { unit in
            UnitReport(
                unit: unit.unit,
                record: UnitRecord(
                    status: .infrastructureFailure, output: "", score: nil, failureReason: "the result could not be reported: \(reason.prefix(500))",
                    usage: unit.record.usage, judgeUsage: unit.record.judgeUsage, providerCalls: unit.record.providerCalls))
        }
        hand.inFlight = failed
        hand.inFlightPulls = hand.inFlightPulls && !isDraining
        hands[lease] = hand
        return [.report(session, lease, units: failed, taskEnded: hand.inFlightEnds, andPull: hand.inFlightPulls)]
    }

    /// The coordinator has voided the lease. One that is not in hand may be on its way here still.
    mutating func cancelled(_ lease: Lease) -> [WorkerEffect] {
        if let hand = hands[lease] {
            // Its last report is on its way, or has been answered: that answer, which may bring the next task, frees the slot.
            return hand.returned && hand.inFlight != nil ? [] : abort(lease)
        }
        cancelledEarly.append(lease)
        if cancelledEarly.count > settings.rememberedCancels { cancelledEarly.removeFirst() }
        return []
    }

    mutating func reported(_ session: SessionID, _ lease: Lease, _ stale: Bool, _ next: TaskOrder?) -> [WorkerEffect] {
        guard session == self.session, var hand = hands[lease], hand.inFlight != nil else { return [] }
        if stale { return hand.returned ? release(lease) : abort(lease) }
        if let next, hand.inFlightPulls {
            hands.removeValue(forKey: lease)
            return take(next, hand.slot)
        }
        let ended = hand.inFlightEnds
        hand.inFlight = nil
        hand.wasRefused = false
        hands[lease] = hand
        return ended ? release(lease) : flush(lease)
    }

    mutating func abort(_ lease: Lease) -> [WorkerEffect] {
        guard var hand = hands[lease], !hand.aborted else { return [] }
        if hand.returned { return release(lease) }
        hand.aborted = true
        hand.unsent = []
        hand.inFlight = nil
        hands[lease] = hand
        return [.abort(lease)]
    }

    mutating func release(_ lease: Lease) -> [WorkerEffect] {
        guard let hand = hands.removeValue(forKey: lease) else { return [] }
        slots[hand.slot] = .free
        return pullIfFree(hand.slot) + leaveIfDrained()
    }

    mutating func loseSession() -> [WorkerEffect] {
        session = nil
        var effects: [WorkerEffect] = []
        for lease in Array(hands.keys) { effects += abort(lease) }
        for index in slots.indices where slots[index] == .pulling { slots[index] = .free }
        // One that is told to end looks for no other session: it leaves when its executors have returned.
        guard !isDraining else { return hands.isEmpty ? [.exit(nil)] : effects }
        return effects + greet()
    }

    mutating func leaveIfDrained() -> [WorkerEffect] {
        guard isDraining, !saidGoodbye, hands.isEmpty else { return [] }
        // With nobody to say goodbye to there is nothing to wait for.
        guard let session else { return [.exit(nil)] }
        saidGoodbye = true
        return [.goodbye(session)]
    }

    mutating func resumed(_ pause: WorkerEvent.Pause) -> [WorkerEffect] {
        switch pause {
        case .greeting: return isGreeting ? [.hello] : []
        case .heartbeat(let session): return session == self.session && !saidGoodbye && heartbeats == 0 ? [beat(session)] : []
        case .pull(let session, let slot):
            guard session == self.session, slots[slot] == .pulling else { return [] }
            slots[slot] = .free
            return pullIfFree(slot) + leaveIfDrained()
        case .report(let session, let lease):
            guard session == self.session, var hand = hands[lease], let batch = hand.inFlight else { return [] }
            // It may have been told to leave since it sent the report for the first time.
            hand.inFlightPulls = hand.inFlightPulls && !isDraining
            hands[lease] = hand
            return [.report(session, lease, units: batch, taskEnded: hand.inFlightEnds, andPull: hand.inFlightPulls)]
        }
    }
}

extension UnitRecord {
    /// Of all its texts together.
    fileprivate var textBytes: Int {
        [output, feedback, judgeOutput, failureReason].reduce(0) { $0 + ($1?.utf8.count ?? 0) }
    }
}
