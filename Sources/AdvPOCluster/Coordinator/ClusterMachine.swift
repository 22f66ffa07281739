package import AdvPOModel
import DequeModule
import HeapModule
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
/// No step walks all workers, all tasks or all waiting pulls: what has to be found has an index, what has to happen in time stands in a heap.
/// Between two events no pull waits that a queued task suits.
///
/// Invalid events: ours (a request token used twice) trap; the peer's (an unknown session, a lease it does not hold) get an answer
/// that says so; harmless ones (a unit reported again, a broken connection of a worker already lost) are ignored.
package struct ClusterMachine: Sendable {
    let settings: ClusterSettings
    /// The fence: leases of another epoch are never current.
    package let epoch: UInt64
    var workers: [SessionID: Worker] = [:]
    /// In the order of their hello; those that are gone stay until the list is tidied.
    var sessions: [SessionID] = []
    var sessionsByInstance: [String: SessionID] = [:]
    /// When each worker is to be looked at; see `Worker.timer`.
    var timers: Heap<Timer<SessionID>> = []
    var tasks: [UInt64: Task] = [:]
    var runs: [RunID: RunTasks] = [:]
    /// Who has which task.
    var holders: [UInt64: Holder] = [:]
    /// Who has it beside them: second attempts of slow tasks.
    var rivals: [UInt64: Holder] = [:]
    /// Leases by age, for each need, as long as speculation may look at them; see `speculate`.
    var leasesByAge: [Deque<AgedLease>] = []
    var suitability = Suitability()
    var queue = FairQueue()
    package internal(set) var budgets = AllowanceBook()
    /// Needs of tasks that were queued since pulls last got their tasks.
    var freshNeeds: OrderedSet<Int> = []
    /// Tasks that came back fruitless, each until its time; those that are gone meanwhile are passed over.
    var resting: Heap<Timer<UInt64>> = []
    var restingCount = 0
    var lastTick: Tick?
    var waitingPulls = WaitingPulls()
    /// What each model bears, and who may use how much of it.
    var rates: RateBook
    var nextTask: UInt64 = 1
    var nextSession: UInt64
    /// Where tasks have been; no decision reads it.
    package var stories: TaskStories

    /// - Parameter epoch: the coordinator's start on its data directory; sessions are numbered so that none repeats across epochs.
    package init(settings: ClusterSettings, epoch: UInt64) {
        self.settings = settings
        self.epoch = epoch
        nextSession = epoch << 32 | 1
        rates = RateBook(settings: settings.rates, ceilings: settings.rateCeilings)
        stories = TaskStories(epoch: epoch)
    }

    package var workerCount: Int { workers.count }
    /// For people: where each model's rates are.
    package func rateSnapshot(at now: Tick) -> [RateSnapshot] { rates.snapshot(at: now) }
    /// Tasks that wait for a worker, resting ones included.
    package var queuedTaskCount: Int { queue.count + queue.parkedCount + restingCount }
    package var leasedTaskCount: Int { holders.count }
    /// Slots of all workers that serve every one of these models, and send files when there are some.
    package func slots(serving models: [String], withAttachments: Bool = false) -> Int {
        suitability.slots(serving: Suitability.Need(models: models, withAttachments: withAttachments))
    }
    /// True while any task of the run is queued or leased.
    package func hasTasks(of run: RunID) -> Bool { runs[run] != nil }

    package mutating func handle(_ event: ClusterEvent, at now: Tick) -> [ClusterEffect] {
        switch event {
        case .hello(let token, let introduction): hello(token, introduction, now)
        case .heartbeat(let token, let session, let leases, let seen, let usage): heartbeat(token, session, leases, seen, usage, now)
        case .goodbye(let token, let session): goodbye(token, session, now)
        case .pull(let token, let session): pull(token, session, now)
        case .report(let token, let session, let lease, let units, let ended, let calls, let andPull):
            report(token, session, lease, units, ended: ended, callsSpent: calls, andPull: andPull, now)
        case .connectionLost(let session): connectionLost(session, now)
        case .submit(let specifications): submit(specifications, now)
        case .cancel(let run): cancel(run, now)
        case .drain(let session): drain(session, now)
        case .tick: tick(now)
        }
    }
}
