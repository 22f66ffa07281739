package import AdvPOModel
import OrderedCollections

/// Hands tasks to workers and takes their reports: the coordinator's half of the cluster, without I/O or clock.
///
/// A task is **queued** (in its run's queue), then **leased** (to one session, under one attempt), then gone: its last unit was accepted,
/// its run was cancelled, or it failed. A leased task returns to the queue when its worker is lost, leaves, gives it back, or
/// evidently never received it; given back without one more unit finished it **rests** first, so that a task nobody can do is no hot loop.
/// Each lease's attempt is higher than the one before, so a late report of an old one never counts.
///
/// A worker is **present** from hello until it says goodbye, is silent for too long, or its broken connection does not return. Time in which
/// the coordinator itself was away (a full disk, a suspended host) is no worker's silence.
///
/// Invalid events: ours (a request token used twice) trap; the peer's (an unknown session, a lease it does not hold) get an answer
/// that says so; harmless ones (a unit reported again, a broken connection of a worker already lost) are ignored.
package struct ClusterMachine: Sendable {
    let settings: ClusterSettings
    /// The fence: leases of another epoch are never current.
    package let epoch: UInt64
    var workers: OrderedDictionary<SessionID, Worker> = [:]
    var tasks: OrderedDictionary<UInt64, Task> = [:]
    var queue = FairQueue()
    /// Tasks that came back fruitless, each until its time.
    var resting: [(task: UInt64, until: Tick)] = []
    var lastTick: Tick?
    var waitingPulls: [WaitingPull] = []
    var nextTask: UInt64 = 1
    var nextSession: UInt64
    /// Where tasks have been; no decision reads it.
    package var stories: TaskStories

    struct Worker: Sendable {
        var introduction: WorkerIntroduction
        var models: Set<String>
        var lastHeard: Tick
        var disconnectedSince: Tick?
        /// Tasks leased to it.
        var held: OrderedSet<UInt64> = []
        var heldHeartbeat: (token: RequestToken, since: Tick)?
        /// Cancelled leases not yet known to be seen; `instructionCount` is the number of the last.
        var unseen: [(sequence: UInt64, lease: Lease)] = []
        var instructionCount: UInt64 = 0
        var isDraining = false
        var isDrainTold = false

        func serves(_ needed: [String], withAttachments: Bool) -> Bool {
            (!withAttachments || introduction.sendsAttachments) && needed.allSatisfy(models.contains)
        }
    }

    struct Task: Sendable {
        var specification: TaskSpecification
        /// Since when it waits, or waited before its hand-out.
        var queuedSince: Tick
        /// Units without an accepted record, in the task's order.
        var remaining: OrderedDictionary<ContentHash, TaskOrder.UnitReference>
        var attempt: UInt32 = 0
        var lostWorkers = 0
        var fruitlessAttempts = 0
        var holder: Holder?

        struct Holder: Sendable {
            var session: SessionID
            var since: Tick
            /// Heartbeats in a row that did not name the lease.
            var unnamed = 0
            var hasFinishedUnits = false
        }
    }

    struct WaitingPull: Sendable {
        var token: RequestToken
        var session: SessionID
        var since: Tick
    }

    /// - Parameter epoch: the coordinator's start on its data directory; sessions are numbered so that none repeats across epochs.
    package init(settings: ClusterSettings, epoch: UInt64) {
        self.settings = settings
        self.epoch = epoch
        nextSession = epoch << 32 | 1
        stories = TaskStories(epoch: epoch)
    }

    package var workerCount: Int { workers.count }
    /// Tasks that wait for a worker, resting ones included.
    package var queuedTaskCount: Int { queue.count + resting.count }
    package var leasedTaskCount: Int { tasks.values.count { $0.holder != nil } }
    /// Slots of all workers that serve every one of these models, and send files when there are some.
    package func slots(serving models: [String], withAttachments: Bool = false) -> Int {
        workers.values.reduce(0) { $0 + ($1.serves(models, withAttachments: withAttachments) ? $1.introduction.slots : 0) }
    }
    /// True while any task of the run is queued or leased.
    package func hasTasks(of run: RunID) -> Bool { tasks.values.contains { $0.specification.run == run } }

    package mutating func handle(_ event: ClusterEvent, at now: Tick) -> [ClusterEffect] {
        switch event {
        case .hello(let token, let introduction): hello(token, introduction, now)
        case .heartbeat(let token, let session, let leases, let seen): heartbeat(token, session, leases, seen, now)
        case .goodbye(let token, let session): goodbye(token, session, now)
        case .pull(let token, let session): pull(token, session, now)
        case .report(let token, let session, let lease, let units, let ended): report(token, session, lease, units, ended, now)
        case .connectionLost(let session): connectionLost(session, now)
        case .submit(let specifications): submit(specifications, now)
        case .cancel(let run): cancel(run, now)
        case .drain(let session): drain(session, now)
        case .tick: tick(now)
        }
    }
}
