import OrderedCollections

extension JSONValue {
    /// Parses one JSON text (RFC 8259, UTF-8), with nothing but blanks around it.
    ///
    /// Keys keep their order and numbers their spelling. Stricter than the RFC demands: a key that occurs twice in one object is an error
    /// (also when the two spellings differ only in Unicode normal form), and so are a byte order mark, lone surrogates and invalid UTF-8.
    /// - Parameters:
    ///   - maximumDepth: how deep lists and objects may nest; a bare value has depth 0. At most 512, since the parser recurses.
    ///   - maximumBytes: the longest text that is looked at.
    package init(parsing bytes: some Collection<UInt8>, maximumDepth: Int = 64, maximumBytes: Int = 64 * 1024 * 1024) throws(JSONParseError) {
        precondition((0...512).contains(maximumDepth), "the parser recurses: a depth limit is 0 to 512")
        guard bytes.count <= maximumBytes else {
            throw JSONParseError(column: maximumBytes + 1, message: "the text has \(bytes.count) bytes; at most \(maximumBytes) are allowed")
        }
        var parser = JSONParser(bytes: Array(bytes), maximumDepth: maximumDepth)
        self = try parser.parseDocument()
    }

    /// Parses the UTF-8 of a text; see `init(parsing:maximumDepth:maximumBytes:)`.
    package init(parsing text: String, maximumDepth: Int = 64) throws(JSONParseError) {
        try self.init(parsing: Array(text.utf8), maximumDepth: maximumDepth)
    }
}

/// A recursive-descent parser over bytes; strings are built once each, and nothing else is decoded.
struct JSONParser {
    let bytes: [UInt8]
    let maximumDepth: Int
    var index = 0
    private var depth = 0

    init(bytes: [UInt8], maximumDepth: Int) {
        self.bytes = bytes
        self.maximumDepth = maximumDepth
    }

    mutating func parseDocument() throws(JSONParseError) -> JSONValue {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            throw error(at: 0, "a byte order mark stands before the value; save the file as UTF-8 without one")
        }
        skipBlanks()
        guard index < bytes.count else { throw error(at: index, "the text is empty; write one JSON value") }
        let value = try parseValue()
        skipBlanks()
        guard index == bytes.count else {
            throw error(at: index, "\(found(at: index)) follows the end of the value; keep one value and remove the rest")
        }
        return value
    }

    private mutating func parseValue() throws(JSONParseError) -> JSONValue {
        guard index < bytes.count else { throw error(at: index, "the text ends where a value should stand; complete it") }
        switch bytes[index] {
        case UInt8(ascii: "{"): return .object(try parseObject())
        case UInt8(ascii: "["): return .array(try parseArray())
        case UInt8(ascii: "\""): return .string(try parseString())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try parseNumber())
        case UInt8(ascii: "t") where takeWord("true"): return .bool(true)
        case UInt8(ascii: "f") where takeWord("false"): return .bool(false)
        case UInt8(ascii: "n") where takeWord("null"): return .null
        default: throw unexpectedValue()
        }
    }

    // MARK: Lists and objects

    private mutating func enter(_ kind: String) throws(JSONParseError) {
        guard depth < maximumDepth else { throw error(at: index, "\(kind) is nested deeper than \(maximumDepth) levels; flatten the value") }
        depth += 1
        index += 1
        skipBlanks()
    }

    private mutating func leave() {
        depth -= 1
        index += 1
    }

    private mutating func parseArray() throws(JSONParseError) -> [JSONValue] {
        let start = index
        try enter("a list")
        var elements: [JSONValue] = []
        if peek() == UInt8(ascii: "]") {
            leave()
            return elements
        }
        while true {
            elements.append(try parseValue())
            skipBlanks()
            switch peek() {
            case UInt8(ascii: "]"):
                leave()
                return elements
            case UInt8(ascii: ","):
                try skipComma(before: UInt8(ascii: "]"))
            case nil:
                throw error(at: index, "the list opened at column \(start + 1) does not end; add the missing `]`")
            default:
                throw error(at: index, "\(found(at: index)) stands between two elements of a list; write `,` between them or `]` after the last")
            }
        }
    }

    private mutating func parseObject() throws(JSONParseError) -> JSONObject {
        let start = index
        try enter("an object")
        var members = JSONObject()
        if peek() == UInt8(ascii: "}") {
            leave()
            return members
        }
        while true {
            let keyStart = index
            let key = try parseKey(objectStart: start)
            let value = try parseValue()
            guard members.updateValue(value, forKey: key) == nil else {
                throw error(at: keyStart, "key \(JSONValue.string(key).excerpt) occurs twice in one object; keep one of them")
            }
            skipBlanks()
            switch peek() {
            case UInt8(ascii: "}"):
                leave()
                return members
            case UInt8(ascii: ","):
                try skipComma(before: UInt8(ascii: "}"))
            case nil:
                throw error(at: index, "the object opened at column \(start + 1) does not end; add the missing `}`")
            default:
                throw error(at: index, "\(found(at: index)) stands between two members of an object; write `,` between them or `}` after the last")
            }
        }
    }

    /// A key, its colon, and the blanks around both.
    private mutating func parseKey(objectStart: Int) throws(JSONParseError) -> String {
        guard let byte = peek() else {
            throw error(at: index, "the object opened at column \(objectStart + 1) does not end; add the missing `}`")
        }
        guard byte == UInt8(ascii: "\"") else {
            throw error(at: index, "\(found(at: index)) stands where a key should; write the key in double quotes")
        }
        let key = try parseString()
        skipBlanks()
        guard peek() == UInt8(ascii: ":") else {
            throw error(at: index, "\(found(at: index)) follows a key; write `:` and the value after it")
        }
        index += 1
        skipBlanks()
        return key
    }

    private mutating func skipComma(before end: UInt8) throws(JSONParseError) {
        let comma = index
        index += 1
        skipBlanks()
        if peek() == end {
            throw error(at: comma, "a comma stands before `\(Character(Unicode.Scalar(end)))`; remove it")
        }
    }

    // MARK: Numbers and words

    private mutating func parseNumber() throws(JSONParseError) -> JSONNumber {
        let start = index
        if peek() == UInt8(ascii: "-") { index += 1 }
        if peek() == UInt8(ascii: "0") {
            index += 1
            if let byte = peek(), Self.isDigit(byte) {
                throw error(at: start, "a number begins with a needless 0; remove the leading zeros, or write it in quotes as a string")
            }
        } else {
            try takeDigits(after: "`-`")
        }
        if peek() == UInt8(ascii: ".") {
            index += 1
            try takeDigits(after: "the decimal point")
        }
        if peek() == UInt8(ascii: "e") || peek() == UInt8(ascii: "E") {
            index += 1
            if peek() == UInt8(ascii: "+") || peek() == UInt8(ascii: "-") { index += 1 }
            try takeDigits(after: "the exponent sign")
        }
        return JSONNumber(trusted: String(decoding: bytes[start..<index], as: UTF8.self))
    }

    private mutating func takeDigits(after place: String) throws(JSONParseError) {
        let start = index
        while let byte = peek(), Self.isDigit(byte) { index += 1 }
        guard index > start else { throw error(at: index, "\(found(at: index)) follows \(place) of a number; write at least one digit there") }
    }

    private mutating func takeWord(_ word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        guard index + count <= bytes.count else { return false }
        let matches = word.withUTF8Buffer { $0.elementsEqual(bytes[index..<(index + count)]) }
        let next = index + count
        guard matches, next == bytes.count || !Self.isLetter(bytes[next]) else { return false }
        index = next
        return true
    }

    private func unexpectedValue() -> JSONParseError {
        let byte = bytes[index]
        if byte == UInt8(ascii: "'") {
            return error(at: index, "a single quote begins a value; JSON strings stand in double quotes")
        }
        guard Self.isLetter(byte) else { return error(at: index, "\(found(at: index)) stands where a value should; write a JSON value there") }
        let word = String(decoding: bytes[index...].prefix(20).prefix(while: Self.isLetter), as: UTF8.self)
        let remedy =
            switch word.lowercased() {
            case "true": "write `true`"
            case "false": "write `false`"
            case "none", "null", "nil", "undefined": "write `null`, or leave the field out"
            case "nan", "infinity", "inf": "JSON has no such number"
            default: "write text in double quotes"
            }
        return error(at: index, "`\(word)` is not a JSON value; \(remedy)")
    }

    // MARK: Bytes

    mutating func skipBlanks() {
        while index < bytes.count {
            switch bytes[index] {
            case 0x20, 0x09, 0x0A, 0x0D: index += 1
            default: return
            }
        }
    }

    func peek() -> UInt8? { index < bytes.count ? bytes[index] : nil }

    static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
    static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- UInt8(ascii: "a") < 26 }

    /// What stands at an offset, in the words of a message.
    func found(at offset: Int) -> String {
        guard offset < bytes.count else { return "the end of the text" }
        let byte = bytes[offset]
        if (0x21...0x7E).contains(byte) { return "`\(Character(Unicode.Scalar(byte)))`" }
        return "byte \(Self.hexadecimal(byte))"
    }

    static func hexadecimal(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return "0x" + (digits.utf8.count == 1 ? "0" + digits : digits)
    }

    func error(at offset: Int, _ message: String) -> JSONParseError { JSONParseError(column: offset + 1, message: message) }
}
