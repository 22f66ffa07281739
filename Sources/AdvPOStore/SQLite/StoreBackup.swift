import Foundation
import GRDB

/// Copies of a data directory's database: made while a coordinator writes, and put back into an empty directory.
package enum StoreBackup {
    /// How far a restored store's epoch goes on: past every start that the lost store may have seen since the backup, so that no lease of one of them is current again.
    static let epochsSkipped: Int64 = 1_000

    /// Makes `file` a copy of the database as it is at one moment, by SQLite's online backup: the coordinator goes on writing meanwhile.
    ///
    /// The file appears whole or not at all, for this user alone, and needs no other file beside it.
    package static func make(directory: String, file: String) throws(StoreError) {
        let source = directory + "/" + Schema.fileName
        guard FileManager.default.fileExists(atPath: source) else {
            throw .notWritable(directory: directory, reason: "there is no \(Schema.fileName) in it, so it is no coordinator's data directory")
        }
        try guardAbsent(file, directory)
        let partial = try makeEmpty(beside: file, directory)
        defer { remove(partial) }
        do {
            var configuration = Configuration()
            configuration.readonly = true
            configuration.busyMode = .timeout(10)
            let from = try DatabaseQueue(path: source, configuration: configuration)
            let to = try DatabaseQueue(path: partial)
            try from.backup(to: to)
            try to.writeWithoutTransaction { db in
                // The copy says that it has a log beside it; it has none.
                try db.execute(sql: "PRAGMA journal_mode = DELETE")
            }
            try check(to, directory: directory, of: file)
            try to.close()
            try from.close()
            try publish(partial, as: file)
        } catch {
            throw SQLiteStore.storeError(error, directory: directory)
        }
    }

    /// Puts a backup into a data directory that has no database; jobs go on from it at the coordinator's next start there.
    ///
    /// What was accepted after the backup is gone: those units are run, and paid for, again.
    package static func restore(file: String, directory: String) throws(StoreError) {
        guard FileManager.default.fileExists(atPath: file) else { throw .notWritable(directory: directory, reason: "there is no backup \(file)") }
        try SQLiteStore.prepare(directory: directory, logger: nil)
        let lock = try DirectoryLock(directory: directory)
        defer { lock.release() }
        let place = directory + "/" + Schema.fileName
        for name in [place, place + "-wal", place + "-shm"] { try guardAbsent(name, directory) }
        let partial = try makeEmpty(beside: place, directory)
        defer { remove(partial) }
        do {
            var configuration = Configuration()
            configuration.readonly = true
            let from = try DatabaseQueue(path: file, configuration: configuration)
            let to = try DatabaseQueue(path: partial)
            try from.backup(to: to)
            try check(to, directory: directory, of: file)
            try to.write { db in
                try SQLiteStore.refuseNewerSchema(db, directory: directory)
                let epoch = try Int64.fetchOne(db, sql: Schema.epoch) ?? 0
                try db.execute(sql: Schema.setEpoch, arguments: [epoch + epochsSkipped])
            }
            try to.close()
            try from.close()
            try publish(partial, as: place)
        } catch {
            throw SQLiteStore.storeError(error, directory: directory)
        }
    }

    private static func check(_ database: DatabaseQueue, directory: String, of file: String) throws {
        let verdict = try database.read { try String.fetchOne($0, sql: "PRAGMA quick_check(1)") }
        let isOurs = try database.read { try $0.tableExists("meta") }
        guard verdict == "ok", isOurs else {
            throw StoreError.corrupt(directory: directory, reason: isOurs ? "the copy \(file): \(verdict ?? "no answer")" : "\(file) is no coordinator's database")
        }
    }

    private static func guardAbsent(_ file: String, _ directory: String) throws(StoreError) {
        guard !FileManager.default.fileExists(atPath: file) else {
            throw .notWritable(directory: directory, reason: "\(file) is there already, and nothing is written over it")
        }
    }

    private static func makeEmpty(beside file: String, _ directory: String) throws(StoreError) -> String {
        let partial = file + ".partial"
        remove(partial)
        guard FileManager.default.createFile(atPath: partial, contents: nil, attributes: [.posixPermissions: 0o600]) else {
            throw .notWritable(directory: directory, reason: "cannot create \(partial)")
        }
        return partial
    }

    /// Under its own name only once it is on the disk.
    private static func publish(_ partial: String, as file: String) throws {
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: partial))
        try handle.synchronize()
        try handle.close()
        try FileManager.default.moveItem(atPath: partial, toPath: file)
    }

    /// What is not there needs no removing; what cannot be removed is refused by the next step.
    private static func remove(_ file: String) { try? FileManager.default.removeItem(atPath: file) }
}
