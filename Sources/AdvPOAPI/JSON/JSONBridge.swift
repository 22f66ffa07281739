import AdvPOModel
import Foundation
import OrderedCollections

extension JSONValue {
    /// Throws when the bytes are not one JSON document.
    init(parsing bytes: [UInt8]) throws {
        self = try JSONDecoder().decode(DecodedJSON.self, from: Data(bytes)).value
    }

    func encoded() -> [UInt8] {
        switch self {
        case .null: return Array("null".utf8)
        case .bool(let flag): return Array(flag ? "true".utf8 : "false".utf8)
        case .number(let number): return Array(number.literal.utf8)
        case .string(let text): return Self.quoted(text)
        case .array(let values): return Array("[".utf8) + Array(values.map { $0.encoded() }.joined(separator: [UInt8(ascii: ",")])) + Array("]".utf8)
        case .object(let object):
            let members = object.map { Self.quoted($0.key) + [UInt8(ascii: ":")] + $0.value.encoded() }
            return Array("{".utf8) + Array(members.joined(separator: [UInt8(ascii: ",")])) + Array("}".utf8)
        }
    }

    private static func quoted(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = [UInt8(ascii: "\"")]
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": bytes += Array("\\\"".utf8)
            case "\\": bytes += Array("\\\\".utf8)
            case "\n": bytes += Array("\\n".utf8)
            case "\r": bytes += Array("\\r".utf8)
            case "\t": bytes += Array("\\t".utf8)
            case _ where scalar.value < 0x20:
                let hex = String(scalar.value, radix: 16)
                bytes += Array("\\u".utf8) + Array(String(repeating: "0", count: 4 - hex.count).utf8) + Array(hex.utf8)
            default: bytes += Array(String(Character(scalar)).utf8)
            }
        }
        return bytes + [UInt8(ascii: "\"")]
    }
}

private struct DecodedJSON: Decodable {
    let value: JSONValue

    private struct Key: CodingKey {
        let stringValue: String
        let intValue: Int? = nil
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        if let container = try? decoder.container(keyedBy: Key.self) {
            var object: JSONObject = [:]
            // Foundation gives no order; a sorted one makes equal texts equal values.
            for key in container.allKeys.sorted(by: { $0.stringValue < $1.stringValue }) { object[key.stringValue] = try container.decode(DecodedJSON.self, forKey: key).value }
            value = .object(object)
            return
        }
        if var container = try? decoder.unkeyedContainer() {
            var array: [JSONValue] = []
            while !container.isAtEnd { array.append(try container.decode(DecodedJSON.self).value) }
            value = .array(array)
            return
        }
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            value = .null
        } else if let flag = try? container.decode(Bool.self) {
            value = .bool(flag)
        } else if let number = try? container.decode(Int.self) {
            value = .number(JSONNumber(number))
        } else if let number = try? container.decode(Double.self) {
            value = .number(JSONNumber(number))
        } else {
            value = .string(try container.decode(String.self))
        }
    }
}
