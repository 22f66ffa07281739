import AdvPOModel

extension BuiltinMetric {
    /// Scores one response against its reference; the definitions are in `docs/evaluation.md`.
    ///
    /// The score is in [0, 1]. Throws `.metric` when there is no usable reference: that is a fault of the input, not of the answer.
    func evaluate(response: String, reference: String?) throws(EvaluationFailure) -> EvaluationResult {
        guard let reference else {
            throw .metric(message: "\(Self.prefix)\(rawValue) compares with a reference, and this sample has no referenceResponse: add one, or choose a judge")
        }
        switch self {
        case .exactMatch: return ExactMatch.evaluate(response: response, reference: reference)
        case .contains: return ContainsMatch.evaluate(response: response, reference: reference)
        case .tokenF1: return TokenF1.evaluate(response: response, reference: reference)
        case .rouge1: return Rouge.evaluate(.ngrams(1), response: response, reference: reference)
        case .rouge2: return Rouge.evaluate(.ngrams(2), response: response, reference: reference)
        case .rougeL: return Rouge.evaluate(.longestCommonSubsequence, response: response, reference: reference)
        case .jsonMatch: return try JSONMatch.evaluate(response: response, reference: reference)
        case .numericMatch: return try NumericMatch.evaluate(response: response, reference: reference)
        }
    }
}

/// How built-in metrics speak.
enum BuiltinFeedback {
    /// Scalars quoted of either text.
    static let quotedScalars = 300

    static func quote(_ text: String) -> String { "\"\(text.bounded(to: quotedScalars))\"" }

    /// For metrics that are all or nothing.
    static func verdict(_ matched: Bool, expected: String, got: String) -> EvaluationResult {
        EvaluationResult(
            score: matched ? 1 : 0,
            feedback: matched ? "Correct: \(quote(expected))." : "Wrong: expected \(quote(expected)), got \(quote(got)).")
    }

    /// For metrics of overlap.
    static func overlap(_ name: String, _ overlap: Overlap, expected: String, got: String, note: String = "") -> EvaluationResult {
        let figures = "\(name) \(decimal(overlap.f1)) (precision \(decimal(overlap.precision)), recall \(decimal(overlap.recall)))"
        return EvaluationResult(score: overlap.f1, feedback: "\(figures): expected \(quote(expected)), got \(quote(got)).\(note)")
    }

    /// Two decimals, without the locale's ways.
    static func decimal(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        let fraction = abs(hundredths % 100)
        return "\(hundredths < 0 ? "-" : "")\(abs(hundredths) / 100).\(fraction < 10 ? "0" : "")\(fraction)"
    }
}
