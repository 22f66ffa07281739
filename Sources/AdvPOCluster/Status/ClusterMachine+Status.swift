package import AdvPOModel
import OrderedCollections

extension ClusterMachine {
    /// - Parameter workerLimit: workers described one by one; of the others only the sums.
    package func status(at now: Tick, workerLimit: Int) -> ClusterStatus {
        var slots = 0
        var busy = 0
        var (disconnected, draining) = (0, 0)
        for worker in workers.values {
            slots += worker.introduction.slots
            busy += worker.held.count
            switch Self.state(of: worker) {
            case .present: continue
            case .disconnected: disconnected += 1
            case .draining: draining += 1
            }
        }
        let described = workers.elements.prefix(workerLimit).map { describe($0.key, $0.value, now) }
        return ClusterStatus(
            epoch: epoch, workers: described, furtherWorkers: workers.count - described.count, workerCount: workers.count,
            disconnectedWorkers: disconnected, drainingWorkers: draining, slots: slots, busySlots: busy,
            queued: queue.counts, queuedTasks: queue.count, restingTasks: resting.count, leasedTasks: busy,
            rates: [],  // RATES: RateBook.snapshot goes here.
            totals: stories.totals)
    }

    private static func state(of worker: Worker) -> ClusterStatus.State {
        worker.disconnectedSince != nil ? .disconnected : worker.isDraining ? .draining : .present
    }

    private func describe(_ session: SessionID, _ worker: Worker, _ now: Tick) -> ClusterStatus.Worker {
        let introduction = worker.introduction
        return ClusterStatus.Worker(
            session: session, name: introduction.name, instance: String(introduction.instance.prefix(8)), protocolVersion: introduction.protocolVersion,
            slots: introduction.slots, models: introduction.models,
            state: Self.state(of: worker),
            millisecondsSinceHeard: max(0, now.milliseconds - worker.lastHeard.milliseconds),
            leases: worker.held.compactMap { id in
                guard let task = tasks[id], let holder = task.holder else { return nil }
                return ClusterStatus.HeldLease(lease: lease(id, task), run: task.specification.run, ageMilliseconds: max(0, now.milliseconds - holder.since.milliseconds))
            })
    }

    /// The session of the worker with this name, or whose instance or session begins so; nil for none.
    ///
    /// - Throws: `AmbiguousWorker` when several fit.
    package func session(ofWorker text: String) throws(AmbiguousWorker) -> SessionID? {
        let exact = workers.elements.filter { $0.value.introduction.name == text || String($0.key.rawValue) == text }
        let fitting = exact.isEmpty && text.count >= 4 ? workers.elements.filter { $0.value.introduction.instance.hasPrefix(text) } : exact
        guard fitting.count <= 1 else { throw AmbiguousWorker(sessions: fitting.map(\.key)) }
        return fitting.first?.key
    }

    package struct AmbiguousWorker: Error, Hashable, Sendable {
        package var sessions: [SessionID]
    }

    /// Where a task has been: its story, or what the task itself says while nobody has had it yet.
    package func story(of task: UInt64) -> TaskStory? {
        if let story = stories[task] { return story }
        return tasks[task].map { unheard(task, $0) }
    }

    /// Tasks of a job that were handed out in this life of the coordinator, the newest first, then some that wait for their first worker.
    package func stories(of job: JobID, limit: Int) -> [TaskStory] {
        let told = stories.stories(of: job, limit: limit)
        let waiting = tasks.elements.lazy.filter { $0.value.specification.run.job == job && stories[$0.key] == nil }.prefix(limit - told.count)
        return told + waiting.map { unheard($0.key, $0.value) }
    }

    /// Tasks in workers' hands that have yet to report a unit whose name begins so.
    package func leasedTasks(withUnit isFitting: (ContentHash) -> Bool, limit: Int) -> [UInt64] {
        var found: [UInt64] = []
        for worker in workers.values {
            for id in worker.held where tasks[id]?.remaining.keys.contains(where: isFitting) == true {
                found.append(id)
                if found.count == limit { return found }
            }
        }
        return found
    }

    private func unheard(_ id: UInt64, _ task: Task) -> TaskStory {
        let purpose: TaskStory.Purpose = if case .generate = task.specification.work { .generate } else { .evaluate }
        return TaskStory(
            id: TaskID(epoch: epoch, task: id), run: task.specification.run, iteration: task.specification.iteration, purpose: purpose,
            units: task.specification.work.units.count, steps: [TaskStory.Step(at: task.queuedSince, what: .queued)])
    }
}
