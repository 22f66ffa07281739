extension JSONParser {
    /// A string from its opening quote on. Without escapes its bytes are copied and checked at once.
    mutating func parseString() throws(JSONParseError) -> String {
        let quote = index
        index += 1
        let start = index
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") {
                let text = try decoded(bytes[start..<index], from: start, to: index)
                index += 1
                return text
            }
            if byte == UInt8(ascii: "\\") { return try parseEscapedString(quote: quote, start: start) }
            guard byte >= 0x20 else { throw controlCharacter(byte) }
            index += 1
        }
        throw unclosedString(quote)
    }

    /// The rest of a string whose first escape stands at `index`.
    private mutating func parseEscapedString(quote: Int, start: Int) throws(JSONParseError) -> String {
        var content = Array(bytes[start..<index])
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "\""):
                let text = try decoded(content[...], from: start, to: index)
                index += 1
                return text
            case UInt8(ascii: "\\"):
                try parseEscape(into: &content, quote: quote)
            case 0..<0x20:
                throw controlCharacter(byte)
            default:
                content.append(byte)
                index += 1
            }
        }
        throw unclosedString(quote)
    }

    private mutating func parseEscape(into content: inout [UInt8], quote: Int) throws(JSONParseError) {
        let escape = index
        guard index + 1 < bytes.count else { throw unclosedString(quote) }
        let plain: UInt8
        switch bytes[index + 1] {
        case UInt8(ascii: "\""): plain = UInt8(ascii: "\"")
        case UInt8(ascii: "\\"): plain = UInt8(ascii: "\\")
        case UInt8(ascii: "/"): plain = UInt8(ascii: "/")
        case UInt8(ascii: "b"): plain = 0x08
        case UInt8(ascii: "f"): plain = 0x0C
        case UInt8(ascii: "n"): plain = 0x0A
        case UInt8(ascii: "r"): plain = 0x0D
        case UInt8(ascii: "t"): plain = 0x09
        case UInt8(ascii: "u"):
            content.append(contentsOf: Array(String(try parseUnicodeEscape()).utf8))
            return
        default:
            throw error(at: escape, "`\\` before \(found(at: escape + 1)) is no escape of JSON; write `\\\\` for a backslash")
        }
        content.append(plain)
        index += 2
    }

    /// A `\uXXXX`, or two of them that make a surrogate pair.
    private mutating func parseUnicodeEscape() throws(JSONParseError) -> Unicode.Scalar {
        let escape = index
        let first = try codeUnit(at: escape)
        index += 6
        if let scalar = Unicode.Scalar(first) { return scalar }
        let isHigh = (0xD800...0xDBFF).contains(first)
        if isHigh, index + 1 < bytes.count, bytes[index] == UInt8(ascii: "\\"), bytes[index + 1] == UInt8(ascii: "u") {
            let second = try codeUnit(at: index)
            if (0xDC00...0xDFFF).contains(second), let scalar = Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)) {
                index += 6
                return scalar
            }
        }
        throw error(at: escape, "a surrogate escape stands alone and is no character; write both halves of the pair, or the character itself in UTF-8")
    }

    private func codeUnit(at escape: Int) throws(JSONParseError) -> UInt32 {
        var value: UInt32 = 0
        for offset in (escape + 2)..<(escape + 6) {
            guard offset < bytes.count, let digit = Self.hexadecimalValue(bytes[offset]) else {
                throw error(at: escape, "`\\u` is not followed by four hexadecimal digits; write them, as in `\\u00e9`")
            }
            value = value << 4 | digit
        }
        return value
    }

    private static func hexadecimalValue(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }

    /// Checks the content's UTF-8; `from` and `to` bound the same text as written, to name the byte at fault.
    private func decoded(_ content: ArraySlice<UInt8>, from: Int, to: Int) throws(JSONParseError) -> String {
        if let text = String(validating: content, as: UTF8.self) { return text }
        let fault = Self.firstInvalidUTF8(bytes, from: from, to: to)
        throw error(at: fault, "byte \(Self.hexadecimal(bytes[fault])) is not valid UTF-8; save the file as UTF-8")
    }

    /// The offset of the first byte of the first sequence that is not UTF-8; escapes are ASCII, so text as written can be searched.
    private static func firstInvalidUTF8(_ bytes: [UInt8], from: Int, to: Int) -> Int {
        var decoder = Unicode.UTF8.ForwardParser()
        var iterator = bytes[from..<to].makeIterator()
        var offset = from
        while true {
            switch decoder.parseScalar(from: &iterator) {
            case .valid(let units): offset += units.count
            case .error, .emptyInput: return min(offset, to - 1)
            }
        }
    }

    private func controlCharacter(_ byte: UInt8) -> JSONParseError {
        let remedy =
            switch byte {
            case 0x09: "write `\\t`"
            case 0x0A: "write `\\n`"
            case 0x0D: "write `\\r`"
            default: "remove it, or write it as a `\\u` escape"
            }
        return error(at: index, "control character \(Self.hexadecimal(byte)) stands inside a string; \(remedy)")
    }

    private func unclosedString(_ quote: Int) -> JSONParseError {
        error(at: bytes.count, "the string opened at column \(quote + 1) does not end; add the missing `\"`")
    }
}
