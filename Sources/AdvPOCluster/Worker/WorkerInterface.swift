package import AdvPOModel

package struct WorkerSettings: Hashable, Sendable {
    package var slots: Int
    /// Units of one lease that one report carries at most.
    package var unitsPerReport = 64
    /// Bytes of text that one report carries at most beyond its first unit, so that it stays far below the limit of a message.
    package var textBytesPerReport = 4 * 1024 * 1024
    /// Pause before hello is tried again, doubled up to the maximum.
    package var greetingMilliseconds: Int64 = 200
    package var maximumGreetingMilliseconds: Int64 = 5_000
    /// Pause after a failed pull or report, and after the first failed heartbeat; a heartbeat's is doubled up to the maximum.
    package var retryMilliseconds: Int64 = 200
    package var maximumRetryMilliseconds: Int64 = 5_000
    /// Failed heartbeats in a row after which the coordinator counts as gone, and what is in hand as given to others.
    package var failedHeartbeats = 6
    /// The same for a worker that is told to end: it waits for nobody long.
    package var failedHeartbeatsWhileDraining = 2
    /// Cancelled leases remembered in case their task arrives after the word that cancels it.
    package var rememberedCancels = 1_024
    package init(slots: Int) { self.slots = slots }
}

package enum WorkerEvent: Hashable, Sendable {
    case start
    case welcomed(SessionID, epoch: UInt64)
    /// The coordinator will not have this worker; the text says why.
    case refused(String)
    /// The request of that kind got no answer.
    case greetingFailed
    case instructed(SessionID, sequence: UInt64, cancel: [Lease], drain: Bool, shares: [RateShare] = [])
    case heartbeatFailed(SessionID)
    /// The use of models has changed so that the coordinator should not wait for the next heartbeat.
    case usageChanged
    case pulled(SessionID, slot: Int, TaskOrder?)
    case pullFailed(SessionID, slot: Int)
    /// `next`: the report also pulled, and there was a task at once.
    case reported(SessionID, Lease, stale: Bool, next: TaskOrder? = nil)
    case reportFailed(SessionID, Lease)
    /// The coordinator cannot take the report, or it cannot be sent: trying again would be in vain.
    case reportRefused(SessionID, Lease, String)
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
    /// `andPull`: the slot that the task leaves free asks for the next one in the same message.
    case report(SessionID, Lease, units: [UnitReport], taskEnded: Bool, andPull: Bool = false)
    case goodbye(SessionID)
    /// What may be done with models from now on.
    case setShares([RateShare])
    case run(TaskOrder)
    /// Abandon the task now, its HTTP calls included; `taskReturned` still follows.
    case abort(Lease)
    case pause(WorkerEvent.Pause, milliseconds: Int64)
    /// Drained, or refused (then the reason).
    case exit(String?)
}
