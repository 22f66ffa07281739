@testable import AdvPOAPI
import AdvPOBedrock
import AdvPOMetrics
import AdvPOModel
import Hummingbird
import HummingbirdTesting
import Testing

/// One worker, called `w`, and one task, called `1.1`.
struct SmallCluster: ClusterService {
    func clusterStatus(workerLimit: Int) async -> JSONValue { ["limit": .number(JSONNumber(workerLimit))] }

    func taskStories(_ name: String) async throws(APIError) -> JSONValue {
        guard name == "1.1" else { throw APIError(code: .resourceNotFound, message: "no \(name)") }
        return ["tasks": [["task": "1.1"]]]
    }

    func drainWorker(_ name: String) async throws(APIError) -> JSONValue {
        guard name == "w" else { throw APIError(code: .resourceNotFound, message: "no \(name)") }
        return ["state": "draining"]
    }
}

/// The paths for whoever runs the cluster.
@Suite struct ClusterRouteTests {
    private let registry = PrometheusRegistry()

    private func run(_ body: @Sendable (any TestClientProtocol) async throws -> Void) async throws {
        let registry = registry
        let router = makeRouter(service: MemoryJobService(), cluster: SmallCluster(), metrics: MetricsSource(factory: registry) { registry.page })
        try await Application(router: router, logger: .silent).test(.router, body)
    }

    @Test("the cluster's state, a task's story and a drain are answered; what is wrong is said")
    func routes() async throws {
        try await run { client in
            #expect(try await client.send(.get, "/cluster").text == #"{"limit":200}"#)
            #expect(try await client.send(.get, "/cluster?workers=7").text == #"{"limit":7}"#)
            for query in ["-1", "5001", "x", ""] {
                #expect(try await client.send(.get, "/cluster?workers=\(query)").errorType == "ValidationException", "\(query)")
            }
            #expect(try await client.send(.get, "/cluster/tasks/1.1").text == #"{"tasks":[{"task":"1.1"}]}"#)
            #expect(try await client.send(.get, "/cluster/tasks/1.2").errorType == "ResourceNotFoundException")
            let drained = try await client.send(.post, "/cluster/drain", #"{"worker": "w"}"#)
            #expect(drained.status == .accepted)
            #expect(try await client.send(.post, "/cluster/drain", #"{"worker": "v"}"#).errorType == "ResourceNotFoundException")
            for body in ["{}", "[]", #"{"worker": ""}"#, #"{"worker": 7}"#] {
                #expect(try await client.send(.post, "/cluster/drain", body).errorType == "ValidationException", "\(body)")
            }
            #expect(try await client.send(.delete, "/cluster").errorType == "MethodNotAllowedException")
        }
    }

    @Test("requests are counted by route, not by path, and the page says what it is")
    func metrics() async throws {
        try await run { client in
            for job in ["aaaaaaaaaaaa", "bbbbbbbbbbbb"] { _ = try await client.send(.get, "/advanced-prompt-optimization-jobs/\(job)") }
            _ = try await client.send(.get, "/nowhere/at/all")
            let page = try await client.send(.get, "/metrics")
            #expect(page.headers[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
            #expect(page.text.contains(#"advpo_http_requests_total{method="GET",route="/advanced-prompt-optimization-jobs/{jobIdentifier}",status="404"} 2"#), "\(page.text)")
            #expect(page.text.contains(#"status="404"} 1"#), "\(page.text)")
        }
    }
}
