package import AdvPOModel
import OrderedCollections

extension JobProgress {
    /// One event of the progress stream; ours, in the published style of names.
    package var json: JSONValue {
        var object: JSONObject = ["jobId": .string(jobID.rawValue), "status": .string(status.rawValue)]
        if let failureMessage { object["failureMessage"] = .string(failureMessage) }
        object["workers"] = .number(JSONNumber(workers))
        object["runs"] = .array(runs.map(\.json))
        return .object(object)
    }

    /// Nil unless every required member is there with its type.
    package init?(json: JSONValue) {
        guard let object = json.objectValue, let job = object["jobId"]?.stringValue.flatMap({ JobID($0) }),
            let status = object["status"]?.stringValue.flatMap(JobStatus.init(rawValue:)), let workers = object["workers"]?.numberValue?.int,
            let list = object["runs"]?.arrayValue
        else { return nil }
        var runs: [Run] = []
        for value in list {
            guard let run = Run(json: value) else { return nil }
            runs.append(run)
        }
        self.init(jobID: job, status: status, failureMessage: object["failureMessage"]?.stringValue, workers: workers, runs: runs)
    }
}

extension JobProgress.Run {
    fileprivate var json: JSONValue {
        var object: JSONObject = [
            "templateId": .string(templateID), "modelId": .string(modelID), "state": .string(state), "phase": .string(phase),
            "iteration": .number(JSONNumber(iteration)), "callsSpent": .number(JSONNumber(callsSpent)), "callsBudget": .number(JSONNumber(callsBudget)),
            "unitsFinished": .number(JSONNumber(unitsFinished)), "unitsAsked": .number(JSONNumber(unitsAsked)),
        ]
        if let originalScore { object["originalScore"] = .number(JSONNumber(originalScore)) }
        if let bestScore { object["bestScore"] = .number(JSONNumber(bestScore)) }
        if let explanation { object["explanation"] = .string(explanation) }
        return .object(object)
    }

    fileprivate init?(json: JSONValue) {
        guard let object = json.objectValue, let template = object["templateId"]?.stringValue, let model = object["modelId"]?.stringValue,
            let state = object["state"]?.stringValue, let phase = object["phase"]?.stringValue, let iteration = object["iteration"]?.numberValue?.int,
            let spent = object["callsSpent"]?.numberValue?.int, let budget = object["callsBudget"]?.numberValue?.int,
            let finished = object["unitsFinished"]?.numberValue?.int, let asked = object["unitsAsked"]?.numberValue?.int
        else { return nil }
        self.init(
            templateID: template, modelID: model, state: state, phase: phase, iteration: iteration, callsSpent: spent, callsBudget: budget,
            unitsFinished: finished, unitsAsked: asked, originalScore: object["originalScore"]?.numberValue?.double,
            bestScore: object["bestScore"]?.numberValue?.double, explanation: object["explanation"]?.stringValue)
    }
}
