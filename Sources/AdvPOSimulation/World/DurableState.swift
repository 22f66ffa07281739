import AdvPOModel
import AdvPOStore
import OrderedCollections

/// What survives a crash of the simulated coordinator, with the checks that hold at every moment.
struct DurableState {
    private(set) var epoch: UInt64 = 0
    private(set) var jobs: OrderedDictionary<JobID, StoredJob> = [:]
    private(set) var runs: OrderedDictionary<RunID, StoredRun> = [:]
    private(set) var units: OrderedDictionary<RunID, OrderedDictionary<ContentHash, StoredUnit>> = [:]
    private(set) var spendings: OrderedDictionary<RunID, StoredSpending> = [:]
    private(set) var unitCount = 0
    private(set) var hasPoisonedUnits = false

    /// Applies one transaction and says what in it should never have happened.
    mutating func commit(_ records: [StoreRecord]) -> [String] {
        var violations: [String] = []
        for record in records {
            switch record {
            case .job(let job):
                if let old = jobs[job.id], Self.terminal.contains(old.status), old.status != job.status {
                    violations.append("job \(job.id) went from \(old.status) to \(job.status)")
                }
                jobs[job.id] = job
            case .run(let run):
                if let old = runs[run.id]?.outcome, old != run.outcome { violations.append("run \(run.id) has two different outcomes") }
                runs[run.id] = run
            case .unit(let unit):
                if units[unit.run]?[unit.unit] != nil { violations.append("unit \(unit.unit) of \(unit.run) was accepted twice") }
                units[unit.run, default: [:]][unit.unit] = unit
                unitCount += 1
                if unit.record.failureReason?.contains("workers were lost") == true || unit.record.failureReason?.contains("without one more sample finished") == true {
                    hasPoisonedUnits = true
                }
            case .epoch(let epoch):
                if epoch <= self.epoch { violations.append("epoch \(epoch) came after \(self.epoch)") }
                self.epoch = epoch
            case .spending(let spending): spendings[spending.run] = spending
            case .candidate, .blob, .journal, .story, .deleteJob: break
            }
        }
        return violations
    }

    func holds(_ unit: ContentHash, of run: RunID) -> Bool { units[run]?[unit] != nil }

    static let terminal = ["Completed", "PartiallyCompleted", "Failed", "Stopped"]
    var allJobsEnded: Bool { jobs.values.allSatisfy { Self.terminal.contains($0.status) } }
}
