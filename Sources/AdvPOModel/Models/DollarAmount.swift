/// A decimal number without sign or exponent, read digit by digit: a float would turn 0.15 into something else.
package enum FixedPointDecimal {
    package enum Reading: Hashable, Sendable {
        /// In units of the last place.
        case value(Int64)
        case notADecimal
        /// More places than were asked for, zeros at the end left out.
        case tooFine
        case tooLarge
    }

    /// Reads `12`, `0.15`, `.5`, at most `largestWhole` and with at most `places` digits after the point.
    package static func read(_ text: String, places: Int, largestWhole: Int64) -> Reading {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        let whole = parts.first.map(Array.init) ?? []
        var fraction = parts.count > 1 ? Array(parts[1]) : []
        guard !(whole.isEmpty && fraction.isEmpty), (whole + fraction).allSatisfy(isDigit) else { return .notADecimal }
        while fraction.last == UInt8(ascii: "0") { fraction.removeLast() }
        guard fraction.count <= places else { return .tooFine }

        var value: Int64 = 0
        for digit in whole {
            value = value * 10 + Int64(digit - UInt8(ascii: "0"))
            guard value <= largestWhole else { return .tooLarge }
        }
        guard value < largestWhole || fraction.isEmpty else { return .tooLarge }
        for place in 0..<places { value = value * 10 + (place < fraction.count ? Int64(fraction[place] - UInt8(ascii: "0")) : 0) }
        return .value(value)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}

/// A decimal amount of dollars.
package enum DollarAmount {
    /// Whole dollars beyond which an amount is surely a slip.
    package static let largestDollars: Int64 = 1_000_000

    package enum Reading: Hashable, Sendable {
        case amount(NanoDollars)
        case notADecimal
        case tooFine
        case tooLarge
    }

    /// Reads `12`, `0.15`, `.5`; neither sign nor exponent, and at most nine digits after the point that are not zeros at the end.
    package static func read(_ text: String) -> Reading {
        switch FixedPointDecimal.read(text, places: 9, largestWhole: largestDollars) {
        case .value(let nanos): .amount(NanoDollars(nanos))
        case .notADecimal: .notADecimal
        case .tooFine: .tooFine
        case .tooLarge: .tooLarge
        }
    }
}

extension NanoDollars {
    /// For people: `$1.5`, exact to the last nano-dollar, without zeros at the end.
    package var dollarText: String {
        let magnitude = value.magnitude
        var fraction = String(magnitude % 1_000_000_000)
        fraction = String(repeating: "0", count: 9 - fraction.count) + fraction
        while fraction.last == "0" { fraction.removeLast() }
        return "\(value < 0 ? "-" : "")$\(magnitude / 1_000_000_000)" + (fraction.isEmpty ? "" : "." + fraction)
    }
}
