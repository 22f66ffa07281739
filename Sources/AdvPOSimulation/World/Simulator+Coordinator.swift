import AdvPOBedrock
import AdvPOCluster
import AdvPOCoordinator
import AdvPOModel
import AdvPOStore
import AdvPOWire
import OrderedCollections

extension Simulator {
    mutating func startCoordinator() {
        guard coordinator == nil else { return }
        guard diskFullUntil <= now else {
            // It says why and ends; what looks after it starts it again.
            at(now + 1_000, .coordinatorStarts)
            return
        }
        let epoch = defect == .repeatsEpochs && durable.epoch > 0 ? durable.epoch : durable.epoch + 1
        if epoch > durable.epoch { commit([.epoch(epoch)]) }
        coordinator = SimulatedCoordinator(
            incarnation: coordinatorLives + 1, brain: CoordinatorBrain(settings: configuration.cluster, epoch: epoch, unitsPerTask: configuration.unitsPerTask),
            epoch: epoch)
        coordinatorLives += 1
        for (id, plan) in plans {
            // A job that never reached the disk was never acknowledged: its user submits it again.
            guard let stored = durable.jobs[id], let status = JobStatus(rawValue: stored.status), !status.isTerminal else { continue }
            var units = plan.runs.flatMap { durable.units[$0].map { Array($0.values) } ?? [] }
            if defect == .forgetsUnitsAtStart, !units.isEmpty { units.removeLast() }
            coordinator?.admitted.insert(id)
            let spending = plan.runs.compactMap { durable.spendings[$0] }
            post(.admitted(plan, clientToken: nil, status: status, units: units, spending: defect == .forgetsSpending ? [] : spending, isNew: false))
        }
        // Of a job that ended just before a crash nobody was told: its user sees it now.
        for job in deletedByUser where durable.ended.contains(job) && !durable.deleted.contains(job) { at(now + 1_000, .userDeletes(job)) }
        for job in stoppedDuringRestart where coordinatorLives > 1 && durable.jobs[job] != nil {
            faults[.userStopsDuringRestart] += 1
            stoppedDuringRestart.remove(job)
            at(now, .userStops(job))
        }
    }

    mutating func post(_ event: BrainEvent) {
        guard coordinator != nil else { return }
        coordinator?.mailbox.append(event)
        startCommit()
    }

    mutating func startCommit() {
        // Taken out, so that the brain is changed in place.
        guard coordinator?.committing == nil, coordinator?.mailbox.isEmpty == false, var state = coordinator else { return }
        if coordinatorSuspendedUntil > now {
            if state.mailbox.count == 1 { at(coordinatorSuspendedUntil, .coordinatorGoesOn) }
            return
        }
        coordinator = nil
        var batch = SimulatedCoordinator.Batch(records: [], effects: [])
        let moment = Moment(tick: Tick(milliseconds: now), millisecondsSince1970: now + wallOffset)
        let events = state.mailbox
        state.mailbox = []
        state.tickWaits = false
        for event in events {
            for effect in state.brain.handle(event, at: moment) {
                if case .persist(let record) = effect { batch.records.append(record) } else { batch.effects.append(effect) }
            }
        }
        batch.records += state.brain.takeSpending()
        let time = commitTime(batch.records)
        if defect == .sendsBeforePersisting {
            let early = batch.effects.filter { if case .reply = $0 { true } else { false } }
            batch.effects.removeAll { if case .reply = $0 { true } else { false } }
            state.committing = batch
            coordinator = state
            for effect in early { carryOut(effect) }
        } else {
            state.committing = batch
            coordinator = state
        }
        at(now + time, .commitEnds(incarnation: state.incarnation))
    }

    mutating func commitEnds(_ incarnation: Int) {
        guard coordinator?.incarnation == incarnation, let batch = coordinator?.committing else { return }
        if !batch.records.isEmpty {
            // As the real shell: nothing is said before it is durable, and a full disk is tried again every second.
            guard diskFullUntil <= now else {
                at(now + 1_000, .commitEnds(incarnation: incarnation))
                return
            }
            if strikes(.crashInTransaction) {
                endCoordinator(startingAgainIn: 3_000)
                return
            }
        }
        coordinator?.committing = nil
        commit(batch.records)
        let sent = !batch.records.isEmpty && strikes(.crashBeforeSending) ? random(below: max(1, batch.effects.count)) : batch.effects.count
        for effect in batch.effects.prefix(sent) { carryOut(effect) }
        if sent < batch.effects.count { endCoordinator(startingAgainIn: 3_000) } else { startCommit() }
    }

    /// A crash finds the disk before, or after, the transaction under way: never in between.
    mutating func crashCoordinator() {
        guard let state = coordinator else { return }
        if let batch = state.committing, diskFullUntil <= now, random(below: 2) == 0 { commit(batch.records) }
        endCoordinator(startingAgainIn: 5_000)
    }

    /// What is being made durable is answered, then it ends.
    mutating func restartCoordinator() {
        guard let state = coordinator else { return }
        if let batch = state.committing, diskFullUntil <= now {
            coordinator?.committing = nil
            coordinator?.mailbox = []
            commit(batch.records)
            for effect in batch.effects { carryOut(effect) }
        }
        endCoordinator(startingAgainIn: 1_000)
    }

    private mutating func endCoordinator(startingAgainIn milliseconds: Int) {
        guard let state = coordinator else { return }
        coordinator = nil
        coordinatorSuspendedUntil = 0
        // Whoever waits for an answer sees the connection break.
        for id in state.requestsByToken.values where requests[id] != nil { at(now + 1 + Int64(random(below: 5)), .requestFails(id)) }
        at(now + Int64(100 + random(below: milliseconds)), .coordinatorStarts)
    }

    private mutating func carryOut(_ effect: BrainEffect) {
        switch effect {
        case .persist: preconditionFailure("committed before")
        case .reply(let reply): deliver(reply)
        case .publish(_, let blob): content[blob.hash] = blob.bytes
        case .writeResults(let job):
            guard defect != .forgetsResults else { return }
            let tries = strikes(.resultsUnwritable) ? 1 + random(below: 5) : 0
            // As the real shell: a second, then twice as long each time.
            let pauses = (1_000 << tries) - 1_000
            at(now + Int64(pauses + random(below: 200)), .resultsWritten(incarnation: coordinator?.incarnation ?? 0, job))
        case .ended(let job):
            post(.forget(job))
            if deletedByUser.contains(job) { at(now + Int64(random(below: 2_000)), .userDeletes(job)) }
        // The simulated jobs have no files.
        case .publishStored, .changed, .log: break
        }
    }

    private mutating func deliver(_ effect: ClusterEffect) {
        guard let token = effect.answeredToken, let state = coordinator, let id = state.requestsByToken[token] else { return }
        coordinator?.requestsByToken.removeValue(forKey: token)
        let bytes: [UInt8]
        if witness.isControl(id) {
            var reply = WireEdge.controlReply(to: effect, epoch: state.epoch, settings: configuration.cluster)
            if defect == .swallowsCancellations, case .instructions(var said) = reply {
                said.cancel = []
                reply = .instructions(said)
            }
            witness.answered(id, reply)
            if case .welcome(let welcome) = reply, let worker = requests[id]?.worker { workers[worker].session = SessionID(welcome.session) }
            bytes = reply.encoded()
        } else {
            var reply = WireEdge.workReply(to: effect)
            if defect == .acceptsStaleLeases, reply == .stale { reply = .accepted() }
            if defect == .starvesOneJob {
                if case .task(let order) = reply, order.run.job == plans.keys.last { return }
                if case .accepted(let order?) = reply, order.run.job == plans.keys.last { reply = .accepted() }
            }
            witness.answered(id, reply, durable)
            bytes = reply.encoded()
        }
        if requests[id] != nil { travel(.replyArrives(id, bytes), failing: id) }
    }

    mutating func requestArrives(_ id: UInt64, _ isControl: Bool, _ bytes: [UInt8]) {
        guard coordinator != nil else {
            at(now + 1, .requestFails(id))
            return
        }
        let token = RequestToken(coordinator?.nextToken ?? 0)
        coordinator?.nextToken += 1
        do {
            if isControl {
                let request = try ControlRequest(decoding: bytes, limits: WireLimits())
                witness.asked(id, request)
                switch WireEdge.event(for: known(request), token: token) {
                case .success(let event):
                    coordinator?.requestsByToken[token] = id
                    post(.cluster(event))
                case .failure(let refusal): refuse(id, request, refusal)
                }
            } else {
                let request = try WorkRequest(decoding: bytes, limits: WireLimits())
                witness.asked(id, request)
                guard let event = WireEdge.event(for: request, token: token) else { return }
                coordinator?.requestsByToken[token] = id
                post(.cluster(event))
            }
        } catch {
            shellViolations.append("the codec did not understand its own message: \(error)")
        }
    }

    private mutating func refuse(_ id: UInt64, _ request: ControlRequest, _ refusal: WireEdge.Refusal) {
        if case .hello(let hello) = request, hello.version.major == WireVersion.current.major {
            shellViolations.append("a worker of the same major version was refused: \(refusal.reason)")
        }
        if requests[id] != nil { travel(.replyArrives(id, ControlReply.refused(refusal.reason).encoded()), failing: id) }
    }

    /// As it came, but for a planted defect of the edge.
    private func known(_ request: ControlRequest) -> ControlRequest {
        guard defect == .admitsOtherMajors, case .hello(var hello) = request, hello.version.major != WireVersion.current.major else { return request }
        hello = ControlRequest.Hello(version: .current, instance: "foreign", name: "foreign", slots: 1, models: [])
        return .hello(hello)
    }
}
