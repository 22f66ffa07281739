import AdvPOCluster
import AdvPOModel
import OrderedCollections

/// The cluster as its events and effects alone tell it: who is present, who holds what, what is still to be done. Throws at the first effect that cannot be.
struct ClusterBook {
    struct Session {
        var introduction: WorkerIntroduction
        var held: OrderedDictionary<UInt64, Held> = [:]
        /// It is to leave, and gets no more.
        var isDraining = false
    }

    struct Held {
        var lease: Lease
        var since: Int64
        /// Heartbeats in a row that did not name it: after two it may be taken back, without a word to anybody but its worker.
        var unnamed = 0
    }

    /// Units that were submitted as one task.
    struct Work {
        var specification: TaskSpecification
        var remaining: OrderedSet<ContentHash>
        var task: UInt64?
        var attempt: UInt32 = 0
    }

    enum Question {
        case hello, goodbye
        case heartbeat(SessionID)
        case pull(SessionID)
        case report(SessionID, Lease, andPull: Bool)
    }

    let settings: ClusterSettings
    var sessions: OrderedDictionary<SessionID, Session> = [:]
    var pastSessions: OrderedSet<SessionID> = []
    var work: OrderedDictionary<Int, Work> = [:]
    var workByUnit: [ContentHash: Int] = [:]
    var workByTask: [UInt64: Int] = [:]
    var questions: OrderedDictionary<RequestToken, Question> = [:]
    /// Leases that were given at some time: material for late reports.
    var pastLeases: [Lease] = []
    private var nextWork = 0

    init(_ settings: ClusterSettings) { self.settings = settings }

    mutating func submit(_ specification: TaskSpecification) {
        let units = OrderedSet(specification.work.units.map(\.unit))
        for unit in units { workByUnit[unit] = nextWork }
        work[nextWork] = Work(specification: specification, remaining: units)
        nextWork += 1
    }

    mutating func cancel(_ run: RunID) {
        for (id, item) in work.elements where item.specification.run == run { close(id) }
    }

    private mutating func close(_ id: Int) {
        guard let item = work.removeValue(forKey: id), let task = item.task else { return }
        for session in sessions.keys { sessions[session]?.held.removeValue(forKey: task) }
    }

    mutating func drain(_ session: SessionID) { sessions[session]?.isDraining = true }

    mutating func heard(_ session: SessionID, _ leases: [Lease]) {
        guard let held = sessions[session]?.held else { return }
        for (task, item) in held { sessions[session]?.held[task]?.unnamed = leases.contains(item.lease) ? 0 : item.unnamed + 1 }
    }

    private func mayBeTakenBack(_ held: Held, _ now: Int64) -> Bool { held.unnamed >= 2 && now - held.since >= settings.leaseDeliveryMilliseconds }

    mutating func follow(_ effects: [ClusterEffect], of event: ClusterEvent, at now: Int64) throws(Broken) {
        for effect in effects {
            if let token = effect.answeredToken, questions[token] == nil { throw Broken("token \(token.rawValue) was answered twice or never asked: \(effect)") }
            switch effect {
            case .accepted(let run, let report, let lease): try accepted(run, report, lease, event)
            case .welcome(let token, let session):
                guard case .hello? = questions[token], case .hello(_, let introduction) = event else { throw Broken("a welcome to what was no hello") }
                guard pastSessions.append(session).inserted else { throw Broken("session \(session.rawValue) comes twice") }
                guard sessions.count < settings.maximumWorkers else { throw Broken("more than \(settings.maximumWorkers) workers") }
                sessions[session] = Session(introduction: introduction)
            case .task(let token, let order):
                guard case .pull(let session)? = questions[token] else { throw Broken("\(order.lease) answers what was no pull") }
                try given(order, to: session, now)
            case .instruct(let token, _, let cancelled, _, _): if case .heartbeat(let session)? = questions[token] { try instructed(session, cancelled, now) }
            case .reportAccepted(let token, let next):
                guard case .report(let session, let lease, let andPull)? = questions[token] else { throw Broken("an acceptance of what was no report") }
                // What ended its task is no longer in the book.
                let isHeld = sessions[session]?.held[lease.task]?.lease == lease
                guard isHeld || acceptedNow.contains(lease) else {
                    throw Broken("a report of \(lease) by session \(session.rawValue) counted, which does not hold it")
                }
                // Given back: whatever is left of it may go to anybody, in the same breath.
                if isHeld, case .report(_, _, _, _, taskEnded: true, _, _) = event { sessions[session]?.held.removeValue(forKey: lease.task) }
                if let next {
                    guard andPull else { throw Broken("\(next.lease) answers a report that asked for none") }
                    try given(next, to: session, now)
                }
            case .reportStale(let token):
                guard case .report(let session, let lease, _)? = questions[token] else { throw Broken("a refusal of what was no report") }
                if let held = sessions[session]?.held[lease.task], held.lease == lease {
                    guard mayBeTakenBack(held, now) else { throw Broken("the holder of \(lease) was told that it is stale") }
                    sessions[session]?.held.removeValue(forKey: lease.task)
                }
            case .workerLost(let session, _, _):
                guard sessions.removeValue(forKey: session) != nil else { throw Broken("session \(session.rawValue) was lost twice") }
            case .unknownSession, .refuse, .nothing, .workerJoined: break
            }
            if let token = effect.answeredToken { questions.removeValue(forKey: token) }
        }
        acceptedNow = []
    }

    /// Leases with accepted units in the event under way.
    private var acceptedNow: OrderedSet<Lease> = []

    private mutating func accepted(_ run: RunID, _ report: UnitReport, _ lease: Lease, _ event: ClusterEvent) throws(Broken) {
        guard let id = workByUnit[report.unit], let item = work[id], item.specification.run == run else {
            throw Broken("unit \(report.unit) counted, which is nobody's or of a cancelled run")
        }
        guard item.remaining.contains(report.unit) else { throw Broken("unit \(report.unit) counted twice") }
        guard item.task == lease.task else { throw Broken("unit \(report.unit) counted under \(lease), but it is of task \(String(describing: item.task))") }
        if case .report(_, let session, let reported, let units, _, _, _) = event, units.contains(where: { $0.unit == report.unit }) {
            guard reported == lease, sessions[session]?.held[lease.task]?.lease == lease || acceptedNow.contains(lease) else {
                throw Broken("unit \(report.unit) counted under \(lease) by session \(session.rawValue), which does not hold it")
            }
        } else if report.record.status != .infrastructureFailure {
            throw Broken("unit \(report.unit) counted, which nobody reported")
        }
        acceptedNow.append(lease)
        work[id]?.remaining.remove(report.unit)
        if work[id]?.remaining.isEmpty == true { close(id) }
    }

    private mutating func given(_ order: TaskOrder, to session: SessionID, _ now: Int64) throws(Broken) {
        guard sessions[session]?.isDraining != true else { throw Broken("\(order.lease) went to session \(session.rawValue), which is to leave") }
        guard let introduction = sessions[session]?.introduction else { throw Broken("\(order.lease) went to session \(session.rawValue), which is gone") }
        guard let first = order.units.first, let id = workByUnit[first.unit], let item = work[id] else { throw Broken("\(order.lease) has units that nobody wants") }
        guard item.task == nil || item.task == order.lease.task, workByTask[order.lease.task] ?? id == id else {
            throw Broken("the units of \(order.lease) are another task's")
        }
        guard order.lease.attempt > item.attempt else { throw Broken("\(order.lease) came after attempt \(item.attempt)") }
        guard OrderedSet(order.units.map(\.unit)) == item.remaining, order.run == item.specification.run else {
            throw Broken("\(order.lease) asks for other units than are left")
        }
        guard item.specification.models.allSatisfy(introduction.models.contains), introduction.sendsAttachments || !item.specification.hasAttachments else {
            throw Broken("\(order.lease) went to a worker that cannot do it")
        }
        for other in sessions.keys {
            guard let held = sessions[other]?.held[order.lease.task] else { continue }
            guard mayBeTakenBack(held, now) else { throw Broken("\(order.lease) was given while \(held.lease) is held by session \(other.rawValue)") }
            sessions[other]?.held.removeValue(forKey: order.lease.task)
        }
        work[id]?.task = order.lease.task
        work[id]?.attempt = order.lease.attempt
        workByTask[order.lease.task] = id
        pastLeases.append(order.lease)
        sessions[session]?.held[order.lease.task] = Held(lease: order.lease, since: now)
    }

    private mutating func instructed(_ session: SessionID, _ cancelled: [Lease], _ now: Int64) throws(Broken) {
        for lease in cancelled {
            guard let held = sessions[session]?.held[lease.task], held.lease == lease else { continue }
            guard mayBeTakenBack(held, now) else { throw Broken("\(lease) was cancelled, but it is current and session \(session.rawValue) holds it") }
            sessions[session]?.held.removeValue(forKey: lease.task)
        }
    }

    /// What the machine counts against what the book says.
    func compare(_ machine: ClusterMachine) throws(Broken) {
        guard machine.workerCount == sessions.count else { throw Broken("\(machine.workerCount) workers, the book has \(sessions.count)") }
        let held = sessions.values.reduce(0) { $0 + $1.held.count }
        guard machine.leasedTaskCount <= held else { throw Broken("\(machine.leasedTaskCount) leases, the book has \(held)") }
        guard machine.queuedTaskCount + machine.leasedTaskCount == work.count else {
            throw Broken("\(machine.queuedTaskCount) tasks queued and \(machine.leasedTaskCount) leased, the book has \(work.count)")
        }
    }
}
