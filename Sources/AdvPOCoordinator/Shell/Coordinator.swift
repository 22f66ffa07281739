package import AdvPOBedrock
package import AdvPOCluster
import AdvPOModel
package import AdvPOObjects
package import AdvPOStore
import AdvPOTransport
import AdvPOWire
package import Logging
import Glibc
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
    var brain: CoordinatorBrain
    let epoch: UInt64
    let settings: ClusterSettings

    private var mailbox: [Entry] = []
    private var isDraining = false
    private var isClosed = false
    private var nextToken: UInt64 = 1
    private var replies: [RequestToken: CheckedContinuation<ClusterEffect?, Never>] = [:]
    var sessionsByPeer: [PeerID: SessionID] = [:]
    var blobs = BlobShelf()
    /// Every job of the data directory, by creation.
    var directory: OrderedDictionary<JobID, DirectoryEntry> = [:]
    var jobsByToken: [String: JobID] = [:]
    var finalProgress: [JobID: JobProgress] = [:]
    var watchers: [JobID: [UInt64: AsyncStream<JobProgress>.Continuation]] = [:]
    var nextWatcher: UInt64 = 0

    struct DirectoryEntry: Sendable {
        var manifest: JobManifest
        var status: JobStatus
        var failureMessage: String?
        var modifiedMillisecondsSince1970: Int64
    }

    private struct Entry {
        /// Nil for one that only waits its turn.
        var event: BrainEvent?
        /// Made durable before what the event causes.
        var records: [StoreRecord] = []
        var done: CheckedContinuation<Void, Never>?
        /// Its watchers are told where it stands.
        var watched: JobID?
    }

    private init(
        store: any CoordinatorStore, objects: any ObjectStore, admission: JobAdmission, namespace: JobNamespace, clock: any CoordinatorClock,
        logger: Logger, settings: ClusterSettings, epoch: UInt64
    ) {
        self.store = store
        self.objects = objects
        self.admission = admission
        self.namespace = namespace
        self.clock = clock
        self.logger = logger
        self.settings = settings
        self.epoch = epoch
        brain = CoordinatorBrain(settings: settings, epoch: epoch)
    }

    /// Opens the next epoch on a store and takes up every job that an earlier one left unfinished.
    package static func open(
        store: any CoordinatorStore, objects: any ObjectStore, admission: JobAdmission, namespace: JobNamespace = .standard,
        clock: any CoordinatorClock = WallClock(), settings: ClusterSettings = ClusterSettings(), logger: Logger
    ) async throws -> Coordinator {
        let snapshot = try await store.load()
        let epoch = snapshot.epoch + 1
        try await store.commit([.epoch(epoch)])
        let coordinator = Coordinator(
            store: store, objects: objects, admission: admission, namespace: namespace, clock: clock, logger: logger, settings: settings, epoch: epoch)
        try await coordinator.restore(snapshot)
        return coordinator
    }

    /// Hands an event to the brain; returns once everything it caused is durable and under way.
    func post(_ event: BrainEvent, records: [StoreRecord] = []) async {
        await withCheckedContinuation { continuation in
            mailbox.append(Entry(event: event, records: records, done: continuation))
            startDraining()
        }
    }

    func postWithoutWaiting(_ event: BrainEvent) {
        mailbox.append(Entry(event: event))
        startDraining()
    }

    /// Tells a job's watchers where it stands once that is durable: between two batches the brain is ahead of the store.
    func tellWatchersInTurn(of job: JobID) {
        mailbox.append(Entry(watched: job))
        startDraining()
    }

    func takeToken() -> RequestToken {
        defer { nextToken += 1 }
        return RequestToken(nextToken)
    }

    /// Sends one cluster event that wants a reply, and waits for it: nil when the coordinator closes first or the task is cancelled.
    func exchange(_ event: ClusterEvent, _ token: RequestToken) async -> ClusterEffect? {
        guard !isClosed else { return nil }
        mailbox.append(Entry(event: .cluster(event)))
        startDraining()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled { continuation.resume(returning: nil) } else { replies[token] = continuation }
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
            await commit(records)
            for record in records { if case .job(let job) = record { updateDirectory(job) } }
            for effect in effects { carryOut(effect) }
            for entry in entries {
                if let job = entry.watched { tellWatchers(of: job) }
                entry.done?.resume()
            }
        }
        isDraining = false
    }

    /// Nothing is said to the world before it is durable; a full disk therefore halts the coordinator until there is room.
    private func commit(_ records: [StoreRecord]) async {
        guard !records.isEmpty else { return }
        var hasComplained = false
        while !isClosed {
            do {
                try await store.commit(records)
                if hasComplained { logger.notice("the data directory takes writes again") }
                return
            } catch {
                if !hasComplained { logger.error("cannot write to the data directory, trying again every second", metadata: ["error": "\(error)"]) }
                hasComplained = true
                await clock.pause(milliseconds: 1_000)
            }
        }
    }

    private func carryOut(_ effect: BrainEffect) {
        switch effect {
        case .persist: preconditionFailure("persisted before")
        case .reply(let reply): deliver(reply)
        case .publish(let job, let blob): blobs.put(blob, for: job)
        case .writeResults(let report): Task { await write(report) }
        case .changed(let job): tellWatchers(of: job)
        case .ended(let job):
            finalProgress[job] = brain.progress(of: job)
            tellWatchers(of: job)
            blobs.removeAll(of: job)
            postWithoutWaiting(.forget(job))
        case .log(let line):
            var metadata: Logger.Metadata = [:]
            if let job = line.job { metadata["job"] = "\(job)" }
            if let run = line.run { metadata["run"] = "\(run)" }
            logger.info("\(line.message)", metadata: metadata)
        }
    }

    private func deliver(_ effect: ClusterEffect) {
        guard let token = effect.answeredToken else { return }
        replies.removeValue(forKey: token)?.resume(returning: effect)
    }

    /// Ends every held request; nothing is accepted any more. The store stays open for its owner to close.
    package func close() async {
        isClosed = true
        for continuation in replies.values { continuation.resume(returning: nil) }
        replies = [:]
        for continuation in watchers.values.flatMap(\.values) { continuation.finish() }
        watchers = [:]
    }

    package var hasActiveJobs: Bool { brain.activeJobCount > 0 }
}

/// Content that workers may fetch, kept while a job needs it.
struct BlobShelf: Sendable {
    private var content: [ContentHash: (bytes: [UInt8], jobs: Set<JobID>)] = [:]
    private var hashes: [JobID: Set<ContentHash>] = [:]

    subscript(hash: ContentHash) -> [UInt8]? { content[hash]?.bytes }

    mutating func put(_ blob: Blob, for job: JobID) {
        content[blob.hash, default: (blob.bytes, [])].jobs.insert(job)
        hashes[job, default: []].insert(blob.hash)
    }

    mutating func removeAll(of job: JobID) {
        for hash in hashes.removeValue(forKey: job) ?? [] {
            content[hash]?.jobs.remove(job)
            if content[hash]?.jobs.isEmpty == true { content.removeValue(forKey: hash) }
        }
    }
}

/// The shell's only source of time.
package protocol CoordinatorClock: Sendable {
    func now() -> Moment
    func pause(milliseconds: Int) async
}

package struct WallClock: CoordinatorClock {
    private let origin = ContinuousClock.now
    package init() {}

    package func now() -> Moment {
        let elapsed = origin.duration(to: .now).components
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Moment(
            tick: Tick(milliseconds: elapsed.seconds * 1_000 + elapsed.attoseconds / 1_000_000_000_000_000),
            millisecondsSince1970: Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000)
    }

    /// Returns early when the task is cancelled.
    package func pause(milliseconds: Int) async { try? await Task.sleep(for: .milliseconds(milliseconds)) }
}
