import AdvPOBedrock
import AdvPOCluster
import AdvPOCoordinator
import AdvPOModel
import AdvPOStore
import OrderedCollections

/// What users do. Each tries again until the coordinator has answered.
extension Simulator {
    private var isAnswering: Bool { coordinator != nil && coordinatorSuspendedUntil <= now }

    mutating func userSubmits(_ job: JobID) {
        guard durable.jobs[job] == nil, !durable.ended.contains(job), let plan = plans[job] else { return }
        at(now + 1_000, .userSubmits(job))
        guard isAnswering, coordinator?.admitted.insert(job).inserted == true else { return }
        post(.admitted(plan, clientToken: nil, status: .inProgress, units: [], isNew: true))
    }

    mutating func userStops(_ job: JobID) {
        guard !durable.ended.contains(job), durable.jobs[job]?.status != "Stopping" else { return }
        at(now + 500, .userStops(job))
        guard isAnswering, durable.jobs[job] != nil, coordinator?.admitted.contains(job) == true else { return }
        if coordinator?.stopped.append(job).inserted == true { faults[.userStops] += 1 }
        if defect == .keepsUnitsAfterStop, let stored = durable.jobs[job], stored.status == "InProgress" {
            var stopping = stored
            stopping.status = "Stopping"
            commit([.job(stopping)])
            return
        }
        post(.stop(job))
    }

    mutating func userDeletes(_ job: JobID) {
        guard !durable.deleted.contains(job) else { return }
        at(now + 1_000, .userDeletes(job))
        guard isAnswering, durable.ended.contains(job), coordinator?.deleted.append(job).inserted == true else { return }
        faults[.jobDeleted] += 1
        post(.forget(job))
        post(.delete(job))
    }

    /// A while after a stop is on the disk, nobody works for the job any more.
    mutating func checkIdle(_ job: JobID) {
        idleChecks -= 1
        for (index, worker) in workers.enumerated() {
            for (lease, order) in worker.running where order.run.job == job {
                shellViolations.append("job \(job) was stopped long ago, but worker \(index) still runs \(lease) of it")
            }
        }
    }

    /// Where nothing goes wrong, a cancellation's way to each worker, and one heartbeat more where a worker may have forgotten one that overtook its task.
    /// Elsewhere, after the healing, as long as a worker may wait for answers that were lost.
    mutating func expectIdle(_ job: JobID) {
        idleChecks += 1
        let mayForget = configuration.worker.rememberedCancels < configuration.slotsPerWorker
        let bound = mayForget ? configuration.cluster.heartbeatMilliseconds + 3_000 : 2_000
        at(configuration.isPeaceful ? now + bound : max(now, configuration.faultMilliseconds) + 60_000 + bound, .stoppedJobIsChecked(job))
    }
}
