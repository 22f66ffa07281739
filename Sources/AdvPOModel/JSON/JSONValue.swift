package import OrderedCollections

/// A JSON document that keeps the order of its keys and the exact spelling of its numbers.
///
/// Inputs and results are compared byte by byte with what users wrote, so neither `1.0` may become `1`, nor may keys move.
/// Equality is that of Swift's strings, for which two Unicode normal forms of a text are equal; to compare bytes, compare `encoded()`.
package indirect enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)
}

package typealias JSONObject = OrderedDictionary<String, JSONValue>

/// A JSON number as written; `literal` always matches the JSON grammar for numbers.
package struct JSONNumber: Sendable, Hashable {
    package let literal: String

    /// Trusts its argument: use the parser for text from outside.
    package init(trusted literal: String) { self.literal = literal }
    package init(_ value: Int) { literal = String(value) }
    /// Precondition: `value` is finite, since JSON has no other numbers.
    package init(_ value: Double) {
        precondition(value.isFinite, "JSON has no infinities")
        literal = "\(value)"
    }

    /// Nil when the number is too large for a `Double`.
    package var double: Double? { Double(literal).flatMap { $0.isFinite ? $0 : nil } }
    /// Nil unless the literal is a whole number in the range of `Int`, written without fraction or exponent.
    package var int: Int? { Int(literal) }
}

extension JSONValue {
    package var stringValue: String? { if case .string(let value) = self { value } else { nil } }
    package var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }
    package var arrayValue: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
    package var objectValue: JSONObject? { if case .object(let value) = self { value } else { nil } }
    package var numberValue: JSONNumber? { if case .number(let value) = self { value } else { nil } }

    /// The member of an object; nil for other values.
    package subscript(key: String) -> JSONValue? { objectValue?[key] }
    /// The element of a list; nil for other values and beyond its end.
    package subscript(index: Int) -> JSONValue? {
        guard let elements = arrayValue, elements.indices.contains(index) else { return nil }
        return elements[index]
    }

    /// What the value is, in the words of an error message.
    package var kindName: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int) { self = .number(JSONNumber(value)) }
    package init(floatLiteral value: Double) { self = .number(JSONNumber(value)) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(JSONObject(elements, uniquingKeysWith: { _, last in last }))
    }
    package init(nilLiteral: ()) { self = .null }
}
