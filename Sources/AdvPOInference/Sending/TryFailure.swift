import AdvPOModel

/// Why one try gave no answer, and whether another one makes sense.
struct TryFailure: Error, Hashable {
    enum Verdict: Hashable {
        /// Try again, not before `serverWish` where the server named a time.
        case retry(serverWish: Duration?)
        /// The provider has no room now: try again when it has, however often that takes.
        case refused(serverWish: Duration?)
        /// Another try would end the same.
        case final(InferenceFailure.Kind)
    }

    var verdict: Verdict
    /// What happened and how to mend it; redacted already.
    var message: String
    /// Of an answer that was given and paid for, though it holds nothing.
    var usage: Usage?
    /// The server refused to take the request, or there was none to take it: it cannot be billed.
    var wasNotServed = false

    static func retry(_ message: String, serverWish: Duration? = nil) -> TryFailure {
        TryFailure(verdict: .retry(serverWish: serverWish), message: message)
    }

    static func refused(_ message: String, serverWish: Duration? = nil) -> TryFailure {
        TryFailure(verdict: .refused(serverWish: serverWish), message: message, wasNotServed: true)
    }

    static func model(_ message: String) -> TryFailure { TryFailure(verdict: .final(.model), message: message) }
    static func configuration(_ message: String) -> TryFailure { TryFailure(verdict: .final(.configuration), message: message) }
}

/// What one successful try brought.
struct TryAnswer: Hashable, Sendable {
    struct Tokens: Hashable, Sendable {
        var input: Int
        var output: Int
    }

    var text: String
    var finishReason: String?
    /// Nil when the server said nothing of tokens.
    var tokens: Tokens?
    var timeToFirstToken: Duration
    var latency: Duration
    /// The model's own words for declining, or a filter's stop; nil for an ordinary answer.
    var refusal: String?
    /// The model thought aloud in a field of its own.
    var hasReasoning = false
}
