import AdvPOModel
import OrderedCollections

/// The record as its column keeps it, with the keys that its `Codable` reads, in alphabetical order and without those that are nil.
///
/// Written by hand: a coordinator stores thousands in a second, and Foundation's encoder takes several times as long.
extension UnitRecord {
    var json: String {
        var members = JSONObject(minimumCapacity: 9)
        members["failureReason"] = failureReason.map { .string($0) }
        members["feedback"] = feedback.map { .string($0) }
        members["judgeOutput"] = judgeOutput.map { .string($0) }
        members["judgeUsage"] = judgeUsage?.json
        members["output"] = .string(output)
        members["providerCalls"] = .number(JSONNumber(providerCalls))
        members["score"] = score.map { .number(JSONNumber($0)) }
        members["status"] = .string(status.rawValue)
        members["usage"] = usage?.json
        return JSONValue.object(members).text
    }
}

extension Usage {
    fileprivate var json: JSONValue {
        var members = JSONObject(minimumCapacity: 5)
        members["cost"] = cost.map { .object(["value": .number(JSONNumber(Int($0.value)))]) }
        members["inputTokens"] = .number(JSONNumber(inputTokens))
        members["latencyMicroseconds"] = .number(JSONNumber(Int(latencyMicroseconds)))
        members["outputTokens"] = .number(JSONNumber(outputTokens))
        members["timeToFirstTokenMicroseconds"] = .number(JSONNumber(Int(timeToFirstTokenMicroseconds)))
        return .object(members)
    }
}
