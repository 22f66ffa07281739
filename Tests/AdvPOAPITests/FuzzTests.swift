@testable import AdvPOAPI
import AdvPOBedrock
import AdvPOModel
import AdvPOTestSupport
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Testing

/// How many inputs somebody asked for.
private let chosenInputs = ProcessInfo.processInfo.environment["ADVPO_FUZZ_INPUTS"].flatMap { Int($0) }

/// Requests that nobody would write, by the ten thousand, against the router. `ADVPO_FUZZ_INPUTS` sets another number.
@Suite(.longRunning, .timeLimit(.minutes(chosenInputs == nil ? 4 : 240)))
struct FuzzTests {
    private static let seed: UInt64 = 2026

    /// Answers everything at once, as a service with one job does.
    private struct AnsweringService: JobService {
        /// Fails where this holds; for the canary.
        var plant: @Sendable (CreateJobRequest) -> Bool = { _ in false }

        func create(_ request: CreateJobRequest) async throws(APIError) -> CreateJobResponse {
            if plant(request) { throw APIError(code: .internalServer, message: "planted") }
            _ = try JobOptions(tags: request.tags, defaults: JobOptions())
            return CreateJobResponse(jobARN: "arn:aws:bedrock:us-east-1:000000000000:advanced-prompt-optimization-job/abc123def456")
        }

        func get(_ job: JobID) async throws(APIError) -> JobDescription {
            guard job.rawValue == "abc123def456" else { throw APIError(code: .resourceNotFound, message: "There is no job \(job).") }
            let request = CreateJobRequest(jobName: "topics", inputURI: "s3://bucket/in.jsonl", outputURI: "s3://bucket/out/", models: [])
            return JobDescription(
                jobARN: "arn:aws:bedrock:us-east-1:000000000000:advanced-prompt-optimization-job/\(job)", request: request, status: .completed, failureMessage: nil,
                createdMillisecondsSince1970: 1, modifiedMillisecondsSince1970: 2)
        }

        func list(_ request: ListJobsRequest) async throws(APIError) -> ListJobsResponse {
            if let token = request.nextToken { _ = try PaginationToken(parsing: token, ascending: request.ascending) }
            return ListJobsResponse(jobs: [], nextToken: nil)
        }

        func stop(_ job: JobID) async throws(APIError) { _ = try await get(job) }

        func delete(_ jobs: [JobID]) async throws(APIError) -> [Result<DeletedJob, BatchDeleteFailure>] {
            jobs.map { .success(DeletedJob(job: $0, status: .deleting)) }
        }

        func progress(of job: JobID) async throws(APIError) -> AsyncStream<JobProgress> {
            _ = try await get(job)
            return AsyncStream { continuation in
                continuation.yield(JobProgress(jobID: job, status: .completed, failureMessage: nil, workers: 0, runs: []))
                continuation.finish()
            }
        }

        func resultFile(_ name: String, of job: JobID) async throws(APIError) -> ByteChunks {
            _ = try await get(job)
            return ByteChunks(Array("{}\n".utf8))
        }
    }

    /// What a number of inputs came to.
    private struct Outcome {
        /// How often each status and error type was the answer.
        var answers: [String: Int] = [:]
        var faults: [String] = []
    }

    private func play(_ inputs: Range<Int>, service: AnsweringService = AnsweringService(), access: Access = .open, mostFaults: Int = 5) async throws -> Outcome {
        // Each refusal would be a line.
        var quiet = Logger(label: "fuzz")
        quiet.logLevel = .critical
        return try await Application(router: makeRouter(service: service, access: access), logger: quiet).test(.router) { client in
            var outcome = Outcome()
            for index in inputs {
                let request = RequestFuzzer.request(seed: Self.seed, index: index)
                let began = ContinuousClock.now
                let response = try await client.execute(
                    uri: request.query.isEmpty ? request.path : "\(request.path)?\(request.query)", method: request.method, headers: request.headers,
                    body: request.body.isEmpty ? nil : ByteBuffer(bytes: request.body))
                let elapsed = began.duration(to: .now)
                outcome.answers["\(response.status.code) \(response.errorType ?? "")", default: 0] += 1
                if let fault = Self.fault(of: response, to: request) { outcome.faults.append("\(fault): \(response.status) \(response.text.prefix(300)) to \(request.summary)") }
                // Some milliseconds; the rest is for a busy machine, and too little for what grows with the square of its input.
                if elapsed > .seconds(20) { outcome.faults.append("it took \(elapsed): \(request.summary)") }
                if outcome.faults.count >= mostFaults { break }
            }
            return outcome
        }
    }

    /// What no answer may be, whatever was asked.
    private static func fault(of response: TestResponse, to request: FuzzedRequest) -> String? {
        if response.requestID == nil { return "the answer does not name its request" }
        if response.status.code >= 500 { return "the server is at fault" }
        guard response.status.code >= 400 else { return response.errorType == nil ? nil : "a success with an error type" }
        if response.errorType == nil { return "the error has no type" }
        if request.method != .head, response.json["message"]?.stringValue?.isEmpty != false { return "the error has no message" }
        return nil
    }

    @Test("no request brings the server down or gets an answer without form, and every kind of refusal comes up")
    func open() async throws {
        let outcome = try await play(0..<(chosenInputs ?? 10_000))
        #expect(outcome.faults.isEmpty, "seed \(Self.seed): \(outcome.faults.joined(separator: "\n"))")
        // It went through every layer: what was changed too much would be refused at the first.
        let expected = [
            "200 ", "202 ", "400 ValidationException", "403 AccessDeniedException", "404 ResourceNotFoundException", "404 UnknownOperationException",
            "405 MethodNotAllowedException", "413 RequestEntityTooLargeException",
        ]
        for answer in expected { #expect(outcome.answers[answer, default: 0] >= 5, "\(answer) of \(outcome.answers)") }
        #expect(outcome.answers["200 ", default: 0] * 20 >= outcome.answers.values.reduce(0, +), "\(outcome.answers)")
    }

    @Test("no request gets past the door without a proof, whatever it claims")
    func authenticated() async throws {
        let identities = Identities([Identity(name: "admin", keyPair: .init(accessKeyID: "AKID", secretAccessKey: "a-secret-of-enough-characters"), tokenDigest: nil, allowed: Set(IAMAction.allCases))])
        let authenticator = Authenticator(store: IdentityStore(identities), namespace: .standard, isEncrypted: true) { 1_767_225_600 }
        let outcome = try await play(0..<(chosenInputs ?? 10_000) / 4, access: .authenticated(authenticator))
        #expect(outcome.faults.isEmpty, "seed \(Self.seed): \(outcome.faults.joined(separator: "\n"))")
        #expect(outcome.answers.keys.allSatisfy { $0.hasPrefix("403 ") || $0.hasPrefix("400 ") || $0.hasPrefix("413 ") }, "\(outcome.answers)")
        #expect(outcome.answers.count >= 3, "\(outcome.answers)")
    }

    @Test("a planted fault is found")
    func canary() async throws {
        // A description that became longer than it was, with a right rest: no single request of the other tests has it.
        let outcome = try await play(0..<20_000, service: AnsweringService { ($0.jobDescription?.unicodeScalars.count ?? 0) > 60 }, mostFaults: 1)
        #expect(outcome.faults.contains { $0.hasPrefix("the server is at fault") }, "\(outcome.answers)")
    }
}
