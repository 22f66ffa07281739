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

    private static func number(_ value: Double, _ name: String) throws(TryFailure) -> JSONValue {
        guard value.isFinite else { throw .configuration("inferenceConfig.\(name) is \(value), which JSON cannot hold; write a finite number") }
        return .number(JSONNumber(value))
    }
}
