import AdvPOBedrock
import AdvPOModel
import Foundation
import Hummingbird
import OrderedCollections

/// The five published operations: each decodes, validates, calls and encodes; the logic is the service's.
struct JobOperations: Sendable {
    let service: any JobService
    let namespace: JobNamespace
    let limits: RequestLimits

    @Sendable func create(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let body = try await request.jsonBody()
        let response = try await service.create(CreateJobRequest(json: body, limits: limits))
        return .json(response.json)
    }

    @Sendable func get(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let job = try context.job(in: namespace)
        return .json(try await service.get(job).json)
    }

    @Sendable func list(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let query = request.uri.queryParameters
        let request = try ListJobsRequest(
            maxResults: query["maxResults"].map(String.init), nextToken: query["nextToken"].map(String.init), sortBy: query["sortBy"].map(String.init),
            sortOrder: query["sortOrder"].map(String.init))
        return .json(try await service.list(request).json)
    }

    @Sendable func stop(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        try await service.stop(context.job(in: namespace))
        return .json([:])
    }

    @Sendable func batchDelete(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let batch = try BatchDeleteRequest(json: await request.jsonBody(), namespace: namespace)
        let results = try await service.delete(Array(batch.jobs.keys))
        return .json(batch.responseJSON(results), status: .accepted)
    }
}

extension Request {
    /// The body as JSON; an empty one is an empty object.
    func jsonBody() async throws -> JSONValue {
        let bytes = Array(buffer: try await body.collect(upTo: ProtocolError.maximumBodyBytes))
        guard !bytes.isEmpty else { return [:] }
        do {
            return try JSONValue(parsing: bytes)
        } catch {
            throw APIError(code: .validation, message: "The request body is not a JSON document: \(error)")
        }
    }
}

extension APIRequestContext {
    /// The job that the path's `jobIdentifier` names.
    func job(in namespace: JobNamespace) throws -> JobID {
        try namespace.job(identifiedBy: label("jobIdentifier"))
    }

    /// A label of the path without its percent-encoding, which the router leaves in and SDKs put around the `:` and `/` of an ARN.
    func label(_ name: String) throws -> String {
        let encoded = try parameters.require(name)
        guard let decoded = encoded.removingPercentEncoding else {
            throw APIError(code: .validation, message: "'\(name)' in the path is no percent-encoded UTF-8.")
        }
        return decoded
    }
}
