import AdvPOCluster
import AdvPOModel
import OrderedCollections

/// The coordinator's machine under events in any order: workers that come, go and repeat themselves, late and foreign reports, cancelled runs, time that jumps.
struct ClusterFuzz {
    private var machine: ClusterMachine
    private var book: ClusterBook
    private var now: Int64 = 0
    private var nextToken: UInt64 = 1
    private var nextUnit: UInt64 = 1
    private let runs: [RunID]
    private let hasCanary: Bool
    private static let models = ["a", "b", "c"]

    init(_ dice: inout SeededGenerator, hasCanary: Bool) {
        self.hasCanary = hasCanary
        var settings = ClusterSettings()
        settings.heartbeatMilliseconds = dice.pick([100, 5_000])
        settings.pullMilliseconds = dice.pick([100, 20_000])
        settings.silenceMilliseconds = dice.pick([1_000, 15_000])
        settings.reconnectMilliseconds = dice.pick([100, 2_000])
        settings.leaseDeliveryMilliseconds = dice.pick([0, 5_000])
        settings.lostWorkersPerTask = dice.pick([1, 3, 1_000])
        settings.fruitlessAttemptsPerTask = dice.pick([1, 3, 1_000])
        settings.restMilliseconds = dice.pick([0, 200])
        settings.maximumWorkers = dice.pick([1, 3, 20_000])
        machine = ClusterMachine(settings: settings, epoch: 7)
        book = ClusterBook(settings)
        let jobs = (0..<2).map { _ in JobID(using: &dice) }
        runs = jobs.flatMap { job in (0..<2).map { RunID(job: job, template: $0, model: 0) } }
    }

    mutating func step(_ dice: inout SeededGenerator) throws(Broken) -> String { try play(event(&dice)) }

    /// Time passes until whoever waits has an answer and nobody is left.
    mutating func finish() throws(Broken) -> String {
        // Steps that count as no absence, long enough for every patience.
        for _ in 0..<40 where !book.questions.isEmpty || !book.sessions.isEmpty {
            now += book.settings.absenceMilliseconds
            _ = try play(.tick)
        }
        guard book.questions.isEmpty else { throw Broken("these were never answered: \(book.questions)") }
        guard book.sessions.isEmpty, machine.leasedTaskCount == 0 else { throw Broken("\(book.sessions.count) silent workers are still there") }
        return "end \(book.work.isEmpty)"
    }

    private mutating func play(_ event: ClusterEvent) throws(Broken) -> String {
        switch event {
        case .hello(let token, _): book.questions[token] = .hello
        case .heartbeat(let token, let session, let leases, _, _):
            book.questions[token] = .heartbeat(session)
            book.heard(session, leases)
        case .goodbye(let token, _): book.questions[token] = .goodbye
        case .pull(let token, let session): book.questions[token] = .pull(session)
        case .report(let token, let session, let lease, _, _, _, let andPull): book.questions[token] = .report(session, lease, andPull: andPull)
        case .submit(let specifications): for specification in specifications { book.submit(specification) }
        case .cancel(let run): book.cancel(run)
        case .drain(let session): book.drain(session)
        case .connectionLost, .tick: break
        }
        var effects = machine.handle(event, at: Tick(milliseconds: now))
        // The canary: a second try at a task with more than one unit counts its first unit twice.
        if hasCanary, case .report(_, _, let lease, let units, _, _, _) = event, lease.attempt > 1, units.count > 1, case .accepted? = effects.first {
            effects.insert(effects[0], at: 0)
        }
        try book.follow(effects, of: event, at: now)
        try book.compare(machine)
        return Self.outcome(event, effects)
    }

    private static func outcome(_ event: ClusterEvent, _ effects: [ClusterEffect]) -> String {
        let head = "\(event)".prefix { $0 != "(" }
        return head + effects.prefix(6).map { effect in " \("\(effect)".prefix { $0 != "(" })" }.joined()
    }

    // MARK: - Events

    private mutating func event(_ dice: inout SeededGenerator) -> ClusterEvent {
        switch dice.number(below: 20) {
        case 0, 1: return .hello(token(), introduction(&dice))
        case 2, 3, 4: return heartbeat(&dice)
        case 5, 6, 7, 8: return .pull(token(), session(&dice))
        case 9, 10, 11, 12, 13: return report(&dice)
        case 14, 15: return .submit((0...dice.number(below: 4)).map { _ in specification(&dice) })
        case 16: return dice.oneIn(3) ? .goodbye(token(), session(&dice)) : .connectionLost(session(&dice))
        case 17: return dice.oneIn(4) ? .cancel(dice.pick(runs)) : dice.oneIn(4) ? .drain(session(&dice)) : .tick
        default:
            now += dice.pick([0, 1, 100, 100, 500, 1_000, 3_000, 30_000])
            return .tick
        }
    }

    private mutating func token() -> RequestToken {
        defer { nextToken += 1 }
        return RequestToken(nextToken)
    }

    private func session(_ dice: inout SeededGenerator) -> SessionID {
        if !book.sessions.isEmpty, !dice.oneIn(10) { return book.sessions.keys[dice.number(below: book.sessions.count)] }
        return book.pastSessions.isEmpty || dice.oneIn(3) ? SessionID(dice.next()) : book.pastSessions[dice.number(below: book.pastSessions.count)]
    }

    private func introduction(_ dice: inout SeededGenerator) -> WorkerIntroduction {
        let number = dice.number(below: 6)
        return WorkerIntroduction(
            instance: "i\(number)", name: "w\(number)", slots: 1 + dice.number(below: 3), models: Self.models.filter { _ in !dice.oneIn(4) },
            sendsAttachments: !dice.oneIn(4), keepsAllowances: !dice.oneIn(4), sharesRates: !dice.oneIn(4))
    }

    private mutating func heartbeat(_ dice: inout SeededGenerator) -> ClusterEvent {
        let session = session(&dice)
        var leases = book.sessions[session]?.held.values.map(\.lease).filter { _ in !dice.oneIn(4) } ?? []
        // One that it or another had, never one that is still to come: then it would ask to be told to drop that.
        if dice.oneIn(6), !book.pastLeases.isEmpty { leases.append(dice.pick(book.pastLeases)) }
        return .heartbeat(token(), session, leases: OrderedSet(leases).sorted(), seenInstructions: dice.pick([0, 1, 2, .max]), usage: usage(&dice))
    }

    /// Of models that somebody serves, or nobody, with numbers that may jump.
    private func usage(_ dice: inout SeededGenerator) -> [ModelUsage] {
        guard dice.oneIn(3) else { return [] }
        return (Self.models + ["d"]).filter { _ in dice.oneIn(2) }.map { model in
            ModelUsage(
                model: model, started: quantity(&dice), accepted: quantity(&dice), refused: quantity(&dice), inputTokens: quantity(&dice),
                outputTokens: quantity(&dice), inFlight: dice.number(below: 100), waiting: dice.number(below: 100), pauseMilliseconds: quantity(&dice),
                heldByConcurrencyMilliseconds: quantity(&dice), heldByRequestsMilliseconds: quantity(&dice), heldByTokensMilliseconds: quantity(&dice))
        }
    }

    private func quantity(_ dice: inout SeededGenerator) -> Int64 { Int64(dice.number(below: dice.pick([1, 10, 100_000, 1 << 40]))) }

    private func lease(_ dice: inout SeededGenerator) -> Lease {
        var lease = book.pastLeases.isEmpty ? Lease(task: 1, attempt: 1, epoch: 7) : dice.pick(book.pastLeases)
        switch dice.number(below: 8) {
        case 0: lease.epoch = dice.next() % 9
        case 1: lease.attempt = UInt32(dice.number(below: 5))
        case 2: lease.task = dice.next()
        default: break
        }
        return lease
    }

    private mutating func report(_ dice: inout SeededGenerator) -> ClusterEvent {
        var session = session(&dice)
        var lease = lease(&dice)
        let holders = book.sessions.filter { !$0.value.held.isEmpty }
        if !holders.isEmpty, !dice.oneIn(5) {
            let (holder, state) = holders.elements[dice.number(below: holders.count)]
            session = holder
            lease = state.held.values[dice.number(below: state.held.count)].lease
        }
        let open = book.workByTask[lease.task].flatMap { book.work[$0]?.specification.work.units.map(\.unit) } ?? []
        var units = open.filter { _ in !dice.oneIn(3) }
        if dice.oneIn(12) { units.append(ContentHash(of: [1, 2, 3])) }
        if dice.oneIn(8), let first = units.first { units.append(first) }
        let reports = units.map { UnitReport(unit: $0, record: UnitRecord(status: .scored, output: "", score: 1, providerCalls: 1)) }
        return .report(
            token(), session, lease, units: reports, taskEnded: dice.oneIn(3), callsSpent: dice.oneIn(3) ? nil : dice.number(below: 20), andPull: dice.oneIn(3))
    }

    private mutating func specification(_ dice: inout SeededGenerator) -> TaskSpecification {
        let units = (0...dice.number(below: 3)).map { _ in
            nextUnit += 1
            let name = ContentHash(of: withUnsafeBytes(of: nextUnit.littleEndian) { Array($0) })
            return TaskOrder.UnitReference(unit: name, content: name)
        }
        let run = dice.pick(runs)
        // As in real jobs, a run's tasks need the same models.
        let models = run.template == 0 ? ["a"] : ["b", "c"]
        return TaskSpecification(run: run, iteration: 0, work: .generate(.init(units: units)), models: models, hasAttachments: run.job == runs[0].job)
    }
}

extension ClusterEffect {
    /// The request that it answers; nil for one that answers none.
    var answeredToken: RequestToken? {
        switch self {
        case .welcome(let token, _), .unknownSession(let token), .refuse(let token, _), .instruct(let token, _, _, _, _), .task(let token, _), .nothing(let token),
            .reportAccepted(let token, _), .reportStale(let token):
            token
        case .accepted, .workerJoined, .workerLost: nil
        }
    }
}
