import AdvPOModel
import DequeModule
import HeapModule
import OrderedCollections

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
    /// Runs that are passed over until they are unparked, in the order of their parking.
    private var parked: OrderedDictionary<RunID, RunQueue> = [:]
    private(set) var parkedCount = 0
    /// Without those of parked runs.
    private(set) var count = 0
    var isEmpty: Bool { count == 0 }
    /// By job, in the order in which they are served next.
    /// For people, hence the walk over all runs; by job.
    var counts: [(job: JobID, tasks: Int)] {
        var counts: [JobID: Int] = [:]
        for (run, queue) in runs { counts[run.job, default: 0] += queue.tasks }
        for (run, queue) in parked { counts[run.job, default: 0] += queue.tasks }
        return counts.keys.sorted().map { ($0, counts[$0] ?? 0) }
    }

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
        if let removed = parked.removeValue(forKey: run) { parkedCount -= removed.tasks }
        guard let removed = runs.removeValue(forKey: run) else { return }
        count -= removed.tasks
        forgetRun(of: run.job)
    }

    /// The next task that has one of these needs, removed; nil when none does. A run whose task `pays` refuses is parked.
    mutating func take(serving served: [Int], pays: (UInt64) -> Bool) -> UInt64? {
        while let place = place(serving: served), let next = runs[place.run]?.lanes[place.lane].tasks.first {
            if pays(next) { return take(at: place) }
            park(place.run)
        }
        return nil
    }

    private mutating func place(serving served: [Int]) -> Place? {
        guard count > 0 else { return nil }
        var best: Place?
        for need in served {
            guard let place = next(need) else { continue }
            if let found = best, found.order <= place.order { continue }
            best = place
        }
        return best
    }

    private mutating func take(at place: Place) -> UInt64? {
        guard let task = runs[place.run]?.lanes[place.lane].tasks.popFirst() else { return nil }
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

    // MARK: Parking

    var parkedRuns: [RunID] { parked.keys.elements }

    private mutating func park(_ run: RunID) {
        guard let queue = runs.removeValue(forKey: run) else { return }
        precondition(parked[run] == nil, "what was parked is queued again before more of its run is looked at")
        count -= queue.tasks
        parkedCount += queue.tasks
        parked[run] = queue
        forgetRun(of: run.job)
    }

    /// Queues a parked run's tasks again, before those that came meanwhile; gives back their needs.
    mutating func unpark(_ run: RunID) -> [Int] {
        guard let queue = parked.removeValue(forKey: run) else { return [] }
        parkedCount -= queue.tasks
        for lane in queue.lanes where !lane.tasks.isEmpty {
            let place = laneToFill(run, lane.need, lane.urgency)
            // Those that came meanwhile are few; a parked lane may be long, and is moved whole.
            let later = runs[run]?.lanes[place].tasks ?? []
            runs[run]?.lanes[place].tasks = lane.tasks
            runs[run]?.lanes[place].tasks.append(contentsOf: later)
            runs[run]?.tasks += lane.tasks.count - 1
            count += lane.tasks.count
        }
        return queue.lanes.filter { !$0.tasks.isEmpty }.map(\.need)
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
