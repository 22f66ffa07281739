import AdvPOModel
// Protocol Buffers hand out byte fields as Foundation's Data.
import Foundation

extension EvaluationSpecification {
    init(_ proto: ProtoEvaluationSpecification, _ place: String) throws(WireError) {
        let method = try EvaluationMethod(proto.method, place)
        if method.usesJudge != proto.hasJudgeModelID {
            throw WireError(place: "\(place).judge_model_id", problem: method.usesJudge ? "is missing" : "is set, but the method has no judge")
        }
        let usesFunction = if case .function = method { true } else { false }
        if usesFunction != proto.hasFunctionBundle {
            throw WireError(place: "\(place).function_bundle", problem: usesFunction ? "is missing" : "is set, but the method is no function")
        }
        self.init(
            method: method, judgeModelID: proto.hasJudgeModelID ? proto.judgeModelID : nil,
            functionBundle: proto.hasFunctionBundle ? try WireCheck.hash(proto.functionBundle, "\(place).function_bundle") : nil,
            judgeAttachments: try Self.kinds(proto.judgeAttachments, method, "\(place).judge_attachments"))
    }

    private static func kinds(
        _ kinds: [ProtoAttachment.Kind], _ method: EvaluationMethod, _ place: String
    ) throws(WireError) -> [Attachment.Kind] {
        guard kinds.isEmpty || method.usesJudge else { throw WireError(place: place, problem: "is set, but the method has no judge") }
        var result: [Attachment.Kind] = []
        for (index, kind) in kinds.enumerated() {
            if index > 0, kinds[index - 1].rawValue >= kind.rawValue {
                throw WireError(place: place, problem: "does not ascend; each kind comes once, images first")
            }
            result.append(try Attachment.Kind(kind, "\(place)[\(index)]"))
        }
        return result
    }
}

extension EvaluationMethod {
    init(_ proto: ProtoEvaluationSpecification.OneOf_Method?, _ place: String) throws(WireError) {
        switch proto {
        case .defaultJudge: self = .defaultJudge
        case .customJudge(let judge): self = .customJudge(prompt: judge.prompt, modelID: judge.modelID)
        case .steering(let steering): self = .steering(criteria: steering.criteria)
        case .function(let function): self = .function(arn: function.arn, name: function.name)
        case .builtin(let builtin):
            guard let metric = BuiltinMetric(rawValue: builtin.metric) else {
                throw WireError(place: "\(place).builtin.metric", problem: "\"\(builtin.metric.prefix(80))\" is not a metric that is known here")
            }
            self = .builtin(metric)
        case nil: throw WireCheck.unknownKind("\(place).method")
        }
    }
}

extension ProtoEvaluationSpecification {
    init(_ specification: EvaluationSpecification) {
        self.init()
        switch specification.method {
        case .defaultJudge: defaultJudge = ProtoDefaultJudge()
        case .customJudge(let prompt, let modelID):
            customJudge.prompt = prompt
            customJudge.modelID = modelID
        case .steering(let criteria): steering.criteria = criteria
        case .function(let arn, let name):
            function.arn = arn
            function.name = name
        case .builtin(let metric): builtin.metric = metric.rawValue
        }
        if let id = specification.judgeModelID { judgeModelID = id }
        if let hash = specification.functionBundle { functionBundle = Data(hash.bytes) }
        judgeAttachments = specification.judgeAttachments.map { ProtoAttachment.Kind($0) }
    }
}
