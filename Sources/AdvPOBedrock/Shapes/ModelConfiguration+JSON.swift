package import AdvPOModel
import OrderedCollections

extension ModelConfiguration {
    /// The published limits of one model configuration.
    private static let modelIDLength = 0...2048
    private static let stopSequences = 0...2500
    private static let additionalKeyLength = 1...100

    /// Nil when `modelId` is absent or no text; every fault is noted.
    init?(_ reader: ShapeReader, _ violations: inout Violations) {
        let id = reader.string("modelId", length: Self.modelIDLength, pattern: .modelIdentifier, required: true, &violations)
        let inference = reader.object("inferenceConfig", &violations).map { InferenceConfiguration($0, stopSequences: Self.stopSequences, &violations) }
        var additional: JSONObject = [:]
        if let value = reader.value("additionalModelRequestFields") {
            let path = reader.path("additionalModelRequestFields")
            if let object = value.objectValue {
                for key in object.keys { violations.check(key, at: path + ".key", length: Self.additionalKeyLength) }
                additional = object
            } else {
                violations.add(value, at: path, "Member must be an object")
            }
        }
        guard let id else { return nil }
        self.init(modelID: id, inference: inference ?? InferenceConfiguration(), additionalModelRequestFields: additional)
    }

    /// As requests and answers carry it; empty parts are left out.
    package var json: JSONValue {
        var object: JSONObject = ["modelId": .string(modelID)]
        let inferenceJSON = inference.object
        if !inferenceJSON.isEmpty { object["inferenceConfig"] = .object(inferenceJSON) }
        if !additionalModelRequestFields.isEmpty { object["additionalModelRequestFields"] = .object(additionalModelRequestFields) }
        return .object(object)
    }
}

extension InferenceConfiguration {
    init(_ reader: ShapeReader, stopSequences range: ClosedRange<Int>, _ violations: inout Violations) {
        var sequences: [String]?
        if let list = reader.list("stopSequences", &violations) {
            let path = reader.path("stopSequences")
            violations.check(count: list.count, at: path, range)
            sequences = []
            for (index, value) in list.prefix(range.upperBound).enumerated() {
                let member = ShapeReader.member(path, index)
                if let text = value.stringValue {
                    violations.check(text, at: member, length: 1...Int.max)
                    sequences?.append(text)
                } else {
                    violations.add(value, at: member, "Member must be a string")
                }
            }
        }
        self.init(
            maxTokens: reader.integer("maxTokens", atLeast: 1, &violations), temperature: reader.number("temperature", in: 0...1, &violations),
            topP: reader.number("topP", in: 0...1, &violations), stopSequences: sequences)
    }

    fileprivate var object: JSONObject {
        var object: JSONObject = [:]
        if let maxTokens { object["maxTokens"] = .number(JSONNumber(maxTokens)) }
        if let temperature { object["temperature"] = .number(JSONNumber(temperature)) }
        if let topP { object["topP"] = .number(JSONNumber(topP)) }
        if let stopSequences { object["stopSequences"] = .array(stopSequences.map(JSONValue.string)) }
        return object
    }
}
