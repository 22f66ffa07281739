/// Percent-encoding by RFC 3986 as SigV4 wants it: the unreserved characters stay, every other byte becomes `%` and two upper-case digits.
package enum PercentEncoding {
    /// Encodes each byte that is neither unreserved nor one of `kept`.
    package static func encoded(_ bytes: some Sequence<UInt8>, keeping kept: [UInt8] = []) -> [UInt8] {
        var result: [UInt8] = []
        for byte in bytes {
            if isUnreserved(byte) || kept.contains(byte) {
                result.append(byte)
            } else {
                result += [percent, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return result
    }

    package static func encoded(_ text: String, keeping kept: String = "") -> String { String(decoding: encoded(text.utf8, keeping: Array(kept.utf8)), as: UTF8.self) }

    /// Replaces each `%` with two hexadecimal digits by its byte. A `%` without them stays as it is, and so does `+`.
    package static func decoded(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        let source = Array(bytes)
        var result: [UInt8] = []
        var index = 0
        while index < source.count {
            if source[index] == percent, index + 2 < source.count, let high = value(source[index + 1]), let low = value(source[index + 2]) {
                result.append(high << 4 | low)
                index += 3
            } else {
                result.append(source[index])
                index += 1
            }
        }
        return result
    }

    private static let percent = UInt8(ascii: "%")
    private static let digits = Array("0123456789ABCDEF".utf8)

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
            true
        default: false
        }
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}

/// Text of the wire by its bytes: Swift's own comparison of strings takes differently composed characters for equal, which a signature must not.
enum ASCII {
    static func lowercased(_ text: some StringProtocol) -> [UInt8] {
        text.utf8.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 + 32 : $0 }
    }

    /// Blanks at both ends are gone and each run of them inside is one space.
    static func collapsingBlanks(_ text: some Sequence<UInt8>) -> [UInt8] {
        Array(text.split(whereSeparator: isBlank).joined(separator: [UInt8(ascii: " ")]))
    }

    /// Space, and tab to carriage return.
    static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || (9...13).contains(byte) }

    static func isGraphic(_ byte: UInt8) -> Bool { (33...126).contains(byte) }

    static func areEqual(_ one: some StringProtocol, _ other: some StringProtocol) -> Bool { one.utf8.elementsEqual(other.utf8) }
}
