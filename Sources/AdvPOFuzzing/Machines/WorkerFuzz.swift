import AdvPOCluster
import AdvPOModel
import OrderedCollections

/// The worker's machine under answers in any order, from this session and others, with executors that end when they like, and SIGTERM at any time.
///
/// The fuzz is the shell: it answers each request once or never, and what the machine asks of it must make sense.
struct WorkerFuzz {
    private var machine: WorkerMachine
    private let settings: WorkerSettings
    private let hasCanary: Bool
    private var isStarted = false
    private var isDraining = false
    private var hasExited = false
    /// Requests and pauses under way.
    private var waiting: [Waiting] = []
    private var running: OrderedDictionary<Lease, Execution> = [:]
    private var nextTask: UInt64 = 1
    private var nextSession: UInt64 = 1
    private var session: SessionID?

    private enum Waiting: Hashable {
        case hello
        case heartbeat(SessionID)
        case pull(SessionID, slot: Int)
        case report(SessionID, Lease)
        case goodbye
        case pause(WorkerEvent.Pause)
    }

    private struct Execution {
        var order: TaskOrder
        var position = 0
        var isAborted = false
    }

    init(_ dice: inout SeededGenerator, hasCanary: Bool) {
        self.hasCanary = hasCanary
        var settings = WorkerSettings(slots: 1 + dice.number(below: 4))
        settings.unitsPerReport = dice.pick([1, 2, 64])
        settings.textBytesPerReport = dice.pick([0, 100, 1 << 20])
        settings.failedHeartbeats = dice.pick([1, 3, 6])
        settings.rememberedCancels = dice.pick([1, 3, 1_024])
        self.settings = settings
        machine = WorkerMachine(settings: settings)
    }

    mutating func step(_ dice: inout SeededGenerator) throws(Broken) -> String {
        guard !hasExited else {
            let fresh = WorkerFuzz(&dice, hasCanary: hasCanary)
            self = fresh
            return "exited"
        }
        guard isStarted else {
            isStarted = true
            return try play(.start)
        }
        switch dice.number(below: 12) {
        case 0 where dice.oneIn(15):
            isDraining = true
            return try play(.drain)
        case 0, 1: return try play(dice.oneIn(4) ? .usageChanged : stray(&dice))
        case 2, 3, 4, 5: return try execute(&dice)
        default:
            guard !waiting.isEmpty else { return try execute(&dice) }
            let answered = waiting.remove(at: dice.number(below: waiting.count))
            return try play(answer(answered, &dice))
        }
    }

    /// An executor gets on by one unit, or returns.
    private mutating func execute(_ dice: inout SeededGenerator) throws(Broken) -> String {
        guard !running.isEmpty else { return "idle" }
        let (lease, execution) = running.elements[dice.number(below: running.count)]
        if !execution.isAborted, execution.position < execution.order.units.count, !dice.oneIn(6) {
            running[lease]?.position += 1
            let unit = execution.order.units[execution.position].unit
            let record = UnitRecord(status: .scored, output: String(repeating: "x", count: dice.number(below: 80)), score: 1, providerCalls: 1)
            return try play(.unitFinished(lease, UnitReport(unit: unit, record: record)))
        }
        running.removeValue(forKey: lease)
        return try play(.taskReturned(lease))
    }

    private mutating func answer(_ waiting: Waiting, _ dice: inout SeededGenerator) -> WorkerEvent {
        switch waiting {
        case .hello:
            guard !dice.oneIn(4) else { return .greetingFailed }
            nextSession += 1
            session = SessionID(nextSession)
            return .welcomed(SessionID(nextSession), epoch: 1)
        case .heartbeat(let session):
            switch dice.number(below: 8) {
            case 0: return .heartbeatFailed(session)
            case 1 where dice.oneIn(4): return .sessionLost(session)
            case 2, 3: return .instructed(session, sequence: dice.next() % 100, cancel: leases(&dice), drain: false, shares: shares(&dice))
            default: return .instructed(session, sequence: 0, cancel: [], drain: false)
            }
        case .pull(let session, let slot):
            switch dice.number(below: 8) {
            case 0: return .pullFailed(session, slot: slot)
            case 1: return .pulled(session, slot: slot, nil)
            case 2 where dice.oneIn(8): return .sessionLost(session)
            default: return .pulled(session, slot: slot, order(&dice))
            }
        case .report(let session, let lease):
            switch dice.number(below: 10) {
            case 0: return .reportFailed(session, lease)
            case 1: return .reported(session, lease, stale: true)
            case 2 where dice.oneIn(2): return .reportRefused(session, lease, "too large")
            case 3 where dice.oneIn(8): return .sessionLost(session)
            // What asks for nothing may be answered with a task all the same, by whoever does not know better.
            case 4, 5, 6: return .reported(session, lease, stale: false, next: order(&dice))
            default: return .reported(session, lease, stale: false)
            }
        case .goodbye: return .goodbyeAnswered
        case .pause(let pause): return .resumed(pause)
        }
    }

    /// An event of another session, or of a lease that is not in hand.
    private mutating func stray(_ dice: inout SeededGenerator) -> WorkerEvent {
        let other = SessionID(1_000_000 + dice.next() % 5)
        let lease = Lease(task: 1_000_000 + dice.next() % 5, attempt: 1, epoch: 1)
        switch dice.number(below: 8) {
        case 0: return .pulled(other, slot: dice.number(below: settings.slots), order(&dice))
        case 1: return .reported(other, lease, stale: dice.oneIn(2))
        case 2: return .sessionLost(other)
        case 3: return .heartbeatFailed(other)
        case 4: return .instructed(other, sequence: .max, cancel: leases(&dice), drain: true)
        case 5: return .unitFinished(lease, UnitReport(unit: ContentHash(of: []), record: UnitRecord(status: .scored, output: "", score: 1, providerCalls: 1)))
        case 6: return .taskReturned(lease)
        default: return .reportFailed(other, lease)
        }
    }

    private func shares(_ dice: inout SeededGenerator) -> [RateShare] {
        (0..<dice.number(below: 3)).map { RateShare(model: "m\($0)", concurrency: dice.number(below: 9), milliRequestsPerMinute: nil, tokensPerMinute: nil, pauseMilliseconds: 0) }
    }

    private func leases(_ dice: inout SeededGenerator) -> [Lease] {
        var leases = Array(running.keys).filter { _ in dice.oneIn(2) }
        // One that is on its way here still.
        if dice.oneIn(3) { leases.append(Lease(task: nextTask + UInt64(dice.number(below: 3)), attempt: 1, epoch: 1)) }
        return leases
    }

    private mutating func order(_ dice: inout SeededGenerator) -> TaskOrder {
        // Seldom one that is in hand already.
        let lease = dice.oneIn(20) ? running.keys.first ?? Lease(task: nextTask, attempt: 1, epoch: 1) : Lease(task: nextTask, attempt: 1, epoch: 1)
        nextTask += 1
        let units = (0...dice.number(below: 4)).map { index in
            let name = ContentHash(of: [UInt8(index)] + withUnsafeBytes(of: lease.task.littleEndian) { Array($0) })
            return TaskOrder.UnitReference(unit: name, content: name)
        }
        return TaskOrder(lease: lease, run: RunID(job: JobID(using: &dice), template: 0, model: 0), iteration: 0, work: .generate(.init(units: units)))
    }

    // MARK: - What the machine asks for

    private mutating func play(_ event: WorkerEvent) throws(Broken) -> String {
        var effects = machine.handle(event)
        // The canary: with three tasks in hand, the word to abandon one of them is lost.
        if hasCanary, running.count >= 3 { effects.removeAll { if case .abort = $0 { true } else { false } } }
        var expected: Set<Lease> = []
        if case .instructed(let named, _, let cancel, _, _) = event, named == session { expected = Set(cancel.filter { running[$0]?.isAborted == false }) }
        for effect in effects {
            if hasExited { throw Broken("\(effect) after its exit") }
            if case .abort(let lease) = effect { expected.remove(lease) }
            try follow(effect)
        }
        guard expected.isEmpty else { throw Broken("\(expected.count) cancelled tasks are still running") }
        try check()
        return "\("\(event)".prefix { $0 != "(" })" + effects.prefix(5).map { effect in " \("\(effect)".prefix { $0 != "(" })" }.joined()
    }

    private mutating func follow(_ effect: WorkerEffect) throws(Broken) {
        switch effect {
        case .hello: try wait(.hello)
        case .heartbeat(let session, let leases, _):
            guard leases == leases.sorted(), Set(leases).count == leases.count else { throw Broken("the leases of a heartbeat do not ascend: \(leases)") }
            try wait(.heartbeat(session))
        case .pull(let session, let slot):
            guard !isDraining else { throw Broken("a pull after SIGTERM") }
            try wait(.pull(session, slot: slot))
        case .report(let session, let lease, let units, _, let andPull):
            guard !andPull || !isDraining else { throw Broken("a report asks for more after SIGTERM") }
            guard units.count <= settings.unitsPerReport else { throw Broken("\(units.count) units in one report, \(settings.unitsPerReport) are allowed") }
            guard Set(units.map(\.unit)).count == units.count else { throw Broken("a unit comes twice in one report of \(lease)") }
            guard running[lease]?.isAborted != true else { throw Broken("a report of the abandoned \(lease)") }
            try wait(.report(session, lease))
        case .setShares(let shares):
            guard !shares.isEmpty else { throw Broken("shares of nothing") }
        case .goodbye:
            guard running.isEmpty else { throw Broken("goodbye with \(running.count) tasks in hand") }
            try wait(.goodbye)
        case .run(let order):
            guard !isDraining else { throw Broken("a task begun after SIGTERM") }
            guard running[order.lease] == nil else { throw Broken("\(order.lease) begun twice") }
            running[order.lease] = Execution(order: order)
            guard running.count <= settings.slots else { throw Broken("\(running.count) tasks on \(settings.slots) slots") }
        case .abort(let lease):
            guard running[lease]?.isAborted == false else { throw Broken("\(lease) abandoned, which does not run") }
            running[lease]?.isAborted = true
        case .pause(let pause, let milliseconds):
            guard (0...60_000).contains(milliseconds) else { throw Broken("a pause of \(milliseconds) ms") }
            try wait(.pause(pause))
        case .exit: hasExited = true
        }
    }

    private mutating func wait(_ request: Waiting) throws(Broken) {
        // A change in the use of models is told beside a heartbeat that is held.
        let allowed = if case .heartbeat = request { 2 } else { 1 }
        guard waiting.count(where: { $0 == request }) < allowed else { throw Broken("\(request) is under way too often") }
        waiting.append(request)
    }

    private func check() throws(Broken) {
        for lease in machine.leases where running[lease]?.isAborted == true { throw Broken("the abandoned \(lease) still counts as in hand") }
        for lease in running.keys where running[lease]?.isAborted == false && !machine.leases.contains(lease) { throw Broken("\(lease) runs, but is not in hand") }
        guard waiting.count <= 40 + 8 * settings.slots else { throw Broken("\(waiting.count) requests under way") }
    }
}
