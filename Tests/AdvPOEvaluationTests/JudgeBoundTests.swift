@testable import AdvPOEvaluation
import AdvPOModel
import Logging
import Testing

/// What a budget in dollars takes for granted of judges.
@Suite("What a judge costs at most", .timeLimit(.minutes(1)))
struct JudgeBoundTests {
    @Test("the standing orders and the words between the blocks are within the bound", arguments: [nil, "the reference"])
    func instructions(reference: String?) {
        for criteria in [JudgeCriteria.none, .rubric("r"), .steering(["a", "b", "c", "d", "e"])] {
            let prompt = JudgePrompt(renderedPrompt: "p", response: "a", reference: reference, criteria: criteria)
            let bytes = prompt.messages().reduce(0) { $0 + $1.text.utf8.count }
            #expect(bytes <= JudgeLimits.instructionBytes, "\(bytes)")
        }
    }

    @Test("an ask keeps to the number of asks and of tokens that the bound counts")
    func asks() {
        #expect(Judge.maximumAsks == JudgeLimits.maximumAsks)
        #expect(Judge.maximumTokens == JudgeLimits.maximumTokens)
    }

    @Test("a rubric's placeholders grow by no more than the bound allows for their braces")
    func placeholders() {
        let rubric = "{gold}{{gold}}{prompt}{{response}} {prediction} { gold } {{ referenceResponse }}"
        let shown = JudgeCriteria.describingPlaceholders(in: rubric)
        let braces = rubric.utf8.count { $0 == UInt8(ascii: "{") }
        #expect(shown.utf8.count <= rubric.utf8.count + 32 * braces)
    }

    @Test("a judge's empty answer is paid for and counted")
    func emptyAnswer() async {
        struct Empty: ChatModels {
            func complete(_ request: ChatRequest, within allowance: CallAllowance) async throws(InferenceFailure) -> ChatCompletion {
                let usage = Usage(inputTokens: 10, outputTokens: 1, timeToFirstTokenMicroseconds: 1, latencyMicroseconds: 1, cost: NanoDollars(5))
                throw InferenceFailure(kind: .model, message: "empty", attempts: 1, usage: usage)
            }
        }
        let judge = Judge(models: Empty(), logger: Logger(label: "test"))
        let failure = await #expect(throws: EvaluationFailure.self) {
            try await judge.evaluate(JudgePrompt(renderedPrompt: "p", response: "a", reference: nil, criteria: .none), modelID: "j", within: .unlimited)
        }
        guard case .judge(_, let calls, let usage)? = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(calls == 3 && usage?.cost == NanoDollars(15))
    }
}
