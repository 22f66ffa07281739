/// The outermost shape of a JSON text: what a format statement can say about it.
///
/// A scanner of its own, because all that is wanted is validity and the outermost keys, of references that may be anything.
enum JSONShape: Hashable, Sendable {
    case object(keys: [String])
    case array

    /// Nil unless `text` is one valid JSON object or array of moderate depth.
    init?(_ text: String) {
        var scanner = Scanner(bytes: Array(text.utf8))
        scanner.skipBlanks()
        guard let first = scanner.peek, first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else { return nil }
        guard scanner.value(depth: 0) else { return nil }
        scanner.skipBlanks()
        guard scanner.peek == nil else { return nil }
        self = first == UInt8(ascii: "{") ? .object(keys: scanner.outerKeys) : .array
    }

    private struct Scanner {
        let bytes: [UInt8]
        var position = 0
        var outerKeys: [String] = []
        static let depthLimit = 64

        init(bytes: [UInt8]) { self.bytes = bytes }

        var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

        mutating func skipBlanks() {
            while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
        }

        mutating func take(_ character: Unicode.Scalar) -> Bool {
            guard peek == UInt8(ascii: character) else { return false }
            position += 1
            return true
        }

        mutating func value(depth: Int) -> Bool {
            guard depth < Self.depthLimit, let byte = peek else { return false }
            switch byte {
            case UInt8(ascii: "{"): return members(depth: depth)
            case UInt8(ascii: "["): return elements(depth: depth)
            case UInt8(ascii: "\""): return string() != nil
            default: return scalar()
            }
        }

        mutating func members(depth: Int) -> Bool {
            position += 1
            skipBlanks()
            if take("}") { return true }
            while true {
                skipBlanks()
                guard let key = string() else { return false }
                if depth == 0 { outerKeys.append(key) }
                skipBlanks()
                guard take(":") else { return false }
                skipBlanks()
                guard value(depth: depth + 1) else { return false }
                skipBlanks()
                if take("}") { return true }
                guard take(",") else { return false }
            }
        }

        mutating func elements(depth: Int) -> Bool {
            position += 1
            skipBlanks()
            if take("]") { return true }
            while true {
                skipBlanks()
                guard value(depth: depth + 1) else { return false }
                skipBlanks()
                if take("]") { return true }
                guard take(",") else { return false }
            }
        }

        /// The raw text between the quotes; escapes are kept as written.
        mutating func string() -> String? {
            guard take("\"") else { return nil }
            let start = position
            while let byte = peek {
                if byte == UInt8(ascii: "\"") {
                    position += 1
                    return String(decoding: bytes[start..<(position - 1)], as: UTF8.self)
                }
                position += byte == UInt8(ascii: "\\") ? 2 : 1
            }
            return nil
        }

        mutating func scalar() -> Bool {
            let start = position
            while let byte = peek, byte != UInt8(ascii: ","), byte != UInt8(ascii: "]"), byte != UInt8(ascii: "}"), byte > 0x20 { position += 1 }
            let literal = String(decoding: bytes[start..<position], as: UTF8.self)
            return ["true", "false", "null"].contains(literal) || Double(literal) != nil
        }
    }
}
