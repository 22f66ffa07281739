import AdvPOModel
import OrderedCollections

/// A simulated model, for simulations only: what it answers follows from the content alone, never from when or where it runs.
enum SimulatedTarget {
    static func answer(document: PromptDocument, sample: Sample) -> UnitRecord {
        let text = document.messages.map(\.text).joined(separator: "\n") + "|" + sample.variables.values.joined(separator: "|")
        let dice = ContentHash(of: Array(text.utf8)).bytes
        // More examples and longer prompts help this model, so that searches have something to find.
        let skill = 60 + min(120, document.examples.count * 12 + document.user.utf8.count / 4)
        let isRight = Int(dice[0]) < skill
        if dice[1] == 0 {
            return UnitRecord(status: .modelFailure, output: "", score: 0, feedback: "empty answer", failureReason: "empty answer", providerCalls: 1)
        }
        let usage = Usage(
            inputTokens: text.utf8.count / 4, outputTokens: 3, timeToFirstTokenMicroseconds: 1_000, latencyMicroseconds: 2_000, cost: NanoDollars(100))
        return UnitRecord(
            status: .scored, output: isRight ? sample.referenceResponse ?? "" : "wrong", score: isRight ? 1 : 0, feedback: isRight ? "right" : "wrong",
            usage: usage, providerCalls: 1)
    }

    static func rewrite(_ request: ChatRequest) -> UnitRecord {
        let dice = ContentHash(of: Array(request.messages.map(\.text).joined().utf8) + Array("\(request.seed ?? 0)".utf8)).bytes
        let text = dice[0] % 4 == 0 ? "I cannot help with that." : "<prompt>Answer with one label, variant \(dice[1]).\n\n{{text}}</prompt>"
        return UnitRecord(status: .scored, output: text, score: nil, providerCalls: 1)
    }
}

