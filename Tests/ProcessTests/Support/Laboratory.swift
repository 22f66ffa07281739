import AdvPOModel
import Foundation
import Subprocess
import Synchronization
import Testing

/// A folder of its own and every program that a test started: when the test ends, however it ends, both are gone.
final class Laboratory: Sendable {
    let folder: String
    private let programs = Mutex<[Program]>([])

    private init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("advpo-process-\(UUID().uuidString)").resolvingSymlinksInPath().path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    static func run(_ body: (Laboratory) async throws -> Void) async throws {
        let laboratory = try Laboratory()
        do {
            try await body(laboratory)
        } catch {
            // Recorded apart: of a test that ran out of time the error itself is not shown.
            Issue.record("what the programs had said: \(laboratory.transcripts(characters: 6_000))")
            await laboratory.dispose()
            throw error
        }
        await laboratory.dispose()
    }

    private func dispose() async {
        for program in programs.withLock({ $0 }) { await program.dispose() }
        // What the system cannot remove now, it removes with its other temporary files.
        try? FileManager.default.removeItem(atPath: folder)
    }

    // MARK: Programs

    /// The folder of the executable under test is that of the test bundle.
    private static let products = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()

    /// The interpreter with boto3, and what `advpo` calls the Python of metric functions.
    static let python = ProcessInfo.processInfo.environment["ADVPO_PYTHON"]

    @discardableResult
    func start(_ executable: String, _ arguments: [String], environment: [String: String] = [:]) -> Program {
        keep(Program(executable, path: Self.products.appendingPathComponent(executable).path, arguments, environment: environment, folder: folder))
    }

    /// Runs `advpo` to its end.
    func advpo(_ arguments: String..., environment: [String: String] = [:]) async throws -> Program.Finished {
        try await start("advpo", arguments, environment: environment).finished()
    }

    func startPython(_ script: String, _ arguments: [String]) throws -> Program {
        let path = try write("script.py", script)
        return keep(Program("python", path: Self.python ?? "python3", [path] + arguments, environment: [:], folder: folder))
    }

    /// Starts one of the scripts of the folder Python.
    func startPython(file: String, _ arguments: [String], environment: [String: String] = [:]) -> Program {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Python")
        let variables = ["PYTHONDONTWRITEBYTECODE": "1"].merging(environment) { _, new in new }
        return keep(Program("python", path: Self.python ?? "python3", [folder.appendingPathComponent(file).path] + arguments, environment: variables, folder: self.folder))
    }

    /// Starts a script of the repository on the programs under test.
    func startScript(_ path: String, _ arguments: [String]) -> Program {
        let top = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let script = top.appendingPathComponent(path).path
        return keep(
            Program(
                path, path: Self.python ?? "python3", [script, "--programs", Self.products.path] + arguments, environment: ["PYTHONDONTWRITEBYTECODE": "1"], folder: folder))
    }

    /// Starts moto's server, which plays S3 and takes any keys, and gives its address.
    func startMoto() async throws -> String {
        let moto = keep(Program("moto", path: Self.python ?? "python3", ["-m", "moto.server", "-H", "127.0.0.1", "-p", "0"], environment: ["PYTHONUNBUFFERED": "1"], folder: folder))
        return try await moto.errors.first("moto's address") { $0.contains("Running on ") ? $0.split(separator: " ").last.map(String.init) : nil }
    }

    private func keep(_ program: Program) -> Program {
        programs.withLock { $0.append(program) }
        return program
    }

    /// All that the programs said so far; of each at most the last so many characters.
    func transcripts(characters: Int = .max) -> String { programs.withLock { $0.map { String($0.transcript.suffix(characters)) }.joined(separator: "\n") } }

    // MARK: Files

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    @discardableResult
    func write(_ name: String, _ text: String) throws -> String { try write(name, bytes: Array(text.utf8)) }

    @discardableResult
    func write(_ name: String, bytes: [UInt8]) throws -> String {
        let url = URL(fileURLWithPath: path(name))
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
        return url.path
    }

    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: path(name)) }

    func makeFolder(_ name: String) throws -> String {
        try FileManager.default.createDirectory(atPath: path(name), withIntermediateDirectories: true)
        return path(name)
    }

    func bytes(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: path))) }

    /// The lines of a JSON Lines file.
    func lines(_ path: String) throws -> [JSONValue] { try JSONLines.parse(try bytes(path)) }

    /// Paths of all files below a folder.
    func files(below folder: String) -> [String] {
        let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        return names.map { "\(folder)/\($0)" }.filter {
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: $0, isDirectory: &isFolder) && !isFolder.boolValue
        }
    }
}

enum JSONLines {
    static func parse(_ bytes: [UInt8]) throws -> [JSONValue] { try bytes.split(separator: UInt8(ascii: "\n")).map { try JSONValue(parsing: Array($0)) } }
    static func parse(_ text: String) throws -> [JSONValue] { try parse(Array(text.utf8)) }
}
