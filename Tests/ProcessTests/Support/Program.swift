import Foundation
import Subprocess
import SystemPackage

/// One of the built programs, running: what it says line by line, and what it is told by signals.
final class Program: Sendable {
    let name: String
    /// Lines of standard output, and of standard error.
    let output = EventLog<String>()
    let errors = EventLog<String>()
    private let signals: AsyncStream<Signal>.Continuation
    private let running: Task<TerminationStatus, any Error>

    /// Starts it at once.
    ///
    /// - Parameter environment: all of it, beside what a shell would set: variables of whoever runs the tests must not become settings.
    init(_ name: String, path: String, _ arguments: [String], environment: [String: String], folder: String) {
        self.name = name
        let (signals, continuation) = AsyncStream.makeStream(of: Signal.self)
        self.signals = continuation
        var variables = ["HOME": folder, "TMPDIR": folder, "LANG": "C.UTF-8", "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"]
        variables.merge(environment) { _, new in new }
        let custom = Environment.custom(Dictionary(uniqueKeysWithValues: variables.map { (Environment.Key(stringLiteral: $0.key), $0.value) }))
        running = Task { [output, errors] in
            defer {
                output.close()
                errors.close()
            }
            return try await Subprocess.run(
                path.contains("/") ? .path(FilePath(path)) : .name(path), arguments: Arguments(arguments), environment: custom, workingDirectory: FilePath(folder),
                input: .none, output: .sequence, error: .sequence
            ) { execution in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { for try await line in execution.standardOutput.strings(bufferingPolicy: .unbounded) { output.append(line) } }
                    group.addTask { for try await line in execution.standardError.strings(bufferingPolicy: .unbounded) { errors.append(line) } }
                    let telling = Task {
                        // A program that has ended meanwhile needs no telling.
                        for await signal in signals { try? execution.send(signal: signal) }
                    }
                    defer { telling.cancel() }
                    try await group.waitForAll()
                }
            }.terminationStatus
        }
    }

    func send(_ signal: Signal) { signals.yield(signal) }

    /// Waits for its end; kills it when the waiting task is cancelled.
    func end() async throws -> TerminationStatus {
        try await withTaskCancellationHandler {
            try await running.value
        } onCancel: {
            running.cancel()
        }
    }

    /// Kills it with -9 and waits until it is gone.
    func kill() async throws {
        send(.kill)
        _ = try await end()
    }

    /// Whatever state it is in, it is gone afterwards.
    func dispose() async {
        running.cancel()
        _ = await running.result
    }

    /// All that it said so far.
    var transcript: String {
        (output.elements.map { "\(name) out: \($0)" } + errors.elements.map { "\(name) err: \($0)" }).joined(separator: "\n")
    }

    /// Waits for its end.
    func finished() async throws -> Finished {
        let status = try await end()
        return Finished(
            status: status, output: output.elements.joined(separator: "\n"), errors: errors.elements.joined(separator: "\n"))
    }

    struct Finished: Sendable {
        var status: TerminationStatus
        var output: String
        var errors: String
    }
}
