import OrderedCollections

/// Something that answers chats: the real providers, and the simulated one.
package protocol ChatModels: Sendable {
    /// One complete answer, streamed inside. Retries, `Retry-After` and the concurrency limit are the provider's business.
    ///
    /// Cancelling the surrounding task aborts the HTTP call at once and throws a failure of kind `.cancelled`.
    ///
    /// - Parameter allowance: every request is taken from it before it is sent; with none left a failure of kind `.allowance` is thrown.
    func complete(_ request: ChatRequest, within allowance: CallAllowance) async throws(InferenceFailure) -> ChatCompletion
}

extension ChatModels {
    /// With no limit to the requests that it may take.
    package func complete(_ request: ChatRequest) async throws(InferenceFailure) -> ChatCompletion {
        try await complete(request, within: .unlimited)
    }
}

package struct ChatRequest: Hashable, Sendable {
    /// As in the catalog.
    package var modelID: String
    package var messages: [ChatMessage]
    package var inference: InferenceConfiguration
    package var additionalModelRequestFields: JSONObject
    /// Sent as `seed` where set.
    package var seed: Int?

    package init(
        modelID: String, messages: [ChatMessage], inference: InferenceConfiguration = InferenceConfiguration(),
        additionalModelRequestFields: JSONObject = [:], seed: Int? = nil
    ) {
        self.modelID = modelID
        self.messages = messages
        self.inference = inference
        self.additionalModelRequestFields = additionalModelRequestFields
        self.seed = seed
    }
}

package struct ChatCompletion: Hashable, Sendable {
    package var text: String
    package var usage: Usage
    /// The provider's word for why it ended: `stop`, `length`, `content_filter`…
    package var finishReason: String?
    /// Requests sent for this answer, retries included; at least 1.
    package var attempts: Int

    package init(text: String, usage: Usage, finishReason: String?, attempts: Int) {
        self.text = text
        self.usage = usage
        self.finishReason = finishReason
        self.attempts = attempts
    }
}

/// What one answered call used. Latency covers the successful request alone: neither queueing nor failed tries.
package struct Usage: Hashable, Sendable, Codable {
    package var inputTokens: Int
    package var outputTokens: Int
    package var timeToFirstTokenMicroseconds: Int64
    package var latencyMicroseconds: Int64
    /// Nil when the model is unpriced.
    package var cost: NanoDollars?

    package init(inputTokens: Int, outputTokens: Int, timeToFirstTokenMicroseconds: Int64, latencyMicroseconds: Int64, cost: NanoDollars?) {
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.timeToFirstTokenMicroseconds = timeToFirstTokenMicroseconds
        self.latencyMicroseconds = latencyMicroseconds
        self.cost = cost
    }
}

/// Why a call gave no answer.
package struct InferenceFailure: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Kind: String, Hashable, Sendable {
        /// A timeout, 429, 5xx or refused connection that outlasted the retries: never a score.
        case infrastructure
        /// The model answered and refused, or said nothing usable: a score of 0.
        case model
        /// The request can never work as configured: an unknown model, a 401, a 404, a missing key.
        case configuration
        /// The surrounding task was cancelled.
        case cancelled
        /// The task's allowance of requests is used up: the rest of the task is for whoever gets a new one.
        case allowance
    }

    package var kind: Kind
    /// Says what happened, at which model and address, and what to do; never holds a key.
    package var message: String
    package var attempts: Int
    /// Of the answered call behind a failure of kind `.model`: an empty or refused answer is paid for too. Nil where nothing was answered.
    package var usage: Usage?

    package init(kind: Kind, message: String, attempts: Int, usage: Usage? = nil) {
        self.kind = kind
        self.message = message
        self.attempts = attempts
        self.usage = usage
    }

    package var description: String { message }
}
