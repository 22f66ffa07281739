import AdvPOModel
import AdvPOStore

/// A store whose disk can be full, for so many commits or until there is room.
actor ScriptedStore: CoordinatorStore {
    let inner: MemoryStore
    private var refusals = 0
    private(set) var refused = 0

    init(_ inner: MemoryStore = MemoryStore()) { self.inner = inner }

    func refuse(commits: Int) { refusals = commits }

    func load() async throws -> StoreSnapshot { try await inner.load() }
    func commit(_ records: [StoreRecord]) async throws {
        if refusals > 0 {
            refusals -= 1
            refused += 1
            throw StoreError.diskFull(directory: "test")
        }
        try await inner.commit(records)
    }
    func blob(_ hash: ContentHash) async throws -> [UInt8]? { try await inner.blob(hash) }
    func units(of run: RunID) async throws -> [StoredUnit] { try await inner.units(of: run) }
    func candidates(of run: RunID) async throws -> [StoredCandidate] { try await inner.candidates(of: run) }
    func spending(of run: RunID) async throws -> StoredSpending? { try await inner.spending(of: run) }
    func journal(of job: JobID) async throws -> [JournalEntry] { try await inner.journal(of: job) }
    func story(epoch: UInt64, task: UInt64) async throws -> StoredStory? { try await inner.story(epoch: epoch, task: task) }
    func stories(of job: JobID, limit: Int) async throws -> [StoredStory] { try await inner.stories(of: job, limit: limit) }
    func unitPlaces(_ search: UnitSearch, limit: Int) async throws -> [UnitPlace] { try await inner.unitPlaces(search, limit: limit) }
    func close() async { await inner.close() }
}
