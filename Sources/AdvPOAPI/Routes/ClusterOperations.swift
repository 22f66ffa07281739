import AdvPOBedrock
import AdvPOMetrics
import AdvPOModel
import HTTPTypes
import Hummingbird
import NIOCore

/// What whoever runs the cluster asks for: its state, a task's story, a worker's end.
struct ClusterOperations: Sendable {
    let service: any ClusterService

    private static let standardWorkers = 200
    private static let maximumWorkers = 5_000
    private static let workerCharacters = 512

    @Sendable func status(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let text = request.uri.queryParameters["workers"].map(String.init)
        guard let limit = text.map({ Int($0) }) ?? Self.standardWorkers, (0...Self.maximumWorkers).contains(limit) else {
            throw APIError(code: .validation, message: "'workers' is how many workers are described, 0 to \(Self.maximumWorkers)")
        }
        return .json(await service.clusterStatus(workerLimit: limit))
    }

    @Sendable func task(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        .json(try await service.taskStories(try context.label("taskIdentifier")))
    }

    @Sendable func drain(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        guard let worker = try await request.jsonBody()["worker"]?.stringValue, !worker.isEmpty, worker.utf8.count <= Self.workerCharacters else {
            throw APIError(code: .validation, message: "the body must be {\"worker\": …} with a worker's name, session or the beginning of its instance")
        }
        return .json(try await service.drainWorker(worker), status: .accepted)
    }
}

/// The page for Prometheus.
struct MetricsOperations: Sendable {
    let page: @Sendable () async -> String

    @Sendable func get(_ request: Request, _ context: APIRequestContext) async throws -> Response { await MetricsServer.response(page) }
}
