import AdvPOModel
import Logging

/// Asks a model to judge, until its answer can be read.
struct Judge: Sendable {
    /// Answers asked for before giving up.
    static let maximumAsks = JudgeLimits.maximumAsks
    static let maximumTokens = JudgeLimits.maximumTokens
    /// Of the first ask; the others vary, since the same question at temperature 0 gets the same answer.
    static let firstTemperature = 0.0
    static let retryTemperature = 0.3

    var models: any ChatModels
    var logger: Logger

    func evaluate(
        _ prompt: JudgePrompt, modelID: String, within allowance: CallAllowance
    ) async throws(EvaluationFailure) -> EvaluationResult {
        let messages = prompt.messages()
        var calls = 0
        var usage: Usage?
        var reason = ""
        for ask in 0..<Self.maximumAsks {
            if Task.isCancelled { throw .cancelled }
            let request = ChatRequest(
                modelID: modelID, messages: messages,
                inference: InferenceConfiguration(
                    maxTokens: Self.maximumTokens, temperature: ask == 0 ? Self.firstTemperature : Self.retryTemperature),
                seed: ask)
            let completion: ChatCompletion
            do throws(InferenceFailure) {
                completion = try await models.complete(request, within: allowance)
            } catch {
                calls += error.attempts
                // A refused or empty answer is paid for too.
                if let paid = error.usage { usage = usage.map { $0.adding(paid) } ?? paid }
                switch error.kind {
                case .cancelled: throw .cancelled
                case .allowance: throw .allowance
                case .infrastructure, .configuration:
                    throw .judge(message: "the judge \(modelID) could not be asked: \(error.message)", providerCalls: calls, judgeUsage: usage)
                case .model:
                    reason = error.message
                    continue
                }
            }
            calls += completion.attempts
            usage = usage.map { $0.adding(completion.usage) } ?? completion.usage
            do throws(JudgeParseFailure) {
                let verdict = try JudgeVerdict(parsing: completion.text)
                return EvaluationResult(
                    score: verdict.score, feedback: verdict.feedback, judgeOutput: completion.text, judgeUsage: usage, providerCalls: calls)
            } catch {
                reason = error.reason + (completion.finishReason == "length" ? " (it was cut off at \(Self.maximumTokens) tokens)" : "")
                logger.debug("the judge's answer cannot be read", metadata: ["judge": "\(modelID)", "ask": "\(ask)", "reason": "\(reason)"])
            }
        }
        throw .judge(
            message: "the judge \(modelID) gave no readable verdict in \(Self.maximumAsks) answers; of the last: \(reason). Choose a stronger judge model.",
            providerCalls: calls, judgeUsage: usage)
    }
}

extension Usage {
    /// Everything summed; the cost is unknown when either is.
    func adding(_ other: Usage) -> Usage {
        let cost: NanoDollars? = if let mine = self.cost, let theirs = other.cost { mine + theirs } else { nil }
        return Usage(
            inputTokens: inputTokens + other.inputTokens, outputTokens: outputTokens + other.outputTokens,
            timeToFirstTokenMicroseconds: timeToFirstTokenMicroseconds + other.timeToFirstTokenMicroseconds,
            latencyMicroseconds: latencyMicroseconds + other.latencyMicroseconds, cost: cost)
    }
}
