import OrderedCollections

/// One target model of a job, with the request settings that the user chose for it.
package struct ModelConfiguration: Hashable, Sendable {
    package var modelID: String
    package var inference: InferenceConfiguration
    /// Passed through to the provider's request body as they are.
    package var additionalModelRequestFields: JSONObject

    package init(modelID: String, inference: InferenceConfiguration = InferenceConfiguration(), additionalModelRequestFields: JSONObject = [:]) {
        self.modelID = modelID
        self.inference = inference
        self.additionalModelRequestFields = additionalModelRequestFields
    }
}

/// Sampling settings; what is absent is left to the provider.
package struct InferenceConfiguration: Hashable, Sendable, Codable {
    /// At least 1.
    package var maxTokens: Int?
    /// 0 to 1.
    package var temperature: Double?
    /// 0 to 1.
    package var topP: Double?
    package var stopSequences: [String]?

    package init(maxTokens: Int? = nil, temperature: Double? = nil, topP: Double? = nil, stopSequences: [String]? = nil) {
        self.maxTokens = maxTokens
        self.temperature = temperature
        self.topP = topP
        self.stopSequences = stopSequences
    }
}
