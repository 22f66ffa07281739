package import AdvPOModel
import OrderedCollections

/// The bounds of a create request. Those of the published service model, where it has any.
package struct RequestLimits: Hashable, Sendable {
    /// `modelConfigurations`; 5 are published.
    package var modelsPerJob: Int
    /// `tags`; 200 in the published model.
    package var tagsPerJob: Int

    package init(modelsPerJob: Int = 5, tagsPerJob: Int = 200) {
        self.modelsPerJob = modelsPerJob
        self.tagsPerJob = tagsPerJob
    }
}

extension CreateJobRequest {
    /// Decodes and checks the body of `CreateAdvancedPromptOptimizationJob`.
    ///
    /// Throws one `ValidationException` naming every member at fault, or `TooManyTagsException` when the number of tags is the only fault.
    package init(json: JSONValue, limits: RequestLimits = RequestLimits()) throws(APIError) {
        guard let object = json.objectValue else {
            throw APIError(code: .validation, message: "The request body must be a JSON object, found \(json.kindName).")
        }
        var violations = Violations()
        let body = ShapeReader(object)
        let name = body.string("jobName", length: 1...100, pattern: .jobName, required: true, &violations)
        let description = body.string("jobDescription", length: 1...500, &violations)
        let token = body.string("clientToken", length: 1...256, pattern: .clientToken, &violations)
        let input = body.object("inputConfig", required: true, &violations)
        let inputURI = input?.string("s3Uri", length: 1...1024, pattern: .s3URI, required: true, &violations)
        let output = body.object("outputConfig", required: true, &violations)
        let outputURI = output?.string("s3Uri", length: 1...1024, pattern: .s3FolderURI, required: true, &violations)
        let key = body.string("encryptionKeyArn", length: 1...2048, pattern: .kmsKeyARN, &violations)
        let models = Self.models(body, limits, &violations)
        let tags = Self.tags(body, limits, &violations)
        guard violations.messages.isEmpty, let name, let inputURI, let outputURI else {
            throw violations.error ?? APIError(code: .validation, message: "The request body lacks a required member.")
        }
        if tags.count > limits.tagsPerJob {
            throw APIError(
                code: .tooManyTags, message: "'tags' has \(tags.count) members; a job may have \(limits.tagsPerJob).", resourceName: name)
        }
        self.init(
            jobName: name, jobDescription: description, clientToken: token, encryptionKeyArn: key, inputURI: inputURI, outputURI: outputURI, models: models,
            tags: tags)
    }

    private static func models(_ body: ShapeReader, _ limits: RequestLimits, _ violations: inout Violations) -> [ModelConfiguration] {
        guard let list = body.list("modelConfigurations", required: true, &violations) else { return [] }
        violations.check(count: list.count, at: "modelConfigurations", 1...limits.modelsPerJob)
        var models: [ModelConfiguration] = []
        for (index, value) in list.prefix(limits.modelsPerJob).enumerated() {
            let path = ShapeReader.member("modelConfigurations", index)
            guard let object = value.objectValue else {
                violations.add(value, at: path, "Member must be an object")
                continue
            }
            if let model = ModelConfiguration(ShapeReader(object, prefix: path + "."), &violations) { models.append(model) }
        }
        return models
    }

    private static func tags(_ body: ShapeReader, _ limits: RequestLimits, _ violations: inout Violations) -> [Tag] {
        guard let list = body.list("tags", &violations) else { return [] }
        var tags: OrderedDictionary<String, String> = [:]
        for (index, value) in list.enumerated() {
            let path = ShapeReader.member("tags", index)
            guard let object = value.objectValue else {
                violations.add(value, at: path, "Member must be an object")
                continue
            }
            let reader = ShapeReader(object, prefix: path + ".")
            let key = reader.string("key", length: 1...128, pattern: .tag, required: true, &violations)
            let value = reader.string("value", length: 0...256, pattern: .tag, required: true, &violations)
            guard let key, let value else { continue }
            if tags[key] != nil { violations.add(.string(key), at: reader.path("key"), "Member must be unique among the tags' keys") }
            tags[key] = value
        }
        return tags.map { Tag(key: $0.key, value: $0.value) }
    }

    /// Whether two requests ask for the same, to the byte: only the order of keys in JSON objects means nothing.
    ///
    /// Not `==`, which compares that order too, and takes texts of different bytes for equal where Unicode does.
    package func isSame(as other: CreateJobRequest) -> Bool { json.sortedByKey.encoded() == other.json.sortedByKey.encoded() }

    /// The body as a client sends it; what is absent is left out.
    package var json: JSONValue {
        var body: JSONObject = ["jobName": .string(jobName)]
        if let jobDescription { body["jobDescription"] = .string(jobDescription) }
        if let clientToken { body["clientToken"] = .string(clientToken) }
        body["inputConfig"] = ["s3Uri": .string(inputURI)]
        body["outputConfig"] = ["s3Uri": .string(outputURI)]
        if let encryptionKeyArn { body["encryptionKeyArn"] = .string(encryptionKeyArn) }
        body["modelConfigurations"] = .array(models.map(\.json))
        if !tags.isEmpty { body["tags"] = .array(tags.map { ["key": .string($0.key), "value": .string($0.value)] }) }
        return .object(body)
    }
}
