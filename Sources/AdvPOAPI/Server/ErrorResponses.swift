import AdvPOBedrock
import AdvPOModel
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// Names each request, and turns whatever a handler throws into an error of the published form.
///
/// A client learns of its own faults in full and of ours nothing but the request's id, under which the log has them.
struct ErrorResponses: RouterMiddleware {
    func handle(_ request: Request, context: APIRequestContext, next: (Request, APIRequestContext) async throws -> Response) async throws -> Response {
        let requestID = UUID().uuidString.lowercased()
        var logger = context.logger
        logger[metadataKey: "request_id"] = .string(requestID)
        var context = context
        context.logger = logger
        var response: Response
        do {
            response = try await next(request, context)
        } catch {
            response = Self.response(to: error, request, logger)
        }
        response.headers[.requestID] = requestID
        return response
    }

    private static func response(to error: any Error, _ request: Request, _ logger: Logger) -> Response {
        switch error {
        case let error as APIError where error.code != .internalServer:
            return .failure(error.code.rawValue, status: HTTPResponse.Status(code: error.code.httpStatus), error.json)
        case let error as RefusedRequest: return error.response
        case let error as ProtocolError: return error.response
        case is NIOTooManyBytesError: return ProtocolError.bodyTooLarge.response
        case let error as any HTTPResponseError where error.status == .notFound: return ProtocolError.unknownOperation(request).response
        case let error as any HTTPResponseError where error.status == .contentTooLarge: return ProtocolError.bodyTooLarge.response
        default:
            logger.error("request failed", metadata: ["method": "\(request.method)", "error": .string(String(reflecting: error))])
            let error = APIError.internalError
            return .failure(error.code.rawValue, status: HTTPResponse.Status(code: error.code.httpStatus), error.json)
        }
    }
}

/// What is wrong with a request before it reaches an operation. The registry of the five operations has no word for these, AWS's front end has.
enum ProtocolError: Error {
    case unknownOperation(Request)
    case methodNotAllowed(Request, allowed: [HTTPRequest.Method])
    case bodyTooLarge
    /// `isOpen`: whether the server asks for no proof of identity.
    case foreignOrigin(String, isOpen: Bool)

    static let maximumBodyBytes = 1024 * 1024

    var response: Response {
        switch self {
        case .unknownOperation(let request):
            return .failure(
                "UnknownOperationException", status: .notFound,
                ["message": .string("There is no operation \(request.method) \(request.uri.path.prefix(256)). docs/http-api.md lists what there is.")])
        case .methodNotAllowed(let request, let allowed):
            let names = allowed.map(\.rawValue).joined(separator: ", ")
            var response = Response.failure(
                "MethodNotAllowedException", status: .methodNotAllowed,
                ["message": .string("\(request.uri.path.prefix(256)) takes \(names), not \(request.method).")])
            response.headers[.allow] = names
            return response
        case .bodyTooLarge:
            return .failure(
                "RequestEntityTooLargeException", status: .contentTooLarge,
                ["message": .string("The request body is over \(Self.maximumBodyBytes) bytes. Samples belong in the input file, not in the request.")])
        case .foreignOrigin(let name, let isOpen):
            let reason = isOpen
                ? "A server on loopback without a credentials file answers to loopback names alone, so that no web page can reach it."
                : "Pages of other hosts may not use the API."
            return RefusedRequest.accessDenied("The request is for or from '\(name.prefix(256))'. \(reason)").response
        }
    }
}

extension Response {
    static func json(_ value: JSONValue, status: HTTPResponse.Status = .ok) -> Response {
        Response(status: status, headers: [.contentType: "application/json"], body: ResponseBody(byteBuffer: ByteBuffer(bytes: value.encoded())))
    }

    static func failure(_ type: String, status: HTTPResponse.Status, _ body: JSONValue) -> Response {
        var response = json(body, status: status)
        response.headers[.errorType] = type
        return response
    }
}

extension HTTPField.Name {
    static let requestID = named(APIError.requestIDHeader)
    static let errorType = named(APIError.typeHeader)

    private static func named(_ text: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(text) else { preconditionFailure("'\(text)' is no header name") }
        return name
    }
}
