/// Reads the one number that a judge put into a tag.
enum JudgeNumber {
    static let maximumScalars = 400

    /// Takes `2.5`, `**2.5**`, `2,5`, `2.5/3`, `2.5 out of 3`, `Score: 2.5 points` and `0.5*3 + 0.5*2 = 2.5`; nil for anything with a second number left over,
    /// another scale than 3, or a percent sign.
    static func read(_ content: String) -> Double? {
        guard content.unicodeScalars.count <= maximumScalars else { return nil }
        let result = content.unicodeScalars.lastIndex { $0 == "=" || $0 == "≈" }.map { content.unicodeScalars[$0...].dropFirst() } ?? content.unicodeScalars[...]
        let scalars = Array(PythonText.lowercased(String(String.UnicodeScalarView(result))).unicodeScalars.filter { !"*_`$\\".unicodeScalars.contains($0) })
        let numbers = numbers(in: scalars)
        guard let first = numbers.first, !scalars.contains("%") else { return nil }
        switch numbers.count {
        case 1: return first.value
        case 2:
            let between = PythonText.stripped(String(String.UnicodeScalarView(scalars[first.range.upperBound..<numbers[1].range.lowerBound])))
            return numbers[1].value == JudgeVerdict.maximumPoints && ["/", "out of", "of"].contains(between) ? first.value : nil
        default: return nil
        }
    }

    private static func numbers(in scalars: [Unicode.Scalar]) -> [(value: Double, range: Range<Int>)] {
        func isDigit(_ index: Int) -> Bool { scalars.indices.contains(index) && ("0"..."9").contains(scalars[index]) }
        var numbers: [(Double, Range<Int>)] = []
        var index = 0
        while index < scalars.count {
            guard isDigit(index) || (scalars[index] == "." && isDigit(index + 1)) else {
                index += 1
                continue
            }
            let start = index
            var literal = scalars[index] == "." ? "0" : ""
            var hasPoint = false
            while index < scalars.count {
                if isDigit(index) {
                    literal.unicodeScalars.append(scalars[index])
                } else if !hasPoint, scalars[index] == "." || scalars[index] == ",", isDigit(index + 1) {
                    literal.append(".")
                    hasPoint = true
                } else {
                    break
                }
                index += 1
            }
            let isNegative = start > 0 && (scalars[start - 1] == "-" || scalars[start - 1] == "\u{2212}")
            guard let value = Double(literal), value.isFinite else { continue }
            numbers.append((isNegative ? -value : value, start..<index))
        }
        return numbers
    }
}
