import Foundation
import Synchronization

/// The working copy that these tests were compiled from, as text.
struct Repository {
    /// One text file: its path from the top, with `/`, and its lines.
    struct File: Sendable {
        var path: String
        var lines: [Substring]

        init(path: String, text: String) {
            self.path = path
            self.lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        }

        /// Written by a generator, so held to its generator's rules alone.
        var isGenerated: Bool { path.hasSuffix(".pb.swift") }
    }

    /// Tests/RuleTests/Repository.swift is three levels below the top.
    static let top = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Every file that is ours under `folder` (the top when empty), in order of path: no build products, no fetched files.
    static func paths(under folder: String = "") throws -> [String] {
        let start = folder.isEmpty ? top : top.appending(path: folder)
        // Without a base of its own each path comes out relative to `start`.
        guard let names = FileManager.default.enumerator(atPath: start.path) else { throw Unreadable(path: folder) }
        var found: [String] = []
        while let name = names.nextObject() as? String {
            if folder.isEmpty, [".build", ".local", ".git", ".swiftpm"].contains(name) {
                names.skipDescendants()
                continue
            }
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: start.appending(path: name).path, isDirectory: &isFolder), !isFolder.boolValue else { continue }
            guard !name.contains("__pycache__") else { continue }
            found.append(folder.isEmpty ? name : "\(folder)/\(name)")
        }
        return found.sorted()
    }

    /// The files under `folder` whose names end in one of `endings`.
    static func files(under folder: String = "", endings: [String]) throws -> [File] {
        try paths(under: folder).filter { path in endings.contains { path.hasSuffix($0) } }.map(file)
    }

    /// Several rules look at each file: it is read and divided into lines once.
    static func file(_ path: String) throws -> File {
        try known.withLock { known in
            if let file = known[path] { return file }
            let file = File(path: path, text: try String(contentsOf: top.appending(path: path), encoding: .utf8))
            known[path] = file
            return file
        }
    }

    private static let known = Mutex([String: File]())

    static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: top.appending(path: path).path) }

    struct Unreadable: Error {
        var path: String
    }
}

/// One place that breaks a rule.
struct Violation: Hashable, CustomStringConvertible {
    var path: String
    /// 1-based; 0 stands for the whole file.
    var line: Int
    var message: String
    var description: String { line == 0 ? "\(path): \(message)" : "\(path):\(line): \(message)" }
}

extension [Violation] {
    /// All of them, one a line, for the message of a failed expectation.
    var report: String { map(\.description).joined(separator: "\n") }
}
