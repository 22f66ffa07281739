import AdvPOModel
import OrderedCollections
import Testing

@Suite struct JSONParserTests {
    @Test(
        "a valid text comes back as it was, but for blanks",
        arguments: [
            ("null", "null"), (" true\r\n", "true"), ("\tfalse ", "false"), ("0", "0"), ("-0", "-0"), ("1.0", "1.0"), ("1e5", "1e5"), ("1E+05", "1E+05"), ("-12.340e-7", "-12.340e-7"),
            ("123456789012345678901234567890", "123456789012345678901234567890"), ("\"\"", "\"\""), (#""a\/b""#, #""a/b""#), (#""\u00e9\u20AC""#, "\"é€\""), (#""\ud83d\ude00""#, "\"😀\""),
            (#""\"\\\b\f\n\r\t\u0001\u001f\u007f""#, #""\"\\\b\f\n\r\t\u0001\u001f"# + "\u{7f}\""), ("[ ]", "[]"), ("{ }", "{}"), ("[1 , [2,{}] ]", "[1,[2,{}]]"),
            (#"{ "z" : 1 , "a" : [ null ] }"#, #"{"z":1,"a":[null]}"#), (#"{"":{"":""}}"#, #"{"":{"":""}}"#), ("\"\u{2028}\"", "\"\u{2028}\""), (#""\u0000""#, #""\u0000""#),
        ])
    func validText(source: String, expected: String) throws {
        #expect(Array(try JSONValue(parsing: source).text.utf8) == Array(expected.utf8))
    }

    @Test(
        "an invalid text is refused with its column and the remedy",
        arguments: [
            ("", "column 1: the text is empty; write one JSON value"),
            ("  \n", "column 4: the text is empty; write one JSON value"),
            ("\u{FEFF}1", "column 1: a byte order mark stands before the value; save the file as UTF-8 without one"),
            ("1 2", "column 3: `2` follows the end of the value; keep one value and remove the rest"),
            ("{}}", "column 3: `}` follows the end of the value; keep one value and remove the rest"),
            ("[1,]", "column 3: a comma stands before `]`; remove it"),
            (#"{"a":1, }"#, "column 7: a comma stands before `}`; remove it"),
            ("[1 2]", "column 4: `2` stands between two elements of a list; write `,` between them or `]` after the last"),
            (#"{"a":1 "b":2}"#, "column 8: `\"` stands between two members of an object; write `,` between them or `}` after the last"),
            ("[1", "column 3: the list opened at column 1 does not end; add the missing `]`"),
            ("[1,", "column 4: the text ends where a value should stand; complete it"),
            ("{", "column 2: the object opened at column 1 does not end; add the missing `}`"),
            (#"{"a":1"#, "column 7: the object opened at column 1 does not end; add the missing `}`"),
            (#"{"a"}"#, "column 5: `}` follows a key; write `:` and the value after it"),
            (#"{"a":}"#, "column 6: `}` stands where a value should; write a JSON value there"),
            ("{a:1}", "column 2: `a` stands where a key should; write the key in double quotes"),
            (#"{"a":1,"b":2,"a":3}"#, "column 14: key \"a\" occurs twice in one object; keep one of them"),
            ("'a'", "column 1: a single quote begins a value; JSON strings stand in double quotes"),
            ("True", "column 1: `True` is not a JSON value; write `true`"),
            ("False", "column 1: `False` is not a JSON value; write `false`"),
            ("[None]", "column 2: `None` is not a JSON value; write `null`, or leave the field out"),
            ("NaN", "column 1: `NaN` is not a JSON value; JSON has no such number"),
            ("truest", "column 1: `truest` is not a JSON value; write text in double quotes"),
            ("hello", "column 1: `hello` is not a JSON value; write text in double quotes"),
            ("+1", "column 1: `+` stands where a value should; write a JSON value there"),
            ("01", "column 1: a number begins with a needless 0; remove the leading zeros, or write it in quotes as a string"),
            ("-", "column 2: the end of the text follows `-` of a number; write at least one digit there"),
            ("1.", "column 3: the end of the text follows the decimal point of a number; write at least one digit there"),
            (".5", "column 1: `.` stands where a value should; write a JSON value there"),
            ("1e", "column 3: the end of the text follows the exponent sign of a number; write at least one digit there"),
            ("1e+x", "column 4: `x` follows the exponent sign of a number; write at least one digit there"),
            ("\"a", "column 3: the string opened at column 1 does not end; add the missing `\"`"),
            (#""a\"#, "column 4: the string opened at column 1 does not end; add the missing `\"`"),
            (#""\n"#, "column 4: the string opened at column 1 does not end; add the missing `\"`"),
            (#""\frac \alpha""#, #"column 8: `\` before `a` is no escape of JSON; write `\\` for a backslash"#),
            (#""\u12g4""#, #"column 2: `\u` is not followed by four hexadecimal digits; write them, as in `\u00e9`"#),
            (#""\u12"#, #"column 2: `\u` is not followed by four hexadecimal digits; write them, as in `\u00e9`"#),
            (#""\ud800""#, "column 2: a surrogate escape stands alone and is no character; write both halves of the pair, or the character itself in UTF-8"),
            (#""x\udc00\ud800""#, "column 3: a surrogate escape stands alone and is no character; write both halves of the pair, or the character itself in UTF-8"),
            (#""\ud800\u0041""#, "column 2: a surrogate escape stands alone and is no character; write both halves of the pair, or the character itself in UTF-8"),
            ("\"a\nb\"", "column 3: control character 0x0A stands inside a string; write `\\n`"),
            ("\"a\\\\\tb\"", "column 5: control character 0x09 stands inside a string; write `\\t`"),
            ("\"\u{1}\"", "column 2: control character 0x01 stands inside a string; remove it, or write it as a `\\u` escape"),
            ("[\u{0}]", "column 2: byte 0x00 stands where a value should; write a JSON value there"),
            ("[1]é", "column 4: byte 0xC3 follows the end of the value; keep one value and remove the rest"),
        ])
    func invalidText(source: String, expected: String) {
        let error = #expect(throws: JSONParseError.self) { try JSONValue(parsing: source) }
        #expect(error?.description == expected)
    }

    @Test(
        "bytes that are not UTF-8 are refused at their column",
        arguments: [
            ([0x22, 0x61, 0xFF, 0x22], 3, "0xFF"), ([0x22, 0xC3, 0x22], 2, "0xC3"), ([0x22, 0xC0, 0x80, 0x22], 2, "0xC0"), ([0x22, 0xED, 0xA0, 0x80, 0x22], 2, "0xED"),
            ([0x22, 0xF5, 0x80, 0x80, 0x80, 0x22], 2, "0xF5"), ([0x22, 0x5C, 0x6E, 0xC3, 0xA9, 0x80, 0x22], 6, "0x80"), ([0x22, 0xE2, 0x82, 0x22], 2, "0xE2"),
        ] as [([UInt8], Int, String)])
    func invalidUTF8(bytes: [UInt8], column: Int, byte: String) {
        let error = #expect(throws: JSONParseError.self) { try JSONValue(parsing: bytes) }
        #expect(error == JSONParseError(column: column, message: "byte \(byte) is not valid UTF-8; save the file as UTF-8"))
    }

    @Test("the depth limit counts lists and objects") func depthLimit() throws {
        let deep = { (depth: Int) in String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
        #expect(try JSONValue(parsing: deep(64)).text == deep(64))
        let error = #expect(throws: JSONParseError.self) { try JSONValue(parsing: deep(65)) }
        #expect(error?.description == "column 65: a list is nested deeper than 64 levels; flatten the value")
        #expect(try JSONValue(parsing: "1", maximumDepth: 0) == 1)
        #expect(throws: JSONParseError.self) { try JSONValue(parsing: "{}", maximumDepth: 0) }
        // Leaving a level gives it back.
        #expect(try JSONValue(parsing: "[[],[],{}]", maximumDepth: 2).arrayValue?.count == 3)
    }

    @Test("the size limit is checked before anything is parsed") func sizeLimit() {
        let error = #expect(throws: JSONParseError.self) { try JSONValue(parsing: Array("[1,2]".utf8), maximumBytes: 4) }
        #expect(error?.description == "column 5: the text has 5 bytes; at most 4 are allowed")
    }

    @Test("a number too large for a Double has no Double") func hugeNumber() throws {
        let number = try #require(try JSONValue(parsing: "1e999").numberValue)
        #expect(number.literal == "1e999")
        #expect(number.double == nil)
    }

    @Test("pretty text has one element a line") func prettyText() throws {
        let value = try JSONValue(parsing: #"{"a":[1,{"b":[]}],"c":{}}"#)
        #expect(String(decoding: value.encodedPretty(), as: UTF8.self) == "{\n  \"a\": [\n    1,\n    {\n      \"b\": []\n    }\n  ],\n  \"c\": {}\n}")
    }

    @Test("random values survive writing and parsing", arguments: 0..<200 as Range<UInt64>) func randomRoundTrip(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let value = Self.randomValue(depth: 5, using: &generator)
        let compact = try JSONValue(parsing: value.encoded())
        #expect(compact == value)
        #expect(compact.encoded() == value.encoded())
        #expect(try JSONValue(parsing: value.encodedPretty()).encoded() == value.encoded())
    }

    @Test("random damage never crashes the parser, and what it still accepts it can write again", arguments: 0..<200 as Range<UInt64>)
    func randomDamage(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var bytes = Self.randomValue(depth: 4, using: &generator).encoded()
        for _ in 0..<3 where !bytes.isEmpty {
            let position = Int.random(in: 0..<bytes.count, using: &generator)
            if Bool.random(using: &generator) { bytes[position] = UInt8.random(in: 0...255, using: &generator) } else { bytes.remove(at: position) }
        }
        guard let value = try? JSONValue(parsing: bytes) else { return }
        #expect(try JSONValue(parsing: value.encoded()).encoded() == value.encoded())
    }

    private static func randomValue(depth: Int, using generator: inout SeededGenerator) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 7 : 5), using: &generator) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &generator))
        case 2: return .number(JSONNumber(Int.random(in: Int.min...Int.max, using: &generator)))
        case 3: return .number(JSONNumber(Double.random(in: -1e30...1e-30, using: &generator)))
        case 4: return .string(randomText(using: &generator))
        case 5: return .array((0..<Int.random(in: 0...4, using: &generator)).map { _ in randomValue(depth: depth - 1, using: &generator) })
        default:
            // The position makes each key one of its own.
            let members = (0..<Int.random(in: 0...4, using: &generator)).map { ("\($0)" + randomText(using: &generator), randomValue(depth: depth - 1, using: &generator)) }
            return .object(JSONObject(uniqueKeysWithValues: members))
        }
    }

    private static func randomText(using generator: inout SeededGenerator) -> String {
        let alphabet: [Unicode.Scalar] = ["a", "{", "}", "\"", "\\", "/", "\n", "\r", "\t", "\u{0}", "\u{1f}", "é", "€", "😀", "\u{301}", "\u{2028}", "\u{10FFFF}", " "]
        var text = ""
        for _ in 0..<Int.random(in: 0...8, using: &generator) {
            text.unicodeScalars.append(alphabet[Int.random(in: 0..<alphabet.count, using: &generator)])
        }
        return text
    }
}
