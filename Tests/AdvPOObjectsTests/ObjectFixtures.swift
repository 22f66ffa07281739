import AdvPOObjects
import Foundation
import Testing

/// A place under the system's temporary directory, removed at the end.
struct TemporaryDirectory: ~Copyable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("advpo-objects-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        do { try FileManager.default.removeItem(atPath: path) } catch { Issue.record("cannot remove \(path): \(error)") }
    }

    func appending(_ name: String) -> String { path + "/" + name }

    func makeFolder(_ name: String) throws -> String {
        try FileManager.default.createDirectory(atPath: appending(name), withIntermediateDirectories: true)
        return appending(name)
    }

    func makeFile(_ name: String, _ text: String) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: appending(name))) }

    func makeLink(_ name: String, to target: String) throws { try FileManager.default.createSymbolicLink(atPath: appending(name), withDestinationPath: target) }

    func text(_ name: String) -> String? { FileManager.default.contents(atPath: appending(name)).map { String(decoding: $0, as: UTF8.self) } }

    func names(_ folder: String = "") throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: appending(folder)).sorted() }
}

/// The implementations that the conformance suite runs on, each with the buckets `data` and `other`.
enum ObjectStoreKind: String, CaseIterable, CustomTestStringConvertible {
    case memory
    case local

    var testDescription: String { rawValue }

    func run(keyring: Keyring = .empty, _ body: (any ObjectStore) async throws -> Void) async throws {
        switch self {
        case .memory:
            try await body(MemoryObjects(buckets: ["other", "data"], keyring: keyring))
        case .local:
            let directory = try TemporaryDirectory()
            try await body(LocalBuckets(["data": directory.makeFolder("one"), "other": directory.makeFolder("two")], keyring: keyring))
        }
    }
}

/// A text and why it is refused; shown by its reason, since the text may hold anything.
struct Refused: Sendable, CustomTestStringConvertible {
    let text: String
    let reason: String

    var testDescription: String { reason }
}
