import Foundation

/// Finds JSON in an answer that may have words or a code fence around it.
///
/// The whole text counts first, then what stands in a code fence, then the first object or list anywhere.
enum EmbeddedJSON {
    /// Opening brackets that are tried before giving up: each may cost a look at the whole text.
    static let maximumStarts = 200
    /// Deeper nesting is no JSON here; it protects the recursion.
    static let maximumDepth = 200

    static func first(in text: String) -> (value: ComparableJSON, text: String)? {
        let stripped = PythonText.stripped(text)
        if let value = parse(Array(stripped.utf8)[...]) { return (value, stripped) }
        let bytes = Array(text.utf8)
        for block in fencedBlocks(in: bytes) {
            if let value = parse(block) { return (value, String(decoding: block, as: UTF8.self)) }
        }
        var index = 0
        var starts = 0
        while index < bytes.count, starts < maximumStarts {
            if bytes[index] == UInt8(ascii: "{") || bytes[index] == UInt8(ascii: "[") {
                starts += 1
                if let end = balancedEnd(from: index, in: bytes), let value = parse(bytes[index..<end]) {
                    return (value, String(decoding: bytes[index..<end], as: UTF8.self))
                }
            }
            index += 1
        }
        return nil
    }

    private static func parse(_ bytes: ArraySlice<UInt8>) -> ComparableJSON? {
        guard !bytes.isEmpty, !nestsTooDeep(bytes) else { return nil }
        do { return try JSONDecoder().decode(ComparableJSON.self, from: Data(bytes)) } catch { return nil }
    }

    /// Counts brackets in strings too, which errs on the safe side.
    private static func nestsTooDeep(_ bytes: ArraySlice<UInt8>) -> Bool {
        var depth = 0
        for byte in bytes {
            if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") { depth += 1 }
            if byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") { depth -= 1 }
            if depth > maximumDepth { return true }
        }
        return false
    }

    /// Between a line that starts with three backticks and the next such line.
    private static func fencedBlocks(in bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        var blocks: [ArraySlice<UInt8>] = []
        var open: Int?
        var lineStart = 0
        while lineStart < bytes.count {
            let lineEnd = bytes[lineStart...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            let content = bytes[lineStart..<lineEnd].drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            if content.starts(with: [UInt8](repeating: UInt8(ascii: "`"), count: 3)) {
                if let start = open {
                    blocks.append(bytes[start..<lineStart])
                    open = nil
                } else {
                    open = min(lineEnd + 1, bytes.count)
                }
            }
            lineStart = lineEnd + 1
        }
        if let start = open { blocks.append(bytes[start...]) }
        return blocks
    }

    /// Past the bracket that closes the one at `start`; nil when it is never closed.
    private static func balancedEnd(from start: Int, in bytes: [UInt8]) -> Int? {
        var depth = 0
        var isInString = false
        var isEscaped = false
        for index in start..<bytes.count {
            let byte = bytes[index]
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth == 0 { return index + 1 }
            default: break
            }
        }
        return nil
    }
}
