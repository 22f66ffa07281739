import AdvPOInference
import AdvPOModel
import HTTPTypes
import Hummingbird
import NIOCore
import OrderedCollections
import Testing

@Suite("Failures of an OpenAI-compatible server", .timeLimit(.minutes(1)))
struct OpenAIFailureTests {
    private func failure(_ fixture: ProviderFixture = ProviderFixture(), _ script: @escaping @Sendable (Int) -> Response) async throws -> InferenceFailure {
        try await ScriptedServer.run({ script($0.number) }) { server in
            try await fixture.withProvider(baseURL: server.baseURL) { try await ProviderFixture.failure($0) }
        }
    }

    @Test("overload and server errors are tried again until one try succeeds", arguments: [408, 409, 425, 429, 500, 502, 503, 504, 529])
    func retriedStatuses(status: Int) async throws {
        let fixture = ProviderFixture()
        let completion = try await ScriptedServer.run({ $0.number < 3 ? .text(.init(code: status), "busy") : .answer("ok") }) { server in
            try await fixture.withProvider(baseURL: server.baseURL) { try await $0.complete(ProviderFixture.request()) }
        }
        #expect(completion.text == "ok")
        #expect(completion.attempts == 3)
        #expect(fixture.clock.sleeps.filter { $0 <= .milliseconds(500) }.count >= 2)
    }

    @Test("failed tries and waits are no part of the latency")
    func latencyIsOfTheSuccess() async throws {
        let fixture = ProviderFixture()
        let completion = try await ScriptedServer.run({
            $0.number == 1 ? .text(.tooManyRequests, "slow down", [.retryAfter: "100"]) : .answer("ok")
        }) { server in
            try await fixture.withProvider(baseURL: server.baseURL) { try await $0.complete(ProviderFixture.request()) }
        }
        #expect(completion.attempts == 2)
        #expect(fixture.clock.now.offset >= .seconds(100))
        #expect(completion.usage.latencyMicroseconds < 50_000_000)
    }

    @Test(
        "Retry-After is obeyed, in seconds or as a date",
        arguments: [
            ("7", Duration.seconds(7)), ("299", .seconds(299)),
        ])
    func retryAfter(value: String, expected: Duration) async throws {
        let fixture = ProviderFixture()
        _ = try await ScriptedServer.run({ arrival in
            arrival.number == 1 ? .text(.serviceUnavailable, "later", [.retryAfter: value]) : .answer("ok")
        }) { server in
            try await fixture.withProvider(baseURL: server.baseURL) { try await $0.complete(ProviderFixture.request()) }
        }
        let wait = try #require(fixture.clock.sleeps.first)
        #expect(wait >= expected)
        #expect(wait <= expected + .milliseconds(250))
    }

    @Test("a try that is refused for want of room is no failed one: the call goes on past its retries", arguments: [429, 529])
    func refusals(status: Int) async throws {
        let fixture = ProviderFixture()
        let completion = try await ScriptedServer.run({ $0.number < 9 ? .text(.init(code: status), "busy") : .answer("ok") }) { server in
            try await fixture.withProvider(baseURL: server.baseURL) { try await $0.complete(ProviderFixture.request()) }
        }
        #expect(completion.attempts == 9)
    }

    @Test("a wish beyond ten minutes fails the call at once, and says what to do", arguments: ["9999", "2147483647", "Fri, 31 Dec 9999 23:59:59 GMT"])
    func refusedForTooLong(wish: String) async throws {
        let failure = try await failure { _ in .text(.tooManyRequests, "later", [.retryAfter: wish, .date: "Sat, 21 Nov 2026 12:00:00 GMT"]) }
        #expect(failure.kind == .infrastructure)
        #expect(failure.attempts == 1)
        #expect(failure.message.contains("limits.requestsPerMinute"))
    }

    @Test("when the retries are used up it is the infrastructure's failure")
    func exhausted() async throws {
        let failure = try await failure { _ in .text(.serviceUnavailable, "{\"error\":{\"message\":\"overloaded\"}}") }
        #expect(failure.kind == .infrastructure)
        #expect(failure.attempts == 4)
        #expect(failure.message.hasPrefix("model m at http://127.0.0.1:"))
        #expect(failure.message.hasSuffix("/v1/chat/completions: HTTP 503: overloaded (requests sent: 4)"))
    }

    @Test(
        "what can never work is refused at once, with the server's words",
        arguments: [
            (401, "{\"error\":{\"message\":\"bad key\"}}", "HTTP 401: bad key; check the model's key (apiKeyEnvironment or apiKeyFile)"),
            (403, "{\"error\":\"no access\"}", "HTTP 403: no access; check the model's key (apiKeyEnvironment or apiKeyFile)"),
            (404, "{\"detail\":\"Not Found\"}", "HTTP 404: Not Found; check the model's baseURL and model"),
            (404, "", "HTTP 404; check the model's baseURL and model"),
            (400, "{\"object\":\"error\",\"message\":\"unknown field top_q\",\"code\":400}", "HTTP 400: unknown field top_q; check inferenceConfig and additionalModelRequestFields"),
            (422, "plain words", "HTTP 422: plain words; check inferenceConfig and additionalModelRequestFields"),
            (307, "", "HTTP 307: the server points elsewhere, and a key is never taken along; set baseURL to the final address"),
            (405, "no", "HTTP 405: no; check the model's baseURL, and inferenceConfig and additionalModelRequestFields"),
        ])
    func configurationFailures(status: Int, body: String, message: String) async throws {
        let failure = try await failure { _ in .text(.init(code: status), body, [.location: "http://127.0.0.1:1/"]) }
        #expect(failure.kind == .configuration)
        #expect(failure.attempts == 1)
        #expect(failure.message.hasSuffix("completions: \(message)"))
    }

    @Test(
        "a prompt over the context length is the model's failure",
        arguments: [
            (400, "{\"error\":{\"code\":400,\"message\":\"the request exceeds the available context size\",\"type\":\"exceed_context_size_error\"}}"),
            (400, "{\"error\":{\"message\":\"This model's maximum context length is 4096 tokens.\",\"code\":\"context_length_exceeded\"}}"),
            (413, "too big"),
        ])
    func promptTooLong(status: Int, body: String) async throws {
        let failure = try await failure { _ in .text(.init(code: status), body) }
        #expect(failure.kind == .model)
        #expect(failure.attempts == 1)
        #expect(failure.message.contains("the prompt is too long for the model"))
    }

    @Test("a filtered prompt is the model's failure")
    func filteredPrompt() async throws {
        let failure = try await failure { _ in .text(.badRequest, "{\"error\":{\"message\":\"filtered\",\"code\":\"content_filter\"}}") }
        #expect(failure.kind == .model)
    }

    @Test(
        "a broken stream is tried again",
        arguments: [
            ["data: {this is no JSON\n\n"], ["<html>busy</html>\n\n"], [Response.delta("half")], ["data: {\"error\":{\"message\":\"out of memory\",\"code\":500}}\n\n"],
            ["data: {\"error\":\"overloaded\"}\n\n"], ["data: \(String(repeating: "x", count: 1024 * 1024 + 1))\n\n"], [],
        ])
    func brokenStreams(pieces: [String]) async throws {
        let completion = try await ScriptedServer.run({ $0.number == 1 ? .stream(pieces) : .answer("ok") }) { server in
            try await ProviderFixture().withProvider(baseURL: server.baseURL) { try await $0.complete(ProviderFixture.request()) }
        }
        #expect(completion.text == "ok")
        #expect(completion.attempts == 2)
    }

    @Test("a connection that drops in mid-stream is tried again, and the half answer is not kept")
    func droppedConnection() async throws {
        let completion = try await ScriptedServer.run({ $0.number == 1 ? .stream([Response.delta("half")], closing: false) : .answer("whole") }) { server in
            try await ProviderFixture().withProvider(baseURL: server.baseURL) { try await $0.complete(ProviderFixture.request()) }
        }
        #expect(completion.text == "whole")
        #expect(completion.attempts == 2)
    }

    @Test("an error inside the stream is sorted by its code", arguments: [(400, InferenceFailure.Kind.configuration), (401, .configuration), (413, .model)])
    func errorInStream(code: Int, kind: InferenceFailure.Kind) async throws {
        let failure = try await failure { _ in .stream([Response.delta("x"), "data: {\"error\":{\"message\":\"no\",\"code\":\(code)}}\n\n"]) }
        #expect(failure.kind == kind)
        #expect(failure.attempts == 1)
    }

    @Test("a refused connection is tried again, then the infrastructure's failure")
    func connectionRefused() async throws {
        let port = try await ScriptedServer.run({ _ in .answer("x") }) { $0.port }
        let failure = try await ProviderFixture().withProvider(baseURL: "http://127.0.0.1:\(port)/v1") { try await ProviderFixture.failure($0) }
        #expect(failure.kind == .infrastructure)
        #expect(failure.attempts == 4)
        #expect(failure.message.hasSuffix("no connection, or it broke: connection refused; check that the server runs (requests sent: 4)"))
    }

    @Test("an error body is read and passed on only so far")
    func hugeErrorBody() async throws {
        let failure = try await failure { _ in .text(.badRequest, String(repeating: "e", count: 1_000_000)) }
        #expect(failure.kind == .configuration)
        #expect(failure.message.contains(String(repeating: "e", count: 500) + "…"))
        #expect(failure.message.count < 1_000)
    }

    @Test("an unknown model is refused with the known ones")
    func unknownModel() async throws {
        let failure = try await ProviderFixture().withProvider(baseURL: "http://127.0.0.1:1/v1") { provider in
            try await ProviderFixture.failure(provider, ChatRequest(modelID: "nope", messages: []))
        }
        #expect(failure == InferenceFailure(kind: .configuration, message: "no model \"nope\" in the model file; known: m", attempts: 0))
    }

    @Test("a missing key is refused when the model is asked")
    func missingKey() async throws {
        let fixture = ProviderFixture()
        let catalog = fixture.catalog(baseURL: "http://127.0.0.1:1/v1")
        let provider = ChatModelProvider(
            catalog: catalog, keys: APIKeys(catalog: catalog, environment: [:]), logger: fixture.log.logger, clock: fixture.clock, seed: 1)
        let failure = try await ProviderFixture.failure(provider)
        try await provider.shutdown()
        #expect(
            failure
                == InferenceFailure(
                    kind: .configuration, message: "model m: the environment variable TEST_KEY (apiKeyEnvironment) is not set; set it to the key", attempts: 0))
    }
}

@Suite("Keys stay secret", .timeLimit(.minutes(1)))
struct KeySecrecyTests {
    @Test("a key that the server repeats appears in no error and no log", arguments: [400, 401, 503])
    func echoedKey(status: Int) async throws {
        let fixture = ProviderFixture()
        let failure = try await ScriptedServer.run({ arrival in
            let echo = arrival.headers[.authorization] ?? ""
            return .text(.init(code: status), "{\"error\":{\"message\":\"\(String(repeating: "x", count: 480)) bad \(echo)\"}}")
        }) { server in
            try await fixture.withProvider(baseURL: server.baseURL) { try await ProviderFixture.failure($0) }
        }
        #expect(failure.message.contains("[redac"))
        for text in [failure.message, "\(failure)", String(reflecting: failure), fixture.log.text] {
            #expect(!text.contains("sk-test"))
            #expect(!text.contains("0123456789"))
        }
        #expect(status != 503 || fixture.log.text.contains("will be sent again"))
    }

    @Test("a key inside broken JSON, a broken stream or a refusal is taken out")
    func keyInOddPlaces() async throws {
        let escaped = ProviderFixture.key.replacing("/", with: "\\/")
        let responses: [@Sendable () -> Response] = [
            { .text(.badRequest, "{\"error\": broken \(escaped)") },
            { .stream(["data: {broken \(ProviderFixture.key)\n\n"]) },
            { .stream(["data: {\"error\":\"\(ProviderFixture.key)\"}\n\n"]) },
            { .stream(["data: {\"choices\":[{\"delta\":{\"refusal\":\"\(ProviderFixture.key)\"}}]}\n\n", "data: [DONE]\n\n"]) },
        ]
        for response in responses {
            let fixture = ProviderFixture()
            let failure = try await ScriptedServer.run({ _ in response() }) { server in
                try await fixture.withProvider(baseURL: server.baseURL) { try await ProviderFixture.failure($0) }
            }
            #expect(failure.message.contains("[redacted]"))
            #expect(!(failure.message + fixture.log.text).contains("0123456789"))
        }
    }
}
