import AdvPOModel
@testable import AdvPOStore
import Foundation
import Testing

/// What only the durable store has: a directory, a lock, a schema, a disk that fills up.
@Suite("The SQLite store", .timeLimit(.minutes(1)))
struct SQLiteStoreTests {
    private let job: StoredJob
    private let run: RunID
    private let blob = Fixture.blob("content")

    init() throws {
        job = try Fixture.job(1, blobs: [blob])
        run = try Fixture.run(1)
    }

    private var records: [StoreRecord] { [.epoch(2), .blob(blob), .job(job), .run(Fixture.stored(run)), .unit(Fixture.unit(1, of: run))] }

    private func expectRecords(in store: SQLiteStore, units: [Int] = [1], sourceLocation: SourceLocation = #_sourceLocation) async throws {
        #expect(try await store.load() == StoreSnapshot(epoch: 2, jobs: [job], runs: [Fixture.stored(run)]), sourceLocation: sourceLocation)
        #expect(try await store.units(of: run) == units.map { Fixture.unit($0, of: run) }, sourceLocation: sourceLocation)
        #expect(try await store.blob(blob.hash) == blob.bytes, sourceLocation: sourceLocation)
    }

    @Test("finds everything again after it was closed")
    func reopens() async throws {
        let directory = try TemporaryDirectory()
        let first = try SQLiteStore(directory: directory.path, logger: .quiet)
        try await first.commit(records)
        try await first.close()
        let second = try SQLiteStore(directory: directory.path, logger: .quiet)
        try await expectRecords(in: second)
        try await second.commit([.unit(Fixture.unit(1, of: run, output: "again")), .unit(Fixture.unit(2, of: run))])
        try await expectRecords(in: second, units: [1, 2])
        try await second.close()
    }

    @Test("finds every commit in the files as they lie on the disk in mid-life")
    func recoversFromFiles() async throws {
        let directory = try TemporaryDirectory()
        let store = try SQLiteStore(directory: directory.appending("live"), logger: .quiet)
        try await store.commit(records)
        for number in 2...20 {
            try await store.commit([.unit(Fixture.unit(number, of: run))])
            // The database and its log, as a process that was killed now would leave them; the index beside them is rebuilt.
            let copy = directory.appending("copy-\(number)")
            try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
            for suffix in ["", "-wal"] {
                try FileManager.default.copyItem(atPath: directory.appending("live/advpo.sqlite\(suffix)"), toPath: copy + "/advpo.sqlite\(suffix)")
            }
            let recovered = try SQLiteStore(directory: copy, logger: .quiet)
            try await expectRecords(in: recovered, units: Array(1...number))
            try await recovered.close()
        }
        try await store.close()
    }

    @Test("drops a commit whose log was cut off in the middle, and keeps those before")
    func dropsTornCommit() async throws {
        let directory = try TemporaryDirectory()
        let store = try SQLiteStore(directory: directory.appending("live"), logger: .quiet)
        try await store.commit(records)
        let log = directory.appending("live/advpo.sqlite-wal")
        let whole = try #require(FileManager.default.contents(atPath: log)).count
        try await store.commit((2...200).map { .unit(Fixture.unit($0, of: run)) })
        let bytes = try #require(FileManager.default.contents(atPath: log))
        try #require(bytes.count > whole + 8_192)

        let copy = directory.appending("copy")
        try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        try FileManager.default.copyItem(atPath: directory.appending("live/advpo.sqlite"), toPath: copy + "/advpo.sqlite")
        try bytes.prefix(bytes.count - 100).write(to: URL(fileURLWithPath: copy + "/advpo.sqlite-wal"))
        let recovered = try SQLiteStore(directory: copy, logger: .quiet)
        try await expectRecords(in: recovered, units: [1])
        try await recovered.close()
        try await store.close()
    }

    @Test("syncs every commit, keeps a write-ahead log and checks references")
    func isDurable() async throws {
        let directory = try TemporaryDirectory()
        let store = try SQLiteStore(directory: directory.path, logger: .quiet)
        #expect(try await store.number("PRAGMA synchronous") == 2)
        #expect(try await store.number("PRAGMA foreign_keys") == 1)
        #expect(FileManager.default.fileExists(atPath: directory.appending("advpo.sqlite-wal")))
        try await store.close()
    }

    @Test("makes its directory for this user alone")
    func makesDirectory() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.appending("a/b/data")
        let store = try SQLiteStore(directory: path, logger: .quiet)
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o700)
        try await store.close()
    }

    @Test("refuses a second opener and names the directory, the holder and the way out")
    func refusesSecondOpener() async throws {
        let directory = try TemporaryDirectory()
        let store = try SQLiteStore(directory: directory.path, logger: .quiet)
        let holder = ProcessInfo.processInfo.processIdentifier
        let error = #expect(throws: StoreError.self) { try SQLiteStore(directory: directory.path, logger: .quiet) }
        #expect(error == .directoryInUse(directory: directory.path, holder: holder))
        #expect(error?.description == """
            the data directory \(directory.path) is in use by the process with id \(holder): one coordinator per data directory. \
            Stop that process, or start this one with another directory (--data)
            """)
        // The refused opener did no harm.
        try await store.commit(records)
        try await expectRecords(in: store)

        try await store.close()
        let next = try SQLiteStore(directory: directory.path, logger: .quiet)
        try await expectRecords(in: next)
        try await next.close()
    }

    @Test("lets go of its directory though a forked child still has the files open")
    func letsGoDespiteCopies() async throws {
        let directory = try TemporaryDirectory()
        let store = try SQLiteStore(directory: directory.path, logger: .quiet)
        let lock = URL(filePath: directory.path).resolvingSymlinksInPath().appending(path: "coordinator.lock").path
        let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap { Int32($0) }
        let held = open.filter { (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")) == lock }
        // A copy is what a child has between its fork and its exec.
        let copy = FileHandle(fileDescriptor: dup(try #require(held.first)), closeOnDealloc: true)
        try await store.close()
        let next = try SQLiteStore(directory: directory.path, logger: .quiet)
        try await next.close()
        try copy.close()
    }

    @Test("lets go of its directory when it is dropped without being closed")
    func releasesWhenDropped() async throws {
        let directory = try TemporaryDirectory()
        for _ in 0..<2 { _ = try SQLiteStore(directory: directory.path, logger: .quiet) }
    }

    @Test("refuses data of a newer program and leaves it as it is")
    func refusesNewerSchema() async throws {
        let directory = try TemporaryDirectory()
        let store = try SQLiteStore(directory: directory.path, logger: .quiet)
        try await store.run("INSERT INTO grdb_migrations (identifier) VALUES ('newer'); UPDATE meta SET schema = 99")
        try await store.close()
        let error = #expect(throws: StoreError.self) { try SQLiteStore(directory: directory.path, logger: .quiet) }
        #expect(error == .newerSchema(directory: directory.path, found: 99, known: Schema.version))
        #expect(error?.description.contains("Upgrade this program") == true)
        // Refused once, it does not hold the lock.
        #expect(throws: StoreError.newerSchema(directory: directory.path, found: 99, known: Schema.version)) { try SQLiteStore(directory: directory.path, logger: .quiet) }
    }

    @Test("refuses a file that is no database")
    func refusesGarbage() async throws {
        let directory = try TemporaryDirectory()
        try Data(String(repeating: "not a database ", count: 1_000).utf8).write(to: URL(fileURLWithPath: directory.appending("advpo.sqlite")))
        let error = #expect(throws: StoreError.self) { try SQLiteStore(directory: directory.path, logger: .quiet) }
        guard case .corrupt(let path, _) = error else { return #expect(Bool(false), "\(String(describing: error))") }
        #expect(path == directory.path)
    }

    @Test("says so when a stored unit cannot be read")
    func reportsUnreadableUnit() async throws {
        let directory = try TemporaryDirectory()
        let store = try SQLiteStore(directory: directory.path, logger: .quiet)
        try await store.commit(records)
        try await store.run("UPDATE units SET record = '{'")
        let unit = Fixture.unit(1, of: run).unit
        await #expect(throws: StoreError.corrupt(directory: directory.path, reason: "unit \(unit) of run \(run) cannot be read")) {
            try await store.units(of: run)
        }
        try await store.close()
    }

    @Test("refuses a directory that is a file, or cannot be made")
    func refusesUnwritable() async throws {
        let directory = try TemporaryDirectory()
        let file = directory.appending("file")
        try Data().write(to: URL(fileURLWithPath: file))
        #expect(throws: StoreError.notWritable(directory: file, reason: "it is a file, not a directory")) { try SQLiteStore(directory: file, logger: .quiet) }
        let error = #expect(throws: StoreError.self) { try SQLiteStore(directory: file + "/below", logger: .quiet) }
        guard case .notWritable(file + "/below", _) = error else { return #expect(Bool(false), "\(String(describing: error))") }
        #expect(error?.description.contains("choose another directory") == true)
    }

    @Test("survives a full disk: nothing of the batch is kept, and it goes on when there is space")
    func survivesFullDisk() async throws {
        let directory = try TemporaryDirectory()
        let store = try SQLiteStore(directory: directory.path, logger: .quiet)
        try await store.commit(records)
        try await store.limitGrowth(pages: 4)
        let big = Blob([UInt8](repeating: 7, count: 1 << 20))
        for _ in 0..<3 {
            await #expect(throws: StoreError.diskFull(directory: directory.path)) {
                try await store.commit([.unit(Fixture.unit(2, of: run)), .epoch(9), .blob(big)])
            }
            try await expectRecords(in: store)
        }
        try await store.limitGrowth(pages: nil)
        try await store.commit([.unit(Fixture.unit(2, of: run)), .blob(big)])
        try await expectRecords(in: store, units: [1, 2])
        #expect(try await store.blob(big.hash) == big.bytes)
        try await store.close()
    }

    @Test("keeps numbers beside a unit's record for those who look with sqlite3")
    func keepsColumns() async throws {
        let directory = try TemporaryDirectory()
        let store = try SQLiteStore(directory: directory.path, logger: .quiet)
        var unit = Fixture.unit(1, of: run)
        unit.record.judgeUsage?.cost = NanoDollars(.max)
        try await store.commit([.blob(blob), .job(job), .run(Fixture.stored(run)), .unit(unit)])
        #expect(try await store.number("SELECT cost_nano_dollars FROM units") == .max)
        #expect(try await store.number("SELECT latency_us FROM units") == 9_007_199_254_740_993)
        #expect(try await store.number("SELECT count(*) FROM unit_list WHERE job = '\(job.id)' AND unit = '\(unit.unit)' AND input_tokens = 12 AND score BETWEEN 0.33 AND 0.34") == 1)
        try await store.close()
    }

    @Test("lets reads go on while it writes")
    func readsWhileWriting() async throws {
        let directory = try TemporaryDirectory()
        let store = try SQLiteStore(directory: directory.path, logger: .quiet)
        try await store.commit(records)
        let run = run
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<4 {
                group.addTask {
                    for number in 0..<25 { try await store.commit([.unit(Fixture.unit(1_000 + worker * 100 + number, of: run))]) }
                }
                group.addTask {
                    var seen = 1
                    for _ in 0..<25 {
                        let count = try await store.units(of: run).count
                        #expect(count >= seen)
                        seen = count
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await store.units(of: run).count == 101)
        try await store.close()
    }

    @Test("spends less than 1 KiB on a unit beside its texts")
    func isSmall() async throws {
        let directory = try TemporaryDirectory()
        let store = try SQLiteStore(directory: directory.path, logger: .quiet)
        try await store.commit(records)
        let size = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
        let before = try #require(await store.number(size))
        let units = (2..<1_002).map { Fixture.unit($0, of: run, output: "") }
        try await store.commit(units.map { .unit($0) })
        let after = try #require(await store.number(size))
        #expect((after - before) / units.count < 1_024, "\((after - before) / units.count) bytes")
        try await store.close()
    }
}
