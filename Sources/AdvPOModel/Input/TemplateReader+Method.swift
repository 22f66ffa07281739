import OrderedCollections

extension TemplateReader {
    private static let methodFields = ["steeringCriteria", "customLLMJConfig", "evaluationMetricLambdaArn"]

    /// The method and the metric's label; the method is nil after a fault.
    mutating func readMethod(_ object: JSONObject) -> (EvaluationMethod?, String?) {
        let named = Self.methodFields.filter { object[$0] != nil }
        if named.count > 1 {
            fault(
                named[1], "the template has \(named.joined(separator: " and ")), but one evaluation method is allowed",
                "keep one of them; the others can be templates of their own")
        }
        // Each is read, so that its own faults are reported too.
        var methods: [EvaluationMethod?] = []
        if let value = object["steeringCriteria"] { methods.append(readSteering(value)) }
        if let value = object["customLLMJConfig"] { methods.append(readCustomJudge(value)) }
        if let value = object["evaluationMetricLambdaArn"] { methods.append(readFunction(value)) }
        let label = readLabel(object, named: named)
        guard let method = methods.first else {
            checkJudge(at: "evaluationSamples", "the template names no evaluation method, and the built-in judge has no model")
            return (.defaultJudge, label)
        }
        return (named.count == 1 ? method : nil, label)
    }

    private mutating func readLabel(_ object: JSONObject, named: [String]) -> String? {
        let remedy = "name the metric, for example \"Accuracy\""
        if object["customEvaluationMetricLabel"] != nil { return readText(object, "customEvaluationMetricLabel", at: "", missing: remedy) }
        let isBuiltin = object["evaluationMetricLambdaArn"]?.stringValue?.hasPrefix(BuiltinMetric.prefix) == true
        if let field = named.first(where: { $0 == "customLLMJConfig" || ($0 == "evaluationMetricLambdaArn" && !isBuiltin) }) {
            fault("customEvaluationMetricLabel", "the field is missing, and \(field) needs it", remedy)
        }
        return nil
    }

    private mutating func checkJudge(at field: String, _ problem: String) {
        guard context.hasJudge == false else { return }
        fault(field, problem, "set roles.judge in the model file, or score with evaluationMetricLambdaArn (for example \"builtin:exact_match\")")
    }

    private mutating func readSteering(_ value: JSONValue) -> EvaluationMethod? {
        let field = "steeringCriteria"
        let remedy = "write a list of 1 to \(limits.steeringCriteria) strings, or leave the field out"
        guard let list = value.arrayValue else {
            fault(field, "the value is \(value.kindName), not a list", remedy)
            return nil
        }
        guard !list.isEmpty else {
            fault(field, "the list is empty", remedy)
            return nil
        }
        if list.count > limits.steeringCriteria {
            fault(field, "there are \(list.count) criteria; the limit is \(limits.steeringCriteria)", "keep the most important ones")
            return nil
        }
        checkJudge(at: field, "criteria are scored by the built-in judge, which has no model")
        var criteria: [String] = []
        for (index, item) in list.enumerated() {
            let itemField = "\(field)[\(index)]"
            guard let text = string(item, at: itemField) else { continue }
            if checkText(text, at: itemField, remedy: "write the criterion, or remove it") { criteria.append(text) }
        }
        return criteria.count == list.count ? .steering(criteria: criteria) : nil
    }

    private mutating func readCustomJudge(_ value: JSONValue) -> EvaluationMethod? {
        let field = "customLLMJConfig"
        guard let object = value.objectValue else {
            fault(field, "the value is \(value.kindName), not an object", "write {\"customLLMJPrompt\": \"…\", \"customLLMJModelId\": \"…\"}")
            return nil
        }
        checkNames(of: object, at: field, known: ["customLLMJPrompt", "customLLMJModelId"])
        let prompt = readText(object, "customLLMJPrompt", at: field, missing: "write what the judge should look at")
        let model = readText(object, "customLLMJModelId", at: field, missing: "name the model that judges")
        if let model, let known = context.modelIDs, !known.contains(model) {
            let nearest = NearestName.find(model, among: known).map { "did you mean \($0)? " } ?? ""
            fault(
                "\(field).customLLMJModelId", "\(JSONValue.string(model).excerpt) is not in the model file",
                "\(nearest)add it there, or name one of: \(Self.shown(known))")
            return nil
        }
        guard let prompt, let model else { return nil }
        return .customJudge(prompt: prompt, modelID: model)
    }

    private mutating func readFunction(_ value: JSONValue) -> EvaluationMethod? {
        let field = "evaluationMetricLambdaArn"
        guard let text = string(value, at: field) else { return nil }
        if text.hasPrefix(BuiltinMetric.prefix) {
            if let metric = BuiltinMetric(rawValue: String(text.dropFirst(BuiltinMetric.prefix.count))) { return .builtin(metric) }
            let names = BuiltinMetric.allCases.map { BuiltinMetric.prefix + $0.rawValue }
            let nearest = NearestName.find(text, among: names).map { "did you mean \($0)? " } ?? ""
            fault(field, "\(JSONValue.string(text).excerpt) is no built-in metric", "\(nearest)the metrics are \(names.joined(separator: ", "))")
            return nil
        }
        guard let arn = LambdaFunctionARN(text) else {
            fault(
                field, "\(JSONValue.string(text).excerpt) is not the ARN of a Lambda function",
                "write arn:aws:lambda:REGION:ACCOUNT:function:NAME, with an account of 12 digits, or builtin:NAME")
            return nil
        }
        if let known = context.functionNames, !known.contains(arn.name) {
            let choice = known.isEmpty ? "it names none yet" : "it names: \(Self.shown(known))"
            fault(field, "the function \"\(arn.name)\" is not in the model file", "add it under functions there with its folder; \(choice)")
            return nil
        }
        return .function(arn: text, name: arn.name)
    }

    private static func shown(_ names: [String]) -> String {
        names.isEmpty ? "(none)" : names.prefix(20).joined(separator: ", ") + (names.count > 20 ? ", …" : "")
    }
}
