import OrderedCollections

extension Template {
    /// The template as a line of an input file. Reading that line at the same line number gives an equal template.
    ///
    /// Every `inputVariables` entry has one key, a PDF has the type `PDF`, and `shortenPrompt` is written only when set.
    package var jsonLine: JSONValue {
        var object: JSONObject = ["version": .string(InputFile.version), "templateId": .string(id), "promptTemplate": .string(promptTemplate)]
        if let (field, value) = method.inputField { object[field] = value }
        if let metricLabel { object["customEvaluationMetricLabel"] = .string(metricLabel) }
        if shortenPrompt { object["shortenPrompt"] = true }
        object["evaluationSamples"] = .array(samples.map(\.inputValue))
        return .object(object)
    }
}

extension EvaluationMethod {
    /// The field that chooses the method in an input file and echoes it in results; nil for the default judge.
    package var inputField: (name: String, value: JSONValue)? {
        switch self {
        case .defaultJudge: nil
        case .customJudge(let prompt, let modelID):
            ("customLLMJConfig", ["customLLMJPrompt": .string(prompt), "customLLMJModelId": .string(modelID)])
        case .steering(let criteria): ("steeringCriteria", .array(criteria.map { .string($0) }))
        case .function(let arn, _): ("evaluationMetricLambdaArn", .string(arn))
        case .builtin(let metric): ("evaluationMetricLambdaArn", .string(BuiltinMetric.prefix + metric.rawValue))
        }
    }
}

extension Sample {
    /// The variables as a list of objects with one key each.
    var variablesValue: JSONValue { .array(variables.map { [$0.key: .string($0.value)] }) }

    fileprivate var inputValue: JSONValue {
        var object: JSONObject = [:]
        if !variables.isEmpty || attachments.isEmpty { object["inputVariables"] = variablesValue }
        if let referenceResponse { object["referenceResponse"] = .string(referenceResponse) }
        if !attachments.isEmpty {
            object["inputVariablesMultimodal"] = .array(attachments.map { [$0.name: ["type": .string($0.kind.inputType), "s3Uri": .string($0.uri)]] })
        }
        return .object(object)
    }
}
