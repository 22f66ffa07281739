package import AdvPOModel
import Foundation
import GRDB

extension SQLiteStore {
    package func load() async throws(StoreError) -> StoreSnapshot {
        let decoder = RowDecoder(directory: directory)
        return try await read { db in
            let jobs = try Row.fetchAll(db, sql: Schema.jobs).map { row in
                let blobs = try Data.fetchAll(db.cachedStatement(sql: Schema.blobsOfJob), arguments: [row[0] as String])
                return try decoder.job(row, blobs: blobs)
            }
            return StoreSnapshot(
                epoch: UInt64(try Int64.fetchOne(db, sql: Schema.epoch) ?? 0), jobs: jobs,
                runs: try Row.fetchAll(db, sql: Schema.runs).map(decoder.run))
        }
    }

    package func blob(_ hash: ContentHash) async throws(StoreError) -> [UInt8]? {
        try await read { db in try Data.fetchOne(db, sql: Schema.blob, arguments: [Data(hash.bytes)]).map { Array($0) } }
    }

    package func units(of run: RunID) async throws(StoreError) -> [StoredUnit] {
        let decoder = RowDecoder(directory: directory)
        return try await read { db in
            guard let key = try Self.key(of: run, in: db) else { return [] }
            // Row by row: of a million units the rows would take as much memory again.
            var units: [StoredUnit] = []
            let rows = try Row.fetchCursor(db, sql: Schema.unitsOfRun, arguments: [key])
            // One decoder for all rows.
            let json = JSONDecoder()
            while let row = try rows.next() { units.append(try decoder.unit(row, of: run, with: json)) }
            return units
        }
    }

    package func candidates(of run: RunID) async throws(StoreError) -> [StoredCandidate] {
        try await read { db in
            guard let key = try Self.key(of: run, in: db) else { return [] }
            return try Row.fetchAll(db, sql: Schema.candidatesOfRun, arguments: [key]).map { StoredCandidate(run: run, position: $0[0], record: $0[1]) }
        }
    }

    package func spending(of run: RunID) async throws(StoreError) -> StoredSpending? {
        try await read { db in
            guard let key = try Self.key(of: run, in: db) else { return nil }
            return try Row.fetchOne(db, sql: Schema.spendingOfRun, arguments: [key]).map { StoredSpending(run: run, calls: $0[0], record: $0[1]) }
        }
    }

    package func journal(of job: JobID) async throws(StoreError) -> [JournalEntry] {
        try await read { db in
            try Row.fetchAll(db, sql: Schema.journalOfJob, arguments: [job.rawValue]).map {
                JournalEntry(job: job, atMillisecondsSince1970: $0[0], text: $0[1])
            }
        }
    }

    package func story(epoch: UInt64, task: UInt64) async throws(StoreError) -> StoredStory? {
        let decoder = RowDecoder(directory: directory)
        guard let epoch = Int64(exactly: epoch), let task = Int64(exactly: task) else { return nil }
        return try await read { db in try Row.fetchOne(db, sql: Schema.storyOfTask, arguments: [epoch, task]).map(decoder.story) }
    }

    package func stories(of job: JobID, limit: Int) async throws(StoreError) -> [StoredStory] {
        let decoder = RowDecoder(directory: directory)
        return try await read { db in try Row.fetchAll(db, sql: Schema.storiesOfJob, arguments: [job.rawValue, limit]).map(decoder.story) }
    }

    package func unitPlaces(_ search: UnitSearch, limit: Int) async throws(StoreError) -> [UnitPlace] {
        let decoder = RowDecoder(directory: directory)
        let (sql, text) =
            switch search {
            case .name(let prefix): (Schema.unitsByName, String(prefix.filter { $0.isASCII && $0.isHexDigit }))
            case .task(let epoch, let task): (Schema.unitsByTask, "\(epoch).\(task)")
            }
        return try await read { db in try Row.fetchAll(db, sql: sql, arguments: [text, limit]).map(decoder.place) }
    }

    private static func key(of run: RunID, in db: Database) throws -> Int64? {
        try Int64.fetchOne(db, sql: Schema.runKey, arguments: [run.job.rawValue, run.template, run.model])
    }
}

/// Rows back into records. What does not decode was changed by another hand, or by a broken disk: `StoreError.corrupt`.
private struct RowDecoder: Sendable {
    let directory: String

    func job(_ row: Row, blobs: [Data]) throws -> StoredJob {
        StoredJob(
            id: try jobID(row[0]), request: Array(row[6] as Data), status: row[1], failureMessage: row[2], clientToken: row[3],
            createdMillisecondsSince1970: row[4], modifiedMillisecondsSince1970: row[5], blobs: try blobs.map(hash))
    }

    func run(_ row: Row) throws -> StoredRun {
        StoredRun(id: RunID(job: try jobID(row[0]), template: row[1], model: row[2]), state: row[3], outcome: row[4])
    }

    func unit(_ row: Row, of run: RunID, with decoder: JSONDecoder) throws -> StoredUnit {
        let unit = try hash(row[0])
        let json: String = row[1]
        do {
            return StoredUnit(run: run, unit: unit, record: try decoder.decode(UnitRecord.self, from: Data(json.utf8)), lease: row[2])
        } catch {
            throw StoreError.corrupt(directory: directory, reason: "unit \(unit) of run \(run) cannot be read")
        }
    }

    func story(_ row: Row) throws -> StoredStory {
        StoredStory(
            run: RunID(job: try jobID(row[0]), template: row[1], model: row[2]), epoch: UInt64(row[3] as Int64), task: UInt64(row[4] as Int64),
            endedMillisecondsSince1970: row[5], record: row[6])
    }

    func place(_ row: Row) throws -> UnitPlace {
        guard let status = UnitRecord.Status(rawValue: row[5]) else { throw StoreError.corrupt(directory: directory, reason: "a unit has the status \(row[5] as String)") }
        return UnitPlace(run: RunID(job: try jobID(row[0]), template: row[1], model: row[2]), unit: try hash(row[3]), lease: row[4], status: status)
    }

    private func jobID(_ text: String) throws -> JobID {
        guard let id = JobID(text) else { throw StoreError.corrupt(directory: directory, reason: "a job has the id \(text.debugDescription)") }
        return id
    }

    private func hash(_ data: Data) throws -> ContentHash {
        guard let hash = ContentHash(bytes: data) else { throw StoreError.corrupt(directory: directory, reason: "a name of \(data.count) bytes is no hash") }
        return hash
    }
}
