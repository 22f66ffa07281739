import AdvPOCluster
import AdvPOModel
import AdvPOWire
import OrderedCollections

/// One worker process: its machine while it lives, and the tasks that its executor has.
struct SimulatedWorker {
    var incarnation = 0
    var machine: WorkerMachine?
    var version = WireVersion.current
    var running: OrderedDictionary<Lease, TaskOrder> = [:]
    /// The session that the coordinator's end of its connection stands for.
    var session: SessionID?
    /// The last session that it was told of.
    var welcomed: SessionID?
    var drainingSince: Int64?
    /// The coordinator was asked to have it leave.
    var isAskedToLeave = false
    var calls = SimulatedTally()
    /// Until then it does nothing, and afterwards all that came meanwhile, in order.
    var suspendedUntil: Int64 = 0
    /// Until then nothing reaches it, or nothing of it reaches the coordinator.
    var deafUntil: Int64 = 0
    var muteUntil: Int64 = 0
    var slowUntil: Int64 = 0
    var slowLinkUntil: Int64 = 0
}
