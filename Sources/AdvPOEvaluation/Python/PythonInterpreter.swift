import Foundation
import Subprocess
import SystemPackage

/// A Python that was asked who it is.
struct PythonInterpreter: Sendable, Hashable {
    /// The program itself, not a shim that looks for it.
    var executable: String
    /// Of the virtual environment, where there is one.
    var prefix: String
    /// Of the installation.
    var basePrefix: String

    /// What must be readable for it to run, beside the system's libraries; paths under `/usr` are there anyway.
    var readablePaths: [String] {
        var paths: [String] = []
        let folder = FilePath(executable).removingLastComponent().string
        for path in [prefix, basePrefix, folder] where path.hasPrefix("/") && path != "/" && path != "/usr" && !path.hasPrefix("/usr/") {
            if !paths.contains(where: { path == $0 || path.hasPrefix($0 + "/") }) { paths.append(path) }
        }
        return paths
    }

    private struct Answer: Decodable {
        var executable: String
        var prefix: String
        var base: String
        var version: [Int]
    }

    private static let minimumVersion = [3, 8]
    private static let question = """
        import json, os, sys
        print(json.dumps({"executable": sys.executable, "prefix": sys.prefix, "base": sys.base_prefix, "version": list(sys.version_info[:2])}))
        """

    /// Runs the interpreter once, outside any sandbox: its path is the operator's, not a user's.
    static func find(_ path: String?) async throws(EvaluationFailure) -> PythonInterpreter {
        let candidate = try locate(path)
        let output: String
        do {
            // Pyenv's shims read PATH and HOME.
            let result = try await Subprocess.run(
                .path(FilePath(candidate)), arguments: ["-I", "-c", question], output: .string(limit: 64 * 1024), error: .string(limit: 64 * 1024))
            if Task.isCancelled { throw EvaluationFailure.cancelled }
            guard result.terminationStatus.isSuccess else {
                throw EvaluationFailure.metric(
                    message: "the Python interpreter \(candidate) does not run (\(result.terminationStatus)): \((result.standardError).bounded(to: 300))")
            }
            output = result.standardOutput
        } catch let failure as EvaluationFailure {
            throw failure
        } catch {
            if Task.isCancelled { throw .cancelled }
            throw .metric(message: "the Python interpreter \(candidate) cannot be started: \(error)")
        }
        let answer: Answer
        do { answer = try JSONDecoder().decode(Answer.self, from: Data(output.utf8)) } catch {
            throw .metric(message: "\(candidate) is no Python interpreter: it answered \(BuiltinFeedback.quote(output))")
        }
        guard !answer.version.lexicographicallyPrecedes(minimumVersion) else {
            throw .metric(message: "\(candidate) is Python \(answer.version.map(String.init).joined(separator: ".")); metrics need 3.8 or newer")
        }
        return PythonInterpreter(executable: answer.executable, prefix: answer.prefix, basePrefix: answer.base)
    }

    private static func locate(_ path: String?) throws(EvaluationFailure) -> String {
        if let path {
            guard path.hasPrefix("/") else { throw .metric(message: "the metric setting python needs an absolute path, got \(path)") }
            guard FileManager.default.isExecutableFile(atPath: path) else {
                throw .metric(message: "the metric setting python names \(path), which is no executable file")
            }
            return path
        }
        if let found = ExecutableSearch.find("/usr/bin/python3") ?? ExecutableSearch.find("python3") { return found }
        throw .metric(message: "there is no python3 in /usr/bin nor in PATH: install the Debian package python3, or set the metric setting python")
    }
}

/// Finds programs as a shell would.
enum ExecutableSearch {
    /// The absolute path of a program given by name or by path; nil when there is none that can be run.
    static func find(_ program: String) -> String? {
        if program.contains("/") { return FileManager.default.isExecutableFile(atPath: program) ? program : nil }
        for folder in (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":") where folder.hasPrefix("/") {
            let path = "\(folder)/\(program)"
            if FileManager.default.isExecutableFile(atPath: path) { return path }
        }
        return nil
    }
}
