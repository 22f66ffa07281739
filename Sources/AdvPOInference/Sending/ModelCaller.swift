import AdvPOModel
import Logging
import Synchronization

/// Sends one model's requests: in a place of its gate, with retries, each try within the time limit.
///
/// A call keeps its place while it waits to try again, so that a struggling server gets fewer requests, not more.
final class ModelCaller: Sendable {
    let model: CatalogModel
    /// Where the model is, for messages.
    let address: String
    let gate: ConcurrencyGate
    private let policy = RetryPolicy()
    private let clock: any Clock<Duration>
    private let generator: Mutex<SeededGenerator>
    private let logger: Logger

    init(model: CatalogModel, address: String, clock: any Clock<Duration>, seed: UInt64, logger: Logger) {
        self.model = model
        self.address = address
        self.clock = clock
        self.logger = logger
        gate = ConcurrencyGate(places: model.limits.concurrency)
        generator = Mutex(SeededGenerator(seed: seed))
    }

    /// The answer of the first try that succeeds; `attempt` gets the try's number, from 1.
    func call(
        within allowance: CallAllowance, _ attempt: @escaping @Sendable (Int) async throws -> TryAnswer
    ) async throws(InferenceFailure) -> ChatCompletion {
        let sent = SentCount()
        do {
            return try await gate.withPlace { try await tryRepeatedly(sent, allowance, attempt) }
        } catch let failure as InferenceFailure {
            throw failure
        } catch {
            // All else is a cancellation: of the wait for a place, of a try, or between tries.
            throw failure(.cancelled, "the call was cancelled", attempts: sent.value.load(ordering: .relaxed))
        }
    }

    /// A failure that no request was needed to find.
    func configurationFailure(_ message: String) -> InferenceFailure { failure(.configuration, message, attempts: 0) }

    /// Requests sent for one call, to be known when the call is cancelled.
    private final class SentCount: Sendable {
        let value = Atomic<Int>(0)
    }

    private func tryRepeatedly(
        _ sent: SentCount, _ allowance: CallAllowance, _ attempt: @escaping @Sendable (Int) async throws -> TryAnswer
    ) async throws -> ChatCompletion {
        var number = 0
        while true {
            try Task.checkCancellation()
            guard allowance.take() else {
                throw failure(.allowance, "the task's \(allowance.limit ?? 0) requests are used up", attempts: number)
            }
            number += 1
            sent.value.store(number, ordering: .relaxed)
            let reason: TryFailure
            do throws(TryFailure) {
                let answer = try await once(number, attempt)
                return try completion(of: answer, attempts: number).get()
            } catch {
                reason = error
                if error.wasNotServed { allowance.giveBack() }
            }
            try Task.checkCancellation()
            switch reason.verdict {
            case .final(let kind):
                throw failure(kind, reason.message, attempts: number, usage: reason.usage)
            case .retry(let serverWish):
                guard number <= model.limits.retries else {
                    throw failure(.infrastructure, "\(reason.message) (requests sent: \(number))", attempts: number)
                }
                try await pause(afterAttempt: number, serverWish: serverWish, reason: reason.message)
            }
        }
    }

    private func pause(afterAttempt number: Int, serverWish: Duration?, reason: String) async throws {
        let wait = generator.withLock { policy.wait(afterAttempt: number, serverWish: serverWish, using: &$0) }
        // A first failure is everyday life: servers close connections that were about to be used again.
        logger.log(
            level: number == 1 ? .info : .warning, "a request failed and will be sent again",
            metadata: ["model": "\(model.id)", "attempt": "\(number)", "waitMilliseconds": "\(wait.wholeMicroseconds / 1_000)", "reason": "\(reason)"])
        try await clock.sleep(for: wait)
    }

    /// One try within the model's time limit; running out of it cancels the request.
    private func once(_ number: Int, _ attempt: @escaping @Sendable (Int) async throws -> TryAnswer) async throws(TryFailure) -> TryAnswer {
        let limit = Duration.seconds(model.limits.timeoutSeconds)
        do {
            let answer = try await withThrowingTaskGroup(of: TryAnswer?.self) { group in
                group.addTask { try await attempt(number) }
                group.addTask { [clock] in
                    try await clock.sleep(for: limit)
                    return nil
                }
                defer { group.cancelAll() }
                return try await group.next() ?? nil
            }
            if let answer { return answer }
        } catch let failure as TryFailure {
            throw failure
        } catch {
            throw .retry("the request was broken off")
        }
        throw .retry("no complete answer within \(model.limits.timeoutSeconds) s (limits.timeoutSeconds)")
    }

    private func completion(of answer: TryAnswer, attempts: Int) -> Result<ChatCompletion, TryFailure> {
        let usage = Usage(
            inputTokens: answer.tokens?.input ?? 0, outputTokens: answer.tokens?.output ?? 0,
            timeToFirstTokenMicroseconds: answer.timeToFirstToken.wholeMicroseconds, latencyMicroseconds: answer.latency.wholeMicroseconds,
            cost: answer.tokens.flatMap { model.price?.cost(inputTokens: $0.input, outputTokens: $0.output) })
        if let problem = answer.problem { return .failure(TryFailure(verdict: .final(.model), message: problem, usage: usage)) }
        return .success(ChatCompletion(text: answer.text, usage: usage, finishReason: answer.finishReason, attempts: attempts))
    }

    private func failure(_ kind: InferenceFailure.Kind, _ message: String, attempts: Int, usage: Usage? = nil) -> InferenceFailure {
        InferenceFailure(kind: kind, message: "model \(model.id) at \(address): \(message)", attempts: attempts, usage: usage)
    }
}

extension TryAnswer {
    /// Why the answer is none, or nil: a refusal, a filter's stop, no text.
    fileprivate var problem: String? {
        if let refusal { return "the model refused: \(refusal)" }
        if finishReason == "content_filter" { return "the provider's content filter stopped the answer" }
        guard text.allSatisfy(\.isWhitespace) else { return nil }
        if hasReasoning { return "the answer is empty: the model only reasoned; raise maxTokens or turn its reasoning off" }
        return finishReason == "length" ? "the answer is empty: the length limit was reached before any text; raise maxTokens" : "the answer is empty"
    }
}
