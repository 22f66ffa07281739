import AdvPOInference
import AdvPOModel
import OrderedCollections
import Testing

@Suite("The simulated model", .timeLimit(.minutes(1)))
struct SimulatedModelTests {
    private func withModel<Value: Sendable>(
        _ behaviour: String, clock: TestClock = TestClock(), log: CapturedLog = CapturedLog(), retries: Int = 4, _ body: (ChatModelProvider) async throws -> Value
    ) async throws -> Value {
        let model = CatalogModel(id: "m", provider: .simulated, baseURL: "", model: behaviour, limits: CatalogModel.Limits(concurrency: 4, timeoutSeconds: 600, retries: retries))
        let catalog = ModelCatalog(models: ["m": model])
        let provider = ChatModelProvider(catalog: catalog, keys: APIKeys(catalog: catalog, environment: [:]), logger: log.logger, clock: clock, seed: 1)
        let result: Result<Value, any Error>
        do { result = .success(try await body(provider)) } catch { result = .failure(error) }
        try await provider.shutdown()
        return try result.get()
    }

    private func chat(_ user: String, examples: [(String, String)] = []) -> ChatRequest {
        let document = PromptDocument(examples: examples.map { PromptDocument.ExampleTurn(user: $0.0, assistant: $0.1) }, user: user)
        return ChatRequest(modelID: "m", messages: document.messages)
    }

    @Test("it says in the log what it is")
    func saysWhatItIs() async throws {
        let log = CapturedLog()
        try await withModel("echo", log: log) { _ in }
        #expect(log.text.contains("a simulated model is in use"))
    }

    @Test("echo answers the last user message and counts words as tokens")
    func echo() async throws {
        let completion = try await withModel("echo") { try await $0.complete(chat("four words are here", examples: [("a", "b")])) }
        #expect(completion.text == "four words are here")
        #expect(completion.usage.inputTokens == 6)
        #expect(completion.usage.outputTokens == 4)
    }

    @Test("labels depend on the messages alone, and all are used")
    func label() async throws {
        let answers = try await withModel("label:sports,business") { provider in
            var answers: [String] = []
            for index in 0..<40 {
                let first = try await provider.complete(chat("text \(index)")).text
                #expect(try await provider.complete(chat("text \(index)")).text == first)
                answers.append(first)
            }
            return answers
        }
        #expect(Set(answers) == ["sports", "business"])
    }

    @Test("a failing try is retried with its own chance; certain failure ends as the infrastructure's")
    func fail() async throws {
        let attempts = try await withModel("echo fail:0.3", retries: 20) { provider in
            var attempts = 0
            for index in 0..<100 { attempts += try await provider.complete(chat("text \(index)")).attempts }
            return attempts
        }
        #expect((115...190).contains(attempts))
        let failure = try await withModel("echo fail:1") { try await ProviderFixture.failure($0, chat("x")) }
        #expect(failure.kind == .infrastructure)
        #expect(failure.attempts == 5)
    }

    @Test("a refusal is the model's failure")
    func refuse() async throws {
        let failure = try await withModel("echo refuse:1") { try await ProviderFixture.failure($0, chat("x")) }
        #expect(failure.kind == .model)
    }

    @Test("a delay is waited on the given clock and is part of the latency")
    func delay() async throws {
        let completion = try await withModel("echo delay:50ms") { try await $0.complete(chat("x")) }
        #expect(completion.usage.latencyMicroseconds == 50_000)
    }

    @Test("cancelling ends a delay at once")
    func cancel() async throws {
        let clock = TestClock(holdFrom: .seconds(100))
        let failure = try await withModel("echo delay:200s", clock: clock) { provider in
            let call = Task { try await ProviderFixture.failure(provider, chat("x")) }
            call.cancel()
            return try await call.value
        }
        #expect(failure.kind == .cancelled)
    }

    @Test("the learner answers as the most similar example turn, and knows nothing without examples")
    func learnerTurns() async throws {
        let template = "Classify the text into one topic. Text: "
        let examples = [(template + "the team won the match", "sports"), (template + "shares fell on the market", "business")]
        let requests = [
            chat(template + "their team lost the last match", examples: examples), chat(template + "the stock market opened higher", examples: examples),
            chat(template + "quarks", examples: examples), chat(template + "their team lost the last match"),
        ]
        let answers = try await withModel("learner") { provider in
            var answers: [String] = []
            for request in requests { answers.append(try await provider.complete(request).text) }
            return answers
        }
        #expect(answers == ["sports", "business", "I do not know.", "I do not know."])
    }

    @Test(
        "the learner finds examples inside the prompt",
        arguments: [
            "Classify.\n\nText: the team won the match\nTopic\nAnswer: sports\n\nText: shares fell on the market\nAnswer: business\n\nText: the stock market opened\nAnswer:",
            "<input>the team won the match</input>\n<output>sports</output>\n<input>shares fell on the market</input>\n<output>business</output>\nthe stock market opened",
            "Input: the team won the match\nOutput: sports\nInput: shares fell on the market\nOutput: business\nInput: the stock market opened\nOutput: ",
        ])
    func learnerInline(prompt: String) async throws {
        let answer = try await withModel("learner") { try await $0.complete(chat(prompt)).text }
        #expect(answer == "business")
    }
}
