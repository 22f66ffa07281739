/// `numeric_match`: 1 when the last number in the response equals the last number in the reference within one part in a million.
///
/// Thousands separators, currency signs and percent signs are read over: `$1,234.50`, `1234.5` and `1234.50%` are all 1234.5.
enum NumericMatch {
    static let relativeTolerance = 1e-6

    static func evaluate(response: String, reference: String) throws(EvaluationFailure) -> EvaluationResult {
        guard let expected = lastNumber(in: reference) else {
            throw .metric(message: "builtin:numeric_match needs a number in referenceResponse, got \(BuiltinFeedback.quote(reference))")
        }
        guard let got = lastNumber(in: response) else {
            return EvaluationResult(score: 0, feedback: "Wrong: expected the number \(expected), got no number in \(BuiltinFeedback.quote(response)).")
        }
        let matches = abs(expected - got) <= relativeTolerance * max(abs(expected), abs(got))
        return EvaluationResult(
            score: matches ? 1 : 0,
            feedback: matches ? "Correct: \(expected)." : "Wrong: expected the number \(expected), got \(got) as the last number of the answer.")
    }

    /// The last finite number: digits, perhaps with groups of three after commas, a fraction, an exponent, and a minus sign before it or its currency sign.
    static func lastNumber(in text: String) -> Double? {
        let scalars = Array(text.unicodeScalars)
        var index = 0
        var last: Double?
        while index < scalars.count {
            guard isDigit(scalars, index) || (scalars[index] == "." && isDigit(scalars, index + 1) && !isDigit(scalars, index - 1)) else {
                index += 1
                continue
            }
            let (literal, end) = scan(scalars, from: index)
            if let value = Double(literal), value.isFinite {
                last = isNegated(scalars, before: index) ? -value : value
            }
            index = end
        }
        return last
    }

    private static func isDigit(_ scalars: [Unicode.Scalar], _ index: Int) -> Bool {
        scalars.indices.contains(index) && ("0"..."9").contains(scalars[index])
    }

    private static func scan(_ scalars: [Unicode.Scalar], from start: Int) -> (literal: String, end: Int) {
        var index = start
        var literal = String.UnicodeScalarView()
        func takeDigits() {
            while isDigit(scalars, index) {
                literal.append(scalars[index])
                index += 1
            }
        }
        takeDigits()
        if (1...3).contains(index - start) {
            while index < scalars.count, scalars[index] == ",", (1...3).allSatisfy({ isDigit(scalars, index + $0) }), !isDigit(scalars, index + 4) {
                index += 1
                takeDigits()
            }
        }
        if index < scalars.count, scalars[index] == ".", isDigit(scalars, index + 1) {
            if literal.isEmpty { literal.append("0") }
            literal.append(".")
            index += 1
            takeDigits()
        }
        if index < scalars.count, scalars[index] == "e" || scalars[index] == "E" {
            let signed = index + 1 < scalars.count && (scalars[index + 1] == "-" || scalars[index + 1] == "+")
            let digits = index + (signed ? 2 : 1)
            if isDigit(scalars, digits) {
                literal.append("e")
                if signed { literal.append(scalars[index + 1]) }
                index = digits
                takeDigits()
            }
        }
        return (String(literal), index)
    }

    /// A minus counts unless it joins two things, as in `3-5` or `step-2`.
    private static func isNegated(_ scalars: [Unicode.Scalar], before start: Int) -> Bool {
        var index = start - 1
        while index >= 0, scalars[index].properties.generalCategory == .currencySymbol { index -= 1 }
        guard index >= 0, scalars[index] == "-" || scalars[index] == "\u{2212}" else { return false }
        guard index > 0 else { return true }
        let before = scalars[index - 1]
        return !(PythonText.isWord(before) || before == ")" || before == "%")
    }
}
