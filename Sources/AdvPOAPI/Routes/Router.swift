package import AdvPOBedrock
import AdvPOModel
package import CoreMetrics
import HTTPTypes
package import Hummingbird

/// All routes: the published operations, our extensions, and a clear answer to everything else.
///
/// - Parameters:
///   - access: who is let in; `open` for a server on loopback alone.
///   - throttle: nil for no limit on the rate of requests.
///   - cluster: answers for the cluster; nil where there is none to run.
///   - metrics: counts requests, and is read for `/metrics`.
package func makeRouter(
    service: any JobService, namespace: JobNamespace = .standard, limits: RequestLimits = RequestLimits(), access: Access = .open,
    throttle: RequestThrottle? = nil, serverLimits: ServerLimits = ServerLimits(), cluster: (any ClusterService)? = nil, metrics: MetricsSource? = nil
) -> Router<APIRequestContext> {
    let router = Router(context: APIRequestContext.self)
    if let metrics { router.add(middleware: RequestMeasures(factory: metrics.factory)) }
    router.add(middleware: ErrorResponses())
    router.add(middleware: AccessControl(access: access, throttle: throttle))
    let operations = JobOperations(service: service, namespace: namespace, limits: limits)
    let extensions = JobExtensions(service: service, namespace: namespace, streams: EventStreamQuota(limits: serverLimits))

    router.add(.jobs, [.get: (.list, operations.list), .post: (.create, operations.create)], namespace)
    router.add(.job, [.get: (.get, operations.get)], namespace)
    router.add(.stop, [.post: (.stop, operations.stop)], namespace)
    router.add(.batchDelete, [.post: (.batchDelete, operations.batchDelete)], namespace)
    // Who may read a job may read its progress and its results.
    router.add(.events, [.get: (.get, extensions.events)], namespace)
    router.add(.files, [.get: (.get, extensions.file)], namespace)
    if let cluster {
        let operations = ClusterOperations(service: cluster)
        router.add(.cluster, [.get: (.describeCluster, operations.status)], namespace)
        router.add(.task, [.get: (.describeCluster, operations.task)], namespace)
        router.add(.drain, [.post: (.drainWorker, operations.drain)], namespace)
    }
    if let metrics { router.add(.metrics, [.get: (.getMetrics, MetricsOperations(page: metrics.page).get)], namespace) }
    router.add(.health, [.get: (nil, extensions.health)], namespace)
    return router
}

/// Where requests are counted, and how the page of all metrics is made.
package struct MetricsSource: Sendable {
    let factory: any MetricsFactory
    package let page: @Sendable () async -> String

    package init(factory: any MetricsFactory, page: @escaping @Sendable () async -> String) {
        self.factory = factory
        self.page = page
    }
}

enum RoutePath {
    /// The one path that needs no proof of identity: a load balancer has none, and it tells nothing.
    static let health = "/healthz"
}

extension RouterPath {
    fileprivate static let jobs: RouterPath = "/advanced-prompt-optimization-jobs"
    fileprivate static let job: RouterPath = "/advanced-prompt-optimization-jobs/{jobIdentifier}"
    fileprivate static let stop: RouterPath = "/advanced-prompt-optimization-jobs/{jobIdentifier}/stop"
    /// Singular in the published model.
    fileprivate static let batchDelete: RouterPath = "/advanced-prompt-optimization-job/batch-delete"
    fileprivate static let events: RouterPath = "/jobs/{jobIdentifier}/events"
    fileprivate static let files: RouterPath = "/jobs/{jobIdentifier}/files/{name}"
    fileprivate static let cluster: RouterPath = "/cluster"
    fileprivate static let task: RouterPath = "/cluster/tasks/{taskIdentifier}"
    fileprivate static let drain: RouterPath = "/cluster/drain"
    fileprivate static let metrics: RouterPath = "/metrics"
    fileprivate static let health = RouterPath(RoutePath.health)
}

extension Router<APIRequestContext> {
    fileprivate typealias Handler = @Sendable (Request, APIRequestContext) async throws -> Response

    /// One path with its methods, each with the action that it needs; every other method is answered with what the path takes.
    fileprivate func add(_ path: RouterPath, _ handlers: KeyValuePairs<HTTPRequest.Method, (action: IAMAction?, handler: Handler)>, _ namespace: JobNamespace) {
        let allowed = handlers.map(\.key)
        for (method, operation) in handlers {
            on(path, method: method) { request, context in
                if let action = operation.action { try context.require(action, in: namespace) }
                return try await operation.handler(request, context)
            }
        }
        for method in [HTTPRequest.Method.get, .head, .post, .put, .patch, .delete, .options] where !allowed.contains(method) {
            on(path, method: method) { request, _ -> Response in throw ProtocolError.methodNotAllowed(request, allowed: allowed) }
        }
    }
}

extension APIRequestContext {
    /// Throws unless the sender may do this to the job that the path names. What names no job well is for the operation to say.
    fileprivate func require(_ action: IAMAction, in namespace: JobNamespace) throws {
        guard let principal else {
            throw APIError(code: .internalServer, message: "a request reached an operation without a principal")
        }
        let job = parameters.get("jobIdentifier") == nil ? nil : try? self.job(in: namespace)
        try principal.require(action, on: job, in: namespace)
    }
}
