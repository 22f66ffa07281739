/// A cursor over a text's bytes for patterns that are too small for a regular-expression engine.
///
/// Each step consumes what it matches and says whether it did; after a failed step the cursor is meaningless. Steps are greedy and never go back.
struct PatternScanner {
    /// A set of ASCII characters.
    enum CharacterClass {
        case digits
        case lowerDigits
        case lowerDigitsHyphen
        case alphanumerics
        /// `a-zA-Z0-9-`
        case alphanumericsHyphen
        /// `a-zA-Z0-9.+-`
        case jobName
        /// `-.a-z0-9`
        case bucket
        /// `-!_*'().a-z0-9A-Z`
        case objectKey
        /// `a-zA-Z0-9\s._:/=+@-`
        case tag
        /// `a-zA-Z0-9-:.`
        case profileName
        /// Anything but a colon.
        case notColon

        func contains(_ byte: UInt8) -> Bool {
            let isDigit = byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
            let isLower = byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z")
            let isUpper = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
            let isHyphen = byte == UInt8(ascii: "-")
            switch self {
            case .digits: return isDigit
            case .lowerDigits: return isLower || isDigit
            case .lowerDigitsHyphen: return isLower || isDigit || isHyphen
            case .alphanumerics: return isLower || isUpper || isDigit
            case .alphanumericsHyphen: return isLower || isUpper || isDigit || isHyphen
            case .jobName: return isLower || isUpper || isDigit || isHyphen || ".+".utf8.contains(byte)
            case .bucket: return isLower || isDigit || isHyphen || byte == UInt8(ascii: ".")
            case .objectKey: return isLower || isUpper || isDigit || isHyphen || "!_*'().".utf8.contains(byte)
            case .tag: return isLower || isUpper || isDigit || isHyphen || "._:/=+@ \t\n\u{0B}\u{0C}\r".utf8.contains(byte)
            case .profileName: return isLower || isUpper || isDigit || isHyphen || ":.".utf8.contains(byte)
            case .notColon: return byte != UInt8(ascii: ":")
            }
        }
    }

    private let bytes: [UInt8]
    private(set) var position = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    var isAtEnd: Bool { position == bytes.count }
    var next: UInt8? { isAtEnd ? nil : bytes[position] }

    /// Whether `steps` match the whole text.
    static func matches(_ text: String, _ steps: (inout PatternScanner) -> Bool) -> Bool {
        var scanner = PatternScanner(text)
        return steps(&scanner) && scanner.isAtEnd
    }

    mutating func literal(_ text: String) -> Bool {
        guard bytes[position...].starts(with: text.utf8) else { return false }
        position += text.utf8.count
        return true
    }

    /// As many characters of the class as follow, up to the upper bound; false below the lower one.
    mutating func run(of characters: CharacterClass, _ count: ClosedRange<Int>) -> Bool {
        var length = 0
        while length < count.upperBound, let byte = next, characters.contains(byte) {
            position += 1
            length += 1
        }
        return length >= count.lowerBound
    }

    /// `aws(-[^:]+)?`, up to a colon or the end.
    mutating func partition() -> Bool {
        guard literal("aws") else { return false }
        guard let byte = next, byte != UInt8(ascii: ":") else { return true }
        return literal("-") && run(of: .notColon, 1...Int.max)
    }
}
