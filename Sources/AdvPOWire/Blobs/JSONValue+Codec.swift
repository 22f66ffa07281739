import AdvPOModel
import OrderedCollections

extension JSONValue {
    init(_ proto: ProtoJSONValue, _ place: String) throws(WireError) {
        switch proto.kind {
        case .null: self = .null
        case .boolean(let value): self = .bool(value)
        case .number(let literal):
            guard Self.isNumber(literal) else {
                throw WireError(place: "\(place).number", problem: "\"\(literal.prefix(80))\" is not a JSON number")
            }
            self = .number(JSONNumber(trusted: literal))
        case .text(let text): self = .string(text)
        case .array(let array):
            var items: [JSONValue] = []
            for (index, item) in array.items.enumerated() { items.append(try JSONValue(item, "\(place)[\(index)]")) }
            self = .array(items)
        case .object(let object): self = .object(try Self.object(object, place))
        case nil: throw WireCheck.unknownKind(place)
        }
    }

    static func object(_ proto: ProtoJSONObject, _ place: String) throws(WireError) -> JSONObject {
        var object: JSONObject = [:]
        for member in proto.members {
            let inner = "\(place).\(member.key.prefix(80))"
            guard member.hasValue else { throw WireCheck.missing(inner) }
            guard object.updateValue(try JSONValue(member.value, inner), forKey: member.key) == nil else {
                throw WireError(place: inner, problem: "comes twice")
            }
        }
        return object
    }

    /// JSON's grammar: an optional minus, an integer without leading zeros, an optional fraction, an optional exponent.
    static func isNumber(_ literal: String) -> Bool {
        var rest = Array(literal.utf8)[...]
        func digits() -> Int {
            let count = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }.count
            rest = rest.dropFirst(count)
            return count
        }
        if rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
        let leadsWithZero = rest.first == UInt8(ascii: "0")
        let integer = digits()
        guard integer > 0, !leadsWithZero || integer == 1 else { return false }
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            guard digits() > 0 else { return false }
        }
        if let mark = rest.first, mark == UInt8(ascii: "e") || mark == UInt8(ascii: "E") {
            rest = rest.dropFirst()
            if let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { rest = rest.dropFirst() }
            guard digits() > 0 else { return false }
        }
        return rest.isEmpty
    }
}

extension ProtoJSONValue {
    init(_ value: JSONValue) {
        self.init()
        switch value {
        case .null: null = ProtoJSONNull()
        case .bool(let value): boolean = value
        case .number(let value): number = value.literal
        case .string(let value): text = value
        case .array(let values):
            var proto = ProtoJSONArray()
            proto.items = values.map { ProtoJSONValue($0) }
            array = proto
        case .object(let members): object = ProtoJSONObject(members)
        }
    }
}

extension ProtoJSONObject {
    init(_ object: JSONObject) {
        self.init()
        members = object.map { key, value in
            var member = ProtoJSONMember()
            member.key = key
            member.value = ProtoJSONValue(value)
            return member
        }
    }
}
