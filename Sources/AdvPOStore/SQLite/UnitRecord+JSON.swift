import AdvPOModel
import OrderedCollections

extension UnitRecord {
    /// What `Codable` would write, keys ascending. Written by hand because a commit holds thousands of them, and Foundation's encoder takes
    /// longer for one than SQLite for its row.
    var json: JSONValue {
        var members: OrderedDictionary<String, JSONValue> = [:]
        if let failureReason { members["failureReason"] = .string(failureReason) }
        if let feedback { members["feedback"] = .string(feedback) }
        if let judgeOutput { members["judgeOutput"] = .string(judgeOutput) }
        if let judgeUsage { members["judgeUsage"] = judgeUsage.json }
        members["output"] = .string(output)
        members["providerCalls"] = .number(JSONNumber(providerCalls))
        if let score { members["score"] = .number(JSONNumber(score)) }
        members["status"] = .string(status.rawValue)
        if let usage { members["usage"] = usage.json }
        return .object(members)
    }
}

extension Usage {
    fileprivate var json: JSONValue {
        var members: OrderedDictionary<String, JSONValue> = [:]
        if let cost { members["cost"] = .object(["value": .number(JSONNumber(Int(cost.value)))]) }
        members["inputTokens"] = .number(JSONNumber(inputTokens))
        members["latencyMicroseconds"] = .number(JSONNumber(Int(latencyMicroseconds)))
        members["outputTokens"] = .number(JSONNumber(outputTokens))
        members["timeToFirstTokenMicroseconds"] = .number(JSONNumber(Int(timeToFirstTokenMicroseconds)))
        return .object(members)
    }
}
