import AdvPOModel

/// A decimal amount of dollars, read digit by digit: a float would turn 0.15 into something else.
enum DollarAmount {
    /// Whole dollars beyond which an amount is surely a slip.
    static let largestDollars: Int64 = 1_000_000

    enum Reading: Equatable {
        case amount(NanoDollars)
        case notADecimal
        case tooFine
        case tooLarge
    }

    /// Reads `12`, `0.15`, `.5`; neither sign nor exponent, and at most nine digits after the point that are not zeros at the end.
    static func read(_ text: String) -> Reading {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        let whole = parts.first.map(Array.init) ?? []
        var fraction = parts.count > 1 ? Array(parts[1]) : []
        guard !(whole.isEmpty && fraction.isEmpty), (whole + fraction).allSatisfy(isDigit) else { return .notADecimal }
        while fraction.last == UInt8(ascii: "0") { fraction.removeLast() }
        guard fraction.count <= 9 else { return .tooFine }

        var dollars: Int64 = 0
        for digit in whole {
            dollars = dollars * 10 + Int64(digit - UInt8(ascii: "0"))
            guard dollars <= largestDollars else { return .tooLarge }
        }
        var nanos: Int64 = 0
        for place in 0..<9 {
            nanos = nanos * 10 + (place < fraction.count ? Int64(fraction[place] - UInt8(ascii: "0")) : 0)
        }
        guard dollars < largestDollars || nanos == 0 else { return .tooLarge }
        return .amount(NanoDollars(dollars * 1_000_000_000 + nanos))
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
