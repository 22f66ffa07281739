/// `token_f1`: the word overlap of SQuAD 2.0's `compute_f1`.
///
/// Both texts are lowercased, ASCII punctuation is deleted, the articles a, an and the are taken out, and the rest is split at white space.
/// When either side has no words left, the score is 1 if both have none, else 0.
enum TokenF1 {
    static func evaluate(response: String, reference: String) -> EvaluationResult {
        BuiltinFeedback.overlap(
            "token F1", overlap(response: tokens(of: response), reference: tokens(of: reference)),
            expected: PythonText.stripped(reference), got: PythonText.stripped(response))
    }

    static func overlap(response: [[UInt8]], reference: [[UInt8]]) -> Overlap {
        if response.isEmpty || reference.isEmpty {
            return response == reference ? Overlap(precision: 1, recall: 1) : .none
        }
        return Overlap(common: Overlap.sharedCount(response, reference), responseCount: response.count, referenceCount: reference.count)
    }

    static func tokens(of text: String) -> [[UInt8]] {
        let kept = PythonText.lowercased(text).unicodeScalars.filter { !isASCIIPunctuation($0) }
        var result: [Unicode.Scalar] = []
        var word: [Unicode.Scalar] = []
        // An article is a run of word characters, not a part between blanks: a dash that is not ASCII ends it too.
        for scalar in kept {
            if PythonText.isWord(scalar) {
                word.append(scalar)
            } else {
                flush(&word, into: &result)
                result.append(scalar)
            }
        }
        flush(&word, into: &result)
        return PythonText.split(result)
    }

    private static let articles: [[Unicode.Scalar]] = [["a"], ["a", "n"], ["t", "h", "e"]]

    private static func flush(_ word: inout [Unicode.Scalar], into result: inout [Unicode.Scalar]) {
        if articles.contains(word) { result.append(" ") } else { result.append(contentsOf: word) }
        word.removeAll(keepingCapacity: true)
    }

    private static func isASCIIPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "!"..."/", ":"..."@", "["..."`", "{"..."~": true
        default: false
        }
    }
}
