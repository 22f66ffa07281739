import AdvPOModel
@testable import AdvPOStore
import Foundation
import Testing

/// Copies of a live store, and their way back.
@Suite("A backup", .timeLimit(.minutes(1)))
struct StoreBackupTests {
    @Test("of an open store has all that was committed, and goes into an empty directory with an epoch that nobody has seen")
    func roundTrip() async throws {
        let directory = try TemporaryDirectory()
        let (data, file, place) = (directory.appending("data"), directory.appending("copy.sqlite"), directory.appending("new"))
        let store = try SQLiteStore(directory: data, logger: .quiet)
        let run = try Fixture.run(1)
        try await store.commit([.epoch(4), .job(Fixture.job(1)), .run(Fixture.stored(run)), .unit(Fixture.unit(1, of: run))])
        try StoreBackup.make(directory: data, file: file)
        try await store.commit([.unit(Fixture.unit(2, of: run))])
        #expect(try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() == ["copy.sqlite", "data"])

        try StoreBackup.restore(file: file, directory: place)
        let restored = try SQLiteStore(directory: place, logger: .quiet)
        #expect(try await restored.load().epoch == 1_004)
        #expect(try await restored.units(of: run) == [Fixture.unit(1, of: run)])
        try await restored.close()
        try await store.close()
    }

    @Test("is refused where something would be written over, where there is no store, and where the file is no backup")
    func refusals() async throws {
        let directory = try TemporaryDirectory()
        let (data, file) = (directory.appending("data"), directory.appending("copy.sqlite"))
        let store = try SQLiteStore(directory: data, logger: .quiet)
        try StoreBackup.make(directory: data, file: file)
        #expect(throws: StoreError.self) { try StoreBackup.make(directory: data, file: file) }
        #expect(throws: StoreError.self) { try StoreBackup.make(directory: directory.path, file: directory.appending("other.sqlite")) }
        try await store.close()
        #expect(throws: StoreError.self) { try StoreBackup.restore(file: file, directory: data) }
        let text = directory.appending("text")
        try Data("this is no database at all, but it is long enough to be looked at".utf8).write(to: URL(fileURLWithPath: text))
        #expect(throws: StoreError.self) { try StoreBackup.restore(file: text, directory: directory.appending("fresh")) }
        #expect(!FileManager.default.fileExists(atPath: directory.appending("fresh/advpo.sqlite")))
    }
}
