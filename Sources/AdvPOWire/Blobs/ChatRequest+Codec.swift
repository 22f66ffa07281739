import AdvPOModel

extension ChatRequest {
    init(_ proto: ProtoChatRequest, _ place: String) throws(WireError) {
        var messages: [ChatMessage] = []
        for (index, message) in proto.messages.enumerated() {
            messages.append(ChatMessage(role: try ChatMessage.Role(message.role, "\(place).messages[\(index)].role"), text: message.text))
        }
        self.init(
            modelID: proto.modelID, messages: messages, inference: try InferenceConfiguration(proto.inference, "\(place).inference"),
            additionalModelRequestFields: try JSONValue.object(
                proto.additionalModelRequestFields, "\(place).additional_model_request_fields"),
            seed: proto.hasSeed ? Int(proto.seed) : nil)
    }
}

extension ChatMessage.Role {
    init(_ proto: ProtoChatMessage.Role, _ place: String) throws(WireError) {
        switch proto {
        case .system: self = .system
        case .user: self = .user
        case .assistant: self = .assistant
        case .unspecified: throw WireCheck.missing(place)
        case .UNRECOGNIZED(let value): throw WireError(place: place, problem: "is \(value), which is not known here")
        }
    }
}

extension ProtoChatRequest {
    init(_ request: ChatRequest) {
        self.init()
        modelID = request.modelID
        messages = request.messages.map { message in
            precondition(message.files.isEmpty, "a chat that travels has no files: only samples do")
            var proto = ProtoChatMessage()
            proto.role =
                switch message.role {
                case .system: .system
                case .user: .user
                case .assistant: .assistant
                }
            proto.text = message.text
            return proto
        }
        inference = ProtoInferenceConfiguration(request.inference)
        additionalModelRequestFields = ProtoJSONObject(request.additionalModelRequestFields)
        if let value = request.seed { seed = Int64(value) }
    }
}
