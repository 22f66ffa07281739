@testable import AdvPOAPI
import AdvPOBedrock
import AdvPOModel
import Foundation
import Logging
import ServiceLifecycle
import Subprocess
import SystemPackage
import Testing

/// Code that was written for AWS, against a live server: nothing differs but the endpoint.
@Suite(.timeLimit(.minutes(1)))
struct ClientTests {
    /// The Python that has boto3, and beside which the AWS CLI may be.
    private static let python = ProcessInfo.processInfo.environment["ADVPO_PYTHON"] ?? "python3"

    /// Runs `body` against a server on an ephemeral port.
    private func withServer(_ service: MemoryJobService, _ body: @escaping @Sendable (String) async throws -> Void) async throws {
        let (urls, continuation) = AsyncStream<String>.makeStream()
        let server = JobServer(service: service, address: try ListenAddress(parsing: "127.0.0.1:0"), logger: Logger(label: "test")) {
            continuation.yield($0.url)
        }
        let services = ServiceGroup(services: [server], logger: Logger(label: "test"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            var iterator = urls.makeAsyncIterator()
            let url = try #require(await iterator.next())
            do {
                try await body(url)
            } catch {
                group.cancelAll()
                throw error
            }
            await services.triggerGracefulShutdown()
        }
    }

    private func run(_ executable: String, _ arguments: [String], _ environment: [String: String] = [:]) async throws -> (output: String, succeeded: Bool) {
        let overrides = Dictionary(uniqueKeysWithValues: environment.map { (Environment.Key(stringLiteral: $0.key), $0.value) })
        let result = try await Subprocess.run(
            executable.contains("/") ? .path(FilePath(executable)) : .name(executable), arguments: Arguments(arguments), environment: .inherit.updating(overrides), output: .string(limit: 1 << 20),
            error: .string(limit: 1 << 20))
        return (result.standardOutput + result.standardError, result.terminationStatus.isSuccess)
    }

    @Test("boto3 creates, finds, lists, stops and deletes jobs, and raises its own exceptions")
    func boto3() async throws {
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("drive_boto3.py").path
        try await withServer(MemoryJobService()) { url in
            let (output, succeeded) = try await run(Self.python, [script, url])
            #expect(succeeded, "\(output)")
            #expect(output.hasSuffix("all passed\n"), "\(output)")
        }
    }

    @Test("the AWS CLI creates, gets, lists, stops and deletes a job")
    func commandLineInterface() async throws {
        let environment = ["AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1", "AWS_PAGER": ""]
        // A virtual environment has the CLI beside its Python.
        let beside = URL(fileURLWithPath: Self.python).deletingLastPathComponent().appendingPathComponent("aws").path
        let aws = Self.python.contains("/") && FileManager.default.isExecutableFile(atPath: beside) ? beside : "aws"
        try await withServer(MemoryJobService()) { url in
            func bedrock(_ arguments: String...) async throws -> JSONValue {
                let (output, succeeded) = try await run(aws, ["--endpoint-url", url, "--output", "json", "bedrock"] + arguments, environment)
                try #require(succeeded, "aws bedrock \(arguments.first ?? ""): \(output) (install it with: pip install 'awscli>=1.45')")
                return output.isEmpty ? .null : try JSONValue(parsing: Array(output.utf8))
            }
            let created = try await bedrock(
                "create-advanced-prompt-optimization-job", "--job-name", "topics", "--input-config", "s3Uri=s3://bucket/input.jsonl", "--output-config",
                "s3Uri=s3://bucket/out/", "--model-configurations", "modelId=local.smollm2-135m")
            let arn = try #require(created["jobArn"]?.stringValue)
            #expect(try await bedrock("get-advanced-prompt-optimization-job", "--job-identifier", arn)["jobStatus"] == "InProgress")
            #expect(try await bedrock("list-advanced-prompt-optimization-jobs")["jobSummaries"]?[0]?["jobArn"]?.stringValue == arn)
            _ = try await bedrock("stop-advanced-prompt-optimization-job", "--job-identifier", arn)
            let deleted = try await bedrock("batch-delete-advanced-prompt-optimization-job", "--job-identifiers", arn)
            #expect(deleted["advancedPromptOptimizationJobs"]?[0]?["jobStatus"] == "Deleting")
        }
    }
}
