package import AdvPOBedrock
package import AdvPOCluster
import AdvPOModel
package import AdvPOObjects
package import AdvPOStore
import AdvPOTransport
import AdvPOWire
package import CoreMetrics
package import Logging
import OrderedCollections

/// The coordinator's shell: a mailbox around the brain. It persists what the brain decides, and only then lets the world know.
///
/// Events that wait together are handled together and made durable in one transaction (group commit); their effects follow it.
package actor Coordinator {
    let store: any CoordinatorStore
    let objects: any ObjectStore
    let admission: JobAdmission
    let namespace: JobNamespace
    let clock: any CoordinatorClock
    let logger: Logger
    /// Of messages that were not understood.
    let complaints = ComplaintLimiter()
    var brain: CoordinatorBrain
    let epoch: UInt64
    let settings: ClusterSettings
    var measures: CoordinatorMeasures

    private var mailbox: [Entry] = []
    private var isDraining = false
    private(set) var isClosed = false
    /// The brain knows what the disk does not: nothing it says may reach the world any more.
    private var isAbandoned = false
    private var tickWaits = false
    private var waitingForQuiet: [CheckedContinuation<Void, Never>] = []
    private var nextToken: UInt64 = 1
    private var replies: [RequestToken: CheckedContinuation<ClusterEffect?, Never>] = [:]
    var sessionsByPeer: [PeerID: SessionID] = [:]
    var blobs = BlobShelf()
    /// Under way now.
    var submissionsWithFiles = 0
    var isSearchingUnits = false
    /// Every job of the data directory, by creation; what it says is durable.
    private(set) var directory: OrderedDictionary<JobID, DirectoryEntry> = [:]
    private(set) var index = JobIndex()
    var jobsByToken: [String: TokenOwner] = [:]
    /// Of the jobs that ended last; of earlier ones only the status is known.
    var finalProgress: OrderedDictionary<JobID, JobProgress> = [:]
    private static let finalProgressCount = 1_000
    var watchers: [JobID: [UInt64: AsyncStream<JobProgress>.Continuation]] = [:]
    var nextWatcher: UInt64 = 0
    /// Admitted, and on their way to the disk: they count, though the directory does not have them yet.
    var arriving: Set<JobID> = []

    struct DirectoryEntry: Sendable {
        var manifest: JobManifest
        var status: JobStatus
        var failureMessage: String?
        var modifiedMillisecondsSince1970: Int64

        var position: JobIndex.Position {
            JobIndex.Position(createdMillisecondsSince1970: manifest.createdMillisecondsSince1970, job: manifest.id)
        }
    }

    /// The job that a client token made, and the request it came with.
    struct TokenOwner: Sendable {
        var job: JobID
        var request: CreateJobRequest
    }

    private struct Entry {
        /// Nil for one that only waits its turn.
        var event: BrainEvent?
        /// Made durable before what the event causes.
        var records: [StoreRecord] = []
        var done: CheckedContinuation<Bool, Never>?
        /// Its watchers are told where it stands.
        var watched: JobID?
    }

    private init(
        store: any CoordinatorStore, objects: any ObjectStore, admission: JobAdmission, namespace: JobNamespace, clock: any CoordinatorClock,
        logger: Logger, settings: ClusterSettings, metrics: any MetricsFactory, epoch: UInt64, unitsPerTask: Int
    ) {
        self.store = store
        self.objects = objects
        self.admission = admission
        self.namespace = namespace
        self.clock = clock
        self.logger = logger
        self.settings = settings
        self.epoch = epoch
        brain = CoordinatorBrain(settings: settings, epoch: epoch, unitsPerTask: unitsPerTask)
        measures = CoordinatorMeasures(metrics)
    }

    /// Opens the next epoch on a store and takes up every job that an earlier one left unfinished.
    ///
    /// - Parameter unitsPerTask: units that one task carries at most.
    package static func open(
        store: any CoordinatorStore, objects: any ObjectStore, admission: JobAdmission, namespace: JobNamespace = .standard,
        clock: any CoordinatorClock = WallClock(), settings: ClusterSettings = ClusterSettings(), unitsPerTask: Int = CoordinatorBrain.unitsPerTask,
        metrics: any MetricsFactory = NOOPMetricsHandler.instance, logger: Logger
    ) async throws -> Coordinator {
        var settings = settings
        settings.takeRateLimits(of: admission.catalog)
        let snapshot = try await store.load()
        let epoch = snapshot.epoch + 1
        try await store.commit([.epoch(epoch)])
        let coordinator = Coordinator(
            store: store, objects: objects, admission: admission, namespace: namespace, clock: clock, logger: logger, settings: settings, metrics: metrics,
            epoch: epoch, unitsPerTask: unitsPerTask)
        try await coordinator.restore(snapshot)
        return coordinator
    }

    /// Hands an event to the brain; returns once everything it caused is durable and under way, or false when the coordinator closed first.
    @discardableResult
    func post(_ event: BrainEvent, records: [StoreRecord] = []) async -> Bool {
        await withCheckedContinuation { continuation in
            guard !isClosed else { return continuation.resume(returning: false) }
            mailbox.append(Entry(event: event, records: records, done: continuation))
            startDraining()
        }
    }

    /// Hands events to the brain together; returns as for the last of them.
    func post(_ events: [BrainEvent]) async -> Bool {
        guard let last = events.last else { return true }
        for event in events.dropLast() { postWithoutWaiting(event) }
        return await post(last)
    }

    func postWithoutWaiting(_ event: BrainEvent) {
        guard !isClosed else { return }
        mailbox.append(Entry(event: event))
        startDraining()
    }

    /// Tells a job's watchers where it stands once that is durable: between two batches the brain is ahead of the store.
    func tellWatchersInTurn(of job: JobID) {
        guard !isClosed else { return }
        mailbox.append(Entry(watched: job))
        startDraining()
    }

    /// Enters a job into the directory, or replaces what it says of one.
    func enter(_ entry: DirectoryEntry) {
        directory[entry.manifest.id] = entry
        index.insert(entry.position)
    }

    /// What is said of a job until its record on the disk says so too, or is gone.
    func mark(_ job: JobID, as status: JobStatus) { directory[job]?.status = status }

    func removeFromDirectory(_ job: JobID) {
        guard let entry = directory.removeValue(forKey: job) else { return }
        index.remove(entry.position)
        finalProgress.removeValue(forKey: job)
        for (token, owner) in jobsByToken where owner.job == job { jobsByToken.removeValue(forKey: token) }
    }

    /// Time passed. While the disk keeps the mailbox waiting one tick in it is enough.
    package func tick() {
        guard !tickWaits else { return }
        tickWaits = true
        postWithoutWaiting(.cluster(.tick))
    }

    func takeToken() -> RequestToken {
        defer { nextToken += 1 }
        return RequestToken(nextToken)
    }

    /// Sends one cluster event that wants a reply, and waits for it: nil when the coordinator closes first or the task is cancelled.
    func exchange(_ event: ClusterEvent, _ token: RequestToken) async -> ClusterEffect? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard !isClosed, !Task.isCancelled else { return continuation.resume(returning: nil) }
                // Before the event is handled there is somebody to answer.
                replies[token] = continuation
                mailbox.append(Entry(event: .cluster(event)))
                startDraining()
            }
        } onCancel: {
            Task { await self.abandon(token) }
        }
    }

    private func abandon(_ token: RequestToken) { replies.removeValue(forKey: token)?.resume(returning: nil) }

    private func startDraining() {
        guard !isDraining else { return }
        isDraining = true
        Task { await drain() }
    }

    private func drain() async {
        while !mailbox.isEmpty {
            let entries = mailbox
            mailbox = []
            tickWaits = false
            let isDone = isAbandoned ? false : await handle(entries)
            for entry in entries { entry.done?.resume(returning: isDone) }
        }
        isDraining = false
        for continuation in waitingForQuiet { continuation.resume() }
        waitingForQuiet = []
    }

    /// One batch: decide, make durable, and only then act.
    private func handle(_ entries: [Entry]) async -> Bool {
        let now = clock.now()
        var records: [StoreRecord] = []
        var effects: [BrainEffect] = []
        for entry in entries {
            records += entry.records
            guard let event = entry.event else { continue }
            for effect in brain.handle(event, at: now) {
                if case .persist(let record) = effect { records.append(record) } else { effects.append(effect) }
            }
        }
        // What may be spent is durable before the tasks that may spend it are handed out.
        records += brain.takeSpending()
        let began = ContinuousClock.now
        guard let kept = await commit(records) else {
            isAbandoned = true
            return false
        }
        if !kept.isEmpty { measures.committed(records: kept.count, duration: began.duration(to: .now)) }
        var model: (run: RunID, name: String?)?
        for record in kept {
            switch record {
            case .job(let job): updateDirectory(job)
            case .unit(let unit):
                if model?.run != unit.run { model = (unit.run, brain.modelName(of: unit.run)) }
                measures.accepted(unit.record, model: model?.name)
            case .run, .candidate, .spending, .blob, .epoch, .journal, .story, .deleteJob: break
            }
        }
        for effect in effects { carryOut(effect) }
        for entry in entries { if let job = entry.watched { tellWatchers(of: job) } }
        return true
    }

    /// Makes the records durable and gives back those that were kept; nil when the coordinator closed before the disk took them.
    ///
    /// Nothing is said to the world before it is durable: a full disk halts the coordinator until there is room. A record that can never be
    /// stored must not halt it for ever, and everything behind it: it is left out, with a word in the log.
    private func commit(_ records: [StoreRecord]) async -> [StoreRecord]? {
        var records = records
        var hasComplained = false
        while !records.isEmpty {
            do {
                try await store.commit(records)
                if hasComplained { logger.notice("the data directory takes writes again") }
                return records
            } catch let error as StoreError {
                if let position = error.refusedRecord, records.indices.contains(position - 1) {
                    logger.critical("a record cannot be stored and is left out", metadata: ["error": "\(error)"])
                    records.remove(at: position - 1)
                    continue
                }
                if !hasComplained { logger.error("cannot write to the data directory, trying again every second", metadata: ["error": "\(error)"]) }
            } catch {
                if !hasComplained { logger.error("cannot write to the data directory, trying again every second", metadata: ["error": "\(error)"]) }
            }
            hasComplained = true
            // What closes tries once and leaves the rest to the next start.
            guard !isClosed else { return nil }
            await clock.pause(milliseconds: 1_000)
        }
        return records
    }

    private func carryOut(_ effect: BrainEffect) {
        switch effect {
        case .persist: preconditionFailure("persisted before")
        case .reply(let reply): deliver(reply)
        case .publish(let job, let blob): blobs.put(blob, for: job)
        case .publishStored(let job, let hash): blobs.putStored(hash, for: job)
        case .writeResults(let job):
            // One that closes leaves them to the next start. The task's turn comes after the replies above: a worker that must let go of a call waits for no report.
            if !isClosed { Task { await writeResults(of: job) } }
        case .changed(let job): tellWatchers(of: job)
        case .ended(let job):
            finalProgress[job] = brain.progress(of: job)
            if finalProgress.count > Self.finalProgressCount { finalProgress.removeFirst() }
            tellWatchers(of: job)
            blobs.removeAll(of: job)
            postWithoutWaiting(.forget(job))
        case .log(let line):
            log(line)
        }
    }

    private func deliver(_ effect: ClusterEffect) {
        guard let token = effect.answeredToken else { return }
        if let order = effect.order, let waited = brain.cluster.stories.waitedMilliseconds(order.lease.task) { measures.handedOut(waitedMilliseconds: waited) }
        replies.removeValue(forKey: token)?.resume(returning: effect)
    }

    /// Ends every held request, then waits for what is being made durable; nothing is accepted any more. The store stays open for its owner to close.
    package func close() async {
        isClosed = true
        for continuation in replies.values { continuation.resume(returning: nil) }
        replies = [:]
        for continuation in watchers.values.flatMap(\.values) { continuation.finish() }
        watchers = [:]
        guard isDraining else { return }
        await withCheckedContinuation { waitingForQuiet.append($0) }
    }

    /// Requests of workers that wait for their answer.
    package var heldRequestCount: Int { replies.count }

    package var hasActiveJobs: Bool { brain.activeJobCount > 0 }
}

extension StoreError {
    /// The record, from 1, that no try will ever store; nil for what may pass: a full disk, a failing database.
    fileprivate var refusedRecord: Int? {
        switch self {
        case .unknownJob(_, let record), .unknownRun(_, let record), .unknownBlob(_, _, let record), .invalidRecord(let record, _): record
        case .directoryInUse, .notWritable, .newerSchema, .corrupt, .diskFull, .closed, .database: nil
        }
    }
}

extension ClusterEffect {
    /// The task that it hands out, if any.
    fileprivate var order: TaskOrder? {
        switch self {
        case .task(_, let order): order
        case .reportAccepted(_, let next): next
        case .accepted, .welcome, .unknownSession, .refuse, .instruct, .nothing, .reportStale, .workerJoined, .workerLost: nil
        }
    }
}
