import AdvPOModel
import Foundation

/// Puts one answer together from the events of its stream, or from a whole answer.
struct StreamedAnswer {
    private let textLimitBytes: Int
    private let redactor: Redactor
    private let decoder = JSONDecoder()
    private var text = ""
    private var textBytes = 0
    private var refusal = ""
    private var hasReasoning = false
    private var finishReason: String?
    private var usage: ChatChunk.TokenCounts?
    private var timings: ChatChunk.Timings?
    private var timeToFirstToken: Duration?
    /// The stream said that it is over.
    private(set) var isDone = false

    init(textLimitBytes: Int, redactor: Redactor) {
        self.textLimitBytes = textLimitBytes
        self.redactor = redactor
    }

    /// Takes one event, `elapsed` after the request was sent.
    mutating func take(_ event: SSEDecoder.Event, at elapsed: Duration) throws(TryFailure) {
        let data = event.data.trimmingCharacters(in: .whitespaces)
        guard !isDone, !data.isEmpty else { return }
        if data == "[DONE]" {
            isDone = true
            return
        }
        try take(chunk: try decoded(Data(data.utf8), what: "an event of the stream"), at: elapsed)
    }

    /// Takes a whole answer in one JSON body, as servers without streaming send it.
    mutating func take(body: Data, at elapsed: Duration) throws(TryFailure) {
        try take(chunk: try decoded(body, what: "the answer"), at: elapsed)
        isDone = true
    }

    /// The answer, once the stream has ended.
    func answer(latency: Duration) throws(TryFailure) -> TryAnswer {
        guard isDone || finishReason != nil else { throw .retry("the stream ended before the answer did") }
        return TryAnswer(
            text: text, finishReason: finishReason, tokens: tokens, timeToFirstToken: timeToFirstToken ?? latency, latency: latency,
            refusal: refusal.isEmpty ? nil : redactor.excerpt(refusal, characters: 500), hasReasoning: hasReasoning)
    }

    private mutating func take(chunk: ChatChunk, at elapsed: Duration) throws(TryFailure) {
        if let error = chunk.error { throw FailureClassification.inStream(error, redactor: redactor) }
        if let counts = chunk.usage { usage = counts }
        if let counts = chunk.timings { timings = counts }
        for choice in chunk.choices ?? [] where (choice.index ?? 0) == 0 {
            if let reason = choice.finish_reason, !reason.isEmpty { finishReason = reason }
            guard let message = choice.delta ?? choice.message else { continue }
            hasReasoning = hasReasoning || !(message.reasoning_content ?? message.reasoning ?? "").isEmpty
            try append(message.content?.text ?? "", refusal: message.refusal ?? "", at: elapsed)
        }
    }

    private mutating func append(_ piece: String, refusal words: String, at elapsed: Duration) throws(TryFailure) {
        textBytes += piece.utf8.count + words.utf8.count
        guard textBytes <= textLimitBytes else { throw .model("the answer is longer than \(textLimitBytes) bytes; set maxTokens") }
        refusal += words
        guard !piece.isEmpty else { return }
        text += piece
        if timeToFirstToken == nil { timeToFirstToken = elapsed }
    }

    private func decoded(_ data: Data, what: String) throws(TryFailure) -> ChatChunk {
        do {
            return try decoder.decode(ChatChunk.self, from: data)
        } catch {
            let sight = redactor.excerpt(String(decoding: data.prefix(16_384), as: UTF8.self), characters: 200)
            throw .retry("\(what) is not a chat completion: \(sight)")
        }
    }

    /// Counts no server can mean are taken as none.
    private var tokens: TryAnswer.Tokens? {
        let plausible = 0...1_000_000_000
        if let usage, let input = usage.prompt_tokens, let output = usage.completion_tokens, plausible.contains(input), plausible.contains(output) {
            return TryAnswer.Tokens(input: input, output: output)
        }
        guard let timings, let prompt = timings.prompt_n, let output = timings.predicted_n else { return nil }
        let cached = timings.cache_n ?? 0
        guard plausible.contains(prompt), plausible.contains(cached), plausible.contains(output) else { return nil }
        return TryAnswer.Tokens(input: prompt + cached, output: output)
    }
}
