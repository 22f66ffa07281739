import AdvPOModel
import AdvPOStore
import Foundation
import Logging
import Testing

/// A place under the system's temporary directory, removed at the end.
struct TemporaryDirectory: ~Copyable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("advpo-store-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    deinit {
        do { try FileManager.default.removeItem(atPath: path) } catch { Issue.record("cannot remove \(path): \(error)") }
    }

    func appending(_ name: String) -> String { path + "/" + name }
}

/// The implementations that the conformance suite runs on.
enum StoreKind: String, CaseIterable, CustomTestStringConvertible {
    case memory
    case sqlite

    var testDescription: String { rawValue }

    /// Runs `body` on a new, empty store.
    func run(limits: StoreLimits = StoreLimits(), _ body: (any CoordinatorStore) async throws -> Void) async throws {
        switch self {
        case .memory:
            try await body(MemoryStore(limits: limits))
        case .sqlite:
            let directory = try TemporaryDirectory()
            let store = try SQLiteStore(directory: directory.appending("data"), logger: .quiet, limits: limits)
            try await body(store)
            try await store.close()
        }
    }
}

extension Logger {
    static var quiet: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}

/// Records with telling defaults.
enum Fixture {
    static func id(_ number: Int) throws -> JobID {
        let digits = String(number)
        return try #require(JobID("job" + String(repeating: "0", count: JobID.length - 3 - digits.count) + digits))
    }

    static func job(_ number: Int, created: Int64 = 1_000, status: String = "InProgress", blobs: [Blob] = []) throws -> StoredJob {
        StoredJob(
            id: try id(number), request: Array("request \(number)".utf8), status: status, failureMessage: nil, clientToken: "token-\(number)",
            createdMillisecondsSince1970: created, modifiedMillisecondsSince1970: created + 5, blobs: blobs.map(\.hash))
    }

    static func run(_ job: Int, template: Int = 0, model: Int = 0) throws -> RunID { RunID(job: try id(job), template: template, model: model) }

    static func stored(_ run: RunID, state: String = "searching", outcome: String? = nil) -> StoredRun { StoredRun(id: run, state: state, outcome: outcome) }

    static func unit(_ number: Int, of run: RunID, output: String = "an answer", lease: String = "1.1.1") -> StoredUnit {
        StoredUnit(run: run, unit: ContentHash(of: Array("unit \(number)".utf8)), record: record(output: output), lease: lease)
    }

    static func record(output: String = "an answer") -> UnitRecord {
        UnitRecord(
            status: .scored, output: output, score: 1 / 3, feedback: "it says\n\"yes\"", judgeOutput: "<Overall>1.00</Overall>",
            usage: Usage(inputTokens: 12, outputTokens: 3, timeToFirstTokenMicroseconds: 40, latencyMicroseconds: 9_007_199_254_740_993, cost: NanoDollars(7)),
            judgeUsage: Usage(inputTokens: 1, outputTokens: 2, timeToFirstTokenMicroseconds: 3, latencyMicroseconds: 4, cost: nil), providerCalls: 2)
    }

    static func blob(_ text: String) -> Blob { Blob(Array(text.utf8)) }

    static func entry(_ job: Int, _ text: String, at time: Int64 = 10) throws -> JournalEntry {
        JournalEntry(job: try id(job), atMillisecondsSince1970: time, text: text)
    }
}
