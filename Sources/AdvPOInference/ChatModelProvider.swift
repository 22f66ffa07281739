package import AdvPOModel
import AsyncHTTPClient
package import Logging
import NIOCore
import OrderedCollections

/// Answers chats with the models of one catalog: each by its own provider, under its own limits.
///
/// `shutdown()` must be called before the last reference goes.
package final class ChatModelProvider: ChatModels, RatedModels {
    private enum Route: Sendable {
        case openai(OpenAIEndpoint, ModelCaller)
        case simulated(SimulatedModel, ModelCaller)
    }

    private let client: HTTPClient
    private let routes: OrderedDictionary<String, Route>
    private let keyFaults: OrderedDictionary<String, String>
    package let news: AsyncStream<Void>
    private let newsSource: AsyncStream<Void>.Continuation

    /// `seed` drives the jitter between tries alone; `clock` serves waits, time limits and the measuring of latencies.
    ///
    /// A model whose key is missing is refused when it is asked, and named in the log now.
    package init(catalog: ModelCatalog, keys: APIKeys, logger: Logger, clock: any Clock<Duration>, seed: UInt64) {
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: Self.configuration(of: catalog))
        let redactor = keys.redactor
        // One word that waits says as much as many.
        let (news, newsSource) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        var seeds = SeededGenerator(seed: seed)
        var routes: OrderedDictionary<String, Route> = [:]
        for model in catalog.models.values {
            func caller(at address: String) -> ModelCaller {
                ModelCaller(model: model, address: address, clock: clock, seed: seeds.next(), logger: logger) { newsSource.yield() }
            }
            switch model.provider {
            case .openai:
                let endpoint = OpenAIEndpoint(model: model, key: keys[model.id], redactor: redactor, client: client, clock: clock)
                routes[model.id] = .openai(endpoint, caller(at: endpoint.url))
            case .simulated:
                let behaviour: SimulatedBehaviour
                do {
                    behaviour = try SimulatedBehaviour(parsing: model.model)
                } catch {
                    preconditionFailure("the catalog's reader lets no faulty behaviour through: \(error.problem)")
                }
                logger.notice("a simulated model is in use; its answers are no model's, and it looks at no images and documents", metadata: ["model": "\(model.id)", "behaviour": "\(model.model)"])
                routes[model.id] = .simulated(SimulatedModel(behaviour: behaviour, clock: clock), caller(at: "simulated:\(model.model)"))
            }
        }
        self.client = client
        self.routes = routes
        self.news = news
        self.newsSource = newsSource
        keyFaults = keys.faults
        for warning in keys.warnings { logger.warning("\(warning)") }
        for fault in keys.faults.values { logger.warning("\(fault)") }
    }

    package func complete(_ request: ChatRequest, within allowance: CallAllowance) async throws(InferenceFailure) -> ChatCompletion {
        guard let route = routes[request.modelID] else {
            let known = routes.keys.prefix(20).joined(separator: ", ")
            throw InferenceFailure(
                kind: .configuration, message: "no model \"\(request.modelID)\" in the model file; known: \(known)", attempts: 0)
        }
        if let fault = keyFaults[request.modelID] { throw InferenceFailure(kind: .configuration, message: fault, attempts: 0) }
        switch route {
        case .openai(let endpoint, let caller):
            let body: ByteBuffer
            do {
                body = try endpoint.body(of: request)
            } catch {
                throw caller.configurationFailure(error.message)
            }
            return try await caller.call(within: allowance) { _ in try await endpoint.send(body) }
        case .simulated(let model, let caller):
            return try await caller.call(within: allowance) { attempt in try await model.answer(request, attempt: attempt) }
        }
    }

    /// Calls of the model that wait for a place now; nil for an unknown model.
    package func waitingCalls(modelID: String) -> Int? { gate(modelID)?.waitingCount }

    package func usage() -> [ModelUsage] { routes.keys.compactMap { gate($0)?.usage } }

    package func apply(_ shares: [RateShare]) {
        for share in shares { gate(share.model)?.take(share) }
    }

    package func isShared(_ isShared: Bool) {
        for model in routes.keys { gate(model)?.shared(isShared) }
    }

    private func gate(_ model: String) -> CallGate? {
        switch routes[model] {
        case .openai(_, let caller), .simulated(_, let caller): caller.gate
        case nil: nil
        }
    }

    /// Ends what is under way and closes all connections.
    package func shutdown() async throws {
        newsSource.finish()
        try await client.shutdown()
    }

    /// Retries, redirects and queues are ours: the client's own would hide failures, carry keys elsewhere and blur latencies.
    private static func configuration(of catalog: ModelCatalog) -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .seconds(10)
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = catalog.models.values.reduce(8) { $0 + $1.limits.concurrency }
        // Common servers close idle connections after 5 s; a request sent on one just then would be lost.
        configuration.connectionPool.idleTimeout = .seconds(4)
        return configuration
    }
}
