import AdvPOModel

/// What a `MemoryStore` holds.
///
/// Every change leaves a step by which it can be taken back: a batch that fails at its end is undone from its last record to its first. A copy of the
/// whole would be simpler, and would make each commit as slow as the job is long.
struct MemoryContent {
    struct Job {
        var job: StoredJob
        var runs: [RunID: Run] = [:]
        var journal: [JournalEntry] = []
        var stories: [StoryKey: StoredStory] = [:]
    }

    struct Run {
        var run: StoredRun
        var candidates: [Int: StoredCandidate] = [:]
        var spending: StoredSpending?
        var units: [StoredUnit] = []
        /// The names of `units`, to find a duplicate.
        var unitNames: Set<ContentHash> = []
    }

    struct StoryKey: Hashable {
        var epoch: UInt64
        var task: UInt64
    }

    enum Undo {
        case epoch(UInt64)
        /// The job and its blobs' namers as they were; nil: there was none.
        case job(JobID, StoredJob?)
        case run(RunID, StoredRun?)
        case candidate(RunID, position: Int, StoredCandidate?)
        case spending(RunID, StoredSpending?)
        case addedUnit(RunID)
        case addedBlob(ContentHash)
        case addedJournal(JobID)
        case story(JobID, StoryKey, StoredStory?)
        case deletedJob(Job, blobs: [ContentHash: [UInt8]])
    }

    private(set) var epoch: UInt64 = 0
    private(set) var jobs: [JobID: Job] = [:]
    private(set) var blobs: [ContentHash: [UInt8]] = [:]
    /// Which jobs name a blob; no entry is empty.
    private var namers: [ContentHash: Set<JobID>] = [:]

    var snapshot: StoreSnapshot {
        StoreSnapshot(
            epoch: epoch,
            jobs: jobs.values.map(\.job).sorted { ($0.createdMillisecondsSince1970, $0.id) < ($1.createdMillisecondsSince1970, $1.id) },
            runs: jobs.values.flatMap { $0.runs.values.map(\.run) }.sorted { $0.id < $1.id })
    }

    mutating func apply(_ record: StoreRecord, position: Int, undo: inout [Undo]) throws(StoreError) {
        switch record {
        case .epoch(let epoch):
            undo.append(.epoch(self.epoch))
            self.epoch = epoch
        case .job(let job):
            for blob in job.blobs where blobs[blob] == nil { throw .unknownBlob(blob, job: job.id, record: position) }
            undo.append(.job(job.id, jobs[job.id]?.job))
            set(job)
        case .run(let run):
            guard jobs[run.id.job] != nil else { throw .unknownJob(run.id.job, record: position) }
            undo.append(.run(run.id, jobs[run.id.job]?.runs[run.id]?.run))
            jobs[run.id.job]?.runs[run.id, default: Run(run: run)].run = run
        case .candidate(let candidate):
            let run = candidate.run
            guard jobs[run.job]?.runs[run] != nil else { throw .unknownRun(run, record: position) }
            undo.append(.candidate(run, position: candidate.position, jobs[run.job]?.runs[run]?.candidates[candidate.position]))
            jobs[run.job]?.runs[run]?.candidates[candidate.position] = candidate
        case .unit(let unit):
            try add(unit, position: position, undo: &undo)
        case .spending(let spending):
            let run = spending.run
            guard jobs[run.job]?.runs[run] != nil else { throw .unknownRun(run, record: position) }
            undo.append(.spending(run, jobs[run.job]?.runs[run]?.spending))
            jobs[run.job]?.runs[run]?.spending = spending
        case .blob(let blob):
            guard blobs[blob.hash] == nil else { return }
            undo.append(.addedBlob(blob.hash))
            blobs[blob.hash] = blob.bytes
        case .journal(let entry):
            guard jobs[entry.job] != nil else { throw .unknownJob(entry.job, record: position) }
            undo.append(.addedJournal(entry.job))
            jobs[entry.job]?.journal.append(entry)
        case .story(let story):
            guard jobs[story.run.job]?.runs[story.run] != nil else { throw .unknownRun(story.run, record: position) }
            let key = StoryKey(epoch: story.epoch, task: story.task)
            undo.append(.story(story.run.job, key, jobs[story.run.job]?.stories[key]))
            jobs[story.run.job]?.stories[key] = story
        case .deleteJob(let id):
            delete(id, undo: &undo)
        }
    }

    mutating func take(back step: Undo) {
        switch step {
        case .epoch(let epoch):
            self.epoch = epoch
        case .job(let id, let before):
            if let before { set(before) } else { _ = remove(id) }
        case .run(let id, let before):
            if let before { jobs[id.job]?.runs[id]?.run = before } else { jobs[id.job]?.runs[id] = nil }
        case .candidate(let run, let position, let before):
            jobs[run.job]?.runs[run]?.candidates[position] = before
        case .spending(let run, let before):
            jobs[run.job]?.runs[run]?.spending = before
        case .addedUnit(let run):
            guard let unit = jobs[run.job]?.runs[run]?.units.popLast() else { preconditionFailure("a unit to take back is not there") }
            jobs[run.job]?.runs[run]?.unitNames.remove(unit.unit)
        case .addedBlob(let hash):
            blobs[hash] = nil
        case .addedJournal(let job):
            _ = jobs[job]?.journal.popLast()
        case .story(let job, let key, let before):
            jobs[job]?.stories[key] = before
        case .deletedJob(let job, let content):
            blobs.merge(content) { kept, _ in kept }
            jobs[job.job.id] = job
            set(job.job)
        }
    }
}

extension MemoryContent {
    private mutating func add(_ unit: StoredUnit, position: Int, undo: inout [Undo]) throws(StoreError) {
        let run = unit.run
        guard jobs[run.job]?.runs[run] != nil else { throw .unknownRun(run, record: position) }
        guard jobs[run.job]?.runs[run]?.unitNames.insert(unit.unit).inserted == true else { return }
        jobs[run.job]?.runs[run]?.units.append(unit)
        undo.append(.addedUnit(run))
    }

    /// Inserts or replaces the job alone and moves its name to the blobs it now names.
    private mutating func set(_ job: StoredJob) {
        if let before = jobs[job.id]?.job { release(before) }
        jobs[job.id, default: Job(job: job)].job = job
        for blob in job.blobs { namers[blob, default: []].insert(job.id) }
    }

    private mutating func remove(_ id: JobID) -> Job? {
        guard let job = jobs.removeValue(forKey: id) else { return nil }
        release(job.job)
        return job
    }

    private mutating func release(_ job: StoredJob) {
        for blob in job.blobs {
            namers[blob]?.remove(job.id)
            if namers[blob]?.isEmpty == true { namers[blob] = nil }
        }
    }

    private mutating func delete(_ id: JobID, undo: inout [Undo]) {
        guard let job = remove(id) else { return }
        var orphans: [ContentHash: [UInt8]] = [:]
        for blob in job.job.blobs where namers[blob] == nil {
            if let bytes = blobs.removeValue(forKey: blob) { orphans[blob] = bytes }
        }
        undo.append(.deletedJob(job, blobs: orphans))
    }
}
