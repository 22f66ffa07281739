import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Subprocess
import SystemPackage
package import Testing

/// moto's server, which plays S3 (and much else of AWS) on 127.0.0.1 and a free port, for as long as a test needs it.
///
/// It comes with the Python of ADVPO_PYTHON (`ops/test` sets it up). It checks no signatures.
package struct MotoServer: Sendable {
    /// Of the environment's Python; nil when there is none, and these tests are left out.
    package static let python = ProcessInfo.processInfo.environment["ADVPO_PYTHON"]
    package static var isAvailable: Bool { python != nil }

    /// The server of the suite that runs; see `Trait.moto`.
    @TaskLocal package static var current: MotoServer?

    /// As for `endpoint_url` and `--s3-endpoint`.
    package let endpoint: String

    package struct Fault: Error, CustomStringConvertible {
        package var description: String
    }

    /// The suite's own server, or the reason why there is none.
    package static func required() throws -> MotoServer {
        guard let current else { throw Fault(description: "this suite has no .moto trait, or ADVPO_PYTHON is not set") }
        return current
    }

    /// Starts a server, runs `body` once it listens, and ends it however `body` ends.
    package static func run<Value: Sendable>(_ body: @Sendable @escaping (MotoServer) async throws -> Value) async throws -> Value {
        guard let python else { throw Fault(description: "ADVPO_PYTHON is not set") }
        let (lines, said) = AsyncStream.makeStream(of: String.self)
        let result = try await Subprocess.run(
            .path(FilePath(python)), arguments: ["-m", "moto.server", "-H", "127.0.0.1", "-p", "0"],
            // Without a buffer its readiness line comes at once; no variable of whoever runs the tests gets in.
            environment: .custom(["PATH": "/usr/bin:/bin", "PYTHONUNBUFFERED": "1", "HOME": FilePath(NSTemporaryDirectory()).string]),
            input: .none, output: .discarded, error: .sequence
        ) { execution in
            try await withThrowingTaskGroup(of: Value?.self) { group in
                group.addTask {
                    // To the end, so that the server never waits for a reader.
                    for try await line in execution.standardError.strings(bufferingPolicy: .unbounded) { said.yield(line) }
                    said.finish()
                    return nil
                }
                group.addTask {
                    let endpoint = try await endpoint(in: lines)
                    return try await body(MotoServer(endpoint: endpoint))
                }
                defer {
                    // It may have ended by itself.
                    try? execution.send(signal: .kill)
                    group.cancelAll()
                }
                while let value = try await group.next() {
                    if let value { return value }
                }
                throw CancellationError()
            }
        }
        return result.closureResult
    }

    /// From the line by which the server says that it listens.
    private static func endpoint(in lines: AsyncStream<String>) async throws -> String {
        var said: [String] = []
        for await line in lines {
            if let mark = line.range(of: "Running on ") { return line[mark.upperBound...].trimmingCharacters(in: .whitespacesAndNewlines) }
            said.append(line)
        }
        throw Fault(description: "moto's server never listened; it said: " + said.joined(separator: "\n"))
    }

    /// Creates a bucket in us-east-1.
    package func makeBucket(_ name: String) async throws { try await send(.PUT, "/\(name)") }

    /// Forgets all buckets and objects.
    package func reset() async throws { try await send(.POST, "/moto-api/reset") }

    /// Runs a Python script to its end, boto3 at hand: `s3` is a client for this server. Gives what it printed.
    package func boto(_ script: String, _ arguments: [String] = []) async throws -> String {
        guard let python = Self.python else { throw Fault(description: "ADVPO_PYTHON is not set") }
        let head = """
            import boto3, json, sys
            from botocore.config import Config
            s3 = boto3.client('s3', endpoint_url=sys.argv[1], region_name='us-east-1', aws_access_key_id='test', aws_secret_access_key='test', config=Config(s3={'addressing_style': 'path'}))

            """
        let result = try await Subprocess.run(
            .path(FilePath(python)), arguments: Arguments(["-c", head + script, endpoint] + arguments),
            environment: .custom(["PATH": "/usr/bin:/bin", "HOME": FilePath(NSTemporaryDirectory()).string]), input: .none, output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        guard result.terminationStatus.isSuccess else { throw Fault(description: "the script failed: \(result.standardError)") }
        return result.standardOutput.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func send(_ method: HTTPMethod, _ path: String) async throws {
        var request = HTTPClientRequest(url: endpoint + path)
        request.method = method
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
        _ = try await response.body.collect(upTo: 1 << 20)
        guard response.status == .ok else { throw Fault(description: "moto answered \(method) \(path) with \(response.status)") }
    }
}

/// Gives a whole suite one server of moto: `MotoServer.required()` within its tests. Without ADVPO_PYTHON there is none.
package struct MotoTrait: SuiteTrait, TestScoping {
    package func provideScope(for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void) async throws {
        guard MotoServer.isAvailable else { return try await function() }
        try await withoutActuallyEscaping(function) { function in
            try await MotoServer.run { server in try await MotoServer.$current.withValue(server) { try await function() } }
        }
    }
}

extension Trait where Self == MotoTrait {
    package static var moto: Self { Self() }
}

/// Lets one test at a time use what tests share.
package actor Turn {
    private var isTaken = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    package init() {}

    /// Waits until nobody else has it.
    package func begin() async {
        if isTaken { await withCheckedContinuation { waiting.append($0) } }
        isTaken = true
    }

    package func end() {
        // It stays taken when it is handed on, so that nobody slips in between.
        if waiting.isEmpty { isTaken = false } else { waiting.removeFirst().resume() }
    }
}
