import AdvPOModel
import Foundation
import Subprocess
import Testing

/// A coordinator that listens, and where.
struct RunningCoordinator: Sendable {
    var program: Program
    var work: String
    var control: String
    var http: String
}

extension Laboratory {
    static let model = "test.model"
    static let bucket = "data"

    /// A models file with one model that a scripted server plays.
    ///
    /// - Parameter rest: further top-level keys.
    func writeModels(_ server: ModelServer, concurrency: Int = 8, retries: Int = 2, keyVariable: String? = nil, inputs: String? = nil, rest: String = "") throws -> String {
        let inputs = inputs.map { "inputs: [\($0)], " } ?? ""
        let key = keyVariable.map { "apiKeyEnvironment: \($0), " } ?? ""
        return try write(
            "models.yaml",
            """
            models:
              - {id: \(Self.model), provider: openai, baseURL: "\(server.baseURL)", model: scripted, \(inputs)\(key)limits: {concurrency: \(concurrency), retries: \(retries)}}
            \(rest)

            """)
    }

    /// Starts a coordinator and waits until it listens.
    ///
    /// - Parameters:
    ///   - old: one that ended, whose addresses the new one takes.
    ///   - scheme: of the workers' addresses.
    ///   - more: further arguments.
    func startCoordinator(
        models: String, data: String = "state", in old: RunningCoordinator? = nil, logLevel: String = "info", scheme: String = "tcp", more: [String] = [],
        environment: [String: String] = [:]
    ) async throws -> RunningCoordinator {
        let any = "\(scheme)://127.0.0.1:0"
        let program = start(
            "advpo-coord",
            [
                "serve", "--data", path(data), "--work", old?.work ?? any, "--control", old?.control ?? any, "--http", old.map { String($0.http.dropFirst("http://".count)) } ?? "127.0.0.1:0",
                "--models", models, "--bucket", "\(Self.bucket)=\(try makeFolder("bucket"))", "--log-level", logLevel,
            ] + more, environment: environment)
        let sockets = try await program.errors.first("the coordinator's sockets") { $0.contains("listening for workers") ? $0 : nil }
        let api = try await program.errors.first("the coordinator's API") { $0.contains("the API listens") ? $0 : nil }
        return RunningCoordinator(
            program: program, work: try Self.value("work", in: sockets), control: try Self.value("control", in: sockets), http: try Self.value("http", in: api))
    }

    /// The value of a log line's metadata.
    private static func value(_ key: String, in line: String) throws -> String {
        try #require(line.split(separator: " ").first { $0.hasPrefix("\(key)=") }.map { String($0.dropFirst(key.count + 1)) }, "\(key) in \(line)")
    }

    /// Starts a worker and waits until it is welcome.
    func startWorker(
        _ coordinator: RunningCoordinator, models: String, slots: Int = 2, environment: [String: String] = [:], logLevel: String = "info", more: [String] = []
    ) async throws -> Program {
        let worker = start(
            "advpo-worker", ["--work", coordinator.work, "--control", coordinator.control, "--models", models, "--slots", "\(slots)", "--log-level", logLevel] + more,
            environment: environment)
        _ = try await worker.errors.first("a worker's welcome") { $0.contains("welcomed") ? $0 : nil }
        return worker
    }

    /// Waits until a worker was welcomed so many times.
    func welcomes(of worker: Program, _ count: Int) async throws {
        var seen = 0
        _ = try await worker.errors.first("welcome \(count)") { line in
            if line.contains("welcomed") { seen += 1 }
            return seen == count ? line : nil
        }
    }

    /// Submits an input file and gives the job's id.
    func submit(_ input: String, to coordinator: RunningCoordinator, _ more: String...) async throws -> String {
        try await submit(input, to: coordinator, more)
    }

    func submit(_ input: String, to coordinator: RunningCoordinator, _ more: [String]) async throws -> String {
        let file = try write("input.jsonl", input)
        let arguments = ["submit", file, "--bucket", "\(Self.bucket)=\(path("bucket"))", "--model", Self.model, "--endpoint", coordinator.http] + more
        let submitted = try await start("advpo", arguments).finished()
        try #require(submitted.status.isSuccess, "\(submitted.errors)")
        return submitted.output
    }

    /// Follows a job; its standard output is the stream of its events.
    func watch(_ job: String, _ coordinator: RunningCoordinator) -> Program { start("advpo", ["watch", job, "--endpoint", coordinator.http, "--json"]) }

    /// Where a job submitted by `submit` writes.
    func results(of job: String) -> String { path("bucket/advpo-results/\(job)/advanced_prompt_optimization_results.jsonl") }
    func history(of job: String) -> String { path("bucket/advpo-results/\(job)/history.jsonl") }
}

extension Program {
    /// Waits for an event of a `watch --json`.
    func event(_ what: String, where condition: (JSONValue) -> Bool) async throws -> JSONValue {
        try await output.first(what) { line in
            let event = try JSONValue(parsing: Array(line.utf8))
            // Not `nil`: that would be JSON's null.
            return condition(event) ? event : Optional<JSONValue>.none
        }
    }

    /// Waits until the first run's request under way has so many accepted units.
    func accepted(_ units: Int) async throws {
        _ = try await event("\(units) accepted units") { $0["runs"]?[0]?["unitsFinished"]?.numberValue?.int == units }
    }
}

extension TerminationStatus {
    /// Nil when a signal ended it.
    var code: Int32? { if case .exited(let code) = self { code } else { nil } }
}
