import AdvPOMetrics
import CoreMetrics
import HTTPTypes
import Hummingbird

/// Counts requests by what they asked for and how they were answered.
struct RequestMeasures: RouterMiddleware {
    let factory: any MetricsFactory

    func handle(_ request: Request, context: APIRequestContext, next: (Request, APIRequestContext) async throws -> Response) async throws -> Response {
        let response = try await next(request, context)
        // The route's pattern, of which there are few; a path has as many values as there are jobs.
        let labels = [("method", Self.known(request.method)), ("route", context.endpointPath ?? "none"), ("status", String(response.status.code))]
        Counter(label: MetricName.httpRequests.rawValue, dimensions: labels, factory: factory).increment()
        return response
    }

    private static func known(_ method: HTTPRequest.Method) -> String {
        [.get, .head, .post, .put, .patch, .delete, .options].contains(method) ? method.rawValue : "other"
    }
}
