import AdvPOModel

extension ModelConfiguration {
    init(_ proto: ProtoModelConfiguration, _ place: String) throws(WireError) {
        self.init(
            modelID: proto.modelID, inference: try InferenceConfiguration(proto.inference, "\(place).inference"),
            additionalModelRequestFields: try JSONValue.object(
                proto.additionalModelRequestFields, "\(place).additional_model_request_fields"))
    }
}

extension ProtoModelConfiguration {
    init(_ configuration: ModelConfiguration) {
        self.init()
        modelID = configuration.modelID
        inference = ProtoInferenceConfiguration(configuration.inference)
        additionalModelRequestFields = ProtoJSONObject(configuration.additionalModelRequestFields)
    }
}

extension InferenceConfiguration {
    init(_ proto: ProtoInferenceConfiguration, _ place: String) throws(WireError) {
        if proto.hasMaxTokens, proto.maxTokens < 1 {
            throw WireError(place: "\(place).max_tokens", problem: "is \(proto.maxTokens); it is at least 1")
        }
        self.init(
            maxTokens: proto.hasMaxTokens ? Int(proto.maxTokens) : nil,
            temperature: proto.hasTemperature ? try WireCheck.finite(proto.temperature, "\(place).temperature") : nil,
            topP: proto.hasTopP ? try WireCheck.finite(proto.topP, "\(place).top_p") : nil,
            stopSequences: proto.hasStopSequences ? proto.stopSequences.texts : nil)
    }
}

extension ProtoInferenceConfiguration {
    init(_ configuration: InferenceConfiguration) {
        self.init()
        if let value = configuration.maxTokens { maxTokens = Int64(value) }
        if let value = configuration.temperature { temperature = value }
        if let value = configuration.topP { topP = value }
        if let value = configuration.stopSequences { stopSequences.texts = value }
        // An empty list is set all the same: it differs from an absent one.
        if configuration.stopSequences == [] { stopSequences = ProtoStopSequences() }
    }
}
