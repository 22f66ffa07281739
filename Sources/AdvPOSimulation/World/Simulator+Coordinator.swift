import AdvPOBedrock
import AdvPOCluster
import AdvPOCoordinator
import AdvPOModel
import AdvPOStore
import AdvPOWire
import OrderedCollections

/// The shell around the brain, simulated: a mailbox, a disk that takes its time, and a life that can end at any moment.
struct SimulatedCoordinator {
    var incarnation: Int
    var brain: CoordinatorBrain
    var epoch: UInt64
    /// False while its jobs are being read back.
    var isUp = true
    var mailbox: [BrainEvent] = []
    /// The transaction under way with the effects that follow it.
    var committing: (records: [StoreRecord], effects: [BrainEffect])?
    /// Which request a token answers.
    var requestsByToken: OrderedDictionary<RequestToken, UInt64> = [:]
    var nextToken: UInt64 = 1
    var tickWaits = false
}

extension Simulator {
    mutating func startCoordinator() {
        guard coordinator == nil else { return }
        let epoch = durable.epoch + 1
        holders = [:]
        violations += durable.commit([.epoch(epoch)])
        coordinator = SimulatedCoordinator(
            incarnation: Int(epoch), brain: CoordinatorBrain(settings: clusterSettings, epoch: epoch, unitsPerTask: 4), epoch: epoch)
        for (id, plan) in plans {
            guard let stored = durable.jobs[id], let status = JobStatus(rawValue: stored.status) else {
                // Its submission was never acknowledged, so its user submits it again.
                post(.admitted(plan, clientToken: nil, status: .inProgress, units: [], isNew: true))
                continue
            }
            guard !status.isTerminal else { continue }
            let units = plan.runs.flatMap { durable.units[$0].map { Array($0.values) } ?? [] }
            post(.admitted(plan, clientToken: nil, status: status, units: units, spending: plan.runs.compactMap { durable.spendings[$0] }, isNew: false))
        }
    }

    mutating func post(_ event: BrainEvent) {
        guard coordinator != nil else { return }
        coordinator?.mailbox.append(event)
        if coordinator?.committing == nil { startCommit() }
    }

    private mutating func startCommit() {
        guard var state = coordinator, !state.mailbox.isEmpty else { return }
        var records: [StoreRecord] = []
        var effects: [BrainEffect] = []
        let moment = Moment(tick: Tick(milliseconds: now), millisecondsSince1970: now)
        let events = state.mailbox
        state.mailbox = []
        state.tickWaits = false
        for event in events {
            for effect in state.brain.handle(event, at: moment) {
                follow(effect, state)
                if case .persist(let record) = effect { records.append(record) } else { effects.append(effect) }
            }
        }
        records += state.brain.takeSpending()
        state.committing = (records, effects)
        coordinator = state
        at(now + commitTime(records), .commitEnds(incarnation: state.incarnation))
    }

    private mutating func commitTime(_ records: [StoreRecord]) -> Int64 {
        guard !records.isEmpty else { return 0 }
        guard now < configuration.faultMilliseconds, random(below: 1_000) < configuration.slowCommits else { return Int64(random(below: 6)) }
        counts.slowCommits += 1
        return Int64(random(below: 40_000))
    }

    /// Keeps the book of leases: who was given a task last is the only one whose report may count.
    private mutating func follow(_ effect: BrainEffect, _ state: SimulatedCoordinator) {
        switch effect {
        case .reply(.task(let token, let order)): give(order, state.requestsByToken[token])
        case .reply(.reportAccepted(let token, let next)):
            defer { if let next { give(next, state.requestsByToken[token]) } }
            guard let id = state.requestsByToken[token], case .report(let session, let lease, _)? = requests[id]?.kind else { return }
            if holders[lease.task] != LeaseHolder(lease: lease, session: session) {
                violations.append("a report of \(lease) by session \(session.rawValue) counted, but the task is with \(String(describing: holders[lease.task]))")
            }
        case .reply(.unknownSession), .reply(.reportStale), .reply(.nothing), .reply(.welcome), .reply(.refuse), .reply(.accepted), .reply(.workerJoined),
            .reply(.workerLost), .persist, .publish, .publishStored, .writeResults, .changed, .ended, .log:
            break
        case .reply(.instruct(_, _, let cancelled, _, _)):
            // What its worker is told to drop is nobody's.
            for lease in cancelled where holders[lease.task]?.lease == lease { holders.removeValue(forKey: lease.task) }
        }
    }

    /// A task was given out in answer to a pull, or to a report that also pulled.
    private mutating func give(_ order: TaskOrder, _ request: UInt64?) {
        let session: SessionID
        switch request.flatMap({ requests[$0]?.kind }) {
        case .pull(let asker, _): session = asker
        case .report(let asker, _, _): session = asker
        case .hello, .heartbeat, .goodbye, nil:
            // Its worker is gone; whoever reports this lease was not given it.
            holders.removeValue(forKey: order.lease.task)
            return
        }
        if let old = holders[order.lease.task], old.lease >= order.lease { violations.append("lease \(order.lease) was given after \(old.lease)") }
        holders[order.lease.task] = LeaseHolder(lease: order.lease, session: session)
    }

    mutating func commitEnds(_ incarnation: Int) {
        guard coordinator?.incarnation == incarnation, let batch = coordinator?.committing else { return }
        coordinator?.committing = nil
        commit(batch.records)
        for effect in batch.effects { carryOut(effect) }
        startCommit()
    }

    private mutating func commit(_ records: [StoreRecord]) {
        violations += durable.commit(records)
        for record in records { note(Array(essence(of: record).utf8)) }
    }

    /// What tells one record from another, short: a whole one is long to spell.
    private func essence(of record: StoreRecord) -> String {
        switch record {
        case .job(let job): "job \(job.id) \(job.status)"
        case .run(let run): "run \(run.id) \(run.state)"
        case .candidate(let candidate): "candidate \(candidate.run) \(candidate.position) \(candidate.record.utf8.count)"
        case .unit(let unit): "unit \(unit.run) \(unit.unit) \(unit.lease) \(unit.record.status.rawValue)"
        case .spending(let spending): "spending \(spending.run) \(spending.calls) \(spending.record)"
        case .blob(let blob): "blob \(blob.hash)"
        case .epoch(let epoch): "epoch \(epoch)"
        case .journal(let entry): "journal \(entry.job) \(entry.atMillisecondsSince1970) \(entry.text)"
        case .story(let story): "story \(story.epoch).\(story.task) \(story.record)"
        case .deleteJob(let job): "delete \(job)"
        }
    }

    /// A crash finds the disk before, or after, the transaction under way: never in between.
    mutating func crashCoordinator() {
        guard let state = coordinator else { return }
        counts.coordinatorCrashes += 1
        if let batch = state.committing, random(below: 2) == 0 { commit(batch.records) }
        coordinator = nil
        // Whoever waits for an answer sees the connection break.
        for id in requests.keys.sorted() where state.requestsByToken.values.contains(id) { at(now + 1 + Int64(random(below: 5)), .requestFails(id)) }
        at(now + Int64(100 + random(below: 5_000)), .coordinatorStarts)
    }

    private mutating func carryOut(_ effect: BrainEffect) {
        switch effect {
        case .persist: preconditionFailure("committed before")
        case .reply(let reply): deliver(reply)
        case .publish(_, let blob): content[blob.hash] = blob.bytes
        case .writeResults(let job): at(now + Int64(random(below: 200)), .resultsWritten(incarnation: coordinator?.incarnation ?? 0, job))
        case .ended(let job): post(.forget(job))
        // The simulated jobs have no files.
        case .publishStored, .changed, .log: break
        }
    }

    private mutating func deliver(_ effect: ClusterEffect) {
        guard let token = effect.answeredToken, let state = coordinator, let id = state.requestsByToken[token] else { return }
        coordinator?.requestsByToken.removeValue(forKey: token)
        check(effect, answering: id)
        guard let request = requests[id] else { return }
        let bytes =
            request.isControl
            ? WireEdge.controlReply(to: effect, epoch: state.epoch, settings: clusterSettings).encoded() : WireEdge.workReply(to: effect).encoded()
        travel(.replyArrives(id, bytes), failing: id)
    }

    /// What a reply promises must already be true on the disk.
    private mutating func check(_ effect: ClusterEffect, answering id: UInt64) {
        switch effect {
        case .reportAccepted(_, let next):
            if let next { checkNotFinished(next) }
            guard case .report(_, let lease, let units)? = requests[id]?.kind else { return }
            for unit in units where !durable.units.values.contains(where: { $0[unit.unit] != nil }) {
                violations.append("a report of lease \(lease) was acknowledged, but its unit \(unit.unit) is not on disk")
            }
        case .task(_, let order): checkNotFinished(order)
        case .accepted, .welcome, .unknownSession, .refuse, .instruct, .nothing, .reportStale, .workerJoined, .workerLost: break
        }
    }

    private mutating func checkNotFinished(_ order: TaskOrder) {
        for unit in order.units where durable.holds(unit.unit, of: order.run) {
            violations.append("finished unit \(unit.unit) of \(order.run) was handed out again with lease \(order.lease)")
        }
    }

    mutating func requestArrives(_ id: UInt64) {
        guard let request = requests[id] else { return }
        guard coordinator != nil else {
            at(now + 1, .requestFails(id))
            return
        }
        let token = RequestToken(coordinator?.nextToken ?? 0)
        coordinator?.nextToken += 1
        coordinator?.requestsByToken[token] = id
        do {
            if request.isControl {
                switch WireEdge.event(for: try ControlRequest(decoding: request.bytes, limits: WireLimits()), token: token) {
                case .success(let event): post(.cluster(event))
                case .failure(let refusal): violations.append("a worker of the same version was refused: \(refusal.reason)")
                }
            } else if let event = WireEdge.event(for: try WorkRequest(decoding: request.bytes, limits: WireLimits()), token: token) {
                post(.cluster(event))
            }
        } catch {
            violations.append("the codec did not understand its own message: \(error)")
        }
    }
}
