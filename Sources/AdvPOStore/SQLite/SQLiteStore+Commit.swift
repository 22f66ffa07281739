import AdvPOModel
import Foundation
import GRDB

extension SQLiteStore {
    package func commit(_ records: [StoreRecord]) async throws(StoreError) {
        for (index, record) in records.enumerated() { try limits.check(record, position: index + 1) }
        try await write { db in
            var batch = Batch(db: db)
            for (index, record) in records.enumerated() { try batch.apply(record.asStored, position: index + 1) }
        }
    }
}

/// One transaction's way through its records.
private struct Batch {
    let db: Database
    /// The keys of the runs met so far: a batch holds many units of few runs.
    private var runKeys: [RunID: Int64] = [:]

    init(db: Database) { self.db = db }

    mutating func apply(_ record: StoreRecord, position: Int) throws {
        switch record {
        case .job(let job):
            try put(job, position: position)
        case .run(let run):
            try checkJob(run.id.job, position: position)
            try execute(Schema.putRun, [run.id.job.rawValue, run.id.template, run.id.model, run.state, run.outcome])
        case .candidate(let candidate):
            try execute(Schema.putCandidate, [key(of: candidate.run, position: position), candidate.position, candidate.record])
        case .unit(let unit):
            try add(unit, position: position)
        case .spending(let spending):
            try execute(Schema.putSpending, [key(of: spending.run, position: position), spending.calls, spending.record])
        case .blob(let blob):
            try execute(Schema.addBlob, [Data(blob.hash.bytes), Data(blob.bytes)])
        case .epoch(let epoch):
            try execute(Schema.setEpoch, [Int64(epoch)])
        case .journal(let entry):
            try checkJob(entry.job, position: position)
            try execute(Schema.addJournal, [entry.job.rawValue, entry.atMillisecondsSince1970, entry.text])
        case .story(let story):
            try execute(Schema.putStory, [
                Int64(story.epoch), Int64(story.task), key(of: story.run, position: position), story.endedMillisecondsSince1970, story.record,
            ])
        case .deleteJob(let id):
            try delete(id)
        }
    }

    private func put(_ job: StoredJob, position: Int) throws {
        let blobs = job.blobs.map { Data($0.bytes) }
        for (hash, data) in zip(job.blobs, blobs) where try !exists(Schema.blobExists, [data]) {
            throw StoreError.unknownBlob(hash, job: job.id, record: position)
        }
        let id = job.id.rawValue
        try execute(Schema.putJob, [
            id, job.status, job.failureMessage, job.clientToken, job.createdMillisecondsSince1970, job.modifiedMillisecondsSince1970, Data(job.request),
        ])
        // A job's status changes often, its blobs hardly ever.
        guard try Data.fetchAll(db.cachedStatement(sql: Schema.blobsOfJob), arguments: [id]) != blobs else { return }
        try execute(Schema.dropJobBlobs, [id])
        for (index, blob) in blobs.enumerated() { try execute(Schema.addJobBlob, [id, index, blob]) }
    }

    private mutating func add(_ unit: StoredUnit, position: Int) throws {
        let record = unit.record
        let costs = [record.usage?.cost, record.judgeUsage?.cost].compactMap { $0?.value }
        // The sum is for people who look; a worker's absurd number must not stop a commit.
        let cost = costs.reduce(nil as Int64?) { sum, cost in
            let (total, overflows) = (sum ?? 0).addingReportingOverflow(cost)
            return overflows ? Int64.max : total
        }
        try execute(Schema.addUnit, [
            key(of: unit.run, position: position), Data(unit.unit.bytes), unit.lease, record.status.rawValue, record.score, cost,
            record.usage?.inputTokens, record.usage?.outputTokens, record.usage?.latencyMicroseconds, record.providerCalls,
            record.json,
        ])
    }

    private mutating func delete(_ id: JobID) throws {
        let orphans = try Data.fetchAll(db.cachedStatement(sql: Schema.orphansOfJob), arguments: [id.rawValue])
        try execute(Schema.deleteJob, [id.rawValue])
        for blob in orphans { try execute(Schema.deleteBlob, [blob]) }
        runKeys = runKeys.filter { $0.key.job != id }
    }

    private mutating func key(of run: RunID, position: Int) throws -> Int64 {
        if let key = runKeys[run] { return key }
        let statement = try db.cachedStatement(sql: Schema.runKey)
        guard let key = try Int64.fetchOne(statement, arguments: [run.job.rawValue, run.template, run.model]) else {
            throw StoreError.unknownRun(run, record: position)
        }
        runKeys[run] = key
        return key
    }

    private func checkJob(_ job: JobID, position: Int) throws {
        guard try exists(Schema.jobExists, [job.rawValue]) else { throw StoreError.unknownJob(job, record: position) }
    }

    private func exists(_ sql: String, _ arguments: StatementArguments) throws -> Bool {
        try Bool.fetchOne(db.cachedStatement(sql: sql), arguments: arguments) ?? false
    }

    private func execute(_ sql: String, _ arguments: StatementArguments) throws {
        try db.cachedStatement(sql: sql).execute(arguments: arguments)
    }
}
