package import AdvPOModel
import OrderedCollections

extension ClusterMachine {
    /// - Parameter workerLimit: workers described one by one; of the others only the sums.
    package func status(at now: Tick, workerLimit: Int) -> ClusterStatus {
        var slots = 0
        var busy = 0
        var (disconnected, draining) = (0, 0)
        let present = presentWorkers
        for worker in present.lazy.map(\.value) {
            slots += worker.introduction.slots
            busy += worker.held.count
            switch Self.state(of: worker) {
            case .present: continue
            case .disconnected: disconnected += 1
            case .draining: draining += 1
            }
        }
        let described = present.prefix(workerLimit).map { describe($0.key, $0.value, now) }
        return ClusterStatus(
            epoch: epoch, workers: described, furtherWorkers: workers.count - described.count, workerCount: workers.count,
            disconnectedWorkers: disconnected, drainingWorkers: draining, slots: slots, busySlots: busy,
            queued: queue.counts, queuedTasks: queue.count + queue.parkedCount, restingTasks: restingCount, leasedTasks: busy,
            rates: rates.snapshot(at: now).map { ClusterStatus.ModelRate($0) },
            totals: stories.totals)
    }

    /// In the order of their hello.
    private var presentWorkers: [(key: SessionID, value: Worker)] { sessions.compactMap { session in workers[session].map { (session, $0) } } }

    private static func state(of worker: Worker) -> ClusterStatus.State {
        worker.disconnectedSince != nil ? .disconnected : worker.kind == nil ? .draining : .present
    }

    private func describe(_ session: SessionID, _ worker: Worker, _ now: Tick) -> ClusterStatus.Worker {
        let introduction = worker.introduction
        return ClusterStatus.Worker(
            session: session, name: introduction.name, instance: String(introduction.instance.prefix(8)), protocolVersion: introduction.protocolVersion,
            slots: introduction.slots, models: introduction.models,
            state: Self.state(of: worker),
            millisecondsSinceHeard: max(0, now.milliseconds - worker.lastHeard.milliseconds),
            leases: worker.held.compactMap { id in
                guard let task = tasks[id], let holder = holder(id, session), let lease = lease(id, of: session) else { return nil }
                return ClusterStatus.HeldLease(lease: lease, run: task.header.run, ageMilliseconds: max(0, now.milliseconds - holder.since.milliseconds))
            })
    }

    /// The session of the worker with this name, or whose instance or session begins so; nil for none.
    ///
    /// - Throws: `AmbiguousWorker` when several fit.
    package func session(ofWorker text: String) throws(AmbiguousWorker) -> SessionID? {
        let exact = presentWorkers.filter { $0.value.introduction.name == text || String($0.key.rawValue) == text }
        let fitting = exact.isEmpty && text.count >= 4 ? presentWorkers.filter { $0.value.introduction.instance.hasPrefix(text) } : exact
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
        let queued = runs.keys.filter { $0.job == job }.sorted().lazy.flatMap { self.runs[$0]?.tasks ?? [] }
        let waiting = queued.filter { self.tasks[$0] != nil && self.stories[$0] == nil }.prefix(limit - told.count)
        return told + waiting.compactMap { id in tasks[id].map { unheard(id, $0) } }
    }

    /// Tasks in workers' hands that have yet to report a unit whose name begins so.
    package func leasedTasks(withUnit isFitting: (ContentHash) -> Bool, limit: Int) -> [UInt64] {
        var found: [UInt64] = []
        for (_, worker) in presentWorkers {
            for id in worker.held where tasks[id]?.remaining.contains(where: { isFitting($0.unit) }) == true {
                found.append(id)
                if found.count == limit { return found }
            }
        }
        return found
    }

    private func unheard(_ id: UInt64, _ task: Task) -> TaskStory {
        let purpose: TaskStory.Purpose = if case .generate = task.header.work { .generate } else { .evaluate }
        return TaskStory(
            id: TaskID(epoch: epoch, task: id), run: task.header.run, iteration: task.header.iteration, purpose: purpose,
            units: task.unitCount, steps: [TaskStory.Step(at: task.queuedSince, what: .queued)])
    }
}

extension ClusterStatus.ModelRate {
    fileprivate init(_ rate: RateSnapshot) {
        self.init(
            model: rate.model, requestsPerMinute: rate.milliRequestsPerMinute.map { Int($0 / 1_000) }, tokensPerMinute: rate.tokensPerMinute.map { Int($0) },
            concurrency: Int(rate.concurrency), shares: rate.shares.count)
    }
}
