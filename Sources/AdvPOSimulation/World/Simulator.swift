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
/// Then everything heals and liveness is demanded: every job ends.
package struct Simulator {
    let configuration: SimulationConfiguration
    var dice: SeededGenerator
    var now: Int64 = 0
    var sequence: UInt64 = 0
    var agenda: Heap<Appointment> = []
    var digest = ContentHash(of: [])
    var violations: [String] = []
    var counts = Counts()
    /// Who holds which task, kept apart from the brain's own book.
    var holders: [UInt64: LeaseHolder] = [:]

    var durable = DurableState()
    var coordinator: SimulatedCoordinator?
    var workers: [SimulatedWorker]
    var requests: [UInt64: PendingRequest] = [:]
    var nextRequest: UInt64 = 1
    var content: [ContentHash: [UInt8]] = [:]
    let plans: OrderedDictionary<JobID, JobPlan>
    let clusterSettings: ClusterSettings

    static let models = ["simulated.model", "simulated.other"]

    struct Counts {
        var messages = 0, lost = 0, workerCrashes = 0, coordinatorCrashes = 0
        var suspensions = 0, partitions = 0, repeated = 0, late = 0, slowCommits = 0, givenBack = 0
    }

    struct LeaseHolder: Equatable {
        var lease: Lease
        var session: SessionID
    }

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
        case commitEnds(incarnation: Int)
        case requestArrives(UInt64)
        case replyArrives(UInt64, [UInt8])
        case requestFails(UInt64)
        case workerStarts(Int)
        case workerResumes(Int, incarnation: Int, WorkerEvent.Pause)
        case unitEnds(Int, incarnation: Int, Lease, position: Int)
        case resultsWritten(incarnation: Int, JobID)
        case userStops(JobID)
    }

    struct PendingRequest {
        var worker: Int
        var incarnation: Int
        var isControl: Bool
        var bytes: [UInt8]
        var kind: Kind
        enum Kind {
            case hello
            case heartbeat(SessionID)
            case pull(SessionID, slot: Int)
            case report(SessionID, Lease, units: [UnitReport])
            case goodbye
        }
    }

    package static func run(_ configuration: SimulationConfiguration) -> SimulationReport {
        var simulator = Simulator(configuration)
        simulator.play()
        return simulator.report
    }

    private init(_ configuration: SimulationConfiguration) {
        self.configuration = configuration
        dice = SeededGenerator(seed: configuration.seed)
        workers = (0..<configuration.workers).map { _ in SimulatedWorker() }
        var settings = ClusterSettings()
        // Crashes are frequent here; a task must not be given up for them unless the seed says so.
        settings.lostWorkersPerTask = configuration.seed % 3 == 0 ? 3 : 1_000
        settings.fruitlessAttemptsPerTask = settings.lostWorkersPerTask == 3 ? 8 : 10_000
        clusterSettings = settings
        plans = OrderedDictionary(
            uniqueKeysWithValues: SimulatedJobs.plans(configuration).map { seed in
                let request = CreateJobRequest(
                    jobName: "simulated", inputURI: "s3://simulated/input.jsonl", outputURI: "s3://simulated/out/",
                    models: Simulator.models.prefix(configuration.modelsPerJob).map { ModelConfiguration(modelID: $0) })
                let plan = JobPlan(
                    id: seed.id, request: request,
                    options: JobOptions(promptFormat: .chat, budgetCalls: configuration.budgetCalls, seed: seed.seed), templates: seed.templates,
                    judgeModelID: nil, rewriterModelID: Simulator.models[0], functions: [:], input: ContentHash(of: Array(seed.id.rawValue.utf8)),
                    createdMillisecondsSince1970: 0)
                return (seed.id, plan)
            })
    }

    private var report: SimulationReport {
        SimulationReport(
            digest: digest.description, violations: violations, units: durable.unitCount, messages: counts.messages, lostMessages: counts.lost,
            workerCrashes: counts.workerCrashes, coordinatorCrashes: counts.coordinatorCrashes, suspensions: counts.suspensions,
            partitions: counts.partitions, repeatedMessages: counts.repeated, lateMessages: counts.late, slowCommits: counts.slowCommits,
            tasksGivenBack: counts.givenBack, virtualMilliseconds: now,
            outcomes: durable.runs.values.sorted { $0.id < $1.id }.map { "\($0.state) \($0.outcome ?? "")" }, hasPoisonedUnits: durable.hasPoisonedUnits)
    }

    private mutating func play() {
        at(0, .coordinatorStarts)
        for worker in workers.indices { at(Int64(random(below: 500)), .workerStarts(worker)) }
        at(100, .tick)
        if configuration.stopsAJob, let job = plans.keys.first { at(Int64(500 + random(below: 20_000)), .userStops(job)) }
        while let next = agenda.popMin() {
            now = next.time
            if let later = suspension(of: next.happening) { at(later, next.happening) } else { happen(next.happening) }
            guard violations.count < 20 else { return }
            if now > configuration.faultMilliseconds, durable.jobs.count == plans.count, durable.allJobsEnded { break }
            guard now <= configuration.faultMilliseconds + configuration.healedMilliseconds else {
                let open = durable.jobs.values.filter { !DurableState.terminal.contains($0.status) }.map { "\($0.id) \($0.status)" }
                violations.append("an hour after everything healed these jobs have not ended: \(open)")
                return
            }
        }
        checkEnd()
    }

    private mutating func checkEnd() {
        for (id, plan) in plans {
            guard let job = durable.jobs[id] else {
                violations.append("job \(id) was lost")
                continue
            }
            for run in plan.runs where durable.runs[run]?.outcome == nil { violations.append("run \(run) of the ended job \(job.id) has no outcome") }
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
        case .unitEnds(let working, _, _, _): worker = working
        case .tick, .coordinatorStarts, .commitEnds, .requestArrives, .workerStarts, .resultsWritten, .userStops: return nil
        }
        return workers[worker].suspendedUntil > now ? workers[worker].suspendedUntil : nil
    }

    mutating func happen(_ happening: Happening) {
        switch happening {
        case .tick: tick()
        case .coordinatorStarts: startCoordinator()
        case .commitEnds(let incarnation): commitEnds(incarnation)
        case .requestArrives(let id): requestArrives(id)
        case .replyArrives(let id, let bytes): replyArrives(id, bytes)
        case .requestFails(let id): requestFails(id)
        case .workerStarts(let worker): startWorker(worker)
        case .workerResumes(let worker, let incarnation, let pause): tellWorker(worker, incarnation, .resumed(pause))
        case .unitEnds(let worker, let incarnation, let lease, let position): unitEnds(worker, incarnation, lease, position)
        case .resultsWritten(let incarnation, let job):
            if coordinator?.incarnation == incarnation { post(.resultsWritten(job, failure: nil)) }
        case .userStops(let job):
            // A user tries again until the coordinator answers.
            if coordinator?.isUp == true, durable.jobs[job] != nil { post(.stop(job)) } else { at(now + 500, .userStops(job)) }
        }
    }

    private mutating func tick() {
        at(now + 100, .tick)
        if let coordinator, !coordinator.tickWaits {
            self.coordinator?.tickWaits = true
            post(.cluster(.tick))
        }
        guard now < configuration.faultMilliseconds else { return }
        if random(below: 1_000) < configuration.coordinatorCrashes { crashCoordinator() }
        if random(below: 1_000) < configuration.workerCrashes { crashWorker(random(below: workers.count)) }
        if random(below: 1_000) < configuration.workerSuspensions {
            counts.suspensions += 1
            workers[random(below: workers.count)].suspendedUntil = now + Int64(random(below: 30_000))
        }
        if random(below: 1_000) < configuration.partitions { partition(random(below: workers.count)) }
    }

    private mutating func partition(_ worker: Int) {
        counts.partitions += 1
        let end = now + Int64(random(below: 30_000))
        if random(below: 2) == 0 { workers[worker].deafUntil = end } else { workers[worker].muteUntil = end }
    }

    // MARK: - Chance, time, and the record of both

    mutating func at(_ time: Int64, _ happening: Happening) {
        sequence += 1
        agenda.insert(Appointment(time: time, sequence: sequence, happening: happening))
    }

    mutating func random(below bound: Int) -> Int { Int(dice.next() % UInt64(bound)) }

    mutating func note(_ bytes: [UInt8]) { digest = ContentHash(of: digest.bytes + bytes) }
}
