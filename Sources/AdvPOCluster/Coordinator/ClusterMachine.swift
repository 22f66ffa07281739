package import AdvPOModel
import OrderedCollections

/// Hands tasks to workers and takes their reports: the coordinator's half of the cluster, without I/O or clock.
///
/// A task is **queued** (in its run's queue), then **leased** (to one session, under one attempt), then gone: its last unit was accepted,
/// its run was cancelled, or it failed. A leased task returns to the queue when its worker is lost, leaves, gives it back, or
/// evidently never received it. Each lease's attempt is higher than the one before, so a late report of an old one never counts.
///
/// A worker is **present** from hello until it says goodbye, is silent for too long, or its broken connection does not return.
///
/// Invalid events: ours (a request token used twice) trap; the peer's (an unknown session, a lease it does not hold) get an answer
/// that says so; harmless ones (a unit reported again, a broken connection of a worker already lost) are ignored.
package struct ClusterMachine: Sendable {
    private let settings: ClusterSettings
    /// The fence: leases of another epoch are never current.
    package let epoch: UInt64
    private var workers: OrderedDictionary<SessionID, Worker> = [:]
    private var tasks: OrderedDictionary<UInt64, Task> = [:]
    private var queue = FairQueue()
    private var waitingPulls: [WaitingPull] = []
    private var nextTask: UInt64 = 1
    private var nextSession: UInt64

    private struct Worker: Sendable {
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
    }

    private struct Task: Sendable {
        var specification: TaskSpecification
        /// Units without an accepted record, in the task's order.
        var remaining: OrderedDictionary<ContentHash, TaskOrder.UnitReference>
        var attempt: UInt32 = 0
        var lostWorkers = 0
        var holder: Holder?

        struct Holder: Sendable {
            var session: SessionID
            var since: Tick
            /// Heartbeats in a row that did not name the lease.
            var unnamed = 0
        }
    }

    private struct WaitingPull: Sendable {
        var token: RequestToken
        var session: SessionID
        var since: Tick
    }

    /// - Parameter epoch: the coordinator's start on its data directory; sessions are numbered so that none repeats across epochs.
    package init(settings: ClusterSettings, epoch: UInt64) {
        self.settings = settings
        self.epoch = epoch
        nextSession = epoch << 32 | 1
    }

    package var workerCount: Int { workers.count }
    package var queuedTaskCount: Int { queue.count }
    package var leasedTaskCount: Int { tasks.values.count { $0.holder != nil } }
    /// Slots of all workers that serve every one of these models.
    package func slots(serving models: [String]) -> Int {
        workers.values.reduce(0) { $0 + (models.allSatisfy($1.models.contains) ? $1.introduction.slots : 0) }
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
        case .tick: tick(now)
        }
    }
}

// MARK: - Workers

extension ClusterMachine {
    private mutating func hello(_ token: RequestToken, _ introduction: WorkerIntroduction, _ now: Tick) -> [ClusterEffect] {
        var effects: [ClusterEffect] = []
        // The same process says hello again when it missed the welcome or lost its session: what it held, it has dropped.
        if let old = workers.first(where: { $0.value.introduction.instance == introduction.instance })?.key {
            effects += lose(old, reason: "said hello again", blame: false, now)
        }
        guard workers.count < settings.maximumWorkers else {
            return effects + [.refuse(token, "the coordinator already has \(workers.count) workers, its limit; stop some or raise the limit")]
        }
        let session = SessionID(nextSession)
        nextSession += 1
        workers[session] = Worker(introduction: introduction, models: Set(introduction.models), lastHeard: now)
        return effects + [.workerJoined(session, name: introduction.name), .welcome(token, session)] + assign(now)
    }

    private mutating func heartbeat(_ token: RequestToken, _ session: SessionID, _ leases: [Lease], _ seen: UInt64, _ now: Tick) -> [ClusterEffect] {
        guard var worker = workers[session] else { return [.unknownSession(token)] }
        var effects: [ClusterEffect] = []
        worker.lastHeard = now
        worker.disconnectedSince = nil
        // One heartbeat waits at a time; an older one belongs to a connection that is gone.
        if let older = worker.heldHeartbeat { effects.append(.instruct(older.token, sequence: worker.instructionCount, cancel: [])) }
        worker.heldHeartbeat = (token, now)
        worker.unseen.removeAll { $0.sequence <= seen }
        workers[session] = worker

        let named = Set(leases)
        for lease in leases where !isCurrent(lease, of: session) { instruct(session, toCancel: lease) }
        var undelivered: [UInt64] = []
        for id in worker.held {
            guard var task = tasks[id], var holder = task.holder else { continue }
            holder.unnamed = named.contains(lease(id, task)) ? 0 : holder.unnamed + 1
            if holder.unnamed >= 2, now.milliseconds - holder.since.milliseconds >= settings.leaseDeliveryMilliseconds { undelivered.append(id) }
            task.holder = holder
            tasks[id] = task
        }
        for id in undelivered { effects += takeBack(id, now) }
        return effects + answerHeartbeat(session, now) + assign(now)
    }

    private mutating func goodbye(_ token: RequestToken, _ session: SessionID, _ now: Tick) -> [ClusterEffect] {
        guard workers[session] != nil else { return [.unknownSession(token)] }
        return lose(session, reason: "left", blame: false, now) + [.instruct(token, sequence: 0, cancel: [])] + assign(now)
    }

    private mutating func connectionLost(_ session: SessionID, _ now: Tick) -> [ClusterEffect] {
        guard var worker = workers[session] else { return [] }
        if worker.disconnectedSince == nil { worker.disconnectedSince = now }
        workers[session] = worker
        return []
    }

    private mutating func tick(_ now: Tick) -> [ClusterEffect] {
        var effects: [ClusterEffect] = []
        for (session, worker) in workers {
            if now.milliseconds - worker.lastHeard.milliseconds >= settings.silenceMilliseconds {
                effects += lose(session, reason: "silent for \(settings.silenceMilliseconds / 1_000) s", blame: true, now)
            } else if let since = worker.disconnectedSince, now.milliseconds - since.milliseconds >= settings.reconnectMilliseconds {
                effects += lose(session, reason: "its connection broke", blame: true, now)
            } else if let held = worker.heldHeartbeat, now.milliseconds - held.since.milliseconds >= settings.heartbeatMilliseconds {
                effects += answerHeartbeat(session, now, evenIfEmpty: true)
            }
        }
        let (expired, waiting) = (
            waitingPulls.filter { now.milliseconds - $0.since.milliseconds >= settings.pullMilliseconds },
            waitingPulls.filter { now.milliseconds - $0.since.milliseconds < settings.pullMilliseconds }
        )
        waitingPulls = waiting
        effects += expired.map { .nothing($0.token) }
        return effects + assign(now)
    }

    /// Answers the held heartbeat when there is something to say, or when its time is over.
    private mutating func answerHeartbeat(_ session: SessionID, _ now: Tick, evenIfEmpty: Bool = false) -> [ClusterEffect] {
        guard var worker = workers[session], let held = worker.heldHeartbeat, evenIfEmpty || !worker.unseen.isEmpty else { return [] }
        worker.heldHeartbeat = nil
        worker.lastHeard = now
        workers[session] = worker
        return [.instruct(held.token, sequence: worker.instructionCount, cancel: worker.unseen.map(\.lease))]
    }

    private mutating func instruct(_ session: SessionID, toCancel lease: Lease) {
        guard var worker = workers[session], !worker.unseen.contains(where: { $0.lease == lease }) else { return }
        worker.instructionCount += 1
        worker.unseen.append((worker.instructionCount, lease))
        workers[session] = worker
    }

    /// Removes a worker and queues what it held. `blame`: its tasks count it among their lost workers.
    private mutating func lose(_ session: SessionID, reason: String, blame: Bool, _ now: Tick) -> [ClusterEffect] {
        guard let worker = workers.removeValue(forKey: session) else { return [] }
        var effects: [ClusterEffect] = [.workerLost(session, name: worker.introduction.name, reason: reason)]
        for id in worker.held {
            if blame { tasks[id]?.lostWorkers += 1 }
            effects += requeue(id)
        }
        // Their peers are gone or will ask again; the shell must not keep them for ever.
        effects += waitingPulls.filter { $0.session == session }.map { .unknownSession($0.token) }
        waitingPulls.removeAll { $0.session == session }
        if let held = worker.heldHeartbeat { effects.append(.unknownSession(held.token)) }
        return effects
    }
}

// MARK: - Tasks

extension ClusterMachine {
    private mutating func submit(_ specifications: [TaskSpecification], _ now: Tick) -> [ClusterEffect] {
        for specification in specifications {
            let units = specification.work.units
            precondition(!units.isEmpty, "a task has at least one unit")
            tasks[nextTask] = Task(
                specification: specification, remaining: OrderedDictionary(units.map { ($0.unit, $0) }, uniquingKeysWith: { first, _ in first }))
            queue.append(nextTask, of: specification.run)
            nextTask += 1
        }
        return assign(now)
    }

    private mutating func cancel(_ run: RunID, _ now: Tick) -> [ClusterEffect] {
        var told: OrderedSet<SessionID> = []
        for (id, task) in tasks where task.specification.run == run {
            if let holder = task.holder {
                instruct(holder.session, toCancel: lease(id, task))
                workers[holder.session]?.held.remove(id)
                told.append(holder.session)
            }
        }
        tasks.removeAll { $0.value.specification.run == run }
        queue.removeAll(of: run)
        return told.flatMap { answerHeartbeat($0, now) }
    }

    private mutating func pull(_ token: RequestToken, _ session: SessionID, _ now: Tick) -> [ClusterEffect] {
        guard workers[session] != nil else { return [.unknownSession(token)] }
        workers[session]?.disconnectedSince = nil
        waitingPulls.append(WaitingPull(token: token, session: session, since: now))
        return assign(now)
    }

    private mutating func report(
        _ token: RequestToken, _ session: SessionID, _ lease: Lease, _ units: [UnitReport], _ ended: Bool, _ now: Tick
    ) -> [ClusterEffect] {
        guard workers[session] != nil else { return [.unknownSession(token)] }
        guard isCurrent(lease, of: session), var task = tasks[lease.task] else { return [.reportStale(token)] }
        var effects: [ClusterEffect] = []
        for report in units where task.remaining.removeValue(forKey: report.unit) != nil {
            effects.append(.accepted(task.specification.run, report, lease))
        }
        tasks[lease.task] = task
        effects.append(.reportAccepted(token))
        if task.remaining.isEmpty {
            tasks.removeValue(forKey: lease.task)
            workers[session]?.held.remove(lease.task)
        } else if ended {
            workers[session]?.held.remove(lease.task)
            effects += requeue(lease.task)
        }
        return effects + assign(now)
    }

    /// Gives waiting pulls the tasks that their workers can do: oldest pull first, tasks fair over jobs and runs.
    private mutating func assign(_ now: Tick) -> [ClusterEffect] {
        guard !queue.isEmpty, !waitingPulls.isEmpty else { return [] }
        var effects: [ClusterEffect] = []
        var still: [WaitingPull] = []
        for (index, pull) in waitingPulls.enumerated() {
            guard let models = workers[pull.session]?.models else {
                effects.append(.unknownSession(pull.token))
                continue
            }
            guard let id = queue.take(where: { id in tasks[id].map { $0.specification.models.allSatisfy(models.contains) } ?? false }), var task = tasks[id] else {
                still.append(pull)
                if queue.isEmpty {
                    still += waitingPulls[(index + 1)...]
                    break
                }
                continue
            }
            task.attempt += 1
            task.holder = Task.Holder(session: pull.session, since: now)
            tasks[id] = task
            workers[pull.session]?.held.append(id)
            effects.append(.task(pull.token, order(id, task)))
        }
        waitingPulls = still
        return effects
    }

    /// Voids a lease that its worker evidently never received.
    private mutating func takeBack(_ id: UInt64, _ now: Tick) -> [ClusterEffect] {
        guard let task = tasks[id], let holder = task.holder else { return [] }
        instruct(holder.session, toCancel: lease(id, task))
        workers[holder.session]?.held.remove(id)
        return requeue(id)
    }

    /// Queues a task again, or fails what is left of it when it has cost too many workers or tries.
    private mutating func requeue(_ id: UInt64) -> [ClusterEffect] {
        guard var task = tasks[id] else { return [] }
        let lastLease = lease(id, task)
        task.holder = nil
        guard task.lostWorkers < settings.lostWorkersPerTask, task.attempt < settings.attemptsPerTask else {
            tasks.removeValue(forKey: id)
            let reason = task.lostWorkers >= settings.lostWorkersPerTask
                ? "\(task.lostWorkers) workers were lost while they ran this task"
                : "the task was handed out \(task.attempt) times and never finished"
            return task.remaining.keys.map { unit in
                let record = UnitRecord(status: .infrastructureFailure, output: "", score: nil, failureReason: reason, providerCalls: 0)
                return .accepted(task.specification.run, UnitReport(unit: unit, record: record), lastLease)
            }
        }
        tasks[id] = task
        queue.prepend(id, of: task.specification.run)
        return []
    }

    private func isCurrent(_ lease: Lease, of session: SessionID) -> Bool {
        guard lease.epoch == epoch, let task = tasks[lease.task], let holder = task.holder else { return false }
        return holder.session == session && task.attempt == lease.attempt
    }

    private func lease(_ id: UInt64, _ task: Task) -> Lease { Lease(task: id, attempt: task.attempt, epoch: epoch) }

    private func order(_ id: UInt64, _ task: Task) -> TaskOrder {
        let units = Array(task.remaining.values)
        let work: TaskOrder.Work =
            switch task.specification.work {
            case .evaluate(let work):
                .evaluate(TaskOrder.EvaluateWork(model: work.model, candidate: work.candidate, evaluation: work.evaluation, units: units))
            case .generate: .generate(TaskOrder.GenerateWork(units: units))
            }
        return TaskOrder(lease: lease(id, task), run: task.specification.run, iteration: task.specification.iteration, work: work)
    }
}
