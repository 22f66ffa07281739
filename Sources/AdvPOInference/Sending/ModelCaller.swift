import AdvPOModel
import Logging
import Synchronization

/// Sends one model's requests: as its gate allows, with retries, each try within the time limit.
///
/// A try that failed keeps its place while it waits to be sent again, so that a struggling server gets fewer requests, not more. One that the
/// provider refused for want of room gives its place back and does not count as a failure: it waits for the provider's time, and for its turn.
final class ModelCaller: Sendable {
    /// How long one call may be refused before it fails.
    static let longestRefusal = Duration.seconds(600)

    let model: CatalogModel
    /// Where the model is, for messages.
    let address: String
    let gate: CallGate
    private let clock: any Clock<Duration>
    private let generator: Mutex<SeededGenerator>
    private let logger: Logger

    /// - Parameter news: called when the coordinator should hear of this model's usage soon.
    init(
        model: CatalogModel, address: String, clock: any Clock<Duration>, seed: UInt64, logger: Logger, news: @escaping @Sendable () -> Void = {}
    ) {
        self.model = model
        self.address = address
        self.clock = clock
        self.logger = logger
        var seeds = SeededGenerator(seed: seed)
        generator = Mutex(SeededGenerator(seed: seeds.next()))
        gate = CallGate(pacer: CallPacer(model: model.id, concurrency: model.limits.concurrency, seed: seeds.next()), clock: clock, news: news)
    }

    /// The answer of the first try that succeeds; `attempt` gets the try's number, from 1.
    func call(
        within allowance: CallAllowance, _ attempt: @escaping @Sendable (Int) async throws -> TryAnswer
    ) async throws(InferenceFailure) -> ChatCompletion {
        let sent = SentCount()
        do {
            return try await tryRepeatedly(sent, allowance, attempt)
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
        let ticket = gate.ticket()
        var (number, failures, refusals) = (0, 0, 0)
        var refusedSince: Stopwatch?
        while true {
            guard let place = await gate.enter(ticket) else { throw CancellationError() }
            guard allowance.take() else {
                gate.leave(place, .abandoned)
                throw failure(.allowance, "the task's \(allowance.limit ?? 0) requests are used up", attempts: number)
            }
            number += 1
            sent.value.store(number, ordering: .relaxed)
            let reason: TryFailure
            switch await once(number, attempt) {
            case .success(let answer):
                gate.leave(place, .accepted(inputTokens: answer.tokens?.input ?? 0, outputTokens: answer.tokens?.output ?? 0))
                return try completion(of: answer, attempts: number)
            case .failure(let failure):
                reason = failure
                if failure.wasNotServed { allowance.giveBack() }
            }
            switch reason.verdict {
            case .final(let kind):
                gate.leave(place, .abandoned)
                try Task.checkCancellation()
                throw failure(kind, reason.message, attempts: number, usage: reason.usage)
            case .retry(let serverWish):
                // The place is kept until the next try may be sent.
                defer { gate.leave(place, .abandoned) }
                try Task.checkCancellation()
                failures += 1
                guard failures <= model.limits.retries else {
                    throw failure(.infrastructure, "\(reason.message) (requests sent: \(number))", attempts: number)
                }
                try await pause(RetryPolicy(), afterAttempt: failures, serverWish: serverWish, reason: reason.message)
            case .refused(let serverWish):
                gate.leave(place, Task.isCancelled ? .abandoned : .refused(wish: serverWish))
                try Task.checkCancellation()
                refusals += 1
                let since = refusedSince ?? Stopwatch(clock)
                refusedSince = since
                guard since.elapsed() + (serverWish ?? .zero) <= Self.longestRefusal else {
                    throw failure(
                        .infrastructure,
                        "\(reason.message) (refused \(refusals) times in \(since.elapsed().wholeMicroseconds / 1_000_000) s, requests sent: \(number)); "
                            + "the provider's limit is far below what is asked of it: set limits.requestsPerMinute, or raise the limit there",
                        attempts: number)
                }
                try await pause(RetryPolicy(serverCap: Self.longestRefusal), afterAttempt: min(refusals, 5), serverWish: serverWish, reason: reason.message)
            }
        }
    }

    private func pause(_ policy: RetryPolicy, afterAttempt number: Int, serverWish: Duration?, reason: String) async throws {
        let wait = generator.withLock { policy.wait(afterAttempt: number, serverWish: serverWish, using: &$0) }
        // A first failure is everyday life: servers close connections that were about to be used again.
        logger.log(
            level: number == 1 ? .info : .warning, "a request failed and will be sent again",
            metadata: ["model": "\(model.id)", "attempt": "\(number)", "waitMilliseconds": "\(wait.wholeMicroseconds / 1_000)", "reason": "\(reason)"])
        try await clock.sleep(for: wait)
    }

    /// One try within the model's time limit; running out of it cancels the request.
    private func once(_ number: Int, _ attempt: @escaping @Sendable (Int) async throws -> TryAnswer) async -> Result<TryAnswer, TryFailure> {
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
            if let answer { return .success(answer) }
        } catch let failure as TryFailure {
            return .failure(failure)
        } catch {
            return .failure(.retry("the request was broken off"))
        }
        return .failure(.retry("no complete answer within \(model.limits.timeoutSeconds) s (limits.timeoutSeconds)"))
    }

    /// - Throws: the model's failure when there is no text in the answer.
    private func completion(of answer: TryAnswer, attempts: Int) throws(InferenceFailure) -> ChatCompletion {
        let usage = Usage(
            inputTokens: answer.tokens?.input ?? 0, outputTokens: answer.tokens?.output ?? 0,
            timeToFirstTokenMicroseconds: answer.timeToFirstToken.wholeMicroseconds, latencyMicroseconds: answer.latency.wholeMicroseconds,
            cost: answer.tokens.flatMap { model.price?.cost(inputTokens: $0.input, outputTokens: $0.output) })
        if let problem = answer.problem { throw failure(.model, problem, attempts: attempts, usage: usage) }
        return ChatCompletion(text: answer.text, usage: usage, finishReason: answer.finishReason, attempts: attempts)
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
