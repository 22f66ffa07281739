import AdvPOInference
import AdvPOModel
import Logging
import OrderedCollections

/// One model "m" at a scripted server, and all that a provider for it needs.
struct ProviderFixture: Sendable {
    static let key = "sk-test/0123456789abcdef"

    var limits = CatalogModel.Limits(concurrency: 4, timeoutSeconds: 600, retries: 3)
    var price: CatalogModel.Price?
    var clock = TestClock()
    var log = CapturedLog()
    var hasKey = true

    func catalog(baseURL: String) -> ModelCatalog {
        ModelCatalog(models: [
            "m": CatalogModel(
                id: "m", provider: .openai, baseURL: baseURL, model: "provider-name", key: hasKey ? .environment("TEST_KEY") : nil, price: price, limits: limits)
        ])
    }

    /// Runs `body` with a provider, and shuts it down however that ends.
    func withProvider<Value: Sendable>(baseURL: String, _ body: (ChatModelProvider) async throws -> Value) async throws -> Value {
        let catalog = catalog(baseURL: baseURL)
        let keys = APIKeys(catalog: catalog, environment: ["TEST_KEY": Self.key])
        let provider = ChatModelProvider(catalog: catalog, keys: keys, logger: log.logger, clock: clock, seed: 1)
        do {
            let value = try await body(provider)
            try await provider.shutdown()
            return value
        } catch {
            try await provider.shutdown()
            throw error
        }
    }

    static func request(_ text: String = "hello") -> ChatRequest { ChatRequest(modelID: "m", messages: [ChatMessage(role: .user, text: text)]) }

    /// The failure of a call that is expected to fail.
    static func failure(_ provider: ChatModelProvider, _ request: ChatRequest = request()) async throws -> InferenceFailure {
        do {
            let completion = try await provider.complete(request)
            throw Unexpected(answer: completion.text)
        } catch let failure as InferenceFailure {
            return failure
        }
    }

    struct Unexpected: Error { var answer: String }
}
