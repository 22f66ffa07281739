package import AdvPOModel

/// What a search may spend, and the prices of those it calls.
package struct SpendingLimit: Hashable, Sendable {
    package var budget: NanoDollars
    package var target: CatalogModel.Price
    /// Tokens that an answer of the target may have.
    package var targetMaxTokens: Int
    /// Bytes that go with each request to the target beside its messages.
    package var targetExtraBytes: Int
    /// Nil when no model judges.
    package var judge: CatalogModel.Price?
    /// Nil when there is no rewriter.
    package var rewriter: CatalogModel.Price?

    package init(
        budget: NanoDollars, target: CatalogModel.Price, targetMaxTokens: Int, targetExtraBytes: Int = 0, judge: CatalogModel.Price?,
        rewriter: CatalogModel.Price?
    ) {
        self.budget = budget
        self.target = target
        self.targetMaxTokens = targetMaxTokens
        self.targetExtraBytes = targetExtraBytes
        self.judge = judge
        self.rewriter = rewriter
    }
}

/// What a call costs at most, from the text that is sent and the tokens that may come back.
///
/// A token is at least one byte of the text it stands for, so a text has at most as many tokens as bytes; `tokensPerMessage` and `tokensPerCall` are for
/// what a chat template adds. A judge reads an answer that is not there yet: it is taken to have at most `bytesPerAnswerToken` bytes for each token it
/// may have, twice what is usual for prose. An evaluated unit counts one answer of the target and all asks of a judge;
/// a try without an answer is counted when it has happened.
struct CostBound: Hashable, Sendable {
    static let tokensPerMessage = 16
    static let tokensPerCall = 64
    static let bytesPerAnswerToken = 8

    let limit: SpendingLimit
    /// Bytes of the judge's orders and criteria.
    private let criteriaBytes: Int

    init(limit: SpendingLimit, method: EvaluationMethod) {
        self.limit = limit
        criteriaBytes = JudgeLimits.instructionBytes + Self.criteriaBytes(method)
    }

    /// One unit: the target's answer, and every ask of its judge.
    func unit(_ document: PromptDocument, _ sample: Sample) -> NanoDollars {
        let messages = document.rendered(variables: sample.values)
        let answer = target(messages)
        guard let asks = judge(messages, reference: sample.referenceResponse) else { return answer }
        // At least what two calls of the dearer kind cost: so much is reserved before its task is handed out.
        let dearest = dearestCall(messages, reference: sample.referenceResponse)
        return max(answer + asks, dearest + dearest)
    }

    /// The dearer of the target's answer and one ask of its judge.
    func dearestCall(_ messages: [ChatMessage], reference: String?) -> NanoDollars { max(target(messages), ask(messages, reference: reference) ?? .zero) }

    func target(_ messages: [ChatMessage]) -> NanoDollars {
        limit.target.cost(inputTokens: Self.tokens(messages) + limit.targetExtraBytes, outputTokens: limit.targetMaxTokens)
    }

    /// All asks of a judge.
    func judge(_ messages: [ChatMessage], reference: String?) -> NanoDollars? {
        ask(messages, reference: reference).map { ask in (0..<JudgeLimits.maximumAsks).reduce(.zero) { sum, _ in sum + ask } }
    }

    private func ask(_ messages: [ChatMessage], reference: String?) -> NanoDollars? {
        guard let price = limit.judge else { return nil }
        let answer = limit.targetMaxTokens.multipliedReportingOverflow(by: Self.bytesPerAnswerToken)
        let shown = messages.reduce(0) { $0 + Self.shownBytes($1.text) + Self.tokensPerMessage } + (reference.map(Self.shownBytes) ?? 0)
        let input = (Self.tokensPerCall + criteriaBytes + shown).addingReportingOverflow(answer.overflow ? .max : answer.partialValue)
        return price.cost(inputTokens: input.overflow ? .max : input.partialValue, outputTokens: JudgeLimits.maximumTokens)
    }

    func chat(_ chat: GenerationRequest.Chat) -> NanoDollars {
        limit.rewriter?.cost(inputTokens: Self.tokens(chat.messages), outputTokens: chat.maxTokens) ?? .zero
    }

    private static func tokens(_ messages: [ChatMessage]) -> Int {
        messages.reduce(tokensPerCall) { $0 + $1.text.utf8.count + tokensPerMessage }
    }

    /// A text as a judge sees it: a `<` may be replaced by a look-alike of three bytes.
    private static func shownBytes(_ text: String) -> Int { text.utf8.count + 2 * text.utf8.count { $0 == UInt8(ascii: "<") } }

    /// A rubric's placeholders, each of which has a `{`, are replaced by what they stand for.
    private static func criteriaBytes(_ method: EvaluationMethod) -> Int {
        switch method {
        case .defaultJudge, .function, .builtin: 0
        case .customJudge(let prompt, _): shownBytes(prompt) + 32 * prompt.utf8.count { $0 == UInt8(ascii: "{") }
        case .steering(let criteria): criteria.reduce(0) { $0 + shownBytes($1) + 16 }
        }
    }
}
