/// A job's 12-character id, the last segment of its ARN: lower-case letters and digits.
package struct JobID: Hashable, Sendable, Comparable, Codable, CustomStringConvertible {
    package static let length = 12
    package let rawValue: String

    /// Nil unless `rawValue` is 12 characters of `a-z0-9`.
    package init?(_ rawValue: String) {
        guard rawValue.utf8.count == Self.length, rawValue.utf8.allSatisfy(Self.isAllowed) else { return nil }
        self.rawValue = rawValue
    }

    /// A fresh id from a caller's source of randomness.
    package init(using generator: inout some RandomNumberGenerator) {
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz0123456789")
        rawValue = String((0..<Self.length).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] })
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    package var description: String { rawValue }
    package static func < (lhs: JobID, rhs: JobID) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// One template for one model, by their positions in the job.
package struct RunID: Hashable, Sendable, Comparable, Codable, CustomStringConvertible {
    package let job: JobID
    package let template: Int
    package let model: Int

    package init(job: JobID, template: Int, model: Int) {
        self.job = job
        self.template = template
        self.model = model
    }

    package var description: String { "\(job)/\(template)/\(model)" }
    package static func < (lhs: RunID, rhs: RunID) -> Bool {
        (lhs.job, lhs.template, lhs.model) < (rhs.job, rhs.template, rhs.model)
    }
}

/// A point of a machine's own time, in milliseconds since an origin that only its shell knows.
package struct Tick: Hashable, Sendable, Comparable, Codable {
    package let milliseconds: Int64
    package init(milliseconds: Int64) { self.milliseconds = milliseconds }
    package func adding(milliseconds delta: Int64) -> Tick { Tick(milliseconds: milliseconds + delta) }
    package static func < (lhs: Tick, rhs: Tick) -> Bool { lhs.milliseconds < rhs.milliseconds }
}

/// Billionths of a dollar. Money is never a float.
package struct NanoDollars: Hashable, Sendable, Comparable, Codable {
    package var value: Int64
    package init(_ value: Int64) { self.value = value }
    package static let zero = NanoDollars(0)
    package var dollars: Double { Double(value) / 1e9 }
    /// Saturates: token counts come from servers, and a wild one must not end the program.
    package static func + (lhs: NanoDollars, rhs: NanoDollars) -> NanoDollars {
        let (sum, overflows) = lhs.value.addingReportingOverflow(rhs.value)
        return NanoDollars(overflows ? (lhs.value < 0 ? .min : .max) : sum)
    }
    package static func < (lhs: NanoDollars, rhs: NanoDollars) -> Bool { lhs.value < rhs.value }
}
