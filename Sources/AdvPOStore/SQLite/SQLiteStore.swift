import AdvPOModel
import Dispatch
import Foundation
import GRDB
package import Logging
import Synchronization

/// The durable store: one SQLite database in one data directory.
///
/// Write-ahead log, so reading never waits for writing. `synchronous` is FULL: SQLite then syncs the log at every commit. The usual setting with a log,
/// NORMAL, syncs at checkpoints only: a power cut could take back the last commits, and with them results whose effects were released and which were
/// paid for. Group commit makes the sync cheap; batches are the caller's work.
///
/// One store per directory: a lock says so (`docs/state.md` has the tables, the lock and recovery).
package final class SQLiteStore: CoordinatorStore {
    let directory: String
    let limits: StoreLimits
    private let logger: Logger
    private let pool: DatabasePool
    private let lock: DirectoryLock
    private let isClosed = Mutex(false)

    /// Opens the store of a data directory and brings its schema up to date, or makes a new one.
    ///
    /// The directory is created if need be, for this user alone (0700). After `kill -9` this is the whole of the recovery: SQLite drops what was not
    /// committed.
    /// - Throws: `directoryInUse`, `notWritable`, `newerSchema`, `corrupt`, `diskFull` or `database`.
    package init(directory: String, logger: Logger, limits: StoreLimits = StoreLimits()) throws(StoreError) {
        self.directory = directory
        self.limits = limits
        self.logger = logger
        try Self.prepare(directory: directory, logger: logger)
        lock = try DirectoryLock(directory: directory)
        do {
            pool = try DatabasePool(path: directory + "/" + Schema.fileName, configuration: Self.configuration)
            try pool.writeWithoutTransaction { db in
                // GRDB sets NORMAL with the log; see above.
                try db.execute(sql: "PRAGMA synchronous = FULL")
                // A log that grew in a busy hour shrinks again to 64 MiB at the next checkpoint.
                try db.execute(sql: "PRAGMA journal_size_limit = 67108864")
                try Self.refuseNewerSchema(db, directory: directory)
            }
            try Schema.migrator.migrate(pool)
        } catch {
            lock.release()
            throw Self.storeError(error, directory: directory)
        }
        logger.debug("opened the data directory", metadata: ["directory": "\(directory)"])
    }

    package func close() async throws(StoreError) {
        let (pool, directory) = (pool, directory)
        guard isClosed.withLock({ isClosed in defer { isClosed = true }; return !isClosed }) else { return }
        // Closing waits for the reads and the write under way; not on a thread that they may need.
        let result: Result<Void, StoreError> = await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(returning: Result { try pool.close() }.mapError { Self.storeError($0, directory: directory) })
            }
        }
        lock.release()
        try result.get()
    }

    // MARK: Running statements

    /// One transaction on the writer's connection. It is not cut short by cancellation: see `CoordinatorStore`.
    func write<Value: Sendable>(_ updates: @escaping @Sendable (Database) throws -> Value) async throws(StoreError) -> Value {
        try checkOpen()
        let result: Result<Value, any Error> = await withCheckedContinuation { continuation in
            pool.asyncWrite(updates) { _, result in continuation.resume(returning: result) }
        }
        return try result.mapError { Self.storeError($0, directory: directory) }.get()
    }

    /// One consistent view of the database, on a reader's connection.
    func read<Value: Sendable>(_ value: @escaping @Sendable (Database) throws -> Value) async throws(StoreError) -> Value {
        try checkOpen()
        let result: Result<Value, any Error> = await withCheckedContinuation { continuation in
            pool.asyncRead { database in continuation.resume(returning: Result { try value(database.get()) }) }
        }
        return try result.mapError { Self.storeError($0, directory: directory) }.get()
    }

    private func checkOpen() throws(StoreError) {
        if isClosed.withLock({ $0 }) { throw .closed }
    }

    // MARK: Opening

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.journalMode = .wal
        configuration.foreignKeysEnabled = true
        // Ours is the only program that writes; a person with sqlite3 may hold a lock for a moment.
        configuration.busyMode = .timeout(10)
        configuration.maximumReaderCount = 4
        configuration.label = "advpo.store"
        return configuration
    }

    static func prepare(directory: String, logger: Logger?) throws(StoreError) {
        do {
            var isDirectory: ObjCBool = false
            if FileManager.default.fileExists(atPath: directory, isDirectory: &isDirectory) {
                guard isDirectory.boolValue else { throw StoreError.notWritable(directory: directory, reason: "it is a file, not a directory") }
                let mode = try FileManager.default.attributesOfItem(atPath: directory)[.posixPermissions] as? Int
                if let mode, mode & 0o077 != 0 {
                    logger?.warning(
                        "other users may enter the data directory, which holds prompts and answers; chmod 700 it",
                        metadata: ["directory": "\(directory)"])
                }
            } else {
                try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            }
        } catch let error as StoreError {
            throw error
        } catch {
            throw .notWritable(directory: directory, reason: "cannot create it (\(error.localizedDescription))")
        }
    }

    static func refuseNewerSchema(_ db: Database, directory: String) throws {
        guard try Schema.migrator.hasBeenSuperseded(db) else { return }
        let found = try Int.fetchOne(db, sql: Schema.schemaVersion) ?? Schema.version + 1
        throw StoreError.newerSchema(directory: directory, found: found, known: Schema.version)
    }

    // MARK: Errors

    /// The typed form of whatever came out of GRDB.
    static func storeError(_ error: any Error, directory: String) -> StoreError {
        if let error = error as? StoreError { return error }
        guard let error = error as? DatabaseError else { return .database(directory: directory, reason: "\(error)") }
        // SQLite's own words; the statement's arguments, which may hold prompts, stay out.
        let reason = error.message ?? "SQLite's result code \(error.extendedResultCode.rawValue)"
        switch error.resultCode {
        case .SQLITE_FULL: return .diskFull(directory: directory)
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: return .corrupt(directory: directory, reason: reason)
        case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM: return .notWritable(directory: directory, reason: reason)
        case .SQLITE_MISUSE where reason == "Connection is closed": return .closed
        default: return .database(directory: directory, reason: reason)
        }
    }
}

// MARK: For tests

extension SQLiteStore {
    /// Lets the database grow by so many pages more, or without end; stands for a disk that fills up.
    func limitGrowth(pages: Int?) async throws(StoreError) {
        try await write { db in
            let now = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
            let limit = pages.map { now + $0 } ?? 1_073_741_823
            _ = try Int.fetchOne(db, sql: "PRAGMA max_page_count = \(limit)")
        }
    }

    /// The single number that a statement gives, on the writer's connection.
    func number(_ sql: String) async throws(StoreError) -> Int? {
        try await write { db in try Int.fetchOne(db, sql: sql) }
    }

    /// Changes the database behind the store's back.
    func run(_ sql: String) async throws(StoreError) {
        try await write { db in try db.execute(sql: sql) }
    }
}
