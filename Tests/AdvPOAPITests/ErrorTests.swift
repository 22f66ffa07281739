import AdvPOAPI
import AdvPOBedrock
import AdvPOModel
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ErrorTests {
    private func run(
        _ service: MemoryJobService = MemoryJobService(), _ setup: TestingSetup = .router, _ body: @Sendable (any TestClientProtocol) async throws -> Void
    ) async throws {
        try await Application(router: makeRouter(service: service)).test(setup, body)
    }

    @Test("each fault has its status and error type")
    func registry() async throws {
        try await run(MemoryJobService(activeJobs: 1)) { client in
            let jobs = "/advanced-prompt-optimization-jobs"
            let tokened = Requests.create(adding: #""clientToken":"abc""#)
            #expect(try await client.send(.post, jobs, tokened).status == .ok)
            let repeated = try await client.send(.post, jobs, tokened)
            #expect(repeated.status == .ok)
            let conflict = try await client.send(.post, jobs, Requests.create(adding: #""clientToken":"abc","jobDescription":"other""#))
            #expect((conflict.status, conflict.errorType) == (.badRequest, "ConflictException"))
            let quota = try await client.send(.post, jobs, Requests.create)
            #expect((quota.status, quota.errorType) == (.badRequest, "ServiceQuotaExceededException"))
            let unknown = try await client.send(.get, "\(jobs)/aaaaaaaaaaaa")
            #expect((unknown.status, unknown.errorType) == (.notFound, "ResourceNotFoundException"))
            #expect(unknown.json["message"]?.stringValue?.contains("aaaaaaaaaaaa") == true)
            let malformed = try await client.send(.get, "\(jobs)/Not-An-Id")
            #expect((malformed.status, malformed.errorType) == (.badRequest, "ValidationException"))
            let tags = (0...200).map { "{\"key\":\"k\($0)\",\"value\":\"\"}" }.joined(separator: ",")
            let tooMany = try await client.send(.post, jobs, Requests.create(adding: "\"tags\":[\(tags)]"))
            #expect((tooMany.status, tooMany.errorType) == (.badRequest, "TooManyTagsException"))
            #expect(tooMany.json["resourceName"] == "topics")
            let unknownTag = try await client.send(.post, jobs, Requests.create(adding: #""tags":[{"key":"advpo:colour","value":"red"}]"#))
            #expect((unknownTag.status, unknownTag.errorType) == (.badRequest, "ValidationException"))
            #expect(unknownTag.text.contains("advpo:colour"))
        }
    }

    @Test("an unknown route is an unknown operation, a wrong method names the right ones")
    func routes() async throws {
        try await run { client in
            let unknown = try await client.send(.get, "/advanced-prompt-optimisation-jobs")
            #expect((unknown.status, unknown.errorType) == (.notFound, "UnknownOperationException"))
            let plural = try await client.send(.post, "/advanced-prompt-optimization-jobs/batch-delete", "{}")
            #expect(plural.status == .methodNotAllowed)
            let wrong = try await client.send(.put, "/advanced-prompt-optimization-jobs", "{}")
            #expect((wrong.status, wrong.errorType) == (.methodNotAllowed, "MethodNotAllowedException"))
            #expect(wrong.headers[.allow] == "GET, POST")
        }
    }

    @Test("a body that is no JSON, no object or empty is a validation error", arguments: ["{", "[]", "", "\"text\"", "{\"jobName\":1}", "nul"])
    func badBodies(_ body: String) async throws {
        try await run { client in
            let response = try await client.send(.post, "/advanced-prompt-optimization-jobs", body)
            #expect((response.status, response.errorType) == (.badRequest, "ValidationException"))
            #expect(response.json["message"]?.stringValue?.isEmpty == false)
        }
    }

    @Test("all faults of a request are told at once")
    func allAtOnce() async throws {
        try await run { client in
            let response = try await client.send(
                .post, "/advanced-prompt-optimization-jobs",
                #"{"jobName":"no spaces","inputConfig":{"s3Uri":"s3://bucket/in"},"outputConfig":{"s3Uri":"s3://bucket/out"},"modelConfigurations":[]}"#)
            let message = response.json["message"]?.stringValue ?? ""
            #expect(message.hasPrefix("3 validation errors detected: "))
            for member in ["'jobName'", "'outputConfig.s3Uri'", "'modelConfigurations'"] { #expect(message.contains(member)) }
        }
    }

    @Test("a body of one mebibyte is read, one byte more is refused", arguments: [(0, HTTPResponse.Status.ok), (1, .contentTooLarge)])
    func bodySize(_ extra: Int, _ status: HTTPResponse.Status) async throws {
        try await run(MemoryJobService(), .live) { client in
            let padding = String(repeating: " ", count: 1024 * 1024 - Requests.create.utf8.count + extra)
            let response = try await client.send(.post, "/advanced-prompt-optimization-jobs", Requests.create + padding)
            #expect(response.status == status)
        }
    }

    @Test("our own faults keep their inside to themselves")
    func internalErrors() async throws {
        let service = MemoryJobService()
        await service.failFromNow(with: APIError(code: .internalServer, message: "The server cannot write its store."))
        try await run(service) { client in
            let response = try await client.send(.post, "/advanced-prompt-optimization-jobs", Requests.create)
            #expect((response.status, response.errorType) == (.internalServerError, "InternalServerException"))
            #expect(!response.text.contains("store"))
        }
    }

    @Test(
        "a page of another site or a rebound name gets nothing",
        arguments: [(HTTPField.Name.origin, "https://evil.example", false), (.origin, "http://127.0.0.1:7700", true), (.origin, "null", false)])
    func browsers(_ name: HTTPField.Name, _ value: String, _ isServed: Bool) async throws {
        try await run { client in
            let response = try await client.send(.get, "/advanced-prompt-optimization-jobs", headers: [name: value])
            #expect((response.status == .ok) == isServed)
            if !isServed { #expect(response.errorType == "AccessDeniedException") }
        }
    }

    @Test(
        "only loopback is listened on",
        arguments: [
            ("127.0.0.1:7700", true), ("localhost:0", true), ("[::1]:7700", true), ("127.1.2.3:1", true), ("0.0.0.0:7700", false), ("10.0.0.1:7700", false),
            ("[::]:7700", false), ("127.0.0.1.evil.example:7700", false), ("127.0.0.1", false), (":7700", false), ("127.0.0.1:65536", false), ("127.0.0.1:x", false),
        ])
    func loopback(_ text: String, _ isAccepted: Bool) {
        let address = try? ListenAddress(parsing: text)
        #expect((address != nil) == isAccepted)
        if let address { #expect(address.description == text) }
    }
}
