import AdvPOModel
import Foundation
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
            "messages": .array(request.messages.map { ["role": .string($0.role.rawValue), "content": content(of: $0)] }),
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

    /// The bare text of a message without files, which every server reads; else parts: the text, then each file as a `data:` URL.
    private static func content(of message: ChatMessage) -> JSONValue {
        guard !message.files.isEmpty else { return .string(message.text) }
        return .array([["type": "text", "text": .string(message.text)]] + message.files.map(part))
    }

    private static func part(_ file: ChatMessage.File) -> JSONValue {
        let url = JSONValue.string("data:\(file.mediaType.rawValue);base64,\(Data(file.bytes).base64EncodedString())")
        switch file.mediaType.kind {
        case .image: return ["type": "image_url", "image_url": ["url": url]]
        case .document:
            // The file's name is required; some servers go by its ending.
            let name = file.name.lowercased().hasSuffix(".pdf") ? file.name : "\(file.name).pdf"
            return ["type": "file", "file": ["filename": .string(name), "file_data": url]]
        }
    }

    private static func number(_ value: Double, _ name: String) throws(TryFailure) -> JSONValue {
        guard value.isFinite else { throw .configuration("inferenceConfig.\(name) is \(value), which JSON cannot hold; write a finite number") }
        return .number(JSONNumber(value))
    }
}
