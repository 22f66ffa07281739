/// `rouge_1`, `rouge_2` and `rouge_l`: the F-measures of PyPI's rouge-score 0.1.2 without its stemmer.
enum Rouge {
    enum Kind: Hashable {
        case ngrams(Int)
        case longestCommonSubsequence
    }

    /// Words of one text that are compared; the rest is left out, since the longest common subsequence costs their product.
    static let maximumTokens = 20_000

    static func evaluate(_ kind: Kind, response: String, reference: String) -> EvaluationResult {
        let got = tokens(of: response)
        let expected = tokens(of: reference)
        let isCut = max(got.count, expected.count) > maximumTokens
        let name: String =
            switch kind {
            case .ngrams(let length): "ROUGE-\(length)"
            case .longestCommonSubsequence: "ROUGE-L"
            }
        return BuiltinFeedback.overlap(
            name, overlap(kind, response: Array(got.prefix(maximumTokens)), reference: Array(expected.prefix(maximumTokens))),
            expected: PythonText.stripped(reference), got: PythonText.stripped(response),
            note: isCut ? " Only the first \(maximumTokens) words were compared." : "")
    }

    static func overlap(_ kind: Kind, response: [[UInt8]], reference: [[UInt8]]) -> Overlap {
        switch kind {
        case .ngrams(let length):
            let got = ngrams(of: response, length: length)
            let expected = ngrams(of: reference, length: length)
            return Overlap(common: Overlap.sharedCount(got, expected), responseCount: got.count, referenceCount: expected.count)
        case .longestCommonSubsequence:
            return Overlap(
                common: longestCommonSubsequence(response, reference), responseCount: response.count, referenceCount: reference.count)
        }
    }

    /// Lowercased runs of a to z and 0 to 9.
    static func tokens(of text: String) -> [[UInt8]] {
        PythonText.lowercased(text).utf8
            .split { byte in !(UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte) }
            .map { Array($0) }
    }

    private static func ngrams(of tokens: [[UInt8]], length: Int) -> [[[UInt8]]] {
        guard tokens.count >= length else { return [] }
        return (0...tokens.count - length).map { Array(tokens[$0..<$0 + length]) }
    }

    /// Its length, in the product of both lengths' time and one length's space.
    private static func longestCommonSubsequence(_ lhs: [[UInt8]], _ rhs: [[UInt8]]) -> Int {
        let (left, right) = numbered(lhs, rhs)
        var row = [Int32](repeating: 0, count: right.count + 1)
        for token in left {
            var diagonal: Int32 = 0
            for index in right.indices {
                let above = row[index + 1]
                row[index + 1] = right[index] == token ? diagonal + 1 : max(above, row[index])
                diagonal = above
            }
        }
        return Int(row.last ?? 0)
    }

    /// Both lists with a number for each different token, so that the inner loop compares integers.
    private static func numbered(_ lhs: [[UInt8]], _ rhs: [[UInt8]]) -> ([Int32], [Int32]) {
        var numbers: [[UInt8]: Int32] = [:]
        func number(_ token: [UInt8]) -> Int32 {
            if let known = numbers[token] { return known }
            let next = Int32(numbers.count)
            numbers[token] = next
            return next
        }
        return (lhs.map(number), rhs.map(number))
    }
}
