import AdvPOBedrock
import AdvPOCluster
import AdvPOModel
import AdvPOStore
import OrderedCollections

/// From a machine's ticks to the time on the wall, as one moment has both.
struct WallTime: Hashable, Sendable {
    private let offsetMilliseconds: Int64
    init(_ moment: Moment) { offsetMilliseconds = moment.millisecondsSince1970 - moment.tick.milliseconds }
    func milliseconds(_ tick: Tick) -> Int64 { tick.milliseconds + offsetMilliseconds }
    /// Whether the two differ by more than what rounding the two clocks makes of one moment.
    func differs(from other: WallTime) -> Bool { abs(offsetMilliseconds - other.offsetMilliseconds) > 100 }
}

extension CoordinatorBrain {
    /// The same until the wall clock is set: a moment has one time, however often it is told.
    mutating func wallTime(_ now: Moment) -> WallTime {
        let current = WallTime(now)
        if let wall, !current.differs(from: wall) { return wall }
        wall = current
        return current
    }
}

extension TaskStory {
    /// As it is stored and answered.
    func json(_ wall: WallTime) -> JSONValue {
        var object: JSONObject = [
            "task": .string(id.description), "job": .string(run.job.rawValue), "run": .string(run.description), "iteration": .number(iteration),
            "purpose": .string(purpose.rawValue), "units": .number(units), "state": .string(state), "attempts": .number(attempts),
        ]
        if omittedSteps > 0 { object["omittedSteps"] = .number(omittedSteps) }
        object["steps"] = .array(steps.map { step in
            let time = JSONValue.string(Timestamp.iso8601(millisecondsSince1970: wall.milliseconds(step.at)))
            return .object((["time": time] as JSONObject).merging(step.what.json) { _, new in new })
        })
        return .object(object)
    }

    func stored(_ wall: WallTime) -> StoredStory {
        StoredStory(
            run: run, epoch: id.epoch, task: id.task, endedMillisecondsSince1970: (steps.last?.at).map(wall.milliseconds) ?? 0, record: json(wall).text)
    }

    private var state: String {
        guard let last = steps.last?.what else { return "queued" }
        return switch last {
        case .queued, .workerLost, .takenBack: "queued"
        case .givenBack(let pause): pause > 0 ? "resting" : "queued"
        case .handedOut, .accepted: "leased"
        case .cancelled: "cancelled"
        case .failed: "failed"
        case .done: "done"
        }
    }
}

extension TaskStory.Event {
    fileprivate var json: JSONObject {
        switch self {
        case .queued: ["event": "queued"]
        case .handedOut(let worker, let session, let attempt, let waited):
            [
                "event": "handed-out", "worker": .string(worker), "session": .string(String(session.rawValue)), "attempt": .number(Int(attempt)),
                "waitedMilliseconds": .number(Int(waited)),
            ]
        case .accepted(let units, let failed): ["event": "units-accepted", "units": .number(units), "failed": .number(failed)]
        case .givenBack(let pause): ["event": "given-back", "pauseMilliseconds": .number(Int(pause))]
        case .workerLost(let worker, let reason): ["event": "worker-lost", "worker": .string(worker), "reason": .string(reason)]
        case .takenBack: ["event": "taken-back", "reason": "two heartbeats of its worker did not name the lease: it never arrived"]
        case .cancelled: ["event": "cancelled", "reason": "its run ended or its job was stopped"]
        case .failed(let reason): ["event": "failed", "reason": .string(reason)]
        case .done: ["event": "done"]
        }
    }
}
