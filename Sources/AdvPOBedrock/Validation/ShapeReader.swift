import AdvPOModel
import OrderedCollections

/// Reads members of one object of a request body, noting what is wrong instead of stopping at it.
///
/// A member that is null counts as absent; members that the shape does not have are ignored, as AWS does.
struct ShapeReader {
    private let object: JSONObject
    /// What stands before a member's name in messages: empty, or `modelConfigurations.1.member.`.
    private let prefix: String

    init(_ object: JSONObject, prefix: String = "") {
        self.object = object
        self.prefix = prefix
    }

    func path(_ name: String) -> String { prefix + name }

    func value(_ name: String) -> JSONValue? {
        switch object[name] {
        case .none, .some(.null): nil
        case .some(let value): value
        }
    }

    func string(
        _ name: String, length: ClosedRange<Int>, pattern: ShapePattern? = nil, required: Bool = false, _ violations: inout Violations
    ) -> String? {
        guard let value = present(name, required: required, &violations) else { return nil }
        guard let text = value.stringValue else {
            violations.add(value, at: path(name), "Member must be a string")
            return nil
        }
        violations.check(text, at: path(name), length: length, pattern: pattern)
        return text
    }

    /// A 32-bit integer, as the service model's `integer` is.
    func integer(_ name: String, atLeast minimum: Int, _ violations: inout Violations) -> Int? {
        guard let value = value(name) else { return nil }
        guard let number = value.numberValue?.int else {
            violations.add(value, at: path(name), "Member must be an integer")
            return nil
        }
        if number < minimum { violations.add(value, at: path(name), "Member must have value greater than or equal to \(minimum)") }
        if number > Int(Int32.max) { violations.add(value, at: path(name), "Member must have value less than or equal to \(Int32.max)") }
        return number
    }

    func number(_ name: String, in range: ClosedRange<Double>, _ violations: inout Violations) -> Double? {
        guard let value = value(name) else { return nil }
        guard let number = value.numberValue?.double else {
            violations.add(value, at: path(name), "Member must be a number")
            return nil
        }
        if number < range.lowerBound {
            violations.add(value, at: path(name), "Member must have value greater than or equal to \(Int(range.lowerBound))")
        } else if !(number <= range.upperBound) {
            violations.add(value, at: path(name), "Member must have value less than or equal to \(Int(range.upperBound))")
        }
        return number
    }

    func list(_ name: String, required: Bool = false, _ violations: inout Violations) -> [JSONValue]? {
        guard let value = present(name, required: required, &violations) else { return nil }
        guard let list = value.arrayValue else {
            violations.add(value, at: path(name), "Member must be a list")
            return nil
        }
        return list
    }

    func object(_ name: String, required: Bool = false, _ violations: inout Violations) -> ShapeReader? {
        guard let value = present(name, required: required, &violations) else { return nil }
        guard let object = value.objectValue else {
            violations.add(value, at: path(name), "Member must be an object")
            return nil
        }
        return ShapeReader(object, prefix: path(name) + ".")
    }

    private func present(_ name: String, required: Bool, _ violations: inout Violations) -> JSONValue? {
        let value = value(name)
        if value == nil, required { violations.add(nil, at: path(name), "Member must not be null") }
        return value
    }

    /// How a list's member is named in messages: 1-based, as AWS does.
    static func member(_ list: String, _ index: Int) -> String { "\(list).\(index + 1).member" }
}
