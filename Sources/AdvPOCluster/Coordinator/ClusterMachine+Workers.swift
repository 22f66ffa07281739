import AdvPOModel
import OrderedCollections

extension ClusterMachine {
    mutating func hello(_ token: RequestToken, _ introduction: WorkerIntroduction, _ now: Tick) -> [ClusterEffect] {
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
        stories.joined(session, introduction)
        return effects + [.workerJoined(session, name: introduction.name), .welcome(token, session)] + assign(now)
    }

    mutating func heartbeat(_ token: RequestToken, _ session: SessionID, _ leases: [Lease], _ seen: UInt64, _ now: Tick) -> [ClusterEffect] {
        guard var worker = workers[session] else { return [.unknownSession(token)] }
        var effects: [ClusterEffect] = []
        worker.lastHeard = now
        worker.disconnectedSince = nil
        // One heartbeat waits at a time; an older one belongs to a connection that is gone.
        if let older = worker.heldHeartbeat { effects.append(.instruct(older.token, sequence: worker.instructionCount, cancel: [], drain: worker.isDraining)) }
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

    mutating func goodbye(_ token: RequestToken, _ session: SessionID, _ now: Tick) -> [ClusterEffect] {
        guard workers[session] != nil else { return [.unknownSession(token)] }
        return lose(session, reason: "left", blame: false, now) + [.instruct(token, sequence: 0, cancel: [])] + assign(now)
    }

    /// Has the worker finish what it has; it is told at once where its heartbeat is held, else with its next answer.
    mutating func drain(_ session: SessionID, _ now: Tick) -> [ClusterEffect] {
        guard let worker = workers[session], !worker.isDraining else { return [] }
        workers[session]?.isDraining = true
        stories.draining(session, worker: worker.introduction.name)
        return answerHeartbeat(session, now)
    }

    mutating func connectionLost(_ session: SessionID, _ now: Tick) -> [ClusterEffect] {
        guard var worker = workers[session] else { return [] }
        if worker.disconnectedSince == nil { worker.disconnectedSince = now }
        workers[session] = worker
        return []
    }

    mutating func tick(_ now: Tick) -> [ClusterEffect] {
        var effects: [ClusterEffect] = []
        forgiveAbsence(now)
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
        wakeResting(now)
        return effects + assign(now)
    }

    /// While the coordinator was away it heard nobody, so that time counts against no worker.
    private mutating func forgiveAbsence(_ now: Tick) {
        defer { lastTick = now }
        guard let last = lastTick else { return }
        let absence = now.milliseconds - last.milliseconds
        guard absence > settings.absenceMilliseconds else { return }
        for session in workers.keys {
            guard var worker = workers[session] else { continue }
            worker.lastHeard = min(now, worker.lastHeard.adding(milliseconds: absence))
            worker.disconnectedSince = worker.disconnectedSince.map { min(now, $0.adding(milliseconds: absence)) }
            workers[session] = worker
        }
    }

    /// Answers the held heartbeat when there is something to say, or when its time is over.
    mutating func answerHeartbeat(_ session: SessionID, _ now: Tick, evenIfEmpty: Bool = false) -> [ClusterEffect] {
        guard var worker = workers[session], let held = worker.heldHeartbeat, evenIfEmpty || !worker.unseen.isEmpty || worker.isDraining != worker.isDrainTold else { return [] }
        worker.heldHeartbeat = nil
        worker.isDrainTold = worker.isDraining
        worker.lastHeard = now
        workers[session] = worker
        return [.instruct(held.token, sequence: worker.instructionCount, cancel: worker.unseen.map(\.lease), drain: worker.isDraining)]
    }

    mutating func instruct(_ session: SessionID, toCancel lease: Lease) {
        guard var worker = workers[session], !worker.unseen.contains(where: { $0.lease == lease }) else { return }
        worker.instructionCount += 1
        worker.unseen.append((worker.instructionCount, lease))
        workers[session] = worker
    }

    /// Removes a worker and queues what it held. `blame`: its tasks count it among their lost workers.
    mutating func lose(_ session: SessionID, reason: String, blame: Bool, _ now: Tick) -> [ClusterEffect] {
        guard let worker = workers.removeValue(forKey: session) else { return [] }
        var effects: [ClusterEffect] = [.workerLost(session, name: worker.introduction.name, reason: reason)]
        stories.lost(session, worker: worker.introduction.name, reason: reason, blame: blame, tasks: Array(worker.held), now)
        for id in worker.held {
            if blame { tasks[id]?.lostWorkers += 1 }
            effects += requeue(id, now)
        }
        // Their peers are gone or will ask again; the shell must not keep them for ever.
        effects += waitingPulls.filter { $0.session == session }.map { .unknownSession($0.token) }
        waitingPulls.removeAll { $0.session == session }
        if let held = worker.heldHeartbeat { effects.append(.unknownSession(held.token)) }
        return effects
    }
}
