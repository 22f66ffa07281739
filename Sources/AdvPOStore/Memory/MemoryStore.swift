package import AdvPOModel

/// The store without a disk: for tests, the simulator, and jobs that need no restart.
///
/// It keeps every promise of `CoordinatorStore` but durability; `reopen` stands for a restart.
package actor MemoryStore: CoordinatorStore {
    private var content = MemoryContent()
    private var isClosed = false
    private let limits: StoreLimits

    package init(limits: StoreLimits = StoreLimits()) { self.limits = limits }

    /// What a restart on the same data directory would find: all that was committed.
    package func reopen() { isClosed = false }

    package func load() throws(StoreError) -> StoreSnapshot {
        try checkOpen()
        return content.snapshot
    }

    package func commit(_ records: [StoreRecord]) throws(StoreError) {
        try checkOpen()
        for (index, record) in records.enumerated() { try limits.check(record, position: index + 1) }
        var undo: [MemoryContent.Undo] = []
        do throws(StoreError) {
            for (index, record) in records.enumerated() { try content.apply(record.asStored, position: index + 1, undo: &undo) }
        } catch {
            for step in undo.reversed() { content.take(back: step) }
            throw error
        }
    }

    package func blob(_ hash: ContentHash) throws(StoreError) -> [UInt8]? {
        try checkOpen()
        return content.blobs[hash]
    }

    package func units(of run: RunID) throws(StoreError) -> [StoredUnit] {
        try checkOpen()
        return content.jobs[run.job]?.runs[run]?.units ?? []
    }

    package func candidates(of run: RunID) throws(StoreError) -> [StoredCandidate] {
        try checkOpen()
        return (content.jobs[run.job]?.runs[run]?.candidates.values).map { $0.sorted { $0.position < $1.position } } ?? []
    }

    package func spending(of run: RunID) throws(StoreError) -> StoredSpending? {
        try checkOpen()
        return content.jobs[run.job]?.runs[run]?.spending
    }

    package func journal(of job: JobID) throws(StoreError) -> [JournalEntry] {
        try checkOpen()
        return content.jobs[job]?.journal ?? []
    }

    package func story(epoch: UInt64, task: UInt64) throws(StoreError) -> StoredStory? {
        try checkOpen()
        return content.jobs.values.lazy.flatMap(\.stories.values).first { $0.epoch == epoch && $0.task == task }
    }

    package func stories(of job: JobID, limit: Int) throws(StoreError) -> [StoredStory] {
        try checkOpen()
        return Array((content.jobs[job]?.stories.values).map { $0.sorted { ($0.epoch, $0.task) > ($1.epoch, $1.task) } }?.prefix(limit) ?? [])
    }

    package func unitPlaces(_ search: UnitSearch, limit: Int) throws(StoreError) -> [UnitPlace] {
        try checkOpen()
        let units = content.jobs.values.sorted { $0.job.id < $1.job.id }.flatMap { job in job.runs.values.sorted { $0.run.id < $1.run.id }.flatMap(\.units) }
        let found = units.lazy.filter { unit in
            switch search {
            case .name(let prefix): unit.unit.description.hasPrefix(prefix)
            case .task(let epoch, let task): unit.lease.hasPrefix("\(epoch).\(task).")
            }
        }
        return found.prefix(limit).map { UnitPlace(run: $0.run, unit: $0.unit, lease: $0.lease, status: $0.record.status) }
    }

    package func close() { isClosed = true }

    private func checkOpen() throws(StoreError) {
        if isClosed { throw .closed }
    }
}
