import Foundation

/// `json_match`: 1 when the first JSON value in the response equals the reference's, whatever the order of keys and the spelling of numbers.
///
/// A response without JSON scores 0; a reference without JSON is a fault of the input.
enum JSONMatch {
    static func evaluate(response: String, reference: String) throws(EvaluationFailure) -> EvaluationResult {
        guard let expected = EmbeddedJSON.first(in: reference) else {
            throw .metric(message: "builtin:json_match needs JSON in referenceResponse, got \(BuiltinFeedback.quote(reference))")
        }
        guard let got = EmbeddedJSON.first(in: response) else {
            return EvaluationResult(
                score: 0,
                feedback: "Wrong: expected JSON \(BuiltinFeedback.quote(expected.text)), got no JSON in \(BuiltinFeedback.quote(response)).")
        }
        if let difference = expected.value.firstDifference(from: got.value, at: "") {
            return EvaluationResult(
                score: 0,
                feedback: "Wrong: \(difference.bounded(to: 400)). Expected \(BuiltinFeedback.quote(expected.text)), got \(BuiltinFeedback.quote(got.text)).")
        }
        return EvaluationResult(score: 1, feedback: "Correct: the JSON is equal.")
    }
}

/// JSON for comparing: numbers as numbers, objects without order.
enum ComparableJSON: Hashable, Decodable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([ComparableJSON])
    case object([String: ComparableJSON])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        // The order matters: an integer is also a number.
        if container.decodeNil() {
            self = .null
        } else if let value = Self.decoded(Bool.self, in: container) {
            self = .bool(value)
        } else if let value = Self.decoded(Int64.self, in: container) {
            self = .integer(value)
        } else if let value = Self.decoded(Double.self, in: container) {
            self = .number(value)
        } else if let value = Self.decoded(String.self, in: container) {
            self = .string(value)
        } else if let value = Self.decoded([ComparableJSON].self, in: container) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: ComparableJSON].self))
        }
    }

    /// Nil when the value is of another kind.
    private static func decoded<Value: Decodable>(_ type: Value.Type, in container: any SingleValueDecodingContainer) -> Value? {
        do { return try container.decode(type) } catch { return nil }
    }

    /// Where and how `other` first differs, in words; nil when both are equal.
    func firstDifference(from other: ComparableJSON, at path: String) -> String? {
        let place = path.isEmpty ? "the value" : path
        switch (self, other) {
        case (.null, .null): return nil
        case (.bool(let expected), .bool(let got)): return expected == got ? nil : "\(place) should be \(expected), is \(got)"
        case (.integer(let expected), .integer(let got)): return expected == got ? nil : "\(place) should be \(expected), is \(got)"
        case (.string(let expected), .string(let got)):
            return expected == got ? nil : "\(place) should be \(BuiltinFeedback.quote(expected)), is \(BuiltinFeedback.quote(got))"
        case (.array(let expected), .array(let got)):
            guard expected.count == got.count else { return "\(place) should have \(expected.count) elements, has \(got.count)" }
            for (index, pair) in zip(expected, got).enumerated() {
                if let difference = pair.0.firstDifference(from: pair.1, at: "\(path)[\(index)]") { return difference }
            }
            return nil
        case (.object(let expected), .object(let got)):
            for key in expected.keys.sorted() {
                let inner = path.isEmpty ? key : "\(path).\(key)"
                guard let gotValue = got[key] else { return "\(inner) is missing" }
                if let difference = expected[key]?.firstDifference(from: gotValue, at: inner) { return difference }
            }
            if let extra = got.keys.sorted().first(where: { expected[$0] == nil }) { return "\(path.isEmpty ? extra : "\(path).\(extra)") is too much" }
            return nil
        case (.null, _), (.bool, _), (.integer, _), (.number, _), (.string, _), (.array, _), (.object, _):
            if let expected = self.double, let got = other.double { return expected == got ? nil : "\(place) should be \(expected), is \(got)" }
            return "\(place) should be \(kindName), is \(other.kindName)"
        }
    }

    private var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        case .null, .bool, .string, .array, .object: nil
        }
    }

    private var kindName: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer, .number: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        }
    }
}
