import AdvPOModel

/// A stand-in for a model, for load and fault tests only: its answers depend on nothing but the messages' texts, and no network is used.
///
/// Files that come with a message are not looked at.
struct SimulatedModel: Sendable {
    let behaviour: SimulatedBehaviour
    let clock: any Clock<Duration>

    /// One try; a try's number changes whether it fails, so that retries can succeed.
    func answer(_ request: ChatRequest, attempt: Int) async throws -> TryAnswer {
        let stopwatch = Stopwatch(clock)
        try Task.checkCancellation()
        if behaviour.delay > .zero { try await clock.sleep(for: behaviour.delay) }
        if chance(request, salt: "fail \(attempt)") < behaviour.failMillionths {
            throw TryFailure.retry("the simulated model is overloaded, as fail: asks for")
        }
        let refuses = chance(request, salt: "refuse") < behaviour.refuseMillionths
        let text = refuses ? "" : text(for: request)
        let elapsed = stopwatch.elapsed()
        return TryAnswer(
            text: text, finishReason: "stop",
            tokens: TryAnswer.Tokens(input: request.messages.reduce(0) { $0 + Self.wordCount($1.text) }, output: Self.wordCount(text)),
            timeToFirstToken: elapsed, latency: elapsed)
    }

    private func text(for request: ChatRequest) -> String {
        switch behaviour.answer {
        case .echo: request.messages.last { $0.role == .user }?.text ?? ""
        case .label(let labels): labels[Int(hash(request, salt: "label") % UInt64(labels.count))]
        case .learner: SimulatedLearner.answer(to: request.messages)
        }
    }

    /// From 0 to 999,999, evenly, by the messages.
    private func chance(_ request: ChatRequest, salt: String) -> UInt64 { hash(request, salt: salt) % 1_000_000 }

    private func hash(_ request: ChatRequest, salt: String) -> UInt64 {
        var bytes = Array(salt.utf8)
        for message in request.messages {
            bytes.append(0)
            bytes += message.role.rawValue.utf8
            bytes.append(0)
            bytes += message.text.utf8
        }
        return ContentHash(of: bytes).bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Words, standing in for tokens.
    private static func wordCount(_ text: String) -> Int { text.split(whereSeparator: \.isWhitespace).count }
}
