import AdvPOInference
import AdvPOModel
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import OrderedCollections
import Testing

@Suite("Answers of an OpenAI-compatible server", .timeLimit(.minutes(1)))
struct OpenAIAnswerTests {
    private func complete(_ fixture: ProviderFixture = ProviderFixture(), _ response: @escaping @Sendable () -> Response) async throws -> ChatCompletion {
        try await ScriptedServer.run({ _ in response() }) { server in
            try await fixture.withProvider(baseURL: server.baseURL) { try await $0.complete(ProviderFixture.request()) }
        }
    }

    private func failure(_ fixture: ProviderFixture = ProviderFixture(), _ response: @escaping @Sendable () -> Response) async throws -> InferenceFailure {
        try await ScriptedServer.run({ _ in response() }) { server in
            try await fixture.withProvider(baseURL: server.baseURL) { try await ProviderFixture.failure($0) }
        }
    }

    @Test("deltas are joined, and tokens, cost, reason and attempts reported")
    func streamedAnswer() async throws {
        var fixture = ProviderFixture()
        fixture.price = CatalogModel.Price(inputPerMillionTokens: NanoDollars(150_000_000), outputPerMillionTokens: NanoDollars(600_000_000))
        let completion = try await complete(fixture) {
            .stream([
                "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n", ": a comment\n\n", Response.delta("spo"), Response.delta("rts"),
                Response.finish("stop"), "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":20,\"completion_tokens\":2}}\r\n\r\n", "data: [DONE]\n\n",
            ])
        }
        #expect(completion.text == "sports")
        #expect(completion.finishReason == "stop")
        #expect(completion.attempts == 1)
        #expect(completion.usage.inputTokens == 20)
        #expect(completion.usage.outputTokens == 2)
        #expect(completion.usage.cost == NanoDollars(4_200))
    }

    @Test("a server that ends its stream without [DONE] has answered once it gave a reason")
    func missingDone() async throws {
        let completion = try await complete { .stream([Response.delta("yes"), Response.finish("length")]) }
        #expect(completion.text == "yes")
        #expect(completion.finishReason == "length")
    }

    @Test("without usage the tokens are 0 and the cost is unknown")
    func missingUsage() async throws {
        var fixture = ProviderFixture()
        fixture.price = CatalogModel.Price(inputPerMillionTokens: NanoDollars(1), outputPerMillionTokens: NanoDollars(1))
        let completion = try await complete(fixture) { .stream([Response.delta("yes"), Response.finish("stop"), "data: [DONE]\n\n"]) }
        #expect(completion.usage.inputTokens == 0)
        #expect(completion.usage.cost == nil)
    }

    @Test("llama.cpp's timings stand in for missing usage, cached prompt tokens included")
    func timings() async throws {
        let completion = try await complete {
            .stream([Response.delta("yes"), "data: {\"choices\":[],\"timings\":{\"prompt_n\":3,\"cache_n\":10,\"predicted_n\":2}}\n\n", "data: [DONE]\n\n"])
        }
        #expect(completion.usage.inputTokens == 13)
        #expect(completion.usage.outputTokens == 2)
    }

    @Test("a token count that no server can mean does not count")
    func wildUsage() async throws {
        var fixture = ProviderFixture()
        fixture.price = CatalogModel.Price(inputPerMillionTokens: NanoDollars(1_000_000_000), outputPerMillionTokens: NanoDollars(1))
        let completion = try await complete(fixture) { .answer("yes", inputTokens: .max, outputTokens: 1) }
        #expect(completion.usage.inputTokens == 0)
        #expect(completion.usage.cost == nil)
    }

    @Test("a whole JSON answer is taken though a stream was asked for")
    func wholeAnswer() async throws {
        let completion = try await complete {
            .text(.ok, "{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"sports\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":1}}")
        }
        #expect(completion.text == "sports")
        #expect(completion.usage.inputTokens == 5)
        #expect(completion.usage.timeToFirstTokenMicroseconds == completion.usage.latencyMicroseconds)
    }

    @Test("content in parts is joined")
    func contentParts() async throws {
        let completion = try await complete {
            .text(.ok, "{\"choices\":[{\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"b\"}]},\"finish_reason\":\"stop\"}]}")
        }
        #expect(completion.text == "ab")
    }

    @Test("only the first choice counts")
    func firstChoice() async throws {
        let completion = try await complete {
            .stream([Response.delta("one"), "data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"two\"}}]}\n\n", "data: [DONE]\n\n"])
        }
        #expect(completion.text == "one")
    }

    @Test(
        "an answer without text is the model's failure, and says why",
        arguments: [
            ([Response.finish("stop"), "data: [DONE]\n\n"], "the answer is empty"),
            ([Response.delta(" \\n"), Response.finish("stop")], "the answer is empty"),
            ([Response.finish("length")], "the answer is empty: the length limit was reached before any text; raise maxTokens"),
            (["data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"hm\"}}]}\n\n", Response.finish("stop")], "the answer is empty: the model only reasoned; raise maxTokens or turn its reasoning off"),
            (["data: {\"choices\":[{\"delta\":{\"refusal\":\"I can't.\"}}]}\n\n", Response.finish("stop")], "the model refused: I can't."),
            ([Response.delta("half"), Response.finish("content_filter")], "the provider's content filter stopped the answer"),
        ])
    func emptyAnswers(pieces: [String], reason: String) async throws {
        let failure = try await failure { .stream(pieces) }
        #expect(failure.kind == .model)
        #expect(failure.message.hasSuffix(": \(reason)"))
        #expect(failure.attempts == 1)
        #expect(failure.usage != nil)
    }

    @Test("an answer over the text limit is the model's failure, not an endless buffer")
    func hugeAnswer() async throws {
        let piece = Response.delta(String(repeating: "x", count: 64 * 1024))
        let failure = try await failure { .stream(Array(repeating: piece, count: 20)) }
        #expect(failure.kind == .model)
        #expect(failure.message.hasSuffix("the answer is longer than 1048576 bytes; set maxTokens"))
    }

    @Test("settings and additional fields reach the request; the latter win")
    func requestFields() async throws {
        let body = try await ScriptedServer.run({ _ in .answer("ok") }) { server in
            try await ProviderFixture().withProvider(baseURL: server.baseURL) { provider in
                let request = ChatRequest(
                    modelID: "m",
                    messages: [ChatMessage(role: .system, text: "s"), ChatMessage(role: .user, text: "line\n\"quoted\" \\ \u{1} é 🙂"), ChatMessage(role: .assistant, text: "a")],
                    inference: InferenceConfiguration(maxTokens: 12, temperature: 0.25, topP: 1, stopSequences: ["\n", "END"]),
                    additionalModelRequestFields: ["top_k": 40, "temperature": .number(JSONNumber(trusted: "0.30")), "nested": ["a": [true, nil]]], seed: 42)
                _ = try await provider.complete(request)
            }
            return server.arrivals[0].body
        }
        #expect(
            body == #"{"model":"provider-name","messages":[{"role":"system","content":"s"},{"role":"user","content":"line\n\"quoted\" \\ \u0001 é 🙂"},{"role":"assistant","content":"a"}],"#
                + #""stream":true,"stream_options":{"include_usage":true},"max_tokens":12,"temperature":0.30,"top_p":1.0,"stop":["\n","END"],"seed":42,"top_k":40,"nested":{"a":[true,null]}}"#)
    }

    @Test("what is not set is not sent, and the key goes into the header alone")
    func plainRequest() async throws {
        try await ScriptedServer.run({ _ in .answer("ok") }) { server in
            try await ProviderFixture().withProvider(baseURL: server.baseURL) { _ = try await $0.complete(ProviderFixture.request()) }
            let arrival = try #require(server.arrivals.first)
            #expect(arrival.path == "/v1/chat/completions")
            #expect(arrival.headers[.authorization] == "Bearer \(ProviderFixture.key)")
            #expect(arrival.body == #"{"model":"provider-name","messages":[{"role":"user","content":"hello"}],"stream":true,"stream_options":{"include_usage":true}}"#)
        }
    }

    @Test("a model without a key is asked without an authorization header")
    func noKey() async throws {
        var fixture = ProviderFixture()
        fixture.hasKey = false
        try await ScriptedServer.run({ _ in .answer("ok") }) { [fixture] server in
            try await fixture.withProvider(baseURL: server.baseURL) { _ = try await $0.complete(ProviderFixture.request()) }
            #expect(server.arrivals.first?.headers[.authorization] == nil)
        }
    }

    @Test("fields on which the reading depends may not be set", arguments: ["model", "messages", "stream", "stream_options"])
    func reservedFields(name: String) async throws {
        try await ScriptedServer.run({ _ in .answer("ok") }) { server in
            try await ProviderFixture().withProvider(baseURL: server.baseURL) { provider in
                var request = ProviderFixture.request()
                request.additionalModelRequestFields = [name: true]
                let failure = try await ProviderFixture.failure(provider, request)
                #expect(failure.kind == .configuration)
                #expect(failure.message.hasSuffix("additionalModelRequestFields may not set \"\(name)\"; remove it"))
                #expect(failure.attempts == 0)
            }
            #expect(server.arrivals.isEmpty)
        }
    }

    @Test("times are the request's own: the first text sets the first token, the end the latency")
    func times() async throws {
        let fixture = ProviderFixture()
        let clock = fixture.clock
        let firstSeen = Signal()
        let completion = try await ScriptedServer.run({ _ in
            Response(
                status: .ok, headers: [.contentType: "text/event-stream"],
                body: ResponseBody { writer in
                    clock.advance(by: .milliseconds(30))
                    try await writer.write(ByteBuffer(string: Response.delta("a")))
                    await firstSeen.wait()
                    clock.advance(by: .milliseconds(50))
                    try await writer.write(ByteBuffer(string: Response.finish("stop") + "data: [DONE]\n\n"))
                    try await writer.finish(nil)
                })
        }) { server in
            try await fixture.withProvider(baseURL: server.baseURL) { provider in
                async let answer = provider.complete(ProviderFixture.request())
                // The client reads the first piece before virtual time goes on.
                while server.arrivals.isEmpty { await Task.yield() }
                for _ in 0..<2_000 { await Task.yield() }
                firstSeen.open()
                return try await answer
            }
        }
        #expect(completion.usage.latencyMicroseconds == 80_000)
        #expect(completion.usage.timeToFirstTokenMicroseconds <= 80_000)
        #expect(completion.usage.timeToFirstTokenMicroseconds >= 30_000)
    }
}
