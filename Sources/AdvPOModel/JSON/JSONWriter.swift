import OrderedCollections

extension JSONValue {
    /// Compact UTF-8: keys in order, numbers as written, only what JSON demands escaped (`"`, `\`, control characters).
    package func encoded() -> [UInt8] {
        var writer = JSONWriter(indentation: nil)
        writer.write(self, level: 0)
        return writer.bytes
    }

    /// As `encoded()`, two blanks per level, one element per line, without a final line end.
    package func encodedPretty() -> [UInt8] {
        var writer = JSONWriter(indentation: 2)
        writer.write(self, level: 0)
        return writer.bytes
    }

    /// `encoded()` as text.
    package var text: String { String(decoding: encoded(), as: UTF8.self) }

    /// The value's text, cut to a length that fits an error message.
    package var excerpt: String {
        let whole = text
        guard whole.count > 80 else { return whole }
        return whole.prefix(79) + "…"
    }
}

/// Appends values to a buffer.
struct JSONWriter {
    private(set) var bytes: [UInt8] = []
    /// Blanks per level; nil writes everything on one line.
    let indentation: Int?

    init(indentation: Int?) { self.indentation = indentation }

    mutating func write(_ value: JSONValue, level: Int) {
        switch value {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .bool(let flag): bytes.append(contentsOf: (flag ? "true" : "false").utf8)
        case .number(let number): bytes.append(contentsOf: number.literal.utf8)
        case .string(let text): write(text)
        case .array(let elements):
            writeList(elements, level: level, open: UInt8(ascii: "["), close: UInt8(ascii: "]")) { writer, element in
                writer.write(element, level: level + 1)
            }
        case .object(let members):
            writeList(members.elements, level: level, open: UInt8(ascii: "{"), close: UInt8(ascii: "}")) { writer, member in
                writer.write(member.key)
                writer.bytes.append(UInt8(ascii: ":"))
                if writer.indentation != nil { writer.bytes.append(UInt8(ascii: " ")) }
                writer.write(member.value, level: level + 1)
            }
        }
    }

    private mutating func writeList<Elements: Collection>(
        _ elements: Elements, level: Int, open: UInt8, close: UInt8, element: (inout JSONWriter, Elements.Element) -> Void
    ) {
        bytes.append(open)
        var isFirst = true
        for item in elements {
            if !isFirst { bytes.append(UInt8(ascii: ",")) }
            isFirst = false
            newLine(level: level + 1)
            element(&self, item)
        }
        if !isFirst { newLine(level: level) }
        bytes.append(close)
    }

    private mutating func newLine(level: Int) {
        guard let indentation else { return }
        bytes.append(UInt8(ascii: "\n"))
        bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: indentation * level))
    }

    private mutating func write(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        let needsEscapes = text.utf8.contains { $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }
        if needsEscapes {
            for byte in text.utf8 { writeEscaped(byte) }
        } else {
            bytes.append(contentsOf: text.utf8)
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func writeEscaped(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): bytes.append(contentsOf: #"\""#.utf8)
        case UInt8(ascii: "\\"): bytes.append(contentsOf: #"\\"#.utf8)
        case 0x08: bytes.append(contentsOf: #"\b"#.utf8)
        case 0x09: bytes.append(contentsOf: #"\t"#.utf8)
        case 0x0A: bytes.append(contentsOf: #"\n"#.utf8)
        case 0x0C: bytes.append(contentsOf: #"\f"#.utf8)
        case 0x0D: bytes.append(contentsOf: #"\r"#.utf8)
        case 0..<0x20:
            bytes.append(contentsOf: (byte < 0x10 ? #"\u000"# : #"\u00"#).utf8)
            bytes.append(contentsOf: String(byte, radix: 16).utf8)
        default: bytes.append(byte)
        }
    }
}
