import AdvPOModel
import DequeModule
import HeapModule

/// Queued tasks, fair over jobs, then over each job's runs; within a run the more urgent first, then first in first out.
///
/// Who was served goes behind the others: each job and each run carries the number of its last turn, and the lowest number is next. The tasks of a
/// run lie in lanes, one for each need and urgency, so that a worker looks only at what it can do. The heaps that find the lowest number are
/// mended when they are looked at: a number in them may be old, and then it is too low. All steps cost O(log n) at most, over time.
struct FairQueue: Sendable {
    private struct Turn<Owner: Sendable>: Comparable, Sendable {
        var number: UInt64
        var owner: Owner
        /// The owner's first turn: one of the same name that came later is another.
        var born: UInt64
        static func < (lhs: Self, rhs: Self) -> Bool { lhs.number < rhs.number }
        static func == (lhs: Self, rhs: Self) -> Bool { lhs.number == rhs.number }
    }

    /// Jobs that have, or lately had, tasks of one need.
    private struct NeedQueue: Sendable {
        var jobs: Heap<Turn<JobID>> = []
    }

    private struct JobQueue: Sendable {
        let born: UInt64
        var turn: UInt64
        var runs = 0
        var needs: [NeedRuns] = []

        init(_ turn: UInt64) { (born, self.turn) = (turn, turn) }

        /// Runs that have, or lately had, tasks of one need.
        struct NeedRuns: Sendable {
            var need: Int
            var runs: Heap<Turn<RunID>> = []
            /// Whether the need's queue knows the job.
            var isListed = false
        }
    }

    private struct RunQueue: Sendable {
        let born: UInt64
        var turn: UInt64
        var tasks = 0
        var lanes: [Lane] = []
        /// Needs under which the job's queue knows the run.
        var listed: [Int] = []

        init(_ turn: UInt64) { (born, self.turn) = (turn, turn) }

        struct Lane: Sendable {
            var need: Int
            var urgency: TaskUrgency
            var tasks: Deque<UInt64> = []
        }

        func lane(_ need: Int, _ urgency: TaskUrgency) -> Int? { lanes.firstIndex { $0.need == need && $0.urgency == urgency } }

        /// The most urgent lane of a need that has tasks.
        func best(_ need: Int) -> Int? {
            var best: Int?
            for index in lanes.indices where lanes[index].need == need && !lanes[index].tasks.isEmpty {
                if let found = best, lanes[found].urgency <= lanes[index].urgency { continue }
                best = index
            }
            return best
        }
    }

    /// Where the next task of one need lies.
    private struct Place {
        var job: JobID
        var run: RunID
        var lane: Int
        var order: (job: UInt64, run: UInt64, urgency: TaskUrgency)
    }

    private var needs: [NeedQueue] = []
    private var jobs: [JobID: JobQueue] = [:]
    private var runs: [RunID: RunQueue] = [:]
    private var nextTurn: UInt64 = 0
    private(set) var count = 0
    var isEmpty: Bool { count == 0 }

    mutating func append(_ task: UInt64, of run: RunID, need: Int, urgency: TaskUrgency) {
        let lane = laneToFill(run, need, urgency)
        runs[run]?.lanes[lane].tasks.append(task)
        count += 1
    }

    /// For a task that comes back: it has waited already.
    mutating func prepend(_ task: UInt64, of run: RunID, need: Int, urgency: TaskUrgency) {
        let lane = laneToFill(run, need, urgency)
        runs[run]?.lanes[lane].tasks.prepend(task)
        count += 1
    }

    mutating func removeAll(of run: RunID) {
        guard let removed = runs.removeValue(forKey: run) else { return }
        count -= removed.tasks
        forgetRun(of: run.job)
    }

    /// The next task that has one of these needs, removed; nil when none does.
    mutating func take(serving served: [Int]) -> UInt64? {
        guard count > 0 else { return nil }
        var best: Place?
        for need in served {
            guard let place = next(need) else { continue }
            if let found = best, found.order <= place.order { continue }
            best = place
        }
        guard let place = best, let task = runs[place.run]?.lanes[place.lane].tasks.popFirst() else { return nil }
        count -= 1
        nextTurn += 1
        jobs[place.job]?.turn = nextTurn
        runs[place.run]?.turn = nextTurn
        runs[place.run]?.tasks -= 1
        if runs[place.run]?.tasks == 0 {
            runs.removeValue(forKey: place.run)
            forgetRun(of: place.job)
        }
        return task
    }

    private mutating func takeTurn() -> UInt64 {
        nextTurn += 1
        return nextTurn
    }

    /// A run's last task is gone; a job that comes back stands behind those that wait.
    private mutating func forgetRun(of job: JobID) {
        jobs[job]?.runs -= 1
        if jobs[job]?.runs == 0 { jobs.removeValue(forKey: job) }
    }

    // MARK: Lanes

    /// The lane that takes one more task of the run, listed so that it is found again.
    private mutating func laneToFill(_ run: RunID, _ need: Int, _ urgency: TaskUrgency) -> Int {
        if runs[run] == nil {
            if jobs[run.job] == nil { jobs[run.job] = JobQueue(takeTurn()) }
            jobs[run.job]?.runs += 1
            runs[run] = RunQueue(takeTurn())
        }
        if runs[run]?.listed.contains(need) != true { list(run, need) }
        runs[run]?.tasks += 1
        if let lane = runs[run]?.lane(need, urgency) { return lane }
        runs[run]?.lanes.append(RunQueue.Lane(need: need, urgency: urgency))
        return (runs[run]?.lanes.count ?? 1) - 1
    }

    private mutating func list(_ run: RunID, _ need: Int) {
        // Taken out while it changes: a copy would cost as much as the job has runs.
        guard let state = runs[run], var job = jobs.removeValue(forKey: run.job) else { return }
        runs[run]?.listed.append(need)
        while needs.count <= need { needs.append(NeedQueue()) }
        if !job.needs.contains(where: { $0.need == need }) { job.needs.append(JobQueue.NeedRuns(need: need)) }
        for index in job.needs.indices where job.needs[index].need == need {
            job.needs[index].runs.insert(Turn(number: state.turn, owner: run, born: state.born))
            guard !job.needs[index].isListed else { continue }
            job.needs[index].isListed = true
            needs[need].jobs.insert(Turn(number: job.turn, owner: run.job, born: job.born))
        }
        jobs[run.job] = job
    }

    /// The place of the need's next task, after mending what lies before it.
    private mutating func next(_ need: Int) -> Place? {
        guard need < needs.count else { return nil }
        while let top = needs[need].jobs.min {
            guard let job = jobs[top.owner], job.born == top.born, let position = job.needs.firstIndex(where: { $0.need == need }) else {
                needs[need].jobs.removeMin()
                continue
            }
            if job.turn != top.number {
                needs[need].jobs.replaceMin(with: Turn(number: job.turn, owner: top.owner, born: job.born))
                continue
            }
            if let place = next(need, top.owner, position) { return place }
            needs[need].jobs.removeMin()
            jobs[top.owner]?.needs[position].isListed = false
        }
        return nil
    }

    /// The same within one job; nil when it has none.
    private mutating func next(_ need: Int, _ job: JobID, _ position: Int) -> Place? {
        guard let turn = jobs[job]?.turn else { return nil }
        while let top = jobs[job]?.needs[position].runs.min {
            guard let run = runs[top.owner], run.born == top.born, let lane = run.best(need) else {
                jobs[job]?.needs[position].runs.removeMin()
                if runs[top.owner]?.born == top.born { runs[top.owner]?.listed.removeAll { $0 == need } }
                continue
            }
            if run.turn != top.number {
                jobs[job]?.needs[position].runs.replaceMin(with: Turn(number: run.turn, owner: top.owner, born: run.born))
                continue
            }
            return Place(job: job, run: top.owner, lane: lane, order: (turn, run.turn, run.lanes[lane].urgency))
        }
        return nil
    }
}
