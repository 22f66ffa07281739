import AdvPOBedrock
import AdvPOCluster
import AdvPOCoordinator
import AdvPOModel
@testable import AdvPOStore
import Foundation
import Logging
import Testing

/// The real store on a disk that fills up once so many units are kept, and has room again after so many refused commits.
private actor FillingStore: CoordinatorStore {
    let inner: SQLiteStore
    private var unitsUntilFull: Int
    private var refusalsUntilRoom: Int
    private(set) var refused: [StoreError] = []
    private(set) var kept = 0

    init(_ inner: SQLiteStore, unitsUntilFull: Int, refusalsUntilRoom: Int) {
        self.inner = inner
        self.unitsUntilFull = unitsUntilFull
        self.refusalsUntilRoom = refusalsUntilRoom
    }

    func commit(_ records: [StoreRecord]) async throws {
        do {
            try await inner.commit(records)
        } catch {
            refused.append(error)
            refusalsUntilRoom -= 1
            if refusalsUntilRoom == 0 { try await inner.limitGrowth(pages: nil) }
            throw error
        }
        let units = records.count { if case .unit = $0 { true } else { false } }
        kept += units
        guard unitsUntilFull > 0 else { return }
        unitsUntilFull -= units
        if unitsUntilFull <= 0 { try await inner.limitGrowth(pages: 0) }
    }

    func load() async throws -> StoreSnapshot { try await inner.load() }
    func blob(_ hash: ContentHash) async throws -> [UInt8]? { try await inner.blob(hash) }
    func units(of run: RunID) async throws -> [StoredUnit] { try await inner.units(of: run) }
    func candidates(of run: RunID) async throws -> [StoredCandidate] { try await inner.candidates(of: run) }
    func spending(of run: RunID) async throws -> StoredSpending? { try await inner.spending(of: run) }
    func journal(of job: JobID) async throws -> [JournalEntry] { try await inner.journal(of: job) }
    func story(epoch: UInt64, task: UInt64) async throws -> StoredStory? { try await inner.story(epoch: epoch, task: task) }
    func stories(of job: JobID, limit: Int) async throws -> [StoredStory] { try await inner.stories(of: job, limit: limit) }
    func unitPlaces(_ search: UnitSearch, limit: Int) async throws -> [UnitPlace] { try await inner.unitPlaces(search, limit: limit) }
    func close() async throws { try await inner.close() }
}

@Suite("A disk that fills up in mid-job", .timeLimit(.minutes(1))) struct FullDiskTests {
    /// Each distinct request that a model was sent, and how often.
    private actor Asked {
        private(set) var requests: [ChatRequest: Int] = [:]
        func add(_ request: ChatRequest) { requests[request, default: 0] += 1 }
    }

    @Test("halts the coordinator without losing or repeating a unit, and the job ends as ever once there is room; the database stays whole")
    func recovers() async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("advpo-disk-\(UUID().uuidString)").path
        defer { do { try FileManager.default.removeItem(atPath: directory) } catch { Issue.record("cannot remove \(directory): \(error)") } }
        let sqlite = try SQLiteStore(directory: directory, logger: Cluster.logger)
        let store = FillingStore(sqlite, unitsUntilFull: 10, refusalsUntilRoom: 5)
        let cluster = try await Cluster(store: store, clock: QuickClock())
        try await Cluster.putInput(cluster.objects)
        let asked = Asked()
        let models = RuleModel { request throws(InferenceFailure) in
            await asked.add(request)
            return try await RuleModel.learner.rule(request)
        }
        let job = try await cluster.serve(workers: 2, models: models) { coordinator in
            let job = try await coordinator.job(try await coordinator.create(Cluster.request()))
            #expect(try await coordinator.untilEnded(job)?.status == .completed)
            return job
        }
        let refused = await store.refused
        #expect(refused.count == 5 && refused.allSatisfy { $0 == .diskFull(directory: directory) }, "\(refused)")
        #expect(refused.first?.description.contains("is full: nothing of this batch was kept. Free some space") == true)
        let run = RunID(job: job, template: 0, model: 0)
        let units = try await sqlite.units(of: run)
        #expect(units.count == (await store.kept) && Set(units.map(\.unit)).count == units.count)
        #expect(await asked.requests.values.allSatisfy { $0 == 1 }, "nothing is paid for twice")
        #expect(try await sqlite.number("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'") == 1)
        try await sqlite.close()
        let again = try SQLiteStore(directory: directory, logger: Cluster.logger)
        #expect(try await again.units(of: run) == units)
        try await again.close()
    }
}
