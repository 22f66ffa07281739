import AdvPOModel
import HeapModule
import OrderedCollections

extension ClusterMachine {
    mutating func hello(_ token: RequestToken, _ introduction: WorkerIntroduction, _ now: Tick) -> [ClusterEffect] {
        var effects: [ClusterEffect] = []
        // The same process says hello again when it missed the welcome or lost its session: what it held, it has dropped.
        if let old = sessionsByInstance[introduction.instance] { effects += lose(old, reason: "said hello again", blame: false, now) }
        guard workers.count < settings.maximumWorkers else {
            return effects + [.refuse(token, "the coordinator already has \(workers.count) workers, its limit; stop some or raise the limit")] + assign(now)
        }
        let session = SessionID(nextSession)
        nextSession += 1
        let kind = suitability.addWorker(models: introduction.models, sendsAttachments: introduction.sendsAttachments, slots: introduction.slots)
        workers[session] = Worker(introduction: introduction, kind: kind, lastHeard: now, timer: now.adding(milliseconds: settings.silenceMilliseconds))
        timers.insert(Timer(time: now.adding(milliseconds: settings.silenceMilliseconds), owner: session))
        sessions.append(session)
        sessionsByInstance[introduction.instance] = session
        if introduction.sharesRates { rates.join(session, models: Set(introduction.models)) }
        stories.joined(session, introduction)
        return effects + [.workerJoined(session, name: introduction.name), .welcome(token, session)] + assign(now)
    }

    mutating func heartbeat(
        _ token: RequestToken, _ session: SessionID, _ leases: [Lease], _ seen: UInt64, _ usage: [ModelUsage], _ now: Tick
    ) -> [ClusterEffect] {
        guard workers[session] != nil else { return [.unknownSession(token)] }
        var effects: [ClusterEffect] = []
        workers[session]?.lastHeard = now
        workers[session]?.disconnectedSince = nil
        // One heartbeat waits at a time; an older one belongs to a connection that is gone.
        if let older = workers[session]?.heldHeartbeat {
            // It says nothing, and so counts nothing as seen.
            effects.append(.instruct(older.token, sequence: 0, cancel: []))
        }
        workers[session]?.heldHeartbeat = (token, now)
        workers[session]?.unseen.removeAll { $0.sequence <= seen }
        if let drain = workers[session]?.drainInstruction, drain <= seen { workers[session]?.drainInstruction = nil }
        rates.used(session, usage, seen: seen, at: now)

        let named = Set(leases)
        for lease in leases where !isCurrent(lease, of: session) { instruct(session, toCancel: lease) }
        var undelivered: [UInt64] = []
        let patience = settings.leaseDeliveryMilliseconds
        for id in workers[session]?.held ?? [] {
            guard let lease = lease(id, of: session) else { continue }
            change(id, session) { holder in
                holder.unnamed = named.contains(lease) ? 0 : holder.unnamed + 1
                if holder.unnamed >= 2, now.milliseconds - holder.since.milliseconds >= patience { undelivered.append(id) }
            }
        }
        for id in undelivered { effects += takeBack(id, from: session, now) }
        effects += answerHeartbeat(session, now)
        setTimer(session)
        return effects + assign(now)
    }

    mutating func goodbye(_ token: RequestToken, _ session: SessionID, _ now: Tick) -> [ClusterEffect] {
        guard workers[session] != nil else { return [.unknownSession(token)] }
        return lose(session, reason: "left", blame: false, now) + [.instruct(token, sequence: 0, cancel: [])] + assign(now)
    }

    /// Has the worker finish what it has; it is told at once where its heartbeat is held, else with its next answer.
    mutating func drain(_ session: SessionID, _ now: Tick) -> [ClusterEffect] {
        guard let worker = workers[session], let kind = worker.kind else { return [] }
        suitability.removeWorker(kind, slots: worker.introduction.slots)
        workers[session]?.kind = nil
        workers[session]?.instructionCount += 1
        workers[session]?.drainInstruction = worker.instructionCount + 1
        stories.draining(session, worker: worker.introduction.name)
        return answerHeartbeat(session, now) + endWaitingPulls(of: session)
    }

    mutating func connectionLost(_ session: SessionID, _ now: Tick) -> [ClusterEffect] {
        guard let worker = workers[session], worker.disconnectedSince == nil else { return [] }
        workers[session]?.disconnectedSince = now
        setTimer(session)
        return []
    }

    mutating func tick(_ now: Tick) -> [ClusterEffect] {
        var effects: [ClusterEffect] = []
        forgiveAbsence(now)
        while let timer = timers.min, timer.time <= now {
            timers.removeMin()
            // One that is not the worker's earliest was set before another took its place.
            guard workers[timer.owner]?.timer == timer.time else { continue }
            effects += look(at: timer.owner, now)
        }
        for pull in waitingPulls.takeThose(until: now.adding(milliseconds: -settings.pullMilliseconds)) {
            workers[pull.session]?.waiting.removeAll { $0 == pull.token }
            effects.append(.nothing(pull.token))
        }
        wakeResting(now)
        tryParkedAgain()
        effects += rates.tick(now).flatMap { answerHeartbeat($0, now) }
        effects += assign(now)
        return effects + speculate(now)
    }

    /// Does what a worker's timer was set for, and sets it anew.
    private mutating func look(at session: SessionID, _ now: Tick) -> [ClusterEffect] {
        guard let worker = workers[session] else { return [] }
        if now.milliseconds - worker.lastHeard.milliseconds >= settings.silenceMilliseconds {
            return lose(session, reason: "silent for \(settings.silenceMilliseconds / 1_000) s", blame: true, now)
        }
        if let since = worker.disconnectedSince, now.milliseconds - since.milliseconds >= settings.reconnectMilliseconds {
            return lose(session, reason: "its connection broke", blame: true, now)
        }
        var effects: [ClusterEffect] = []
        if let held = worker.heldHeartbeat, now.milliseconds - held.since.milliseconds >= settings.heartbeatMilliseconds {
            effects = answerHeartbeat(session, now, evenIfEmpty: true)
        }
        guard let next = workers[session].map(nextLook) else { return effects }
        workers[session]?.timer = next
        timers.insert(Timer(time: next, owner: session))
        return effects
    }

    /// Has a worker looked at earlier than planned, if something of it is due earlier. What is due later is seen when the timer is over.
    private mutating func setTimer(_ session: SessionID) {
        guard let worker = workers[session] else { return }
        let next = nextLook(worker)
        guard next < worker.timer else { return }
        workers[session]?.timer = next
        timers.insert(Timer(time: next, owner: session))
    }

    private func nextLook(_ worker: Worker) -> Tick {
        var next = worker.lastHeard.adding(milliseconds: settings.silenceMilliseconds)
        if let since = worker.disconnectedSince { next = min(next, since.adding(milliseconds: settings.reconnectMilliseconds)) }
        if let held = worker.heldHeartbeat { next = min(next, held.since.adding(milliseconds: settings.heartbeatMilliseconds)) }
        return next
    }

    /// While the coordinator was away it heard nobody, so that time counts against no worker. Rare, hence the walk over all of them.
    private mutating func forgiveAbsence(_ now: Tick) {
        defer { lastTick = now }
        guard let last = lastTick else { return }
        let absence = now.milliseconds - last.milliseconds
        guard absence > settings.absenceMilliseconds else { return }
        for session in sessions {
            guard let worker = workers[session] else { continue }
            workers[session]?.lastHeard = min(now, worker.lastHeard.adding(milliseconds: absence))
            workers[session]?.disconnectedSince = worker.disconnectedSince.map { min(now, $0.adding(milliseconds: absence)) }
        }
    }

    /// Answers the held heartbeat when there is something to say, or when its time is over.
    mutating func answerHeartbeat(_ session: SessionID, _ now: Tick, evenIfEmpty: Bool = false) -> [ClusterEffect] {
        guard let worker = workers[session], let held = worker.heldHeartbeat else { return [] }
        guard evenIfEmpty || !worker.unseen.isEmpty || worker.drainInstruction != nil || rates.wantsWord(session, now) else { return [] }
        var sequence = worker.instructionCount
        let shares = rates.word(for: session, counting: &sequence, at: now)
        workers[session]?.instructionCount = sequence
        workers[session]?.heldHeartbeat = nil
        workers[session]?.lastHeard = now
        return [
            .instruct(
                held.token, sequence: sequence, cancel: worker.unseen.map(\.lease), drain: worker.drainInstruction != nil, shares: shares)
        ]
    }

    mutating func endWaitingPulls(of session: SessionID) -> [ClusterEffect] {
        guard let waiting = workers[session]?.waiting else { return [] }
        workers[session]?.waiting = []
        for token in waiting { waitingPulls.remove(token) }
        return waiting.map { .nothing($0) }
    }

    mutating func instruct(_ session: SessionID, toCancel lease: Lease) {
        guard let worker = workers[session], !worker.unseen.contains(where: { $0.lease == lease }) else { return }
        workers[session]?.instructionCount += 1
        workers[session]?.unseen.append((worker.instructionCount + 1, lease))
    }

    /// Removes a worker and queues what it held. `blame`: its tasks count it among their lost workers.
    mutating func lose(_ session: SessionID, reason: String, blame: Bool, _ now: Tick) -> [ClusterEffect] {
        guard let worker = workers.removeValue(forKey: session) else { return [] }
        sessionsByInstance.removeValue(forKey: worker.introduction.instance)
        if sessions.count > 2 * workers.count + 64 { sessions.removeAll { workers[$0] == nil } }
        if let kind = worker.kind { suitability.removeWorker(kind, slots: worker.introduction.slots) }
        rates.leave(session)
        var effects: [ClusterEffect] = [.workerLost(session, name: worker.introduction.name, reason: reason)]
        stories.lost(session, worker: worker.introduction.name, reason: reason, blame: blame, tasks: Array(worker.held), now)
        for id in worker.held {
            if blame { tasks[id]?.lostWorkers += 1 }
            if let lease = lease(id, of: session) { forfeit(lease) }
            if !endLease(id, of: session) { effects += requeue(id, now) }
        }
        // Their peers are gone or will ask again; the shell must not keep them for ever.
        for token in worker.waiting {
            waitingPulls.remove(token)
            effects.append(.unknownSession(token))
        }
        if let held = worker.heldHeartbeat { effects.append(.unknownSession(held.token)) }
        return effects
    }
}
