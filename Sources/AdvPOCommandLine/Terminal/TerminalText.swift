/// Text of models and users on its way to a terminal.
package enum TerminalText {
    /// Without anything that a terminal would obey: escape sequences, other control characters, and marks that reorder text become visible signs.
    ///
    /// - Parameter keepingLines: whether newlines and tabs stay; else they become signs too.
    package static func harmless(_ text: String, keepingLines: Bool = true) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if keepingLines, scalar == "\n" || scalar == "\t" {
                result.append(scalar)
            } else {
                result.append(visible(scalar))
            }
        }
        return String(result)
    }

    private static func visible(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar.value {
        // Unicode has a picture for each of the first 32 controls, and for delete.
        case 0x00...0x1F: Unicode.Scalar(0x2400 + scalar.value) ?? "\u{FFFD}"
        case 0x7F: "\u{2421}"
        // C1 controls, line and paragraph separators, and the marks that embed, override or isolate direction.
        case 0x80...0x9F, 0x2028...0x202E, 0x2066...0x2069, 0x200E, 0x200F, 0x061C: "\u{FFFD}"
        default: scalar
        }
    }

    /// Columns that a text without control characters takes: two for wide characters, none for combining ones.
    package static func width(_ text: String) -> Int {
        text.reduce(0) { $0 + width($1) }
    }

    private static func width(_ character: Character) -> Int {
        guard let scalar = character.unicodeScalars.first else { return 0 }
        if character.unicodeScalars.count > 1, character.unicodeScalars.contains(where: { $0.value == 0xFE0F }) { return 2 }
        switch scalar.value {
        case 0x0300...0x036F, 0x200B...0x200D, 0xFE00...0xFE0F, 0xFEFF: return 0
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
            0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }

    /// At most `columns` wide, with `…` where something was cut.
    package static func truncated(_ text: String, to columns: Int) -> String {
        guard width(text) > columns else { return text }
        guard columns > 0 else { return "" }
        var result = ""
        var used = 0
        for character in text {
            let next = width(character)
            if used + next > columns - 1 { break }
            result.append(character)
            used += next
        }
        return result + "…"
    }

    package static func padded(_ text: String, to columns: Int, alignRight: Bool = false) -> String {
        let blanks = String(repeating: " ", count: max(0, columns - width(text)))
        return alignRight ? blanks + text : text + blanks
    }

    /// Lines of at most `columns`, broken at blanks where there are any; existing line breaks stay.
    package static func wrapped(_ text: String, to columns: Int) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { wrappedLine(String($0), to: max(1, columns)) }
    }

    private static func wrappedLine(_ line: String, to columns: Int) -> [String] {
        var lines: [String] = []
        var current = ""
        var used = 0
        for character in line.replacingTabs {
            let next = width(character)
            if used + next > columns {
                if character != " ", let blank = current.lastIndex(of: " "), blank > current.startIndex {
                    lines.append(String(current[..<blank]))
                    current = String(current[current.index(after: blank)...])
                } else {
                    lines.append(current)
                    current = ""
                    if character == " " {
                        used = 0
                        continue
                    }
                }
                used = width(current)
            }
            current.append(character)
            used += next
        }
        return lines + [current]
    }
}

extension String {
    fileprivate var replacingTabs: String { split(separator: "\t", omittingEmptySubsequences: false).joined(separator: "    ") }
}
