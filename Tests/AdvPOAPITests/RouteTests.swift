import AdvPOAPI
import AdvPOBedrock
import AdvPOModel
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

/// Each test runs against the router and over a real socket.
@Suite(.timeLimit(.minutes(1)))
struct RouteTests {
    enum Setup: CaseIterable {
        case router
        case live

        var testing: TestingSetup {
            switch self {
            case .router: .router
            case .live: .live
            }
        }
    }

    private func run(_ setup: Setup, _ service: MemoryJobService = MemoryJobService(), _ body: @Sendable (any TestClientProtocol) async throws -> Void) async throws {
        try await Application(router: makeRouter(service: service)).test(setup.testing, body)
    }

    @Test("a job is created, then found by its id and by its percent-encoded ARN", arguments: Setup.allCases)
    func createAndGet(_ setup: Setup) async throws {
        try await run(setup) { client in
            let job = try await client.newJob()
            let byID = try await client.send(.get, "/advanced-prompt-optimization-jobs/\(job)")
            #expect(byID.status == .ok)
            #expect(byID.json["jobStatus"] == "InProgress")
            #expect(byID.json["creationTime"] == "2026-05-28T20:26:40.124Z")
            #expect(byID.json["modelConfigurations"]?[0]?["inferenceConfig"]?["maxTokens"] == 64)
            #expect(byID.json["failureMessage"] == nil)
            let arn = "arn%3Aaws%3Abedrock%3Aus-east-1%3A000000000000%3Aadvanced-prompt-optimization-job%2F\(job)"
            let byARN = try await client.send(.get, "/advanced-prompt-optimization-jobs/\(arn)")
            #expect(byARN.status == .ok, "\(byARN.text)")
            #expect(byARN.json["jobArn"] == byID.json["jobArn"])
        }
    }

    @Test("every answer names its request, errors too", arguments: Setup.allCases)
    func requestIDs(_ setup: Setup) async throws {
        try await run(setup) { client in
            let first = try await client.send(.get, "/healthz")
            let second = try await client.send(.get, "/nowhere")
            let ids = try [#require(first.requestID), #require(second.requestID)]
            #expect(Set(ids).count == 2)
            #expect(ids.allSatisfy { $0.count == 36 })
        }
    }

    @Test("three pages hold every job once, in either order", arguments: Setup.allCases)
    func pages(_ setup: Setup) async throws {
        try await run(setup) { client in
            var created: [JobID] = []
            for _ in 0..<7 { created.append(try await client.newJob()) }
            for (order, expected) in [("Ascending", created), ("Descending", Array(created.reversed()))] {
                var listed: [JobID] = []
                var token: String?
                var pages = 0
                repeat {
                    let next = token.map { "&nextToken=\($0)" } ?? ""
                    let page = try await client.send(.get, "/advanced-prompt-optimization-jobs?maxResults=3&sortBy=CreationTime&sortOrder=\(order)\(next)")
                    try #require(page.status == .ok, "\(page.text)")
                    for summary in page.json["jobSummaries"]?.arrayValue ?? [] {
                        listed.append(try #require(summary["jobArn"]?.stringValue.flatMap(JobARN.init(parsing:))?.job))
                    }
                    token = page.json["nextToken"]?.stringValue
                    pages += 1
                } while token != nil && pages < 10
                #expect(listed == expected)
                #expect(pages == 3)
            }
        }
    }

    @Test("a job is stopped once, a second stop conflicts", arguments: Setup.allCases)
    func stop(_ setup: Setup) async throws {
        try await run(setup) { client in
            let job = try await client.newJob()
            let stopped = try await client.send(.post, "/advanced-prompt-optimization-jobs/\(job)/stop")
            #expect(stopped.status == .ok)
            #expect(stopped.text == "{}")
            let again = try await client.send(.post, "/advanced-prompt-optimization-jobs/\(job)/stop")
            #expect(again.status == .badRequest)
            #expect(again.errorType == "ConflictException")
        }
    }

    @Test("a batch delete answers for each identifier as it was written", arguments: Setup.allCases)
    func batchDelete(_ setup: Setup) async throws {
        let service = MemoryJobService()
        try await run(setup, service) { client in
            let done = try await client.newJob()
            let running = try await client.newJob()
            await service.end(done, as: .completed)
            let arn = "arn:aws:bedrock:us-east-1:000000000000:advanced-prompt-optimization-job/\(done)"
            let foreign = "arn:aws:bedrock:eu-west-1:000000000000:advanced-prompt-optimization-job/aaaaaaaaaaaa"
            let body = "{\"jobIdentifiers\":[\"\(arn)\",\"\(done)\",\"\(running)\",\"aaaaaaaaaaaa\",\"\(foreign)\"]}"
            let response = try await client.send(.post, "/advanced-prompt-optimization-job/batch-delete", body)
            #expect(response.status == .accepted)
            let deleted = response.json["advancedPromptOptimizationJobs"]?.arrayValue ?? []
            #expect(deleted.map { [$0["jobIdentifier"]?.stringValue, $0["jobStatus"]?.stringValue] } == [[arn, "Deleting"]])
            let errors = response.json["errors"]?.arrayValue ?? []
            let codes = errors.map { [$0["jobIdentifier"]?.stringValue, $0["code"]?.stringValue] }
            #expect(Set(codes) == [
                [running.rawValue, "ConflictException"], ["aaaaaaaaaaaa", "ResourceNotFoundException"], [foreign, "ResourceNotFoundException"],
            ])
        }
    }

    @Test("progress comes as events and ends with the job", arguments: Setup.allCases)
    func events(_ setup: Setup) async throws {
        let service = MemoryJobService()
        try await run(setup, service) { client in
            let job = try await client.newJob()
            async let response = client.send(.get, "/jobs/\(job)/events")
            await service.end(job, as: .completed)
            let finished = try await response
            #expect(finished.headers[.contentType] == "text/event-stream")
            let events = finished.text.split(separator: "\n\n").map { $0.split(separator: "\n") }
            #expect(events.allSatisfy { $0.count == 2 && $0[0] == "event: progress" && $0[1].hasPrefix("data: {") })
            let last = try #require(events.last?.last)
            #expect(last.contains("\"status\":\"Completed\""))
        }
    }

    @Test("result files are served by name, and no other name is", arguments: Setup.allCases)
    func files(_ setup: Setup) async throws {
        let service = MemoryJobService()
        try await run(setup, service) { client in
            let job = try await client.newJob()
            let early = try await client.send(.get, "/jobs/\(job)/files/history.jsonl")
            #expect(early.status == .notFound)
            await service.end(job, as: .completed)
            for name in ["history.jsonl", "advanced_prompt_optimization_results.jsonl"] {
                let file = try await client.send(.get, "/jobs/\(job)/files/\(name)")
                #expect(file.status == .ok)
                #expect(file.text == "{\"file\":\"\(name)\"}\n")
            }
            for name in ["other.jsonl", "..%2F..%2Fetc%2Fpasswd", "%2e%2e"] {
                let refused = try await client.send(.get, "/jobs/\(job)/files/\(name)")
                #expect(refused.status == .notFound)
                #expect(refused.errorType == "ResourceNotFoundException")
            }
        }
    }
}
