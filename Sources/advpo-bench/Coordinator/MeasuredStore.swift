import AdvPOBedrock
import AdvPOModel
import AdvPOStore
import Synchronization

/// A store that notes when units and jobs' ends have become durable, and else is the one behind it.
final class MeasuredStore: CoordinatorStore {
    struct Mark: Sendable {
        var at: ContinuousClock.Instant
        /// Units durable by then.
        var units: Int
    }

    private struct State {
        var marks: [Mark] = []
        var units = 0
        var jobsEnded = 0
        var waiting: [(units: Int, jobsEnded: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let store: any CoordinatorStore
    private let state = Mutex(State())

    init(_ store: any CoordinatorStore) { self.store = store }

    /// One for each commit that had units.
    var marks: [Mark] { state.withLock { $0.marks } }
    var jobsEnded: Int { state.withLock { $0.jobsEnded } }
    var units: Int { state.withLock { $0.units } }

    /// Returns once so many units are durable and so many jobs have ended, all counted since the store was opened.
    func wait(units: Int = 0, jobsEnded: Int = 0) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.units >= units, state.jobsEnded >= jobsEnded { return true }
                state.waiting.append((units, jobsEnded, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    func commit(_ records: [StoreRecord]) async throws {
        try await store.commit(records)
        var units = 0
        var jobsEnded = 0
        for record in records {
            switch record {
            case .unit: units += 1
            case .job(let job): if JobStatus(rawValue: job.status)?.isTerminal == true { jobsEnded += 1 }
            case .run, .candidate, .spending, .blob, .epoch, .journal, .story, .deleteJob: break
            }
        }
        guard units + jobsEnded > 0 else { return }
        note(units: units, jobsEnded: jobsEnded)
    }

    private func note(units: Int, jobsEnded: Int) {
        let ready = state.withLock { state in
            state.units += units
            state.jobsEnded += jobsEnded
            if units > 0 { state.marks.append(Mark(at: .now, units: state.units)) }
            let isReady = { [state] (waiting: (units: Int, jobsEnded: Int, continuation: CheckedContinuation<Void, Never>)) in
                state.units >= waiting.units && state.jobsEnded >= waiting.jobsEnded
            }
            defer { state.waiting.removeAll(where: isReady) }
            return state.waiting.filter(isReady).map(\.continuation)
        }
        for continuation in ready { continuation.resume() }
    }

    func load() async throws -> StoreSnapshot { try await store.load() }
    func blob(_ hash: ContentHash) async throws -> [UInt8]? { try await store.blob(hash) }
    func units(of run: RunID) async throws -> [StoredUnit] { try await store.units(of: run) }
    func candidates(of run: RunID) async throws -> [StoredCandidate] { try await store.candidates(of: run) }
    func spending(of run: RunID) async throws -> StoredSpending? { try await store.spending(of: run) }
    func story(epoch: UInt64, task: UInt64) async throws -> StoredStory? { try await store.story(epoch: epoch, task: task) }
    func stories(of job: JobID, limit: Int) async throws -> [StoredStory] { try await store.stories(of: job, limit: limit) }
    func unitPlaces(_ search: UnitSearch, limit: Int) async throws -> [UnitPlace] { try await store.unitPlaces(search, limit: limit) }
    func journal(of job: JobID) async throws -> [JournalEntry] { try await store.journal(of: job) }
    func close() async throws { try await store.close() }
}
