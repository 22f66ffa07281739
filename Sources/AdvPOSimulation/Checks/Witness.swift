import AdvPOModel
import AdvPOStore
import AdvPOWire
import OrderedCollections

/// What an onlooker sees who stands between the coordinator and the world, reads every message and the disk, and knows no machine.
///
/// It keeps its own book of who holds which task, from the answers that left and the requests that came, and says what must not have been.
struct Witness {
    private(set) var violations: [String] = []
    private(set) var holders: [UInt64: Holder] = [:]
    private(set) var providerCalls = 0
    private var requests: [UInt64: Asked] = [:]
    /// The highest lease of each task that ever left, over all lives of the coordinator.
    private var highest: [UInt64: Lease] = [:]
    private var runs: [Lease: RunID] = [:]
    private var executions: OrderedDictionary<RunID, OrderedDictionary<ContentHash, Int>> = [:]
    private var executed: Set<Execution> = []
    /// Calls that models got for each run, whether or not anything came of them.
    private var spent: [RunID: Int] = [:]
    private var lastProgress: OrderedDictionary<JobID, Int64> = [:]
    private var epoch: UInt64 = 0
    /// Sessions whose goodbye was answered.
    private var leaving: Set<UInt64> = []

    struct Holder: Equatable {
        var lease: Lease
        var session: UInt64
    }

    private struct Execution: Hashable {
        var lease: Lease
        var unit: ContentHash
    }

    private enum Asked {
        case control
        case goodbye(session: UInt64)
        case pull(session: UInt64)
        case report(session: UInt64, Lease, units: [ContentHash])
        case fetch
    }

    // MARK: - What comes to the coordinator, and what leaves it

    func isControl(_ id: UInt64) -> Bool {
        switch requests[id] {
        case .control?, .goodbye?: true
        case .pull?, .report?, .fetch?, nil: false
        }
    }

    mutating func asked(_ id: UInt64, _ request: ControlRequest) {
        if case .goodbye(let session) = request { requests[id] = .goodbye(session: session) } else { requests[id] = .control }
    }

    mutating func asked(_ id: UInt64, _ request: WorkRequest) {
        switch request {
        case .pull(let session): requests[id] = .pull(session: session)
        case .report(let session, let lease, let units, _, _, _): requests[id] = .report(session: session, lease, units: units.map(\.unit))
        case .fetch: requests[id] = .fetch
        }
    }

    mutating func answered(_ id: UInt64, _ reply: ControlReply) {
        // Not when it was said: what came before it may still be answered.
        if case .goodbye(let session)? = requests[id] { leaving.insert(session) }
        // What its worker is told to drop is nobody's.
        guard case .instructions(let said) = reply else { return }
        for lease in said.cancel where holders[lease.task]?.lease == lease { holders.removeValue(forKey: lease.task) }
    }

    mutating func answered(_ id: UInt64, _ reply: WorkReply, _ durable: DurableState) {
        switch (requests[id], reply) {
        case (.pull(let session)?, .task(let order)): handedOut(order, to: session, durable)
        case (.report(let session, let lease, let units)?, .accepted(let next)):
            counted(lease, units, of: session, durable)
            if let next { handedOut(next, to: session, durable) }
        case (_, .task(let order)): violations.append("task \(order.lease) answers a request that was no pull")
        case (_, .accepted), (_, .nothing), (_, .stale), (_, .blobs), (_, .unknownSession), (_, .refused): break
        }
    }

    private mutating func handedOut(_ order: TaskOrder, to session: UInt64, _ durable: DurableState) {
        let lease = order.lease
        if lease.epoch != epoch { violations.append("lease \(lease) left in epoch \(epoch)") }
        if let old = highest[lease.task], old >= lease, old.epoch == lease.epoch { violations.append("lease \(lease) was given after \(old)") }
        if leaving.contains(session) { violations.append("lease \(lease) went to session \(session), which had said goodbye") }
        for unit in order.units where durable.holds(unit.unit, of: order.run) {
            violations.append("finished unit \(unit.unit) of \(order.run) was handed out again with lease \(lease); it is stored as \(durable.units[order.run]?[unit.unit].map { "\($0.record.status) of \($0.lease)" } ?? "?")")
        }
        if durable.stoppedEarlier.contains(order.run.job) { violations.append("a task of job \(order.run.job) was handed out after its stop was durable") }
        highest[lease.task] = lease
        holders[lease.task] = Holder(lease: lease, session: session)
        runs[lease] = order.run
    }

    private mutating func counted(_ lease: Lease, _ units: [ContentHash], of session: UInt64, _ durable: DurableState) {
        if holders[lease.task] != Holder(lease: lease, session: session) {
            violations.append("a report of \(lease) by session \(session) counted, but the task is with \(String(describing: holders[lease.task]))")
        }
        guard let run = runs[lease] else {
            violations.append("a report of \(lease) counted, which was never handed out")
            return
        }
        for unit in units where !durable.holds(unit, of: run) && durable.outcomes[run] == nil {
            violations.append("a report of \(lease) was acknowledged, but its unit \(unit) is not on the disk")
        }
    }

    mutating func coordinatorStarted(epoch: UInt64) {
        self.epoch = epoch
        holders = [:]
        leaving = []
    }

    // MARK: - What the models see

    /// A simulated model was asked, for the first time for a unit or again.
    mutating func asked(_ unit: ContentHash, of run: RunID, budget: Int) {
        providerCalls += 1
        executions[run, default: [:]][unit, default: 0] += 1
        spent[run, default: 0] += 1
        if let spent = spent[run], spent > budget { violations.append("call \(spent) of run \(run), whose budget is \(budget) calls") }
    }

    /// A worker has begun a unit.
    mutating func called(_ lease: Lease, _ unit: ContentHash) {
        if !executed.insert(Execution(lease: lease, unit: unit)).inserted { violations.append("unit \(unit) was run twice under lease \(lease)") }
    }

    /// Compares what the models saw with what the accepted units say.
    func callViolations(durable: OrderedDictionary<RunID, OrderedDictionary<ContentHash, Int>>, isCalm: Bool) -> [String] {
        var violations: [String] = []
        for (run, units) in durable {
            for (unit, calls) in units where calls > executions[run]?[unit] ?? 0 {
                violations.append("unit \(unit) of \(run) says that it took \(calls) calls; its model saw \(executions[run]?[unit] ?? 0)")
            }
        }
        guard isCalm else { return violations }
        for (run, units) in executions {
            for (unit, count) in units where count != durable[run]?[unit] {
                violations.append("unit \(unit) of \(run) was called \(count) times in a world without faults, and says \(durable[run]?[unit] ?? 0)")
            }
        }
        return violations
    }

    // MARK: - Whether it goes on

    static let patienceMilliseconds: Int64 = 900_000

    mutating func progressed(_ job: JobID, at now: Int64) { lastProgress[job] = now }

    /// In the healed world no job waits for ever, whatever the others do.
    mutating func checkProgress(of jobs: [JobID], at now: Int64, healedAt: Int64) {
        for job in jobs where now - max(healedAt, lastProgress[job] ?? 0) > Self.patienceMilliseconds {
            violations.append("job \(job) has waited for \(Self.patienceMilliseconds / 1_000) s although nothing is wrong any more")
        }
    }
}
