import AdvPOCluster
import AdvPOModel
import OrderedCollections

extension ClusterStatus {
    /// The answer of `GET /cluster`.
    var json: JSONValue {
        .object([
            "epoch": .number(UInt(epoch)),
            "totals": .object([
                "workers": .number(workerCount), "slots": .number(slots), "busySlots": .number(busySlots), "queuedTasks": .number(queuedTasks),
                "restingTasks": .number(restingTasks), "leasedTasks": .number(leasedTasks),
            ]),
            "sinceStart": totals.json,
            "workers": .array(workers.map(\.json)),
            "furtherWorkers": .number(furtherWorkers),
            "queue": .array(queued.map { .object(["job": .string($0.job.rawValue), "tasks": .number($0.tasks)]) }),
            "rates": .array(rates.map(\.json)),
        ])
    }
}

extension ClusterStatus.Worker {
    fileprivate var json: JSONValue {
        .object([
            "name": .string(name), "instance": .string(instance), "session": .string(String(session.rawValue)), "protocolVersion": .string(protocolVersion),
            "state": .string(state.rawValue), "slots": .number(slots), "busySlots": .number(leases.count),
            "models": .array(models.map(JSONValue.string)), "millisecondsSinceHeard": .number(Int(millisecondsSinceHeard)),
            "leases": .array(leases.map { held in
                .object([
                    "task": .string(TaskID(epoch: held.lease.epoch, task: held.lease.task).description), "attempt": .number(Int(held.lease.attempt)),
                    "run": .string(held.run.description), "ageMilliseconds": .number(Int(held.ageMilliseconds)),
                ])
            }),
        ])
    }
}

extension ClusterStatus.ModelRate {
    fileprivate var json: JSONValue {
        var object: JSONObject = ["model": .string(model)]
        object["requestsPerMinute"] = requestsPerMinute.map { .number($0) }
        object["tokensPerMinute"] = tokensPerMinute.map { .number($0) }
        object["concurrency"] = concurrency.map { .number($0) }
        object["shares"] = .number(shares)
        return .object(object)
    }
}

extension ClusterTotals {
    fileprivate var json: JSONValue {
        .object([
            "handedOut": .number(handedOut), "done": .number(done), "givenBack": .number(givenBack), "takenBack": .number(takenBack),
            "cancelled": .number(cancelled), "failed": .number(failed), "leasesLost": .number(leasesLost), "staleReports": .number(staleReports),
            "workersJoined": .number(workersJoined), "workersLost": .number(workersLost), "workersLeft": .number(workersLeft),
        ])
    }
}

extension JSONValue {
    static func number(_ value: Int) -> JSONValue { .number(JSONNumber(value)) }
    static func number(_ value: UInt) -> JSONValue { .number(JSONNumber(Int(clamping: value))) }
}
