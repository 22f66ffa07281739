import AdvPOModel
import HeapModule
import OrderedCollections

extension ClusterMachine {
    mutating func submit(_ specifications: [TaskSpecification], _ now: Tick) -> [ClusterEffect] {
        var last: TaskHeader?
        for specification in specifications {
            precondition(!specification.work.units.isEmpty, "a task has at least one unit")
            last = enter(specification, sharing: last, now)
            if let price = specification.price { budgets.need(specification.run, units: tasks[nextTask - 1]?.remaining.count ?? 0, price) }
        }
        return assign(now)
    }

    mutating func cancel(_ run: RunID, _ now: Tick) -> [ClusterEffect] {
        guard let ids = runs[run]?.tasks else { return [] }
        var told: OrderedSet<SessionID> = []
        queue.removeAll(of: run)
        for id in ids {
            guard let task = tasks[id] else { continue }
            let held = endLeases(id)
            for session in held { told.append(session) }
            if !held.isEmpty || stories[id] != nil { stories.cancelled(id, now) }
            if task.isResting { restingCount -= 1 }
            forget(id)
        }
        budgets.needNothing(run)
        return told.flatMap { answerHeartbeat($0, now) }
    }

    mutating func pull(_ token: RequestToken, _ session: SessionID, _ now: Tick) -> [ClusterEffect] {
        guard let worker = workers[session] else { return [.unknownSession(token)] }
        workers[session]?.disconnectedSince = nil
        var effects: [ClusterEffect] = []
        // A worker has no more pulls than slots under way: an older one belongs to a connection that is gone, and a task given to it is lost for a while.
        if worker.waiting.count >= worker.introduction.slots, let oldest = worker.waiting.first {
            workers[session]?.waiting.removeFirst()
            waitingPulls.remove(oldest)
            effects.append(.nothing(oldest))
        }
        if let order = next(for: session, now) {
            effects.append(.task(token, order))
        } else {
            workers[session]?.waiting.append(token)
            waitingPulls.add(token, of: session, kind: worker.kind, since: now)
        }
        return effects
    }

    mutating func report(
        _ token: RequestToken, _ session: SessionID, _ lease: Lease, _ units: [UnitReport], ended: Bool, callsSpent: Int?, andPull: Bool, _ now: Tick
    ) -> [ClusterEffect] {
        guard workers[session] != nil else { return [.unknownSession(token)] }
        guard isCurrent(lease, of: session), let run = tasks[lease.task]?.header.run else {
            // Too late for its units, in time for what they cost.
            if ended, let callsSpent { budgets.settleLate(lease, callsSpent: callsSpent) }
            stories.stale()
            return [.reportStale(token)]
        }
        learn(from: units, of: lease.task)
        var effects: [ClusterEffect] = []
        var failed = 0
        for report in units where tasks[lease.task]?.finish(report.unit) == true {
            effects.append(.accepted(run, report, lease))
            change(lease.task, session) {
                $0.hasFinishedUnits = true
                $0.callsTold += report.record.providerCalls
            }
            budgets.answered(lease, run, report.record)
            // What goes on is no poison: workers die of other things too, and a long task may see many of them.
            tasks[lease.task]?.lostWorkers = 0
            tasks[lease.task]?.fruitlessAttempts = 0
            failed += report.record.status == .infrastructureFailure ? 1 : 0
        }
        stories.accepted(lease.task, units: effects.count, failed: failed, now)
        if tasks[lease.task]?.remaining.isEmpty == true || ended { settle(lease, callsSpent: callsSpent ?? holder(lease.task, session)?.callsTold ?? 0) }
        guard tasks[lease.task]?.remaining.isEmpty == false else {
            learnDuration(of: lease.task, session, now)
            _ = endLease(lease.task, of: session)
            // The first result wins; who else has the task drops it.
            let told = endLeases(lease.task)
            forget(lease.task)
            stories.done(lease.task, now)
            effects += told.flatMap { answerHeartbeat($0, now) }
            // Whoever reports gets the next task before those that wait: none of them waits for it.
            effects.append(.reportAccepted(token, next: andPull ? next(for: session, now) : nil))
            // What its end freed of the run's budget may pay for others.
            return effects + assign(now)
        }
        effects.append(.reportAccepted(token))
        if ended {
            // It may be draining; if it is not, it pulls again at once.
            effects += endWaitingPulls(of: session)
            let wasFruitful = holder(lease.task, session)?.hasFinishedUnits == true
            if !endLease(lease.task, of: session) { effects += wasFruitful ? giveBack(lease.task, now) : rest(lease.task, now) }
        }
        return effects + assign(now)
    }

    /// Gives waiting pulls the tasks that were queued since: oldest pull first, tasks fair over jobs and runs.
    mutating func assign(_ now: Tick) -> [ClusterEffect] {
        var effects = failUnpayable(now)
        guard !freshNeeds.isEmpty else { return effects }
        defer { freshNeeds = [] }
        guard waitingPulls.count > 0, !queue.isEmpty else { return effects }
        var kinds: OrderedSet<Int> = []
        for need in freshNeeds { kinds.append(contentsOf: suitability.kinds(serving: need).filter { waitingPulls.count(of: $0) > 0 }) }
        var lines = Heap(kinds.compactMap { kind in waitingPulls.oldest(of: kind).first.map { PullLine(arrival: $0.arrival, kind: kind) } })
        while let line = lines.popMin(), let pull = waitingPulls.oldest(of: line.kind).first {
            // A kind for which there is nothing left drops out.
            guard let worker = workers[pull.session], let id = takeTask(for: worker) else { continue }
            waitingPulls.remove(pull.token)
            workers[pull.session]?.waiting.removeAll { $0 == pull.token }
            effects.append(.task(pull.token, give(id, to: pull.session, now)))
            if let next = waitingPulls.oldest(of: line.kind).first { lines.insert(PullLine(arrival: next.arrival, kind: line.kind)) }
        }
        return effects
    }

    private struct PullLine: Comparable {
        var arrival: UInt64
        var kind: Int
        static func < (lhs: Self, rhs: Self) -> Bool { (lhs.arrival, lhs.kind) < (rhs.arrival, rhs.kind) }
    }

    /// A task that the worker can do, which asks just now, and that its run's budget pays for, leased to it.
    private mutating func next(for session: SessionID, _ now: Tick) -> TaskOrder? {
        guard let worker = workers[session], let id = takeTask(for: worker) else { return nil }
        return give(id, to: session, now)
    }

    private mutating func takeTask(for worker: Worker) -> UInt64? {
        guard let kind = worker.kind else { return nil }
        return queue.take(serving: suitability.needs(of: kind)) { id in
            tasks[id].map { budgets.pays(for: $0, keepsAllowances: worker.introduction.keepsAllowances) } ?? true
        }
    }

    /// Leases a task that was just taken from the queue.
    private mutating func give(_ id: UInt64, to session: SessionID, _ now: Tick) -> TaskOrder {
        tasks[id]?.attempt += 1
        guard let task = tasks[id] else { preconditionFailure("a queued task exists") }
        holders[id] = Holder(session: session, attempt: task.attempt, units: task.remaining.count, since: now)
        workers[session]?.held.append(id)
        stories.handedOut(id, task, to: workers[session]?.introduction.name ?? "", session, now)
        if settings.speculation != .off { watchAge(id, task.attempt, need: task.header.need) }
        let allowance = reserve(lease(id, task), for: task, keepsAllowances: workers[session]?.introduction.keepsAllowances ?? false)
        return order(id, task, callAllowance: allowance)
    }

    /// Voids every lease of a task; its workers are to drop it.
    private mutating func endLeases(_ id: UInt64) -> [SessionID] {
        let sessions = [holders[id], rivals[id]].compactMap { $0?.session }
        for session in sessions {
            guard let lease = lease(id, of: session) else { continue }
            instruct(session, toCancel: lease)
            forfeit(lease)
            _ = endLease(id, of: session)
        }
        return sessions
    }

    /// Voids a lease that its worker evidently never received.
    mutating func takeBack(_ id: UInt64, from session: SessionID, _ now: Tick) -> [ClusterEffect] {
        guard let lease = lease(id, of: session) else { return [] }
        instruct(session, toCancel: lease)
        forfeit(lease)
        stories.takenBack(id, from: workers[session]?.introduction.name ?? "", session, lease, now)
        tasks[id]?.fruitlessAttempts += 1
        return endLease(id, of: session) ? [] : requeue(id, now)
    }

    /// For a task that came back as it went: it waits, longer each time, before it is queued again.
    private mutating func rest(_ id: UInt64, _ now: Tick) -> [ClusterEffect] {
        tasks[id]?.fruitlessAttempts += 1
        guard let task = tasks[id], task.fruitlessAttempts < settings.fruitlessAttemptsPerTask else { return giveBack(id, now) }
        let pause = min(settings.restMilliseconds << Int64(min(20, task.fruitlessAttempts - 1)), settings.maximumRestMilliseconds)
        stories.givenBack(id, pauseMilliseconds: pause, now)
        tasks[id]?.isResting = true
        tasks[id]?.queuedSince = now
        restingCount += 1
        resting.insert(Timer(time: now.adding(milliseconds: pause), owner: id))
        return []
    }

    private mutating func giveBack(_ id: UInt64, _ now: Tick) -> [ClusterEffect] {
        stories.givenBack(id, pauseMilliseconds: 0, now)
        return requeue(id, now)
    }

    /// Queues the tasks that have rested.
    mutating func wakeResting(_ now: Tick) {
        while let timer = resting.min, timer.time <= now {
            resting.removeMin()
            guard tasks[timer.owner]?.isResting == true else { continue }
            tasks[timer.owner]?.isResting = false
            restingCount -= 1
            putBack(timer.owner)
        }
    }

    /// Queues a task that nobody has any more. When it has cost too many workers, the unit that they were at fails first; when it came back too often,
    /// all that is left of it.
    mutating func requeue(_ id: UInt64, _ now: Tick) -> [ClusterEffect] {
        guard let task = tasks[id] else { return [] }
        tasks[id]?.queuedSince = now
        let failed: ArraySlice<TaskOrder.UnitReference>
        let reason: String
        if task.lostWorkers >= settings.lostWorkersPerTask {
            // Units are run in the task's order. Should a worker run them in another, the next three that are lost find the next unit.
            reason = "\(task.lostWorkers) workers were lost while they ran this sample"
            failed = task.remaining.prefix(1)
            tasks[id]?.lostWorkers = 0
        } else if task.fruitlessAttempts >= settings.fruitlessAttemptsPerTask {
            reason = "the task came back \(task.fruitlessAttempts) times without one more sample finished; the workers' logs say why"
            failed = task.remaining[...]
        } else {
            putBack(id)
            return []
        }
        tasks[id]?.remaining.removeFirst(failed.count)
        if let price = task.header.price { budgets.need(task.header.run, units: -failed.count, price) }
        if failed.count == task.remaining.count {
            forget(id)
            stories.failed(id, task.header.run, reason: reason, now)
        } else {
            putBack(id)
        }
        return failures(failed, of: task.header.run, lease(id, task), reason)
    }

    func isCurrent(_ lease: Lease, of session: SessionID) -> Bool {
        lease.epoch == epoch && holder(lease.task, session)?.attempt == lease.attempt
    }

    func lease(_ id: UInt64, _ task: Task) -> Lease { Lease(task: id, attempt: task.attempt, epoch: epoch) }

    func order(_ id: UInt64, _ task: Task, callAllowance: Int?) -> TaskOrder {
        TaskOrder(
            lease: lease(id, task), run: task.header.run, iteration: task.header.iteration, work: task.header.work.with(units: task.remaining),
            callAllowance: callAllowance)
    }
}
