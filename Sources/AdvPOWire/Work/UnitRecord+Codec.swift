package import AdvPOModel

extension UnitRecord {
    package func encoded() -> [UInt8] { ProtoUnitRecord(self).canonicalBytes() }

    package init(decoding bytes: [UInt8], limits: WireLimits) throws(WireError) {
        let proto = try ProtoUnitRecord(checking: bytes, as: .unitRecord, named: "UnitRecord", limits: limits)
        try self.init(proto, "UnitRecord")
    }

    init(_ proto: ProtoUnitRecord, _ place: String) throws(WireError) {
        let status = try Status(proto.status, "\(place).status")
        let score: Double? = proto.hasScore ? try WireCheck.finite(proto.score, "\(place).score") : nil
        if status == .infrastructureFailure, score != nil {
            throw WireError(place: "\(place).score", problem: "is set, but an infrastructure failure has no score")
        }
        self.init(
            status: status, output: proto.output, score: score,
            feedback: proto.hasFeedback ? proto.feedback : nil,
            judgeOutput: proto.hasJudgeOutput ? proto.judgeOutput : nil,
            failureReason: proto.hasFailureReason ? proto.failureReason : nil,
            usage: proto.hasUsage ? try Usage(proto.usage, "\(place).usage") : nil,
            judgeUsage: proto.hasJudgeUsage ? try Usage(proto.judgeUsage, "\(place).judge_usage") : nil,
            providerCalls: Int(try WireCheck.quantity(proto.providerCalls, "\(place).provider_calls")))
    }
}

extension UnitRecord.Status {
    init(_ proto: ProtoUnitRecord.Status, _ place: String) throws(WireError) {
        switch proto {
        case .scored: self = .scored
        case .modelFailure: self = .modelFailure
        case .infrastructureFailure: self = .infrastructureFailure
        case .unspecified: throw WireCheck.missing(place)
        case .UNRECOGNIZED(let value): throw WireError(place: place, problem: "is \(value), which is not known here")
        }
    }
}

extension Usage {
    init(_ proto: ProtoUsage, _ place: String) throws(WireError) {
        self.init(
            inputTokens: Int(try WireCheck.quantity(proto.inputTokens, "\(place).input_tokens")),
            outputTokens: Int(try WireCheck.quantity(proto.outputTokens, "\(place).output_tokens")),
            timeToFirstTokenMicroseconds: try WireCheck.quantity(proto.timeToFirstTokenMicroseconds, "\(place).time_to_first_token_microseconds"),
            latencyMicroseconds: try WireCheck.quantity(proto.latencyMicroseconds, "\(place).latency_microseconds"),
            cost: proto.hasCostNanoDollars ? NanoDollars(try WireCheck.quantity(proto.costNanoDollars, "\(place).cost_nano_dollars")) : nil)
    }
}

extension ProtoUnitRecord {
    init(_ record: UnitRecord) {
        self.init()
        status =
            switch record.status {
            case .scored: .scored
            case .modelFailure: .modelFailure
            case .infrastructureFailure: .infrastructureFailure
            }
        output = record.output
        if let value = record.score { score = value }
        if let value = record.feedback { feedback = value }
        if let value = record.judgeOutput { judgeOutput = value }
        if let value = record.failureReason { failureReason = value }
        if let value = record.usage { usage = ProtoUsage(value) }
        if let value = record.judgeUsage { judgeUsage = ProtoUsage(value) }
        providerCalls = Int64(record.providerCalls)
    }
}

extension ProtoUsage {
    init(_ usage: Usage) {
        self.init()
        inputTokens = Int64(usage.inputTokens)
        outputTokens = Int64(usage.outputTokens)
        timeToFirstTokenMicroseconds = usage.timeToFirstTokenMicroseconds
        latencyMicroseconds = usage.latencyMicroseconds
        if let cost = usage.cost { costNanoDollars = cost.value }
    }
}
