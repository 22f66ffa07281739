import AdvPOModel
import OrderedCollections

extension ClusterMachine {
    mutating func submit(_ specifications: [TaskSpecification], _ now: Tick) -> [ClusterEffect] {
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

    mutating func cancel(_ run: RunID, _ now: Tick) -> [ClusterEffect] {
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
        resting.removeAll { tasks[$0.task] == nil }
        return told.flatMap { answerHeartbeat($0, now) }
    }

    mutating func pull(_ token: RequestToken, _ session: SessionID, _ now: Tick) -> [ClusterEffect] {
        guard workers[session] != nil else { return [.unknownSession(token)] }
        workers[session]?.disconnectedSince = nil
        var effects: [ClusterEffect] = []
        // A worker has no more pulls than slots under way: an older one belongs to a connection that is gone, and a task given to it is lost for a while.
        let slots = workers[session]?.introduction.slots ?? 0
        if waitingPulls.count(where: { $0.session == session }) >= slots, let oldest = waitingPulls.firstIndex(where: { $0.session == session }) {
            effects.append(.nothing(waitingPulls.remove(at: oldest).token))
        }
        waitingPulls.append(WaitingPull(token: token, session: session, since: now))
        return effects + assign(now)
    }

    mutating func report(
        _ token: RequestToken, _ session: SessionID, _ lease: Lease, _ units: [UnitReport], _ ended: Bool, _ now: Tick
    ) -> [ClusterEffect] {
        guard workers[session] != nil else { return [.unknownSession(token)] }
        guard isCurrent(lease, of: session), var task = tasks[lease.task] else { return [.reportStale(token)] }
        var effects: [ClusterEffect] = []
        for report in units where task.remaining.removeValue(forKey: report.unit) != nil {
            effects.append(.accepted(task.specification.run, report, lease))
            task.holder?.hasFinishedUnits = true
            // What goes on is no poison: workers die of other things too, and a long task may see many of them.
            task.lostWorkers = 0
        }
        tasks[lease.task] = task
        effects.append(.reportAccepted(token))
        if task.remaining.isEmpty {
            tasks.removeValue(forKey: lease.task)
            workers[session]?.held.remove(lease.task)
        } else if ended {
            workers[session]?.held.remove(lease.task)
            // It may be draining; if it is not, it pulls again at once.
            effects += waitingPulls.filter { $0.session == session }.map { .nothing($0.token) }
            waitingPulls.removeAll { $0.session == session }
            effects += task.holder?.hasFinishedUnits == true ? requeue(lease.task) : rest(lease.task, now)
        }
        return effects + assign(now)
    }

    /// Gives waiting pulls the tasks that their workers can do: oldest pull first, tasks fair over jobs and runs.
    mutating func assign(_ now: Tick) -> [ClusterEffect] {
        guard !queue.isEmpty, !waitingPulls.isEmpty else { return [] }
        var effects: [ClusterEffect] = []
        var still: [WaitingPull] = []
        for (index, pull) in waitingPulls.enumerated() {
            guard let worker = workers[pull.session] else {
                effects.append(.unknownSession(pull.token))
                continue
            }
            let suits = { (id: UInt64) in
                tasks[id].map { worker.serves($0.specification.models, withAttachments: $0.specification.hasAttachments) } ?? false
            }
            guard let id = queue.take(where: suits), var task = tasks[id] else {
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
    mutating func takeBack(_ id: UInt64, _ now: Tick) -> [ClusterEffect] {
        guard let task = tasks[id], let holder = task.holder else { return [] }
        instruct(holder.session, toCancel: lease(id, task))
        workers[holder.session]?.held.remove(id)
        tasks[id]?.fruitlessAttempts += 1
        return requeue(id)
    }

    /// For a task that came back as it went: it waits, longer each time, before it is queued again.
    private mutating func rest(_ id: UInt64, _ now: Tick) -> [ClusterEffect] {
        tasks[id]?.fruitlessAttempts += 1
        guard let task = tasks[id], task.fruitlessAttempts < settings.fruitlessAttemptsPerTask else { return requeue(id) }
        let pause = min(settings.restMilliseconds << Int64(min(20, task.fruitlessAttempts - 1)), settings.maximumRestMilliseconds)
        tasks[id]?.holder = nil
        resting.append((id, now.adding(milliseconds: pause)))
        return []
    }

    /// Queues the tasks that have rested.
    mutating func wakeResting(_ now: Tick) {
        guard !resting.isEmpty else { return }
        for (id, until) in resting where until <= now {
            if let task = tasks[id] { queue.prepend(id, of: task.specification.run) }
        }
        resting.removeAll { $0.until <= now }
    }

    /// Queues a task again. When it has cost too many workers, the unit that they were at fails first; when it came back too often, all that is left of it.
    mutating func requeue(_ id: UInt64) -> [ClusterEffect] {
        guard var task = tasks[id] else { return [] }
        let lastLease = lease(id, task)
        task.holder = nil
        var failed: [ContentHash] = []
        var reason = ""
        if task.lostWorkers >= settings.lostWorkersPerTask {
            // Units are run in the task's order. Should a worker run them in another, the next three that are lost find the next unit.
            reason = "\(task.lostWorkers) workers were lost while they ran this sample"
            failed = [task.remaining.removeFirst().key]
            task.lostWorkers = 0
        } else if task.fruitlessAttempts >= settings.fruitlessAttemptsPerTask {
            reason = "the task came back \(task.fruitlessAttempts) times without one more sample finished; the workers' logs say why"
            failed = Array(task.remaining.keys)
            task.remaining = [:]
        }
        if task.remaining.isEmpty {
            tasks.removeValue(forKey: id)
        } else {
            tasks[id] = task
            queue.prepend(id, of: task.specification.run)
        }
        return failed.map { unit in
            let record = UnitRecord(status: .infrastructureFailure, output: "", score: nil, failureReason: reason, providerCalls: 0)
            return .accepted(task.specification.run, UnitReport(unit: unit, record: record), lastLease)
        }
    }

    func isCurrent(_ lease: Lease, of session: SessionID) -> Bool {
        guard lease.epoch == epoch, let task = tasks[lease.task], let holder = task.holder else { return false }
        return holder.session == session && task.attempt == lease.attempt
    }

    func lease(_ id: UInt64, _ task: Task) -> Lease { Lease(task: id, attempt: task.attempt, epoch: epoch) }

    func order(_ id: UInt64, _ task: Task) -> TaskOrder {
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
