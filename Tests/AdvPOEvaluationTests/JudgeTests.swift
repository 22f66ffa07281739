import AdvPOEvaluation
import AdvPOModel
import Logging
import Testing

/// Asking a judge, against a simulated model that answers by a rule.
@Suite("Judges", .timeLimit(.minutes(1)))
struct JudgeTests {
    private static let verdict = "<Answer Accuracy>3</Answer Accuracy><Overall>2.4</Overall><Justification>Right.</Justification>"
    private static let usage = Usage(inputTokens: 100, outputTokens: 10, timeToFirstTokenMicroseconds: 5, latencyMicroseconds: 50, cost: NanoDollars(7))

    private static func evaluate(
        _ method: EvaluationMethod = .defaultJudge, judge: String? = "judge-1", _ rule: @escaping @Sendable (ChatRequest) throws(InferenceFailure) -> String
    ) async throws(EvaluationFailure) -> EvaluationResult {
        let evaluator = Evaluator(models: RuleModel(rule: rule, usage: usage), python: PythonMetricSettings(), logger: Logger(label: "test"))
        return try await evaluator.evaluate(
            EvaluationItem(
                renderedPrompt: "What is 2+2?", response: "4", reference: "four",
                specification: EvaluationSpecification(method: method, judgeModelID: judge, functionBundle: nil)))
    }

    @Test(
        "each of the judged methods gives overall over three, the raw answer and the usage",
        arguments: [EvaluationMethod.defaultJudge, .customJudge(prompt: "Is {{response}} a digit?", modelID: "judge-1"), .steering(criteria: ["be brief"])])
    func methods(method: EvaluationMethod) async throws {
        let result = try await Self.evaluate(method) { request throws(InferenceFailure) in
            guard request.modelID == "judge-1", request.inference.temperature == 0 else { return "wrong request" }
            return Self.verdict
        }
        #expect(abs(result.score - 0.8) < 1e-12)
        #expect(result.feedback == "Answer Accuracy 3.00/3, overall 2.40/3. Right.")
        #expect(result.judgeOutput == Self.verdict)
        #expect(result.judgeUsage == Self.usage)
        #expect(result.providerCalls == 2)
    }

    @Test("an answer that cannot be read is asked for again with another seed and some temperature, and everything is counted")
    func retry() async throws {
        let result = try await Self.evaluate { request throws(InferenceFailure) in
            request.seed == 2 && request.inference.temperature == 0.3 ? Self.verdict : "I like it. \(request.seed ?? -1)"
        }
        #expect(abs(result.score - 0.8) < 1e-12)
        #expect(result.judgeOutput == Self.verdict)
        #expect(result.providerCalls == 6)
        #expect(result.judgeUsage == Usage(inputTokens: 300, outputTokens: 30, timeToFirstTokenMicroseconds: 15, latencyMicroseconds: 150, cost: NanoDollars(21)))
    }

    @Test("a judge that never gives a verdict is a failure with its costs, not a 0")
    func neverReadable() async {
        let failure = await #expect(throws: EvaluationFailure.self) { try await Self.evaluate { _ throws(InferenceFailure) in "<Overall>7</Overall>" } }
        guard case .judge(let message, let calls, let usage) = failure else { return #expect(Bool(false), "\(String(describing: failure))") }
        #expect(message.contains("judge-1") && message.contains("7.0, not between 0 and 3"))
        #expect(calls == 6)
        #expect(usage?.inputTokens == 300)
    }

    @Test("a judge that refuses is asked again; one that cannot be reached is a failure at once")
    func failures() async throws {
        let result = try await Self.evaluate { request throws(InferenceFailure) in
            if request.seed == 0 { throw InferenceFailure(kind: .model, message: "refused", attempts: 1) }
            return Self.verdict
        }
        #expect(result.providerCalls == 3)
        for kind in [InferenceFailure.Kind.infrastructure, .configuration] {
            let failure = await #expect(throws: EvaluationFailure.self) {
                try await Self.evaluate { _ throws(InferenceFailure) in throw InferenceFailure(kind: kind, message: "503 from 127.0.0.1", attempts: 4) }
            }
            #expect(failure == .judge(message: "the judge judge-1 could not be asked: 503 from 127.0.0.1", providerCalls: 4, judgeUsage: nil))
        }
    }

    @Test("a cancelled call is a cancelled evaluation")
    func cancelled() async {
        await #expect(throws: EvaluationFailure.cancelled) {
            try await Self.evaluate { _ throws(InferenceFailure) in throw InferenceFailure(kind: .cancelled, message: "", attempts: 1) }
        }
    }

    @Test("without a judge's model the failure names the setting")
    func noJudge() async {
        let failure = await #expect(throws: EvaluationFailure.self) { try await Self.evaluate(judge: nil) { _ throws(InferenceFailure) in Self.verdict } }
        #expect(failure?.description.contains("roles.judge") == true)
    }
}

/// A model that answers each request by a rule, after two tries.
struct RuleModel: ChatModels {
    var rule: @Sendable (ChatRequest) throws(InferenceFailure) -> String
    var usage: Usage

    func complete(_ request: ChatRequest, within allowance: CallAllowance) async throws(InferenceFailure) -> ChatCompletion {
        ChatCompletion(text: try rule(request), usage: usage, finishReason: "stop", attempts: 2)
    }
}
