package import AdvPOModel

/// The coordinator's durable state: one per data directory.
///
/// Two implementations, SQLite and memory, pass one conformance suite. `commit` is atomic: all records or none, durable when it returns.
/// Records apply in their order, and a record names only what stands already or comes before it in the batch: a run its job, a candidate
/// and a unit their run, a journal entry its job, a job its blobs. Every call throws `StoreError` and nothing else, and none is cut short when
/// the task around it is cancelled: a commit that was begun is finished, so its result is never in doubt.
package protocol CoordinatorStore: Sendable {
    /// Everything that a starting coordinator needs, without the blobs' content.
    func load() async throws -> StoreSnapshot
    func commit(_ records: [StoreRecord]) async throws
    func blob(_ hash: ContentHash) async throws -> [UInt8]?
    /// Finished units of a run, in the order accepted.
    func units(of run: RunID) async throws -> [StoredUnit]
    /// Candidates of a run by their position, with their scores.
    func candidates(of run: RunID) async throws -> [StoredCandidate]
    /// What a run may have spent, as last committed; nil when nothing was.
    func spending(of run: RunID) async throws -> StoredSpending?
    /// A job's story, in the order committed; empty for an unknown job.
    func journal(of job: JobID) async throws -> [JournalEntry]
    /// What was kept of a task's way; nil for one that went the usual way, or that nobody knows.
    func story(epoch: UInt64, task: UInt64) async throws -> StoredStory?
    /// The newest first; at most so many.
    func stories(of job: JobID, limit: Int) async throws -> [StoredStory]
    /// Units whose name begins with these bytes, or, without any, that a lease of this task reported: at most so many, in the order accepted.
    func unitPlaces(_ search: UnitSearch, limit: Int) async throws -> [UnitPlace]
    /// Releases the data directory. Later calls throw `StoreError.closed`; closing twice is harmless.
    func close() async throws
}

package enum StoreRecord: Hashable, Sendable {
    /// Inserts or replaces. A blob that the new list leaves out is let go; its content stays.
    case job(StoredJob)
    /// Inserts or replaces.
    case run(StoredRun)
    /// Inserts or replaces by (run, position).
    case candidate(StoredCandidate)
    /// Inserts; a unit that is there already stays as it is (paid for once).
    case unit(StoredUnit)
    /// Inserts or replaces.
    case spending(StoredSpending)
    /// Inserts; the same hash is the same content.
    case blob(Blob)
    /// The coordinator's epoch, raised at every start.
    case epoch(UInt64)
    /// One line of a job's story, numbered by the store.
    case journal(JournalEntry)
    /// Inserts or replaces by (epoch, task).
    case story(StoredStory)
    /// Removes the job with its runs, candidates, units, stories and journal, and those of its blobs that no other job names. An unknown job is no error.
    case deleteJob(JobID)
}

package struct StoredJob: Hashable, Sendable {
    package var id: JobID
    /// The job as submitted, encoded by the coordinator; opaque here.
    package var request: [UInt8]
    /// One of the published statuses, e.g. `InProgress`.
    package var status: String
    package var failureMessage: String?
    /// The client token and the hash of the request it came with.
    package var clientToken: String?
    package var createdMillisecondsSince1970: Int64
    package var modifiedMillisecondsSince1970: Int64
    /// Blobs that the job names, kept while it exists.
    package var blobs: [ContentHash]

    package init(
        id: JobID, request: [UInt8], status: String, failureMessage: String?, clientToken: String?, createdMillisecondsSince1970: Int64,
        modifiedMillisecondsSince1970: Int64, blobs: [ContentHash]
    ) {
        self.id = id
        self.request = request
        self.status = status
        self.failureMessage = failureMessage
        self.clientToken = clientToken
        self.createdMillisecondsSince1970 = createdMillisecondsSince1970
        self.modifiedMillisecondsSince1970 = modifiedMillisecondsSince1970
        self.blobs = blobs
    }
}

package struct StoredRun: Hashable, Sendable {
    package var id: RunID
    /// `searching`, `improved`, `kept`, `failed` or `stopped`.
    package var state: String
    /// The outcome as JSON, once there is one.
    package var outcome: String?
    package init(id: RunID, state: String, outcome: String?) {
        self.id = id
        self.state = state
        self.outcome = outcome
    }
}

package struct StoredCandidate: Hashable, Sendable {
    package var run: RunID
    package var position: Int
    /// The candidate with its parents, operator and scores as JSON: a line of `history.jsonl`.
    package var record: String
    package init(run: RunID, position: Int, record: String) {
        self.run = run
        self.position = position
        self.record = record
    }
}

package struct StoredUnit: Hashable, Sendable {
    package var run: RunID
    package var unit: ContentHash
    package var record: UnitRecord
    /// Which lease reported it, as text.
    package var lease: String
    package init(run: RunID, unit: ContentHash, record: UnitRecord, lease: String) {
        self.run = run
        self.unit = unit
        self.record = record
        self.lease = lease
    }
}

package struct StoredSpending: Hashable, Sendable {
    package var run: RunID
    /// Calls that were or may have been sent, those of leases still out included: for people who look.
    package var calls: Int
    /// The whole account as JSON, opaque here.
    package var record: String
    package init(run: RunID, calls: Int, record: String) {
        self.run = run
        self.calls = calls
        self.record = record
    }
}

package struct JournalEntry: Hashable, Sendable {
    package var job: JobID
    package var atMillisecondsSince1970: Int64
    package var text: String
    package init(job: JobID, atMillisecondsSince1970: Int64, text: String) {
        self.job = job
        self.atMillisecondsSince1970 = atMillisecondsSince1970
        self.text = text
    }
}

package struct StoreSnapshot: Hashable, Sendable {
    /// 0 for a new data directory.
    package var epoch: UInt64
    /// By creation time, then id.
    package var jobs: [StoredJob]
    /// By run id: job, template, model.
    package var runs: [StoredRun]
    package init(epoch: UInt64, jobs: [StoredJob], runs: [StoredRun]) {
        self.epoch = epoch
        self.jobs = jobs
        self.runs = runs
    }
}
