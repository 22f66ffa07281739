import AdvPOModel
import AdvPOStore
import OrderedCollections

/// What survives a crash of the simulated coordinator, with the checks that hold at every moment.
struct DurableState {
    private(set) var epoch: UInt64 = 0
    private(set) var jobs: OrderedDictionary<JobID, StoredJob> = [:]
    private(set) var units: OrderedDictionary<RunID, OrderedDictionary<ContentHash, StoredUnit>> = [:]
    private(set) var spendings: OrderedDictionary<RunID, StoredSpending> = [:]
    private(set) var unitCount = 0
    private(set) var violations: [String] = []

    // What outlives even a deletion: only the checkers remember it.
    private(set) var outcomes: OrderedDictionary<RunID, String> = [:]
    private var outcomeEpochs: OrderedDictionary<RunID, UInt64> = [:]
    private(set) var ended: OrderedSet<JobID> = []
    private(set) var deleted: OrderedSet<JobID> = []
    /// In the order of their stops.
    private(set) var stoppedJobs: OrderedSet<JobID> = []
    /// Those before the transaction that came last: what was decided together with a stop, before it, may leave together with it.
    private(set) var stoppedEarlier: OrderedSet<JobID> = []
    /// Runs with units that were given up, which makes outcomes differ from a calm world's.
    private(set) var disturbedRuns: OrderedSet<RunID> = []
    /// Provider calls that each accepted unit says it took.
    private(set) var acceptedCalls: OrderedDictionary<RunID, OrderedDictionary<ContentHash, Int>> = [:]

    static let terminal = ["Completed", "PartiallyCompleted", "Failed", "Stopped"]
    var openJobs: [JobID] { jobs.values.filter { !Self.terminal.contains($0.status) }.map(\.id) }

    func holds(_ unit: ContentHash, of run: RunID) -> Bool { acceptedCalls[run]?[unit] != nil }

    /// Applies one transaction and finds what in it should never have happened.
    mutating func commit(_ records: [StoreRecord], at now: Int64) {
        stoppedEarlier = stoppedJobs
        for record in records {
            switch record {
            case .job(let job): commit(job)
            case .run(let run): commit(run)
            case .unit(let unit): commit(unit, now)
            case .epoch(let epoch):
                if epoch <= self.epoch { violations.append("epoch \(epoch) came after \(self.epoch)") }
                self.epoch = epoch
            case .deleteJob(let job):
                if !ended.contains(job) { violations.append("job \(job) was deleted, but it has not ended") }
                jobs.removeValue(forKey: job)
                units.removeAll { $0.key.job == job }
                spendings.removeAll { $0.key.job == job }
                deleted.append(job)
            case .spending(let spending): spendings[spending.run] = spending
            case .candidate, .blob, .journal, .story: break
            }
        }
    }

    private mutating func commit(_ job: StoredJob) {
        if deleted.contains(job.id) { violations.append("job \(job.id) came back after its deletion") }
        if let old = jobs[job.id], Self.terminal.contains(old.status), old.status != job.status {
            violations.append("job \(job.id) went from \(old.status) to \(job.status)")
        }
        if stoppedJobs.contains(job.id), job.status == "InProgress" { violations.append("job \(job.id) goes on after its stop") }
        jobs[job.id] = job
        if job.status == "Stopping" { stoppedJobs.append(job.id) }
        if Self.terminal.contains(job.status) { ended.append(job.id) }
    }

    private mutating func commit(_ run: StoredRun) {
        guard let outcome = run.outcome else { return }
        // A job that goes on after a restart tells its runs' outcomes again: what late words have settled until then no longer counts as spent.
        let isToldAgain = outcomeEpochs[run.id] != epoch
        if let old = outcomes[run.id], isToldAgain ? Self.withoutCalls(old) != Self.withoutCalls(outcome) : old != outcome {
            violations.append("run \(run.id) has two different outcomes: \(old), then \(outcome)")
        }
        outcomeEpochs[run.id] = epoch
        outcomes[run.id] = outcome
    }

    /// Faults cost calls; how many a run has spent may therefore differ, never what it found.
    static func withoutCalls(_ outcome: String) -> String { outcome.replacing(/"callsSpent":[0-9]+,?/, with: "") }

    private mutating func commit(_ unit: StoredUnit, _ now: Int64) {
        if acceptedCalls[unit.run]?[unit.unit] != nil { violations.append("unit \(unit.unit) of \(unit.run) was accepted twice") }
        if stoppedJobs.contains(unit.run.job) { violations.append("unit \(unit.unit) of \(unit.run) was accepted at \(now) ms, after the stop of its job was durable") }
        if outcomes[unit.run] != nil { violations.append("unit \(unit.unit) of \(unit.run) was accepted at \(now) ms, after the run's outcome") }
        units[unit.run, default: [:]][unit.unit] = unit
        acceptedCalls[unit.run, default: [:]][unit.unit] = unit.record.providerCalls
        unitCount += 1
        if unit.record.status == .infrastructureFailure { disturbedRuns.append(unit.run) }
    }
}
