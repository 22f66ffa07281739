import AdvPOCluster
import AdvPOCoordinator
import AdvPOModel
import OrderedCollections

extension Simulator {
    /// What the users of a job do to it.
    mutating func planFaults(of job: JobID) {
        if random(below: 1_000) < configuration.rates[.userStops] {
            // Sometimes in the healed world.
            at(random(below: 3) == 0 ? configuration.faultMilliseconds + 5_000 : Int64(500 + random(below: 8_000)), .userStops(job))
        }
        if random(below: 1_000) < configuration.rates[.userStopsDuringRestart] { stoppedDuringRestart.append(job) }
        if random(below: 1_000) < configuration.rates[.jobDeleted] { deletedByUser.append(job) }
    }

    mutating func letFaultsHappen() {
        if strikes(.coordinatorCrash) { crashCoordinator() }
        if strikes(.coordinatorRestart) { restartCoordinator() }
        if strikes(.coordinatorSuspended) { coordinatorSuspendedUntil = end(ofFaultUpTo: 20_000) }
        if strikes(.diskFull) { diskFullUntil = end(ofFaultUpTo: 15_000) }
        if strikes(.clockStep) { wallOffset += Int64(random(below: 2 * 86_400_000)) - 86_400_000 }
        let worker = random(below: workers.count)
        if strikes(.workerCrash) { crashWorker(worker) }
        if strikes(.workerSuspended) { workers[worker].suspendedUntil = end(ofFaultUpTo: 30_000) }
        if strikes(.workerSlow) { workers[worker].slowUntil = end(ofFaultUpTo: 30_000) }
        if strikes(.workerDrainedByCluster), let session = workers[worker].session {
            workers[worker].isAskedToLeave = true
            post(.cluster(.drain(session)))
        }
        if strikes(.workerDrained) { at(now, .workerDrains(worker)) }
        if strikes(.rollingRestart) { for index in workers.indices { at(now + Int64(500 * index), .workerDrains(index)) } }
        if strikes(.partitionOneWay) {
            let end = end(ofFaultUpTo: 30_000)
            if random(below: 2) == 0 { workers[worker].deafUntil = end } else { workers[worker].muteUntil = end }
        }
        if strikes(.partitionBothWays) {
            workers[worker].deafUntil = end(ofFaultUpTo: 30_000)
            workers[worker].muteUntil = workers[worker].deafUntil
        }
        if strikes(.linkSlow) { workers[worker].slowLinkUntil = end(ofFaultUpTo: 30_000) }
        if strikes(.connectionBroken) { breakConnection(of: worker) }
    }

    /// Whatever is under way fails on the worker's side; what had arrived still counts on the other.
    private mutating func breakConnection(of worker: Int) {
        let incarnation = workers[worker].incarnation
        for id in requests.keys.sorted() where requests[id]?.worker == worker && requests[id]?.incarnation == incarnation {
            at(now + 1 + Int64(random(below: 5)), .requestFails(id))
        }
        loseConnection(of: worker)
    }

    /// The coordinator hears of it at once, late, or never.
    mutating func loseConnection(of worker: Int) {
        guard let session = workers[worker].session, let incarnation = coordinator?.incarnation else { return }
        guard !strikes(.lossNeverSeen) else { return }
        let delay = strikes(.lossSeenLate) ? 500 + random(below: 15_000) : 1 + random(below: 20)
        at(now + Int64(delay), .connectionLoss(session, incarnation: incarnation))
    }
}
