/// Text operations as Python's `str` and `re` define them, since the reference implementations of the metrics are in Python.
///
/// Everything works on Unicode scalars: Swift's own `String` compares by canonical equivalence, Python by code points.
enum PythonText {
    /// `str.lower()`: the full mapping, and a capital sigma at the end of a word becomes a final sigma.
    static func lowercased(_ text: String) -> String {
        let scalars = Array(text.unicodeScalars)
        var result = String.UnicodeScalarView()
        for (index, scalar) in scalars.enumerated() {
            if scalar == "\u{3A3}" {
                result.append(isFinalSigma(at: index, in: scalars) ? "\u{3C2}" : "\u{3C3}")
            } else if scalar.isASCII {
                result.append(("A"..."Z").contains(scalar) ? Unicode.Scalar(UInt8(scalar.value) + 32) : scalar)
            } else {
                result.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
            }
        }
        return String(result)
    }

    /// After a cased letter and not before one, not counting what has no case of its own.
    private static func isFinalSigma(at index: Int, in scalars: [Unicode.Scalar]) -> Bool {
        guard let before = scalars[..<index].last(where: { !$0.properties.isCaseIgnorable }), before.properties.isCased else { return false }
        let after = scalars[(index + 1)...].first { !$0.properties.isCaseIgnorable }
        return !(after?.properties.isCased ?? false)
    }

    /// `str.isspace()` of one character.
    static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        ("\u{1C}"..."\u{1F}").contains(scalar) || scalar.properties.isWhitespace
    }

    /// `\w` of the `re` module.
    static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        if scalar == "_" { return true }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return true
        case .decimalNumber: return true
        case .nonspacingMark, .spacingMark, .enclosingMark, .letterNumber, .otherNumber, .connectorPunctuation, .dashPunctuation,
            .openPunctuation, .closePunctuation, .initialPunctuation, .finalPunctuation, .otherPunctuation, .mathSymbol, .currencySymbol,
            .modifierSymbol, .otherSymbol, .spaceSeparator, .lineSeparator, .paragraphSeparator, .control, .format, .surrogate, .privateUse,
            .unassigned:
            return scalar.properties.numericType != nil
        @unknown default: return false
        }
    }

    /// `str.strip()`.
    static func stripped(_ text: String) -> String {
        let scalars = text.unicodeScalars
        guard let first = scalars.firstIndex(where: { !isSpace($0) }), let last = scalars.lastIndex(where: { !isSpace($0) }) else { return "" }
        return String(scalars[first...last])
    }

    /// `str.split()`, each part as its UTF-8, so that parts are equal when their code points are.
    static func split(_ scalars: some Sequence<Unicode.Scalar>) -> [[UInt8]] {
        var parts: [[UInt8]] = []
        var part: [UInt8] = []
        for scalar in scalars {
            if isSpace(scalar) {
                if !part.isEmpty { parts.append(part) }
                part = []
            } else {
                part.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            }
        }
        if !part.isEmpty { parts.append(part) }
        return parts
    }
}
