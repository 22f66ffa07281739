import AdvPOCluster
import AdvPOModel
import AdvPOWire
import OrderedCollections

extension Simulator {
    mutating func startWorker(_ worker: Int) {
        guard workers[worker].machine == nil else { return }
        workers[worker].incarnation += 1
        workers[worker].running = [:]
        workers[worker].session = nil
        workers[worker].welcomed = nil
        workers[worker].drainingSince = nil
        workers[worker].isAskedToLeave = false
        workers[worker].calls = SimulatedTally()
        workers[worker].version = version()
        workers[worker].machine = WorkerMachine(settings: configuration.worker)
        tellWorker(worker, workers[worker].incarnation, .start)
    }

    private mutating func version() -> WireVersion {
        var version = WireVersion.current
        if strikes(.workerOfOlderMinor) { version.minor = UInt32(random(below: Int(version.minor))) }
        if strikes(.workerOfNewerMinor) { version.minor += UInt32(1 + random(below: 9)) }
        if strikes(.workerOfOtherMajor) { version.major += UInt32(1 + random(below: 3)) }
        return version
    }

    mutating func crashWorker(_ worker: Int) {
        guard workers[worker].machine != nil else { return }
        endWorker(worker)
        at(now + Int64(50 + random(below: now < configuration.faultMilliseconds ? 10_000 : 1_000)), .workerStarts(worker))
    }

    private mutating func endWorker(_ worker: Int) {
        loseConnection(of: worker)
        workers[worker].machine = nil
        workers[worker].suspendedUntil = 0
        workers[worker].running = [:]
        let incarnation = workers[worker].incarnation
        // What it had sent may still arrive; what it waits for is never read.
        requests = requests.filter { $0.value.worker != worker || $0.value.incarnation != incarnation }
    }

    mutating func drainWorker(_ worker: Int) {
        guard workers[worker].machine != nil, workers[worker].drainingSince == nil else { return }
        workers[worker].drainingSince = now
        if defect != .ignoresDrain { tellWorker(worker, workers[worker].incarnation, .drain) }
    }

    mutating func tellWorker(_ worker: Int, _ incarnation: Int, _ event: WorkerEvent) {
        guard workers[worker].incarnation == incarnation, let effects = workers[worker].machine?.handle(event) else { return }
        if case .welcomed = event, workers[worker].version.major != WireVersion.current.major {
            shellViolations.append("a worker that speaks \(workers[worker].version) was welcomed")
        }
        for effect in effects where workers[worker].incarnation == incarnation && workers[worker].machine != nil { carryOut(effect, worker) }
    }

    private mutating func carryOut(_ effect: WorkerEffect, _ worker: Int) {
        let incarnation = workers[worker].incarnation
        switch effect {
        case .hello, .heartbeat, .goodbye, .pull, .report:
            let state = workers[worker]
            if effect.asksForWork, let since = state.drainingSince { shellViolations.append("worker \(worker) was told to leave at \(since) ms and pulls at \(now) ms") }
            let identity = WorkerEdge.Identity(
                version: state.version, instance: "w\(worker)i\(incarnation)", name: "w\(worker)", slots: configuration.slotsPerWorker, models: Self.models)
            let spent = if case .report(_, let lease, _, _, _) = effect { state.calls.spent(by: lease) } else { 0 }
            if let (kind, bytes) = WorkerEdge.request(for: effect, from: identity, callsSpent: spent) { send(worker, kind, bytes) }
        // The simulated models have no limits.
        case .setShares: break
        case .run(let order):
            workers[worker].running[order.lease] = order
            workers[worker].calls.begin(order.lease)
            unitBegins(worker, order, 0)
        case .abort(let lease):
            workers[worker].calls.abandon(lease)
            if workers[worker].running[lease] != nil { taskReturns(worker, lease) }
        case .pause(let pause, let milliseconds): at(now + milliseconds, .workerResumes(worker, incarnation: incarnation, pause))
        case .exit(let reason): workerExits(worker, reason)
        }
    }

    /// What looks after workers (systemd, Kubernetes, a shell) starts another.
    private mutating func workerExits(_ worker: Int, _ reason: String?) {
        if let reason {
            let isFull = configuration.cluster.maximumWorkers <= 2 * workers.count
            if workers[worker].version.major == WireVersion.current.major, !isFull { shellViolations.append("worker \(worker) was refused: \(reason)") }
        } else if workers[worker].drainingSince == nil, !workers[worker].isAskedToLeave {
            shellViolations.append("worker \(worker) left without being asked")
        }
        endWorker(worker)
        at(now + Int64(200 + random(below: 2_000)), .workerStarts(worker))
    }

    /// Mostly quick, sometimes very slow.
    mutating func workTime(_ worker: Int) -> Int64 {
        let time = random(below: 20) == 0 ? Int64(random(below: 10_000)) : Int64(5 + random(below: 300))
        return workers[worker].slowUntil > now ? 10 * time : time
    }

    mutating func unitEnds(_ worker: Int, _ incarnation: Int, _ lease: Lease, _ position: Int, calls: Int) {
        guard workers[worker].incarnation == incarnation, workers[worker].machine != nil, let order = workers[worker].running[lease] else { return }
        if strikes(.taskGivenBack) {
            taskReturns(worker, lease)
            return
        }
        let unit = order.units[position]
        if isPoisonous(unit, order) {
            faults[.poison] += 1
            crashWorker(worker)
            return
        }
        tellWorker(worker, incarnation, .unitFinished(lease, UnitReport(unit: unit.unit, record: record(of: unit, order, calls: calls))))
        guard workers[worker].running[lease] != nil else { return }
        if position + 1 < order.units.count { unitBegins(worker, order, position + 1) } else { taskReturns(worker, lease) }
    }

    /// A share of the samples, whoever tries them and when.
    private func isPoisonous(_ unit: TaskOrder.UnitReference, _ order: TaskOrder) -> Bool {
        guard configuration.rates[.poison] > 0, case .evaluate = order.work else { return false }
        return Int(unit.content.bytes[0]) * 4 < configuration.rates[.poison]
    }

    private mutating func record(of unit: TaskOrder.UnitReference, _ order: TaskOrder, calls: Int) -> UnitRecord {
        var record = answer(to: unit, order)
        if record.status != .infrastructureFailure { record.providerCalls = calls }
        return record
    }

    private mutating func answer(to unit: TaskOrder.UnitReference, _ order: TaskOrder) -> UnitRecord {
        do {
            switch order.work {
            case .evaluate(let work):
                let document = try BlobCodec.decodePromptDocument(content[work.candidate] ?? [], limits: WireLimits())
                let sample = try BlobCodec.decodeSample(content[unit.content] ?? [], limits: WireLimits())
                return SimulatedTarget.answer(document: document, sample: sample)
            case .generate: return SimulatedTarget.rewrite(try BlobCodec.decodeChatRequest(content[unit.content] ?? [], limits: WireLimits()))
            }
        } catch {
            shellViolations.append("a task named content that cannot be read: \(error)")
            return UnitRecord(status: .infrastructureFailure, output: "", score: nil, failureReason: "\(error)", providerCalls: 0)
        }
    }
}
