import AdvPOBedrock
import AdvPOCluster
import AdvPOCoordinator
import AdvPOModel
import AdvPOWire
import HeapModule
import OrderedCollections

/// Many workers and many tasks through the real machines and the real codec, without a search or a disk: what the cluster's core costs at size.
///
/// One task is one unit. All tasks are queued at the start. One worker of a hundred dies on the way, so that leases are taken back too.
package struct ScaleRun {
    private let workerCount: Int
    private let slots: Int
    private let taskCount: Int
    private var now: Int64 = 0
    private var dice: SeededGenerator
    private var cluster: ClusterMachine
    private let settings = ClusterSettings()
    private let limits = WireLimits()
    private var workers: [ScaleWorker]
    private var agenda: Heap<Appointment> = []
    private var sequence: UInt64 = 0
    private var nextToken: UInt64 = 1
    private var askers: [RequestToken: Asker] = [:]
    private var accepted: Set<ContentHash> = []
    private var result = Result()

    package struct Result: Hashable, Sendable {
        package var messages = 0
        package var bytes = 0
        package var lostWorkers = 0
        package var virtualMilliseconds: Int64 = 0
        package var violations: [String] = []
    }

    private struct ScaleWorker {
        var machine: WorkerMachine
        var isAlive = true
    }

    private struct Asker {
        var worker: Int
        var kind: PendingRequest.Kind
    }

    private enum Happening {
        case tick
        case starts(Int)
        case dies(Int)
        case unitEnds(Int, TaskOrder)
        case resumes(Int, WorkerEvent.Pause)
    }

    private struct Appointment: Comparable {
        var time: Int64
        var sequence: UInt64
        var happening: Happening
        static func < (lhs: Appointment, rhs: Appointment) -> Bool { (lhs.time, lhs.sequence) < (rhs.time, rhs.sequence) }
        static func == (lhs: Appointment, rhs: Appointment) -> Bool { lhs.sequence == rhs.sequence }
    }

    /// - Parameter progress: told of each further tenth of the tasks that is done, in virtual seconds.
    package static func run(workers: Int, slots: Int, tasks: Int, seed: UInt64, progress: (_ done: Int, _ virtualSeconds: Int64) -> Void) -> Result {
        var run = ScaleRun(workers: workers, slots: slots, tasks: tasks, seed: seed)
        run.play(progress)
        return run.result
    }

    private init(workers: Int, slots: Int, tasks: Int, seed: UInt64) {
        workerCount = workers
        self.slots = slots
        taskCount = tasks
        dice = SeededGenerator(seed: seed)
        cluster = ClusterMachine(settings: settings, epoch: 1)
        self.workers = (0..<workers).map { _ in ScaleWorker(machine: WorkerMachine(settings: WorkerSettings(slots: slots))) }
        accepted.reserveCapacity(tasks)
    }

    private mutating func play(_ progress: (Int, Int64) -> Void) {
        submit()
        for worker in 0..<workerCount { at(random(below: 1_000), .starts(worker)) }
        for worker in stride(from: 50, to: workerCount, by: 100) {
            // While there is work: a slot needs about a second for each of its tasks.
            at(1_500 + random(below: 500 * Int64(max(1, taskCount / (workerCount * slots)))), .dies(worker))
        }
        at(100, .tick)
        var nextWord = max(1, taskCount / 10)
        while accepted.count < taskCount, let next = agenda.popMin() {
            now = next.time
            happen(next.happening)
            if accepted.count >= nextWord {
                progress(accepted.count, now / 1_000)
                nextWord += max(1, taskCount / 10)
            }
            guard now < 86_400_000, result.violations.isEmpty else { break }
        }
        result.virtualMilliseconds = now
        if accepted.count != taskCount { result.violations.append("\(accepted.count) of \(taskCount) tasks ended within a virtual day") }
        if cluster.queuedTaskCount + cluster.leasedTaskCount != 0 { result.violations.append("\(cluster.queuedTaskCount) tasks are left in the queue") }
    }

    private mutating func submit() {
        let job = JobID(using: &dice)
        let content = ContentHash(of: [1])
        let work = { (number: Int) in
            let unit = ContentHash(of: withUnsafeBytes(of: UInt64(number).littleEndian) { Array($0) })
            return TaskOrder.Work.evaluate(
                .init(model: ModelConfiguration(modelID: "m"), candidate: content, evaluation: content, units: [.init(unit: unit, content: content)]))
        }
        // As many runs as a large job has, each with its share.
        for start in stride(from: 0, to: taskCount, by: 10_000) {
            let run = RunID(job: job, template: start / 10_000 % 20, model: 0)
            let tasks = (start..<min(start + 10_000, taskCount)).map { TaskSpecification(run: run, iteration: 0, work: work($0), models: ["m"]) }
            follow(cluster.handle(.submit(tasks), at: Tick(milliseconds: now)))
        }
    }

    private mutating func happen(_ happening: Happening) {
        switch happening {
        case .tick:
            at(100, .tick)
            follow(cluster.handle(.tick, at: Tick(milliseconds: now)))
        case .starts(let worker): tell(worker, .start)
        case .dies(let worker):
            workers[worker].isAlive = false
            result.lostWorkers += 1
        case .unitEnds(let worker, let order):
            let record = UnitRecord(
                status: .scored, output: "a label", score: 1, usage: Usage(
                    inputTokens: 120, outputTokens: 3, timeToFirstTokenMicroseconds: 1_000, latencyMicroseconds: 2_000, cost: NanoDollars(100)), providerCalls: 1)
            for unit in order.units { tell(worker, .unitFinished(order.lease, UnitReport(unit: unit.unit, record: record))) }
            tell(worker, .taskReturned(order.lease))
        case .resumes(let worker, let pause): tell(worker, .resumed(pause))
        }
    }

    private mutating func tell(_ worker: Int, _ event: WorkerEvent) {
        guard workers[worker].isAlive else { return }
        for effect in workers[worker].machine.handle(event) {
            switch effect {
            case .hello, .heartbeat, .goodbye, .pull, .report: send(effect, worker)
            case .setShares: break
            case .run(let order): at(500 + random(below: 1_000), .unitEnds(worker, order))
            case .abort(let lease): tell(worker, .taskReturned(lease))
            case .pause(let pause, let milliseconds): at(milliseconds, .resumes(worker, pause))
            case .exit(let reason): result.violations.append("worker \(worker) left: \(reason ?? "drained")")
            }
        }
    }

    private mutating func send(_ effect: WorkerEffect, _ worker: Int) {
        let identity = WorkerEdge.Identity(version: .current, instance: "i\(worker)", name: "w\(worker)", slots: slots, models: ["m"])
        guard let (kind, bytes) = WorkerEdge.request(for: effect, from: identity) else { return }
        let token = RequestToken(nextToken)
        nextToken += 1
        result.messages += 1
        result.bytes += bytes.count
        askers[token] = Asker(worker: worker, kind: kind)
        do {
            let event: ClusterEvent?
            if kind.isControl {
                event = try WireEdge.event(for: try ControlRequest(decoding: bytes, limits: limits), token: token).get()
            } else {
                event = WireEdge.event(for: try WorkRequest(decoding: bytes, limits: limits), token: token)
            }
            if let event { follow(cluster.handle(event, at: Tick(milliseconds: now))) }
        } catch {
            result.violations.append("the codec did not understand its own message: \(error)")
        }
    }

    private mutating func follow(_ effects: [ClusterEffect]) {
        for effect in effects {
            if case .accepted(_, let report, let lease) = effect, !accepted.insert(report.unit).inserted {
                result.violations.append("unit \(report.unit) was accepted twice, the second time under \(lease)")
            }
            guard let token = effect.answeredToken, let asker = askers.removeValue(forKey: token), workers[asker.worker].isAlive else { continue }
            let bytes = asker.kind.isControl
                ? WireEdge.controlReply(to: effect, epoch: 1, settings: settings).encoded() : WireEdge.workReply(to: effect).encoded()
            result.messages += 1
            result.bytes += bytes.count
            do {
                if let event = try WorkerEdge.event(for: asker.kind, answer: bytes) { tell(asker.worker, event) }
            } catch {
                result.violations.append("the codec did not understand its own reply: \(error)")
            }
        }
    }

    private mutating func at(_ delay: Int64, _ happening: Happening) {
        sequence += 1
        agenda.insert(Appointment(time: now + delay, sequence: sequence, happening: happening))
    }

    private mutating func random(below bound: Int64) -> Int64 { Int64(dice.next() % UInt64(bound)) }
}
