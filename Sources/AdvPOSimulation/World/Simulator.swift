import AdvPOBedrock
import AdvPOCluster
import AdvPOCoordinator
import AdvPOModel
import AdvPOStore
import AdvPOWire
import HeapModule
import OrderedCollections

/// The real coordinator's brain and the real workers' machines, speaking through the real codec, in a world whose network, clock, disk and
/// process life follow from one seed.
///
/// First faults are allowed and only safety is demanded: nothing accepted is lost, nothing counts twice, nothing finished is handed out again.
/// Then everything heals and liveness is demanded: every job ends. What is demanded is checked by ``Witness`` and ``DurableState``, which
/// see the disk and the messages and know no machine.
package struct Simulator {
    let configuration: SimulationConfiguration
    let defect: PlantedDefect?
    var dice: SeededGenerator
    var now: Int64 = 0
    /// What the wall clock shows beyond the world's own time.
    var wallOffset: Int64 = 0
    var sequence: UInt64 = 0
    var agenda: Heap<Appointment> = []
    var diary = Diary()
    var faults = FaultTable()
    var messages = 0
    var shellViolations: [String] = []

    var durable = DurableState()
    var witness = Witness()
    var coordinator: SimulatedCoordinator?
    var coordinatorLives = 0
    var coordinatorSuspendedUntil: Int64 = 0
    var diskFullUntil: Int64 = 0
    var workers: [SimulatedWorker]
    var requests: [UInt64: PendingRequest] = [:]
    var nextRequest: UInt64 = 1
    var content: [ContentHash: [UInt8]] = [:]
    let plans: OrderedDictionary<JobID, JobPlan>
    /// Jobs whose user stops them while the coordinator is down, should it ever be.
    var stoppedDuringRestart: OrderedSet<JobID> = []
    var deletedByUser: OrderedSet<JobID> = []
    /// Stopped jobs whose workers have not been looked at yet: the world goes on until then.
    var idleChecks = 0

    static let models = ["simulated.model", "simulated.other"]
    static let tickMilliseconds: Int64 = 100

    struct Appointment: Comparable {
        var time: Int64
        var sequence: UInt64
        var happening: Happening
        static func < (lhs: Appointment, rhs: Appointment) -> Bool { (lhs.time, lhs.sequence) < (rhs.time, rhs.sequence) }
        static func == (lhs: Appointment, rhs: Appointment) -> Bool { lhs.time == rhs.time && lhs.sequence == rhs.sequence }
    }

    enum Happening {
        case tick
        case coordinatorStarts
        case coordinatorGoesOn
        case commitEnds(incarnation: Int)
        case connectionLoss(SessionID, incarnation: Int)
        /// With all that its sender needs not remember: it may have given up, or died.
        case requestArrives(UInt64, isControl: Bool, [UInt8])
        case replyArrives(UInt64, [UInt8])
        case requestFails(UInt64)
        case workerStarts(Int)
        case workerDrains(Int)
        case workerResumes(Int, incarnation: Int, WorkerEvent.Pause)
        case unitEnds(Int, incarnation: Int, Lease, position: Int, calls: Int)
        case resultsWritten(incarnation: Int, JobID)
        case userSubmits(JobID)
        case userStops(JobID)
        case userDeletes(JobID)
        case stoppedJobIsChecked(JobID)
    }

    /// - Parameter defect: a fault of the shell that the checkers must find; only tests plant one.
    package static func run(_ configuration: SimulationConfiguration, defect: PlantedDefect? = nil) -> SimulationReport {
        var simulator = Simulator(configuration, defect)
        simulator.play()
        return simulator.report
    }

    private init(_ configuration: SimulationConfiguration, _ defect: PlantedDefect?) {
        self.configuration = configuration
        self.defect = defect
        dice = SeededGenerator(seed: configuration.seed)
        workers = (0..<configuration.workers).map { _ in SimulatedWorker() }
        plans = SimulatedJobs.plans(configuration)
    }

    var violations: [String] { durable.violations + witness.violations + shellViolations }

    private var report: SimulationReport {
        var outcomes: OrderedDictionary<RunID, String> = [:]
        for plan in plans.values where !durable.stoppedJobs.contains(plan.id) {
            for run in plan.runs where !durable.disturbedRuns.contains(run) { outcomes[run] = durable.outcomes[run].map(DurableState.withoutCalls) ?? "nothing" }
        }
        return SimulationReport(
            digest: diary.digest, violations: violations, faults: faults, units: durable.unitCount, messages: messages, providerCalls: witness.providerCalls,
            virtualMilliseconds: now, outcomes: outcomes)
    }

    private mutating func play() {
        at(0, .coordinatorStarts)
        for worker in workers.indices { at(Int64(random(below: 500)), .workerStarts(worker)) }
        at(Self.tickMilliseconds, .tick)
        for (index, job) in plans.keys.enumerated() {
            at(configuration.jobs[index].submittedAtMilliseconds, .userSubmits(job))
            planFaults(of: job)
        }
        while let next = agenda.popMin() {
            now = next.time
            if let later = suspension(of: next.happening) { at(later, next.happening) } else { happen(next.happening) }
            guard durable.violations.isEmpty, witness.violations.isEmpty, shellViolations.isEmpty else { return }
            if idleChecks == 0, durable.ended.count == plans.count, deletedByUser.allSatisfy(durable.deleted.contains) { break }
            guard now <= configuration.faultMilliseconds + configuration.healedMilliseconds else {
                let jobs = durable.jobs.values.map { "\($0.id) \($0.status)" }
                let undeleted = deletedByUser.filter { !durable.deleted.contains($0) }
                shellViolations.append(
                    "an hour after everything healed not all of \(plans.count) jobs have ended: stored are \(jobs), to be deleted \(undeleted), checks of stops open \(idleChecks)")
                return
            }
        }
        checkEnd()
    }

    private mutating func checkEnd() {
        for plan in plans.values {
            for run in plan.runs where durable.outcomes[run] == nil { shellViolations.append("run \(run) of an ended job has no outcome") }
        }
        shellViolations += witness.callViolations(durable: durable.acceptedCalls, isCalm: configuration.isCalm)
        for (index, worker) in workers.enumerated() {
            guard let since = worker.drainingSince, now - max(since, configuration.faultMilliseconds) > 1_800_000 else { continue }
            shellViolations.append("worker \(index) was told to leave at \(since) ms and is still there")
        }
    }

    /// When what happens to a suspended worker happens instead; nil for now.
    private func suspension(of happening: Happening) -> Int64? {
        let worker: Int
        switch happening {
        case .replyArrives(let id, _), .requestFails(let id):
            guard let asker = requests[id]?.worker else { return nil }
            worker = asker
        case .workerResumes(let resumed, _, _): worker = resumed
        case .workerDrains(let drained): worker = drained
        case .unitEnds(let working, _, _, _, _): worker = working
        case .tick, .coordinatorStarts, .coordinatorGoesOn, .commitEnds, .connectionLoss, .requestArrives, .workerStarts, .resultsWritten, .userSubmits,
            .userStops, .userDeletes, .stoppedJobIsChecked:
            return nil
        }
        return workers[worker].suspendedUntil > now ? workers[worker].suspendedUntil : nil
    }

    private mutating func happen(_ happening: Happening) {
        switch happening {
        case .tick: tick()
        case .coordinatorStarts: startCoordinator()
        case .coordinatorGoesOn: startCommit()
        case .commitEnds(let incarnation): commitEnds(incarnation)
        case .connectionLoss(let session, let incarnation): if coordinator?.incarnation == incarnation { post(.cluster(.connectionLost(session))) }
        case .requestArrives(let id, let isControl, let bytes): requestArrives(id, isControl, bytes)
        case .replyArrives(let id, let bytes): replyArrives(id, bytes)
        case .requestFails(let id): requestFails(id)
        case .workerStarts(let worker): startWorker(worker)
        case .workerDrains(let worker): drainWorker(worker)
        case .workerResumes(let worker, let incarnation, let pause): tellWorker(worker, incarnation, .resumed(pause))
        case .unitEnds(let worker, let incarnation, let lease, let position, let calls): unitEnds(worker, incarnation, lease, position, calls: calls)
        case .resultsWritten(let incarnation, let job): if coordinator?.incarnation == incarnation { post(.resultsWritten(job, failure: nil)) }
        case .userSubmits(let job): userSubmits(job)
        case .userStops(let job): userStops(job)
        case .userDeletes(let job): userDeletes(job)
        case .stoppedJobIsChecked(let job): checkIdle(job)
        }
    }

    private mutating func tick() {
        at(now + Self.tickMilliseconds, .tick)
        if let waits = coordinator?.tickWaits, !waits {
            coordinator?.tickWaits = true
            post(.cluster(.tick))
        }
        if now < configuration.faultMilliseconds { letFaultsHappen() } else { witness.checkProgress(of: durable.openJobs, at: now, healedAt: configuration.faultMilliseconds) }
    }

    // MARK: - Chance, time, and the record of both

    mutating func at(_ time: Int64, _ happening: Happening) {
        sequence += 1
        agenda.insert(Appointment(time: time, sequence: sequence, happening: happening))
    }

    mutating func random(below bound: Int) -> Int { Int(dice.next() % UInt64(bound)) }

    /// Whether a fault that has its opportunity now happens; counted when it does.
    mutating func strikes(_ kind: FaultKind) -> Bool {
        let rate = configuration.rates[kind]
        guard rate > 0, now < configuration.faultMilliseconds, random(below: 1_000) < rate else { return false }
        faults[kind] += 1
        return true
    }

    /// The end of a fault that lasts: it heals with everything else at the latest.
    mutating func end(ofFaultUpTo milliseconds: Int) -> Int64 { min(now + Int64(random(below: milliseconds)), configuration.faultMilliseconds) }
}

/// The digest of all that happened, in order.
struct Diary {
    private var last = ContentHash(of: [])
    private var unhashed: [UInt8] = []

    mutating func note(_ bytes: [UInt8]) {
        unhashed += bytes
        if unhashed.count >= 65_536 { fold() }
    }

    private mutating func fold() {
        last = ContentHash(of: last.bytes + unhashed)
        unhashed.removeAll(keepingCapacity: true)
    }

    var digest: String {
        var copy = self
        copy.fold()
        return copy.last.description
    }
}
