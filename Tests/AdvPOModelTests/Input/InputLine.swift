/// A valid line of an input file, with some of its fields replaced.
enum InputLine {
    static let sample = #"{"inputVariables":[{"q":"2+2"}],"referenceResponse":"4"}"#

    /// Replaces or adds fields by their JSON; an empty text removes the field.
    static func with(_ changes: KeyValuePairs<String, String> = [:]) -> String {
        var fields: [(String, String)] = [
            ("version", "\"bedrock-2026-05-14\""), ("templateId", "\"t1\""), ("promptTemplate", "\"Answer {{q}}\""), ("evaluationSamples", "[\(sample)]"),
        ]
        for (name, json) in changes {
            if let index = fields.firstIndex(where: { $0.0 == name }) { fields[index].1 = json } else { fields.append((name, json)) }
        }
        return "{" + fields.filter { !$0.1.isEmpty }.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
    }

    static func withSample(_ json: String) -> String { with(["evaluationSamples": "[\(json)]"]) }

    static func withFunction(_ json: String) -> String {
        with(["evaluationMetricLambdaArn": json, "customEvaluationMetricLabel": "\"L\""])
    }
}
