import AdvPOModel
import OrderedCollections

extension ClusterMachine {
    struct Worker: Sendable {
        var introduction: WorkerIntroduction
        /// Its kind among the workers, by what it can do; nil for one that drains: it gets no more.
        var kind: Int?
        var lastHeard: Tick
        var disconnectedSince: Tick?
        /// Tasks leased to it.
        var held: OrderedSet<UInt64> = []
        /// Its pulls that wait, the oldest first.
        var waiting: [RequestToken] = []
        var heldHeartbeat: (token: RequestToken, since: Tick)?
        /// Cancelled leases not yet known to be seen; `instructionCount` is the number of the last.
        var unseen: [(sequence: UInt64, lease: Lease)] = []
        var instructionCount: UInt64 = 0
        /// The number of the instruction to drain, until it is seen.
        var drainInstruction: UInt64?
        /// The earliest of its entries in the machine's timers; the others count for nothing.
        var timer: Tick
    }

    /// What the tasks of one submission share: they differ in their units alone.
    final class TaskHeader: Sendable {
        let run: RunID
        let iteration: Int
        /// Without units.
        let work: TaskOrder.Work
        let models: [String]
        let hasAttachments: Bool
        let urgency: TaskUrgency
        let price: CallPrice?
        let need: Int

        init(_ specification: TaskSpecification, need: Int) {
            run = specification.run
            iteration = specification.iteration
            work = specification.work.with(units: [])
            models = specification.models
            hasAttachments = specification.hasAttachments
            urgency = specification.urgency
            price = specification.price
            self.need = need
        }

        func isShared(by specification: TaskSpecification) -> Bool {
            run == specification.run && iteration == specification.iteration && urgency == specification.urgency && price == specification.price && models == specification.models
                && hasAttachments == specification.hasAttachments && work.isSame(as: specification.work)
        }
    }

    struct Task: Sendable {
        let header: TaskHeader
        /// Since when it waits, or waited before its hand-out.
        var queuedSince: Tick
        /// Units that it began with.
        let unitCount: Int
        /// Units without an accepted record, in the task's order.
        var remaining: [TaskOrder.UnitReference]
        var attempt: UInt32 = 0
        var lostWorkers: UInt16 = 0
        var fruitlessAttempts: UInt16 = 0
        var isResting = false

        /// False when the unit has its record already, or is no unit of the task.
        mutating func finish(_ unit: ContentHash) -> Bool {
            guard let position = remaining.firstIndex(where: { $0.unit == unit }) else { return false }
            remaining.remove(at: position)
            return true
        }
    }

    struct Holder: Sendable {
        var session: SessionID
        var attempt: UInt32
        /// Units that it was given.
        var units: Int
        var since: Tick
        /// Heartbeats in a row that did not name the lease.
        var unnamed = 0
        var hasFinishedUnits = false
        /// Requests that its records tell of, for a worker that tells of no others.
        var callsTold = 0
    }

    /// A run's tasks, by age; those that are gone stay until the list is tidied.
    struct RunTasks: Sendable {
        var tasks: [UInt64] = []
        var count = 0
    }

    /// Something that happens to its owner at a time.
    struct Timer<Owner: Comparable & Sendable>: Comparable, Sendable {
        var time: Tick
        var owner: Owner
        static func < (lhs: Self, rhs: Self) -> Bool { (lhs.time, lhs.owner) < (rhs.time, rhs.owner) }
    }

    // MARK: Tasks and their indexes

    mutating func enter(_ specification: TaskSpecification, sharing last: TaskHeader?, _ now: Tick) -> TaskHeader {
        let need = suitability.addTask(Suitability.Need(models: specification.models, withAttachments: specification.hasAttachments))
        let header: TaskHeader
        if let last, last.isShared(by: specification) { header = last } else { header = TaskHeader(specification, need: need) }
        let units = specification.work.uniqueUnits
        tasks[nextTask] = Task(header: header, queuedSince: now, unitCount: units.count, remaining: units)
        runs[header.run, default: RunTasks()].tasks.append(nextTask)
        runs[header.run]?.count += 1
        queue.append(nextTask, of: header.run, need: need, urgency: header.urgency)
        freshNeeds.append(need)
        nextTask += 1
        return header
    }

    /// Forgets a task that is neither queued nor leased.
    mutating func forget(_ id: UInt64) {
        guard let task = tasks.removeValue(forKey: id) else { return }
        suitability.removeTask(task.header.need)
        let run = task.header.run
        runs[run]?.count -= 1
        guard let count = runs[run]?.count, let listed = runs[run]?.tasks.count else { return }
        if count == 0 { runs.removeValue(forKey: run) } else if listed > 2 * count + 64 { runs[run]?.tasks.removeAll { tasks[$0] == nil } }
    }

    mutating func putBack(_ id: UInt64) {
        guard let header = tasks[id]?.header else { return }
        queue.prepend(id, of: header.run, need: header.need, urgency: header.urgency)
        freshNeeds.append(header.need)
    }

    /// Ends a session's lease of a task; true when another session has the task still.
    mutating func endLease(_ id: UInt64, of session: SessionID) -> Bool {
        workers[session]?.held.remove(id)
        if rivals[id]?.session == session {
            rivals.removeValue(forKey: id)
        } else if holders[id]?.session == session {
            holders[id] = rivals.removeValue(forKey: id)
        }
        return holders[id] != nil
    }

    /// The current lease that a session has on a task.
    func lease(_ id: UInt64, of session: SessionID) -> Lease? {
        guard let holder = holder(id, session) else { return nil }
        return Lease(task: id, attempt: holder.attempt, epoch: epoch)
    }

    func holder(_ id: UInt64, _ session: SessionID) -> Holder? {
        if let holder = holders[id], holder.session == session { return holder }
        guard let rival = rivals[id], rival.session == session else { return nil }
        return rival
    }

    mutating func change(_ id: UInt64, _ session: SessionID, _ change: (inout Holder) -> Void) {
        if holders[id]?.session == session {
            if var holder = holders[id] {
                change(&holder)
                holders[id] = holder
            }
        } else if var rival = rivals[id], rival.session == session {
            change(&rival)
            rivals[id] = rival
        }
    }
}

extension TaskOrder.Work {
    func with(units: [TaskOrder.UnitReference]) -> TaskOrder.Work {
        switch self {
        case .evaluate(let work):
            .evaluate(TaskOrder.EvaluateWork(model: work.model, candidate: work.candidate, evaluation: work.evaluation, units: units))
        case .generate: .generate(TaskOrder.GenerateWork(units: units))
        }
    }

    /// Whether the two differ in their units at most.
    func isSame(as other: TaskOrder.Work) -> Bool {
        switch (self, other) {
        case (.evaluate(let lhs), .evaluate(let rhs)): lhs.candidate == rhs.candidate && lhs.evaluation == rhs.evaluation && lhs.model == rhs.model
        case (.generate, .generate): true
        case (.evaluate, .generate), (.generate, .evaluate): false
        }
    }

    /// In their order, each once.
    var uniqueUnits: [TaskOrder.UnitReference] {
        guard units.count > 1 else { return units }
        var seen: Set<ContentHash> = []
        return units.filter { seen.insert($0.unit).inserted }
    }
}
