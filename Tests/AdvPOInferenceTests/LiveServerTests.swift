import AdvPOInference
import AdvPOModel
import Foundation
import OrderedCollections
import Testing

/// Against a real server, where one is named: `ADVPO_LIVE_BASE_URL` and `ADVPO_LIVE_MODEL`, and `ADVPO_LIVE_KEY` if it wants a key.
@Suite("A real server", .timeLimit(.minutes(5)), .enabled(if: ProcessInfo.processInfo.environment["ADVPO_LIVE_BASE_URL"] != nil))
struct LiveServerTests {
    private func withProvider<Value: Sendable>(_ body: (ChatModelProvider) async throws -> Value) async throws -> Value {
        let environment = ProcessInfo.processInfo.environment
        let baseURL = try #require(environment["ADVPO_LIVE_BASE_URL"])
        let name = try #require(environment["ADVPO_LIVE_MODEL"])
        let model = CatalogModel(
            id: "m", provider: .openai, baseURL: baseURL, model: name, key: environment["ADVPO_LIVE_KEY"] == nil ? nil : .environment("ADVPO_LIVE_KEY"),
            limits: CatalogModel.Limits(concurrency: 4, timeoutSeconds: 120, retries: 1))
        let catalog = ModelCatalog(models: ["m": model])
        let provider = ChatModelProvider(
            catalog: catalog, keys: APIKeys(catalog: catalog, environment: environment), logger: CapturedLog().logger, clock: ContinuousClock(), seed: 1)
        let result: Result<Value, any Error>
        do { result = .success(try await body(provider)) } catch { result = .failure(error) }
        try await provider.shutdown()
        return try result.get()
    }

    private func request(_ text: String, maxTokens: Int) -> ChatRequest {
        ChatRequest(
            modelID: "m", messages: [ChatMessage(role: .user, text: text)], inference: InferenceConfiguration(maxTokens: maxTokens, temperature: 0), seed: 1)
    }

    @Test("it answers with tokens and times")
    func answers() async throws {
        let completion = try await withProvider { try await $0.complete(request("Say hello.", maxTokens: 12)) }
        #expect(!completion.text.isEmpty)
        #expect(completion.usage.inputTokens > 0)
        #expect((1...12).contains(completion.usage.outputTokens))
        #expect(completion.usage.timeToFirstTokenMicroseconds > 0)
        #expect(completion.usage.timeToFirstTokenMicroseconds <= completion.usage.latencyMicroseconds)
        print("live answer: \(completion)")
    }

    @Test("calls in parallel are all answered")
    func parallel() async throws {
        let count = try await withProvider { provider in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for index in 0..<12 { group.addTask { try await provider.complete(request("Name the number \(index).", maxTokens: 8)).attempts } }
                return try await group.reduce(0) { sum, attempts in sum + attempts }
            }
        }
        #expect(count >= 12)
    }

    @Test("a prompt far over the context length is the model's failure")
    func promptTooLong() async throws {
        let failure = try await withProvider { provider in
            try await ProviderFixture.failure(provider, request(String(repeating: "words and more words ", count: 100_000), maxTokens: 8))
        }
        #expect(failure.kind == .model)
        print("live refusal: \(failure)")
    }

    @Test("a long answer is broken off when its call is cancelled")
    func cancel() async throws {
        let failure = try await withProvider { provider in
            let call = Task { try await ProviderFixture.failure(provider, request("Count from 1 to 1000, one number per line.", maxTokens: 2_000)) }
            call.cancel()
            return try await call.value
        }
        #expect(failure.kind == .cancelled)
    }
}
