/// Text with `{{name}}` placeholders; every other brace is plain text and survives untouched.
///
/// A name is a letter or underscore followed by letters, digits and underscores (ASCII), without blanks inside the braces.
package struct PlaceholderText: Hashable, Sendable {
    package enum Segment: Hashable, Sendable {
        case literal(String)
        case placeholder(String)
    }

    package let segments: [Segment]

    package init(_ text: String) {
        var segments: [Segment] = []
        let bytes = Array(text.utf8)
        let open = UInt8(ascii: "{")
        var literalStart = 0
        var index = 0
        // Found by searching, and taken in one piece: a worker does this for every sample of a long prompt.
        while let brace = bytes[index...].firstIndex(of: open) {
            // The innermost pair wins: of `{{{name}}}` the outer braces are plain text.
            guard brace + 1 < bytes.count, bytes[brace + 1] == open, let end = Self.placeholderEnd(bytes, at: brace) else {
                index = brace + 1
                continue
            }
            if brace > literalStart { segments.append(.literal(String(decoding: bytes[literalStart..<brace], as: UTF8.self))) }
            segments.append(.placeholder(String(decoding: bytes[(brace + 2)..<(end - 2)], as: UTF8.self)))
            index = end
            literalStart = end
        }
        if literalStart < bytes.count { segments.append(.literal(String(decoding: bytes[literalStart...], as: UTF8.self))) }
        self.segments = segments
    }

    /// The index after `}}` when a placeholder begins at `start`.
    private static func placeholderEnd(_ bytes: [UInt8], at start: Int) -> Int? {
        var index = start + 2
        guard index < bytes.count, isNameStart(bytes[index]) else { return nil }
        while index < bytes.count, isNameStart(bytes[index]) || isDigit(bytes[index]) { index += 1 }
        let close = UInt8(ascii: "}")
        guard index + 1 < bytes.count, bytes[index] == close, bytes[index + 1] == close else { return nil }
        return index + 2
    }

    private static func isNameStart(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    /// True when `name` may stand inside `{{ }}`.
    package static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, isNameStart(first) else { return false }
        return name.utf8.allSatisfy { isNameStart($0) || isDigit($0) }
    }

    /// Placeholder names in order of first appearance, each once.
    package var names: [String] {
        var seen: Set<String> = []
        return segments.compactMap { segment in
            guard case .placeholder(let name) = segment, seen.insert(name).inserted else { return nil }
            return name
        }
    }

    /// Placeholders without a value stay as they were written.
    package func rendered(variables: [String: String]) -> String {
        segments.map { segment in
            switch segment {
            case .literal(let text): text
            case .placeholder(let name): variables[name] ?? "{{\(name)}}"
            }
        }.joined()
    }
}
