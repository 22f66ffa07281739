package import AdvPOModel
import OrderedCollections

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
    let settings: WorkerSettings
    var session: SessionID?
    var isGreeting = false
    var greetingPause: Int64
    var failedHeartbeats = 0
    var seenInstructions: UInt64 = 0
    /// Heartbeats under way: one, or two for the short time until the coordinator has answered the older one.
    var heartbeats = 0
    var isDraining = false
    var saidGoodbye = false
    var slots: [Slot]
    var hands: OrderedDictionary<Lease, Hand> = [:]
    /// Leases cancelled before their task arrived: the two words travel on different sockets. The oldest first.
    var cancelledEarly: OrderedSet<Lease> = []

    enum Slot: Hashable, Sendable {
        case free, pulling
        case busy(Lease)
    }

    struct Hand: Sendable {
        var slot: Int
        /// Units that have no record yet.
        var unfinished: Int
        var unsent: [UnitReport] = []
        /// Units of the report under way.
        var inFlight: [UnitReport]?
        var inFlightEnds = false
        var inFlightPulls = false
        /// The report under way is a second try, with failures in place of what was refused.
        var wasRefused = false
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
        case .instructed(let session, let sequence, let cancel, let drain, let shares):
            return instructed(session, sequence, cancel, drain, shares)
        case .heartbeatFailed(let session):
            guard session == self.session, !saidGoodbye else { return [] }
            heartbeats = max(0, heartbeats - 1)
            failedHeartbeats += 1
            let patience = isDraining ? settings.failedHeartbeatsWhileDraining : settings.failedHeartbeats
            if failedHeartbeats >= patience { return loseSession() }
            guard heartbeats == 0 else { return [] }
            let pause = min(settings.retryMilliseconds << Int64(min(20, failedHeartbeats - 1)), settings.maximumRetryMilliseconds)
            return [.pause(.heartbeat(session), milliseconds: pause)]
        case .usageChanged:
            guard let session, heartbeats == 1, !saidGoodbye else { return [] }
            return [beat(session)]
        case .pulled(let session, let slot, let order): return pulled(session, slot, order)
        case .pullFailed(let session, let slot):
            guard session == self.session, slots[slot] == .pulling else { return [] }
            return [.pause(.pull(session, slot: slot), milliseconds: settings.retryMilliseconds)]
        case .reported(let session, let lease, let stale, let next): return reported(session, lease, stale, next)
        case .reportFailed(let session, let lease):
            guard session == self.session, hands[lease]?.inFlight != nil else { return [] }
            return [.pause(.report(session, lease), milliseconds: settings.retryMilliseconds)]
        case .reportRefused(let session, let lease, let reason): return refused(session, lease, reason)
        case .sessionLost(let session):
            guard session == self.session, !saidGoodbye else { return saidGoodbye ? [.exit(nil)] : [] }
            return loseSession()
        case .unitFinished(let lease, let unit):
            guard var hand = hands[lease], !hand.aborted else { return [] }
            precondition(!hand.returned, "a unit finished after its task returned")
            hand.unsent.append(unit)
            hand.unfinished -= 1
            hands[lease] = hand
            // The last unit waits for the executor's return, which is at hand: one report then says both, and asks for the next task.
            return hand.unfinished == 0 ? [] : flush(lease)
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
