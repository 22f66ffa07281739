package import AdvPOBedrock
import HTTPTypes
package import Hummingbird

/// All routes: the published operations, our extensions, and a clear answer to everything else.
package func makeRouter(
    service: any JobService, namespace: JobNamespace = .standard, limits: RequestLimits = RequestLimits()
) -> Router<BasicRequestContext> {
    let router = Router(context: BasicRequestContext.self)
    router.add(middleware: ErrorResponses())
    let operations = JobOperations(service: service, namespace: namespace, limits: limits)
    let extensions = JobExtensions(service: service, namespace: namespace)

    router.add(.jobs, [.get: operations.list, .post: operations.create])
    router.add(.job, [.get: operations.get])
    router.add(.stop, [.post: operations.stop])
    router.add(.batchDelete, [.post: operations.batchDelete])
    router.add(.events, [.get: extensions.events])
    router.add(.files, [.get: extensions.file])
    router.add(.health, [.get: extensions.health])
    return router
}

extension RouterPath {
    fileprivate static let jobs: RouterPath = "/advanced-prompt-optimization-jobs"
    fileprivate static let job: RouterPath = "/advanced-prompt-optimization-jobs/{jobIdentifier}"
    fileprivate static let stop: RouterPath = "/advanced-prompt-optimization-jobs/{jobIdentifier}/stop"
    /// Singular in the published model.
    fileprivate static let batchDelete: RouterPath = "/advanced-prompt-optimization-job/batch-delete"
    fileprivate static let events: RouterPath = "/jobs/{jobIdentifier}/events"
    fileprivate static let files: RouterPath = "/jobs/{jobIdentifier}/files/{name}"
    fileprivate static let health: RouterPath = "/healthz"
}

extension Router<BasicRequestContext> {
    fileprivate typealias Handler = @Sendable (Request, BasicRequestContext) async throws -> Response

    /// One path with its methods; every other method is answered with what the path takes.
    fileprivate func add(_ path: RouterPath, _ handlers: KeyValuePairs<HTTPRequest.Method, Handler>) {
        let allowed = handlers.map(\.key)
        for (method, handler) in handlers { on(path, method: method, use: handler) }
        for method in [HTTPRequest.Method.get, .head, .post, .put, .patch, .delete, .options] where !allowed.contains(method) {
            on(path, method: method) { request, _ -> Response in throw ProtocolError.methodNotAllowed(request, allowed: allowed) }
        }
    }
}
