package import AdvPOModel

extension APIError.Code {
    /// The HTTP status that the published service model gives the error. `ConflictException` is 400 there, not 409.
    package var httpStatus: Int {
        switch self {
        case .accessDenied: 403
        case .conflict: 400
        case .internalServer: 500
        case .resourceNotFound: 404
        case .serviceQuotaExceeded: 400
        case .throttling: 429
        case .tooManyTags: 400
        case .validation: 400
        }
    }
}

extension APIError {
    /// The header by which an SDK picks its exception class.
    package static let typeHeader = "x-amzn-ErrorType"
    /// The header that names one request in logs on both sides.
    package static let requestIDHeader = "x-amzn-RequestId"

    /// The response body: `message`, and for `TooManyTagsException` the resource that has too many.
    package var json: JSONValue {
        if code == .tooManyTags, let resourceName { return ["message": .string(message), "resourceName": .string(resourceName)] }
        return ["message": .string(message)]
    }

    /// What a client is told when we are at fault: nothing of the inside.
    package static let internalError = APIError(
        code: .internalServer, message: "The server failed while handling the request. Its log has the details under this request's id.")
}
