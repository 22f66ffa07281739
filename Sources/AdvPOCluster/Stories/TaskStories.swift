package import AdvPOModel
import OrderedCollections

/// What became of tasks, kept beside the machine's own state and never read by its decisions.
///
/// A story begins with a task's first hand-out: until then the task itself says all there is. The newest stories are kept, those of tasks that ended go
/// first, the oldest before the others. Every call takes constant time, and every list has a bound.
package struct TaskStories: Sendable {
    let epoch: UInt64
    /// Stories kept; those of tasks that have not ended may be as many.
    private let capacity: Int
    package static let standardCapacity = 20_000
    private var stories: [UInt64: TaskStory] = [:]
    /// Ended tasks, the oldest first, from `firstEnded` on.
    private var ended: [UInt64] = []
    private var firstEnded = 0
    /// What the shell has yet to keep and to say.
    private var unusual: [TaskStory] = []
    private var notes: [ClusterNote] = []
    package private(set) var totals = ClusterTotals()

    package init(epoch: UInt64, capacity: Int = standardCapacity) {
        self.epoch = epoch
        self.capacity = capacity
    }

    package subscript(task: UInt64) -> TaskStory? { stories[task] }

    /// How long the task had waited when it was last handed out.
    package func waitedMilliseconds(_ task: UInt64) -> Int64? {
        guard let step = stories[task]?.steps.last(where: { if case .handedOut = $0.what { true } else { false } }) else { return nil }
        guard case .handedOut(_, _, _, let waited) = step.what else { return nil }
        return waited
    }

    /// Stories of a job's tasks in memory, the newest first; at most so many.
    package func stories(of job: JobID, limit: Int) -> [TaskStory] {
        Array(stories.values.filter { $0.run.job == job }.sorted { $0.id > $1.id }.prefix(limit))
    }

    /// What happened since the last call.
    package mutating func takeNews() -> (unusual: [TaskStory], notes: [ClusterNote]) {
        guard !unusual.isEmpty || !notes.isEmpty else { return ([], []) }
        defer { (unusual, notes) = ([], []) }
        return (unusual, notes)
    }
}

// MARK: - What the machine tells, one call for each transition

extension TaskStories {
    mutating func handedOut(_ id: UInt64, _ task: ClusterMachine.Task, to worker: String, _ session: SessionID, _ now: Tick) {
        let waited = max(0, now.milliseconds - task.queuedSince.milliseconds)
        totals.handedOut += 1
        if stories[id] == nil {
            makeRoom()
            let header = task.header
            let purpose: TaskStory.Purpose = if case .generate = header.work { .generate } else { .evaluate }
            stories[id] = TaskStory(
                id: TaskID(epoch: epoch, task: id), run: header.run, iteration: header.iteration, purpose: purpose, units: task.unitCount, steps: [TaskStory.Step(at: task.queuedSince, what: .queued)])
        }
        stories[id]?.add(.handedOut(worker: worker, session: session, attempt: task.attempt, waitedMilliseconds: waited), at: now)
    }

    mutating func accepted(_ id: UInt64, units: Int, failed: Int, _ now: Tick) {
        guard units > 0 else { return }
        stories[id]?.add(.accepted(units: units, failed: failed), at: now)
    }

    mutating func done(_ id: UInt64, _ now: Tick) {
        totals.done += 1
        end(id, .done, now)
    }

    mutating func givenBack(_ id: UInt64, pauseMilliseconds: Int64, _ now: Tick) {
        totals.givenBack += 1
        stories[id]?.add(.givenBack(pauseMilliseconds: pauseMilliseconds), at: now)
    }

    mutating func takenBack(_ id: UInt64, from worker: String, _ session: SessionID, _ lease: Lease, _ now: Tick) {
        totals.takenBack += 1
        stories[id]?.add(.takenBack, at: now)
        notes.append(.tookBack(lease, worker: worker, session))
    }

    mutating func cancelled(_ id: UInt64, _ now: Tick) {
        totals.cancelled += 1
        end(id, .cancelled, now)
    }

    mutating func failed(_ id: UInt64, _ run: RunID, reason: String, _ now: Tick) {
        totals.failed += 1
        end(id, .failed(reason: reason), now)
        notes.append(.failed(TaskID(epoch: epoch, task: id), run, reason: reason))
    }

    mutating func joined(_ session: SessionID, _ introduction: WorkerIntroduction) {
        totals.workersJoined += 1
        notes.append(.joined(session, introduction))
    }

    /// `tasks`: what it held; they count as lost when it did not leave by itself.
    mutating func lost(_ session: SessionID, worker: String, reason: String, blame: Bool, tasks: [UInt64], _ now: Tick) {
        totals.workersLost += blame ? 1 : 0
        totals.workersLeft += blame ? 0 : 1
        totals.leasesLost += tasks.count
        for id in tasks { stories[id]?.add(.workerLost(worker: worker, reason: reason), at: now) }
        notes.append(.lost(session, worker: worker, reason: reason, isFault: blame, tasks: tasks.map { TaskID(epoch: epoch, task: $0) }))
    }

    mutating func draining(_ session: SessionID, worker: String) { notes.append(.draining(session, worker: worker)) }

    mutating func stale() { totals.staleReports += 1 }

    private mutating func end(_ id: UInt64, _ event: TaskStory.Event, _ now: Tick) {
        guard stories[id] != nil else { return }
        stories[id]?.add(event, at: now)
        ended.append(id)
        if let story = stories[id], story.isUnusual { unusual.append(story) }
    }

    /// Forgets the task that ended first; where none has ended the leases themselves are the bound.
    private mutating func makeRoom() {
        guard stories.count >= capacity, firstEnded < ended.count else { return }
        stories.removeValue(forKey: ended[firstEnded])
        firstEnded += 1
        // Moved up once in so many calls, so that the list stays short at no cost to speak of.
        if firstEnded > capacity {
            ended.removeFirst(firstEnded)
            firstEnded = 0
        }
    }
}

/// Something that is worth a line in the log.
package enum ClusterNote: Hashable, Sendable {
    case joined(SessionID, WorkerIntroduction)
    case lost(SessionID, worker: String, reason: String, isFault: Bool, tasks: [TaskID])
    case draining(SessionID, worker: String)
    case tookBack(Lease, worker: String, SessionID)
    case failed(TaskID, RunID, reason: String)
}

/// Counts since the coordinator's start; none ever falls.
package struct ClusterTotals: Hashable, Sendable {
    package var handedOut = 0
    package var done = 0
    package var givenBack = 0
    package var takenBack = 0
    package var cancelled = 0
    package var failed = 0
    /// Leases that ended with their worker.
    package var leasesLost = 0
    package var staleReports = 0
    package var workersJoined = 0
    /// By a fault: silent, or with a broken connection.
    package var workersLost = 0
    /// With a goodbye, or to come back under a new session.
    package var workersLeft = 0
    package init() {}
}
