import AdvPOBedrock
import AdvPOModel
import HTTPTypes
import Hummingbird

/// Why a request gets no further than the door: an error of AWS's front end, most of which the service's own registry has no word for.
struct RefusedRequest: Error, Hashable, Sendable {
    /// What the header `x-amzn-ErrorType` says.
    var type: String
    var httpStatus: Int
    var message: String
    /// For throttled requests.
    var retryAfterSeconds: Int?
    /// For whoever has not proved who he is: his connection ends with the answer, so that it cannot be held by asking again.
    var closesConnection = false

    var response: Response {
        var response = Response.failure(type, status: HTTPResponse.Status(code: httpStatus), ["message": .string(message)])
        if let retryAfterSeconds { response.headers[.retryAfter] = String(retryAfterSeconds) }
        if closesConnection { response.headers[.connection] = "close" }
        return response
    }

    static func throttled(_ message: String, seconds: Int) -> RefusedRequest {
        let code = APIError.Code.throttling
        return RefusedRequest(type: code.rawValue, httpStatus: code.httpStatus, message: message, retryAfterSeconds: seconds)
    }

    static func accessDenied(_ message: String) -> RefusedRequest {
        let code = APIError.Code.accessDenied
        return RefusedRequest(type: code.rawValue, httpStatus: code.httpStatus, message: message)
    }

    static func rejected(_ rejection: SigV4Rejection) -> RefusedRequest {
        RefusedRequest(type: rejection.code.rawValue, httpStatus: rejection.httpStatus, message: rejection.message)
    }

    /// A request that proves itself in two ways at once.
    static let ambiguous = RefusedRequest(
        type: SigV4Rejection.Code.incompleteSignature.rawValue, httpStatus: 403,
        message: "The request has more than one proof of identity: send one Authorization header, or the parameters of a presigned URL, not both.")
}
