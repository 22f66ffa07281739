import AdvPOModel
import DequeModule
import HeapModule
import OrderedCollections

/// Queued tasks, fair over jobs, then over each job's runs; within a run the more urgent first, then first in first out.
///
/// Who was served goes behind the others: each job and each run carries the number of its last turn, and the lowest number is next. The tasks of a
/// run lie in lanes, one for each need and urgency, so that a worker looks only at what it can do. The heaps that find the lowest number are
/// mended when they are looked at: a number in them may be old, and then it is too low. All steps cost O(log n) at most, over time.
///
/// Jobs and runs are known by the place of their entry, not by name: a hand-out looks at a dozen of them, and names are long to hash and to copy.
struct FairQueue: Sendable {
    private struct Turn: Comparable, Sendable {
        var number: UInt64
        /// The place of the job's or run's entry.
        var owner: Int
        /// The owner's first turn: one at the same place that came later is another.
        var born: UInt64
        static func < (lhs: Self, rhs: Self) -> Bool { lhs.number < rhs.number }
        static func == (lhs: Self, rhs: Self) -> Bool { lhs.number == rhs.number }
    }

    /// Jobs that have, or lately had, tasks of one need.
    private struct NeedQueue: Sendable {
        var jobs: Heap<Turn> = []
    }

    private struct JobQueue: Sendable {
        let id: JobID
        /// Its first turn; 0 for one that is gone, whose place is free.
        var born: UInt64
        var turn: UInt64
        var runs = 0
        var needs: [NeedRuns] = []

        init(_ id: JobID, _ turn: UInt64) { (self.id, born, self.turn) = (id, turn, turn) }

        /// Runs that have, or lately had, tasks of one need.
        struct NeedRuns: Sendable {
            var need: Int
            var runs: Heap<Turn> = []
            /// Whether the need's queue knows the job.
            var isListed = false
        }

        func position(of need: Int) -> Int? { needs.firstIndex { $0.need == need } }

        mutating func list(_ run: Turn, _ need: Int) {
            if let position = position(of: need) {
                needs[position].runs.insert(run)
            } else {
                needs.append(NeedRuns(need: need, runs: [run]))
            }
        }

        /// Its own turn when the need's queue does not know it, which it then does.
        mutating func tellOnce(_ need: Int) -> (born: UInt64, turn: UInt64)? {
            guard let position = position(of: need), !needs[position].isListed else { return nil }
            needs[position].isListed = true
            return (born, turn)
        }
    }

    private struct RunQueue: Sendable {
        let id: RunID
        let job: Int
        /// As a job's.
        var born: UInt64
        var turn: UInt64
        var tasks = 0
        var lanes: [Lane] = []
        /// Needs under which the job's queue knows the run.
        var listed: [Int] = []

        init(_ id: RunID, job: Int, _ turn: UInt64) { (self.id, self.job, born, self.turn) = (id, job, turn, turn) }

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
        var job: Int
        var run: Int
        var lane: Int
        var order: (job: UInt64, run: UInt64, urgency: TaskUrgency)
    }

    private var needs: [NeedQueue] = []
    /// Entries keep their place while they live; places are used again. Parts of them are read and changed where they are: a copy costs more than a hand-out.
    private var jobs: [JobQueue] = []
    private var runs: [RunQueue] = []
    private var freeJobs: [Int] = []
    private var freeRuns: [Int] = []
    private var jobPlaces: [JobID: Int] = [:]
    private var runPlaces: [RunID: Int] = [:]
    private var nextTurn: UInt64 = 0
    /// Runs that are passed over until they are unparked, in the order of their parking.
    private var parked: OrderedDictionary<RunID, RunQueue> = [:]
    private(set) var parkedCount = 0
    /// Without those of parked runs.
    private(set) var count = 0
    var isEmpty: Bool { count == 0 }
    /// For people, hence the walk over all runs; by job.
    var counts: [(job: JobID, tasks: Int)] {
        var counts: [JobID: Int] = [:]
        for queue in runs where queue.born != 0 { counts[queue.id.job, default: 0] += queue.tasks }
        for queue in parked.values { counts[queue.id.job, default: 0] += queue.tasks }
        return counts.keys.sorted().map { ($0, counts[$0] ?? 0) }
    }

    mutating func append(_ task: UInt64, of run: RunID, need: Int, urgency: TaskUrgency) {
        let (run, lane) = laneToFill(run, need, urgency)
        runs[run].lanes[lane].tasks.append(task)
        count += 1
    }

    /// For a task that comes back: it has waited already.
    mutating func prepend(_ task: UInt64, of run: RunID, need: Int, urgency: TaskUrgency) {
        let (run, lane) = laneToFill(run, need, urgency)
        runs[run].lanes[lane].tasks.prepend(task)
        count += 1
    }

    mutating func removeAll(of run: RunID) {
        if let removed = parked.removeValue(forKey: run) { parkedCount -= removed.tasks }
        guard let place = runPlaces[run] else { return }
        count -= remove(place).tasks
    }

    /// The next task that has one of these needs, removed; nil when none does. A run whose task `pays` refuses is parked.
    mutating func take(serving served: [Int], pays: (UInt64) -> Bool) -> UInt64? {
        while let place = place(serving: served) {
            guard let next = runs[place.run].lanes[place.lane].tasks.first else { return nil }
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
        guard let task = runs[place.run].lanes[place.lane].tasks.popFirst() else { return nil }
        count -= 1
        nextTurn += 1
        jobs[place.job].turn = nextTurn
        runs[place.run].turn = nextTurn
        runs[place.run].tasks -= 1
        if runs[place.run].tasks == 0 { _ = remove(place.run) }
        return task
    }

    /// A run's last task is gone, or leaves; a job that comes back stands behind those that wait.
    private mutating func remove(_ run: Int) -> RunQueue {
        let removed = runs[run]
        runs[run].born = 0
        runs[run].lanes = []
        runs[run].listed = []
        freeRuns.append(run)
        runPlaces.removeValue(forKey: removed.id)
        jobs[removed.job].runs -= 1
        if jobs[removed.job].runs == 0 {
            jobPlaces.removeValue(forKey: jobs[removed.job].id)
            jobs[removed.job].born = 0
            jobs[removed.job].needs = []
            freeJobs.append(removed.job)
        }
        return removed
    }

    // MARK: Parking

    var parkedRuns: [RunID] { parked.keys.elements }

    private mutating func park(_ run: Int) {
        let queue = remove(run)
        precondition(parked[queue.id] == nil, "what was parked is queued again before more of its run is looked at")
        count -= queue.tasks
        parkedCount += queue.tasks
        parked[queue.id] = queue
    }

    /// Queues a parked run's tasks again, before those that came meanwhile; gives back their needs.
    mutating func unpark(_ run: RunID) -> [Int] {
        guard let queue = parked.removeValue(forKey: run) else { return [] }
        parkedCount -= queue.tasks
        for lane in queue.lanes where !lane.tasks.isEmpty {
            let (entry, place) = laneToFill(run, lane.need, lane.urgency)
            // Those that came meanwhile are few; a parked lane may be long, and is moved whole.
            let later = runs[entry].lanes[place].tasks
            runs[entry].lanes[place].tasks = lane.tasks
            runs[entry].lanes[place].tasks.append(contentsOf: later)
            runs[entry].tasks += lane.tasks.count - 1
            count += lane.tasks.count
        }
        return queue.lanes.filter { !$0.tasks.isEmpty }.map(\.need)
    }

    private mutating func takeTurn() -> UInt64 {
        nextTurn += 1
        return nextTurn
    }

    // MARK: Lanes

    /// The run's place, and in it the lane that takes one more task, listed so that it is found again.
    private mutating func laneToFill(_ id: RunID, _ need: Int, _ urgency: TaskUrgency) -> (run: Int, lane: Int) {
        let run = runPlaces[id] ?? enter(id)
        if !runs[run].listed.contains(need) { list(run, need) }
        runs[run].tasks += 1
        if let lane = runs[run].lane(need, urgency) { return (run, lane) }
        runs[run].lanes.append(RunQueue.Lane(need: need, urgency: urgency))
        return (run, runs[run].lanes.count - 1)
    }

    private mutating func enter(_ id: RunID) -> Int {
        let job = jobPlaces[id.job] ?? enter(id.job)
        jobs[job].runs += 1
        let queue = RunQueue(id, job: job, takeTurn())
        let run = freeRuns.popLast() ?? runs.count
        if run == runs.count { runs.append(queue) } else { runs[run] = queue }
        runPlaces[id] = run
        return run
    }

    private mutating func enter(_ id: JobID) -> Int {
        let queue = JobQueue(id, takeTurn())
        let job = freeJobs.popLast() ?? jobs.count
        if job == jobs.count { jobs.append(queue) } else { jobs[job] = queue }
        jobPlaces[id] = job
        return job
    }

    private mutating func list(_ run: Int, _ need: Int) {
        runs[run].listed.append(need)
        while needs.count <= need { needs.append(NeedQueue()) }
        let job = runs[run].job
        jobs[job].list(Turn(number: runs[run].turn, owner: run, born: runs[run].born), need)
        guard let (born, turn) = jobs[job].tellOnce(need) else { return }
        needs[need].jobs.insert(Turn(number: turn, owner: job, born: born))
    }

    /// The place of the need's next task, after mending what lies before it.
    private mutating func next(_ need: Int) -> Place? {
        guard need < needs.count else { return nil }
        while let top = needs[need].jobs.min {
            guard jobs[top.owner].born == top.born, let position = jobs[top.owner].position(of: need) else {
                needs[need].jobs.removeMin()
                continue
            }
            let turn = jobs[top.owner].turn
            if turn != top.number {
                needs[need].jobs.replaceMin(with: Turn(number: turn, owner: top.owner, born: top.born))
                continue
            }
            if let place = next(need, top.owner, turn, position) { return place }
            needs[need].jobs.removeMin()
            jobs[top.owner].needs[position].isListed = false
        }
        return nil
    }

    /// The same within one job; nil when it has none.
    private mutating func next(_ need: Int, _ job: Int, _ jobTurn: UInt64, _ position: Int) -> Place? {
        while let top = jobs[job].needs[position].runs.min {
            guard runs[top.owner].born == top.born, let lane = runs[top.owner].best(need) else {
                jobs[job].needs[position].runs.removeMin()
                if runs[top.owner].born == top.born { runs[top.owner].listed.removeAll { $0 == need } }
                continue
            }
            let turn = runs[top.owner].turn
            if turn != top.number {
                jobs[job].needs[position].runs.replaceMin(with: Turn(number: turn, owner: top.owner, born: top.born))
                continue
            }
            return Place(job: job, run: top.owner, lane: lane, order: (jobTurn, turn, runs[top.owner].lanes[lane].urgency))
        }
        return nil
    }
}
