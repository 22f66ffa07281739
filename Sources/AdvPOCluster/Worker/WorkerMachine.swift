package import AdvPOModel
import OrderedCollections

package struct WorkerSettings: Hashable, Sendable {
    package var slots: Int
    /// Units of one lease that one report carries at most.
    package var unitsPerReport = 64
    /// Pause before hello is tried again, doubled up to the maximum.
    package var greetingMilliseconds: Int64 = 200
    package var maximumGreetingMilliseconds: Int64 = 5_000
    /// Pause after a failed pull, report or heartbeat.
    package var retryMilliseconds: Int64 = 200
    /// Failed heartbeats in a row after which the coordinator counts as gone.
    package var failedHeartbeats = 25
    package init(slots: Int) { self.slots = slots }
}

package enum WorkerEvent: Hashable, Sendable {
    case start
    case welcomed(SessionID, epoch: UInt64)
    /// The coordinator will not have this worker; the text says why.
    case refused(String)
    /// The request of that kind got no answer.
    case greetingFailed
    case instructed(SessionID, sequence: UInt64, cancel: [Lease], drain: Bool)
    case heartbeatFailed(SessionID)
    case pulled(SessionID, slot: Int, TaskOrder?)
    case pullFailed(SessionID, slot: Int)
    case reported(SessionID, Lease, stale: Bool)
    case reportFailed(SessionID, Lease)
    /// Any request was answered: no such session.
    case sessionLost(SessionID)
    /// One unit of a task in hand is finished.
    case unitFinished(Lease, UnitReport)
    /// The task's executor has returned; no further units come.
    case taskReturned(Lease)
    /// SIGTERM: finish what is in hand, take no more.
    case drain
    /// A pause that a `.pause` effect asked for is over.
    case resumed(Pause)
    case goodbyeAnswered

    package enum Pause: Hashable, Sendable {
        case greeting
        case heartbeat(SessionID)
        case pull(SessionID, slot: Int)
        case report(SessionID, Lease)
    }
}

package enum WorkerEffect: Hashable, Sendable {
    case hello
    case heartbeat(SessionID, leases: [Lease], seenInstructions: UInt64)
    case pull(SessionID, slot: Int)
    case report(SessionID, Lease, units: [UnitReport], taskEnded: Bool)
    case goodbye(SessionID)
    case run(TaskOrder)
    /// Abandon the task now, its HTTP calls included; `taskReturned` still follows.
    case abort(Lease)
    case pause(WorkerEvent.Pause, milliseconds: Int64)
    /// Drained, or refused (then the reason).
    case exit(String?)
}

/// The worker's half of the cluster, without I/O or clock.
///
/// It is **greeting** (saying hello until welcomed), then **online** in one session; a lost session aborts every task and leads back to greeting.
/// A slot is **pulling** or **busy** with one task. A task in hand is **running** (its executor works), then **returned** (only reports are
/// under way), then gone; an **aborted** one reports nothing more and frees its slot when its executor returns.
/// Draining ends it: no new pulls, goodbye once every slot is free.
///
/// Invalid events: ours (a unit of a task never run) trap; the peer's (a task for a busy slot, a session that is over) and harmless ones
/// (a unit after its task was aborted) are ignored, since the coordinator's leases already void them.
package struct WorkerMachine: Sendable {
    private let settings: WorkerSettings
    private var session: SessionID?
    private var isGreeting = false
    private var greetingPause: Int64
    private var failedHeartbeats = 0
    private var seenInstructions: UInt64 = 0
    private var isDraining = false
    private var saidGoodbye = false
    private var slots: [Slot]
    private var hands: OrderedDictionary<Lease, Hand> = [:]

    private enum Slot: Hashable, Sendable {
        case free, pulling
        case busy(Lease)
    }

    private struct Hand: Sendable {
        var slot: Int
        var unsent: [UnitReport] = []
        /// Units of the report under way.
        var inFlight: [UnitReport]?
        var inFlightEnds = false
        var returned = false
        var aborted = false
    }

    package init(settings: WorkerSettings) {
        self.settings = settings
        slots = Array(repeating: .free, count: settings.slots)
        greetingPause = settings.greetingMilliseconds
    }

    /// Leases in hand, ascending.
    package var leases: [Lease] { hands.filter { !$0.value.aborted }.keys.sorted() }

    package mutating func handle(_ event: WorkerEvent) -> [WorkerEffect] {
        switch event {
        case .start: return greet()
        case .welcomed(let session, _): return welcomed(session)
        case .refused(let reason): return [.exit(reason)]
        case .greetingFailed:
            guard isGreeting else { return [] }
            if isDraining, hands.isEmpty { return [.exit(nil)] }
            let pause = greetingPause
            greetingPause = min(greetingPause * 2, settings.maximumGreetingMilliseconds)
            return [.pause(.greeting, milliseconds: pause)]
        case .instructed(let session, let sequence, let cancel, let drain):
            guard session == self.session, !saidGoodbye else { return [] }
            failedHeartbeats = 0
            seenInstructions = max(seenInstructions, sequence)
            if drain { isDraining = true }
            return cancel.flatMap { abort($0) } + [beat(session)] + leaveIfDrained()
        case .heartbeatFailed(let session):
            guard session == self.session, !saidGoodbye else { return [] }
            failedHeartbeats += 1
            if failedHeartbeats >= settings.failedHeartbeats { return loseSession() }
            return [.pause(.heartbeat(session), milliseconds: settings.retryMilliseconds)]
        case .pulled(let session, let slot, let order): return pulled(session, slot, order)
        case .pullFailed(let session, let slot):
            guard session == self.session, slots[slot] == .pulling else { return [] }
            return [.pause(.pull(session, slot: slot), milliseconds: settings.retryMilliseconds)]
        case .reported(let session, let lease, let stale): return reported(session, lease, stale)
        case .reportFailed(let session, let lease):
            guard session == self.session, hands[lease]?.inFlight != nil else { return [] }
            return [.pause(.report(session, lease), milliseconds: settings.retryMilliseconds)]
        case .sessionLost(let session):
            guard session == self.session, !saidGoodbye else { return saidGoodbye ? [.exit(nil)] : [] }
            return loseSession()
        case .unitFinished(let lease, let unit):
            guard var hand = hands[lease], !hand.aborted else { return [] }
            precondition(!hand.returned, "a unit finished after its task returned")
            hand.unsent.append(unit)
            hands[lease] = hand
            return flush(lease)
        case .taskReturned(let lease):
            guard var hand = hands[lease] else { return [] }
            hand.returned = true
            hands[lease] = hand
            return hand.aborted ? release(lease) : flush(lease)
        case .drain:
            guard !isDraining else { return [] }
            isDraining = true
            if session == nil { return hands.isEmpty ? [.exit(nil)] : [] }
            return leaveIfDrained()
        case .resumed(let pause): return resumed(pause)
        case .goodbyeAnswered: return [.exit(nil)]
        }
    }
}

extension WorkerMachine {
    private mutating func greet() -> [WorkerEffect] {
        isGreeting = true
        return [.hello]
    }

    private mutating func welcomed(_ session: SessionID) -> [WorkerEffect] {
        guard isGreeting else { return [] }
        isGreeting = false
        greetingPause = settings.greetingMilliseconds
        failedHeartbeats = 0
        seenInstructions = 0
        self.session = session
        return [beat(session)] + (slots.indices.flatMap { pullIfFree($0) }) + leaveIfDrained()
    }

    private func beat(_ session: SessionID) -> WorkerEffect { .heartbeat(session, leases: leases, seenInstructions: seenInstructions) }

    private mutating func pullIfFree(_ slot: Int) -> [WorkerEffect] {
        guard let session, !isDraining, slots[slot] == .free else { return [] }
        slots[slot] = .pulling
        return [.pull(session, slot: slot)]
    }

    private mutating func pulled(_ session: SessionID, _ slot: Int, _ order: TaskOrder?) -> [WorkerEffect] {
        guard session == self.session, slots[slot] == .pulling else { return [] }
        slots[slot] = .free
        guard let order, hands[order.lease] == nil else { return pullIfFree(slot) + leaveIfDrained() }
        slots[slot] = .busy(order.lease)
        hands[order.lease] = Hand(slot: slot)
        // A task that arrives while draining is given back at once.
        guard !isDraining else { return handle(.taskReturned(order.lease)) }
        return [.run(order)]
    }

    /// Sends what is unsent, unless a report of this lease is already under way: one at a time keeps them in order.
    private mutating func flush(_ lease: Lease) -> [WorkerEffect] {
        guard let session, var hand = hands[lease], hand.inFlight == nil, !hand.unsent.isEmpty || hand.returned else { return [] }
        let batch = Array(hand.unsent.prefix(settings.unitsPerReport))
        hand.unsent.removeFirst(batch.count)
        hand.inFlight = batch
        hand.inFlightEnds = hand.returned && hand.unsent.isEmpty
        hands[lease] = hand
        return [.report(session, lease, units: batch, taskEnded: hand.inFlightEnds)]
    }

    private mutating func reported(_ session: SessionID, _ lease: Lease, _ stale: Bool) -> [WorkerEffect] {
        guard session == self.session, var hand = hands[lease], hand.inFlight != nil else { return [] }
        if stale { return hand.returned ? release(lease) : abort(lease) }
        let ended = hand.inFlightEnds
        hand.inFlight = nil
        hands[lease] = hand
        return ended ? release(lease) : flush(lease)
    }

    private mutating func abort(_ lease: Lease) -> [WorkerEffect] {
        guard var hand = hands[lease], !hand.aborted else { return [] }
        if hand.returned { return release(lease) }
        hand.aborted = true
        hand.unsent = []
        hand.inFlight = nil
        hands[lease] = hand
        return [.abort(lease)]
    }

    private mutating func release(_ lease: Lease) -> [WorkerEffect] {
        guard let hand = hands.removeValue(forKey: lease) else { return [] }
        slots[hand.slot] = .free
        return pullIfFree(hand.slot) + leaveIfDrained()
    }

    private mutating func loseSession() -> [WorkerEffect] {
        session = nil
        var effects: [WorkerEffect] = []
        for lease in Array(hands.keys) { effects += abort(lease) }
        for index in slots.indices where slots[index] == .pulling { slots[index] = .free }
        if isDraining, hands.isEmpty { return effects + [.exit(nil)] }
        return effects + greet()
    }

    private mutating func leaveIfDrained() -> [WorkerEffect] {
        guard isDraining, !saidGoodbye, hands.isEmpty else { return [] }
        guard let session else { return isGreeting ? [] : [.exit(nil)] }
        saidGoodbye = true
        return [.goodbye(session)]
    }

    private mutating func resumed(_ pause: WorkerEvent.Pause) -> [WorkerEffect] {
        switch pause {
        case .greeting: return isGreeting ? [.hello] : []
        case .heartbeat(let session): return session == self.session && !saidGoodbye ? [beat(session)] : []
        case .pull(let session, let slot):
            guard session == self.session, slots[slot] == .pulling else { return [] }
            slots[slot] = .free
            return pullIfFree(slot) + leaveIfDrained()
        case .report(let session, let lease):
            guard session == self.session, let hand = hands[lease], let batch = hand.inFlight else { return [] }
            return [.report(session, lease, units: batch, taskEnded: hand.inFlightEnds)]
        }
    }
}
