import AdvPOModel
import AsyncHTTPClient
import Foundation

/// Decides what a failed request means: try again, blame the model, or blame the configuration.
enum FailureClassification {
    /// Characters of a server's message that are passed on.
    static let excerptCharacters = 500

    /// Of an HTTP answer other than 2xx.
    static func http(status: Int, body: String, serverWish: Duration?, redactor: Redactor) -> TryFailure {
        let error = serverError(in: body)
        let excerpt = redactor.excerpt(error?.message.isEmpty == false ? error?.message ?? body : body, characters: excerptCharacters)
        let what = excerpt.isEmpty ? "HTTP \(status)" : "HTTP \(status): \(excerpt)"
        switch status {
        case 429, 529: return .refused(what, serverWish: serverWish)
        // A 503 that names a time is a full server; one that does not may be a broken one.
        case 503 where serverWish != nil: return .refused(what, serverWish: serverWish)
        case 408, 409, 425, 500...:
            return .retry(what, serverWish: serverWish)
        case 401, 403:
            return .configuration("\(what); check the model's key (apiKeyEnvironment or apiKeyFile)")
        case 404:
            return .configuration("\(what); check the model's baseURL and model")
        case 300..<400:
            return .configuration("HTTP \(status): the server points elsewhere, and a key is never taken along; set baseURL to the final address")
        case 400, 413, 422:
            return request(what, words: words(of: error, body), isTooLarge: status == 413)
        default:
            return .configuration("\(what); check the model's baseURL, and inferenceConfig and additionalModelRequestFields")
        }
    }

    /// Of an error object in the midst of a stream.
    static func inStream(_ error: ServerError, redactor: Redactor) -> TryFailure {
        let what = "the server broke off its answer: \(redactor.excerpt(error.message, characters: excerptCharacters))"
        let words = words(of: error, "")
        guard case .number(let code) = error.code else {
            return isTooLong(words) || isFiltered(words) ? request(what, words: words, isTooLarge: false) : .retry(what)
        }
        switch code {
        case 429, 529: return .refused(what)
        case 401, 403, 404: return .configuration(what)
        case 400, 413, 422: return request(what, words: words, isTooLarge: code == 413)
        default: return .retry(what)
        }
    }

    /// Of a request that brought no answer at all.
    static func transport(_ error: any Error, redactor: Redactor) -> TryFailure {
        guard let error = error as? HTTPClientError else {
            // The network library's own words for a refusal are of a reset.
            let words = String(describing: error)
            let isRefused = words.contains("Connection refused")
            let what = isRefused ? "connection refused" : redactor.excerpt(words, characters: 200)
            var failure = TryFailure.retry("no connection, or it broke: \(what); check that the server runs")
            failure.wasNotServed = isRefused
            return failure
        }
        let what = redactor.excerpt(error.shortDescription, characters: 200)
        switch error {
        case .invalidURL, .emptyHost, .emptyScheme, .missingSocketPath: return .configuration("\(what); check the model's baseURL")
        case .alreadyShutdown: return TryFailure(verdict: .final(.infrastructure), message: "the client is shut down")
        case .deadlineExceeded: return .retry("no answer in time (limits.timeoutSeconds)")
        default: return .retry("no connection, or it broke: \(what); check that the server runs")
        }
    }

    private static func request(_ what: String, words: String, isTooLarge: Bool) -> TryFailure {
        if isTooLarge || isTooLong(words) { return .model("the prompt is too long for the model: \(what)") }
        if isFiltered(words) { return .model("the provider's content filter refused the prompt: \(what)") }
        return .configuration("\(what); check inferenceConfig and additionalModelRequestFields")
    }

    private static func serverError(in body: String) -> ServerError? {
        do {
            return try JSONDecoder().decode(ErrorBody.self, from: Data(body.utf8)).error
        } catch {
            // Not JSON, or JSON of another shape: the body's text speaks for itself.
            return nil
        }
    }

    private static func words(of error: ServerError?, _ body: String) -> String {
        guard let error else { return body.lowercased() }
        let code = if case .word(let word) = error.code { word } else { "" }
        return "\(error.message) \(error.type ?? "") \(code)".lowercased()
    }

    private static func isTooLong(_ words: String) -> Bool {
        [
            "context_length_exceeded", "exceed_context_size", "context length", "context size", "context window", "maximum context", "prompt is too long",
            "input is too long", "too many tokens", "reduce the length",
        ].contains { words.contains($0) }
    }

    private static func isFiltered(_ words: String) -> Bool {
        ["content_filter", "content_policy", "content management policy", "responsibleaipolicyviolation"].contains { words.contains($0) }
    }
}
