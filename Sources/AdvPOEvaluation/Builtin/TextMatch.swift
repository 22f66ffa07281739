import Foundation

/// `exact_match`: 1 when response and reference are the same text but for white space around them.
enum ExactMatch {
    static func evaluate(response: String, reference: String) -> EvaluationResult {
        let expected = PythonText.stripped(reference)
        let got = PythonText.stripped(response)
        return BuiltinFeedback.verdict(Array(expected.utf8) == Array(got.utf8), expected: expected, got: got)
    }
}

/// `contains`: 1 when the reference, stripped of white space around it, occurs in the response, whatever the case of the letters.
enum ContainsMatch {
    static func evaluate(response: String, reference: String) -> EvaluationResult {
        let expected = PythonText.stripped(reference)
        let needle = Data(PythonText.lowercased(expected).utf8)
        // UTF-8 synchronises itself: bytes found are characters found.
        let found = needle.isEmpty || Data(PythonText.lowercased(response).utf8).range(of: needle) != nil
        return EvaluationResult(
            score: found ? 1 : 0,
            feedback: found
                ? "Correct: the answer contains \(BuiltinFeedback.quote(expected))."
                : "Wrong: expected an answer that contains \(BuiltinFeedback.quote(expected)), got \(BuiltinFeedback.quote(PythonText.stripped(response))).")
    }
}
