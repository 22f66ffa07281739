import AdvPOModel
import OrderedCollections

/// The JSON body of a chat completions request.
package enum RequestBody {
    /// What `additionalModelRequestFields` may not set, because the answer's reader depends on it.
    package static let reservedFields = ["model", "messages", "stream", "stream_options"]

    /// The fields in sending order: ours first, then the user's, which replace ours of the same name.
    ///
    /// - Throws: a configuration failure when a reserved field or a number that JSON cannot hold is set.
    static func fields(_ request: ChatRequest, model: String) throws(TryFailure) -> JSONObject {
        for name in reservedFields where request.additionalModelRequestFields[name] != nil {
            throw .configuration("additionalModelRequestFields may not set \"\(name)\"; remove it")
        }
        var fields: JSONObject = [
            "model": .string(model),
            "messages": .array(request.messages.map { ["role": .string($0.role.rawValue), "content": .string($0.text)] }),
            "stream": true,
            "stream_options": ["include_usage": true],
        ]
        let inference = request.inference
        if let maxTokens = inference.maxTokens { fields["max_tokens"] = .number(JSONNumber(maxTokens)) }
        if let temperature = inference.temperature { fields["temperature"] = try number(temperature, "temperature") }
        if let topP = inference.topP { fields["top_p"] = try number(topP, "topP") }
        if let stops = inference.stopSequences, !stops.isEmpty { fields["stop"] = .array(stops.map { .string($0) }) }
        if let seed = request.seed { fields["seed"] = .number(JSONNumber(seed)) }
        for (name, value) in request.additionalModelRequestFields { fields[name] = value }
        return fields
    }

    /// JSON without spaces, keys in their order, numbers as they were written.
    static func encoded(_ fields: JSONObject) -> [UInt8] {
        var bytes: [UInt8] = []
        write(.object(fields), into: &bytes)
        return bytes
    }

    private static func number(_ value: Double, _ name: String) throws(TryFailure) -> JSONValue {
        guard value.isFinite else { throw .configuration("inferenceConfig.\(name) is \(value), which JSON cannot hold; write a finite number") }
        return .number(JSONNumber(value))
    }

    private static func write(_ value: JSONValue, into bytes: inout [UInt8]) {
        switch value {
        case .null: bytes += "null".utf8
        case .bool(let value): bytes += (value ? "true" : "false").utf8
        case .number(let value): bytes += value.literal.utf8
        case .string(let text): write(text, into: &bytes)
        case .array(let items):
            bytes.append(UInt8(ascii: "["))
            for (index, item) in items.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                write(item, into: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                write(member.key, into: &bytes)
                bytes.append(UInt8(ascii: ":"))
                write(member.value, into: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    private static func write(_ text: String, into bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): bytes += "\\\"".utf8
            case UInt8(ascii: "\\"): bytes += "\\\\".utf8
            case UInt8(ascii: "\n"): bytes += "\\n".utf8
            case UInt8(ascii: "\r"): bytes += "\\r".utf8
            case UInt8(ascii: "\t"): bytes += "\\t".utf8
            case 0..<0x20:
                bytes += (byte < 0x10 ? "\\u000" : "\\u00").utf8
                bytes += String(byte, radix: 16).utf8
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
