import AdvPOModel
import OrderedCollections

/// Queued tasks, fair over jobs, then over each job's runs, first in first out within a run.
///
/// Each take moves the job that was served behind the others, and the run behind its job's other runs.
struct FairQueue: Sendable {
    private struct JobQueue: Sendable {
        var runs: OrderedDictionary<RunID, [UInt64]> = [:]
    }

    private var jobs: OrderedDictionary<JobID, JobQueue> = [:]
    private(set) var count = 0
    var isEmpty: Bool { count == 0 }
    /// By job, in the order in which they are served next.
    var counts: [(job: JobID, tasks: Int)] { jobs.map { job, queue in (job, queue.runs.values.reduce(0) { $0 + $1.count }) } }

    mutating func append(_ task: UInt64, of run: RunID) {
        jobs[run.job, default: JobQueue()].runs[run, default: []].append(task)
        count += 1
    }

    /// For a task that comes back: it has waited already.
    mutating func prepend(_ task: UInt64, of run: RunID) {
        jobs[run.job, default: JobQueue()].runs[run, default: []].insert(task, at: 0)
        count += 1
    }

    mutating func removeAll(of run: RunID) {
        guard let removed = jobs[run.job]?.runs.removeValue(forKey: run) else { return }
        count -= removed.count
        if jobs[run.job]?.runs.isEmpty == true { jobs.removeValue(forKey: run.job) }
    }

    /// The next task that suits, removed; nil when none does. A run whose first task does not suit is passed over: its tasks need the same models.
    mutating func take(where suits: (UInt64) -> Bool) -> UInt64? {
        for (job, var jobQueue) in jobs {
            for (run, var queued) in jobQueue.runs {
                guard let first = queued.first, suits(first) else { continue }
                queued.removeFirst()
                jobQueue.runs.removeValue(forKey: run)
                if !queued.isEmpty { jobQueue.runs[run] = queued }
                jobs.removeValue(forKey: job)
                if !jobQueue.runs.isEmpty { jobs[job] = jobQueue }
                count -= 1
                return first
            }
        }
        return nil
    }
}
