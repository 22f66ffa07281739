package import AdvPOModel

/// The constraints that one request breaks, gathered so that all are told at once.
package struct Violations: Hashable, Sendable {
    package private(set) var messages: [String] = []

    package init() {}

    /// A violation in our words, for the member at `path`: "'tags' failed to satisfy constraint: …".
    package mutating func add(_ value: JSONValue?, at path: String, _ constraint: String) {
        let shown = value.map { "Value \(Self.shown($0)) at" } ?? "Value at"
        messages.append("\(shown) '\(path)' failed to satisfy constraint: \(constraint)")
    }

    /// Lengths are in Unicode scalars, as the service model counts them.
    package mutating func check(_ text: String, at path: String, length: ClosedRange<Int>, pattern: ShapePattern? = nil) {
        let count = text.unicodeScalars.count
        if count < length.lowerBound {
            add(.string(text), at: path, "Member must have length greater than or equal to \(length.lowerBound)")
        } else if count > length.upperBound {
            add(.string(text), at: path, "Member must have length less than or equal to \(length.upperBound)")
        } else if let pattern, !pattern.matches(text) {
            add(.string(text), at: path, pattern.constraint)
        }
    }

    package mutating func check(count: Int, at path: String, _ range: ClosedRange<Int>) {
        if count < range.lowerBound {
            add(nil, at: path, "Member must have length greater than or equal to \(range.lowerBound)")
        } else if count > range.upperBound {
            add(nil, at: path, "Member must have length less than or equal to \(range.upperBound), found \(count)")
        }
    }

    /// Nil when nothing was broken; else one `ValidationException` that names every member at fault.
    package var error: APIError? {
        guard !messages.isEmpty else { return nil }
        // A request that is wrong in a thousand places is told of the first few.
        let shown = messages.prefix(Self.maximumShown)
        let rest = messages.count - shown.count
        let count = messages.count == 1 ? "1 validation error detected" : "\(messages.count) validation errors detected"
        return APIError(code: .validation, message: "\(count): " + shown.joined(separator: "; ") + (rest > 0 ? "; and \(rest) more" : ""))
    }

    package func throwIfAny() throws(APIError) {
        if let error { throw error }
    }

    private static let maximumShown = 50
    private static let maximumShownCharacters = 100

    /// Bounded, since a value comes from outside and may be as long as a body.
    private static func shown(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): text.count > maximumShownCharacters ? "'\(text.prefix(maximumShownCharacters))…'" : "'\(text)'"
        case .number(let number): "'\(number.literal.prefix(maximumShownCharacters))'"
        case .bool(let flag): "'\(flag)'"
        case .null, .array, .object: "(\(value.kindName))"
        }
    }
}
