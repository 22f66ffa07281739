import AdvPOCluster
import AdvPOModel
import AdvPOWire
import OrderedCollections

/// One worker process: its machine while it lives, and the tasks that its executor has.
struct SimulatedWorker {
    var incarnation = 0
    var machine: WorkerMachine?
    var running: OrderedDictionary<Lease, TaskOrder> = [:]
    /// Until then it does nothing, and afterwards all that came meanwhile, in order.
    var suspendedUntil: Int64 = 0
    /// Until then nothing reaches it, or nothing of it reaches the coordinator.
    var deafUntil: Int64 = 0
    var muteUntil: Int64 = 0
}

extension Simulator {
    mutating func startWorker(_ worker: Int) {
        guard workers[worker].machine == nil else { return }
        workers[worker].incarnation += 1
        workers[worker].running = [:]
        workers[worker].machine = WorkerMachine(settings: WorkerSettings(slots: configuration.slotsPerWorker))
        tellWorker(worker, workers[worker].incarnation, .start)
    }

    mutating func crashWorker(_ worker: Int) {
        guard workers[worker].machine != nil else { return }
        counts.workerCrashes += 1
        workers[worker].machine = nil
        workers[worker].suspendedUntil = 0
        let incarnation = workers[worker].incarnation
        // What it had sent may still arrive; what it waits for is never read.
        requests = requests.filter { $0.value.worker != worker || $0.value.incarnation != incarnation || $0.value.isReport }
        at(now + Int64(50 + random(below: 20_000)), .workerStarts(worker))
    }

    mutating func tellWorker(_ worker: Int, _ incarnation: Int, _ event: WorkerEvent) {
        guard workers[worker].incarnation == incarnation, var machine = workers[worker].machine else { return }
        let effects = machine.handle(event)
        workers[worker].machine = machine
        for effect in effects { carryOut(effect, worker) }
    }

    private mutating func carryOut(_ effect: WorkerEffect, _ worker: Int) {
        let incarnation = workers[worker].incarnation
        switch effect {
        case .hello:
            let hello = ControlRequest.Hello(
                version: .current, instance: "w\(worker)i\(incarnation)", name: "w\(worker)", slots: UInt32(configuration.slotsPerWorker), models: Self.models)
            send(worker, .hello, control: .hello(hello), timeout: 12_000)
        case .heartbeat(let session, let leases, let seen):
            send(
                worker, .heartbeat(session), control: .heartbeat(.init(session: session.rawValue, leases: leases, seenInstructions: seen)), timeout: 12_000)
        case .goodbye(let session): send(worker, .goodbye, control: .goodbye(session: session.rawValue), timeout: 12_000)
        case .pull(let session, let slot): send(worker, .pull(session, slot: slot), work: .pull(session: session.rawValue), timeout: 30_000)
        case .report(let session, let lease, let units, let ended, let andPull):
            send(
                worker, .report(session, lease, units: units),
                work: .report(session: session.rawValue, lease: lease, units: units, taskEnded: ended, andPull: andPull), timeout: 30_000)
        // The simulated executor calls no models.
        case .setShares: break
        case .run(let order):
            workers[worker].running[order.lease] = order
            at(now + workTime(), .unitEnds(worker, incarnation: incarnation, order.lease, position: 0))
        case .abort(let lease):
            if workers[worker].running.removeValue(forKey: lease) != nil { tellWorker(worker, incarnation, .taskReturned(lease)) }
        case .pause(let pause, let milliseconds): at(now + milliseconds, .workerResumes(worker, incarnation: incarnation, pause))
        case .exit(let reason): violations.append("worker \(worker) left without being asked: \(reason ?? "drained")")
        }
    }

    /// Mostly quick, sometimes very slow.
    private mutating func workTime() -> Int64 { random(below: 20) == 0 ? Int64(random(below: 20_000)) : Int64(5 + random(below: 300)) }

    mutating func unitEnds(_ worker: Int, _ incarnation: Int, _ lease: Lease, _ position: Int) {
        guard workers[worker].incarnation == incarnation, workers[worker].machine != nil, let order = workers[worker].running[lease] else { return }
        if now < configuration.faultMilliseconds, random(below: 1_000) < configuration.tasksGivenBack {
            counts.givenBack += 1
            workers[worker].running.removeValue(forKey: lease)
            tellWorker(worker, incarnation, .taskReturned(lease))
            return
        }
        let unit = order.units[position]
        tellWorker(worker, incarnation, .unitFinished(lease, UnitReport(unit: unit.unit, record: record(of: unit, order))))
        guard workers[worker].running[lease] != nil else { return }
        if position + 1 < order.units.count {
            at(now + workTime(), .unitEnds(worker, incarnation: incarnation, lease, position: position + 1))
        } else {
            workers[worker].running.removeValue(forKey: lease)
            tellWorker(worker, incarnation, .taskReturned(lease))
        }
    }

    private mutating func record(of unit: TaskOrder.UnitReference, _ order: TaskOrder) -> UnitRecord {
        do {
            switch order.work {
            case .evaluate(let work):
                let document = try BlobCodec.decodePromptDocument(content[work.candidate] ?? [], limits: WireLimits())
                let sample = try BlobCodec.decodeSample(content[unit.content] ?? [], limits: WireLimits())
                return SimulatedTarget.answer(document: document, sample: sample)
            case .generate: return SimulatedTarget.rewrite(try BlobCodec.decodeChatRequest(content[unit.content] ?? [], limits: WireLimits()))
            }
        } catch {
            violations.append("a task named content that cannot be read: \(error)")
            return UnitRecord(status: .infrastructureFailure, output: "", score: nil, failureReason: "\(error)", providerCalls: 0)
        }
    }

    // MARK: - The network

    private mutating func send(_ worker: Int, _ kind: PendingRequest.Kind, control: ControlRequest, timeout: Int64) {
        send(worker, kind, control.encoded(), isControl: true, timeout)
    }

    private mutating func send(_ worker: Int, _ kind: PendingRequest.Kind, work: WorkRequest, timeout: Int64) {
        send(worker, kind, work.encoded(), isControl: false, timeout)
    }

    private mutating func send(_ worker: Int, _ kind: PendingRequest.Kind, _ bytes: [UInt8], isControl: Bool, _ timeout: Int64) {
        let id = nextRequest
        nextRequest += 1
        requests[id] = PendingRequest(worker: worker, incarnation: workers[worker].incarnation, isControl: isControl, bytes: bytes, kind: kind)
        counts.messages += 1
        note(bytes)
        at(now + timeout, .requestFails(id))
        travel(.requestArrives(id), failing: id)
    }

    /// A message takes its time, comes twice, or is lost: then its sender waits until its patience ends, or sees the connection break.
    mutating func travel(_ arrival: Happening, failing id: UInt64) {
        let isFaulty = now < configuration.faultMilliseconds
        if isCut(arrival, id) || isFaulty && random(below: 1_000) < configuration.lostMessages {
            counts.lost += 1
            if random(below: 2) == 0 { at(now + 1 + Int64(random(below: 50)), .requestFails(id)) }
            return
        }
        if isFaulty, random(below: 1_000) < configuration.repeatedMessages {
            counts.repeated += 1
            at(now + 1 + Int64(random(below: 10_000)), arrival)
        }
        if isFaulty, random(below: 1_000) < configuration.lateMessages {
            counts.late += 1
            at(now + 1 + Int64(random(below: 25_000)), arrival)
            return
        }
        at(now + 1 + Int64(random(below: random(below: 10) == 0 ? 500 : 10)), arrival)
    }

    private func isCut(_ arrival: Happening, _ id: UInt64) -> Bool {
        guard let worker = requests[id]?.worker, now < configuration.faultMilliseconds else { return false }
        if case .replyArrives = arrival { return workers[worker].deafUntil > now }
        return workers[worker].muteUntil > now
    }

    mutating func requestFails(_ id: UInt64) {
        guard let request = requests.removeValue(forKey: id) else { return }
        let event: WorkerEvent
        switch request.kind {
        case .hello: event = .greetingFailed
        case .heartbeat(let session): event = .heartbeatFailed(session)
        case .pull(let session, let slot): event = .pullFailed(session, slot: slot)
        case .report(let session, let lease, _): event = .reportFailed(session, lease)
        case .goodbye: event = .goodbyeAnswered
        }
        tellWorker(request.worker, request.incarnation, event)
    }

    mutating func replyArrives(_ id: UInt64, _ bytes: [UInt8]) {
        guard let request = requests.removeValue(forKey: id) else { return }
        note(bytes)
        do {
            tellWorker(request.worker, request.incarnation, try event(of: request, bytes))
        } catch {
            violations.append("the codec did not understand its own reply: \(error)")
        }
    }

    private func event(of request: PendingRequest, _ bytes: [UInt8]) throws -> WorkerEvent {
        switch request.kind {
        case .hello:
            if case .welcome(let welcome) = try ControlReply(decoding: bytes, limits: WireLimits()) {
                return .welcomed(SessionID(welcome.session), epoch: welcome.epoch)
            }
            return .greetingFailed
        case .heartbeat(let session):
            switch try ControlReply(decoding: bytes, limits: WireLimits()) {
            case .instructions(let said): return .instructed(session, sequence: said.sequence, cancel: said.cancel, drain: said.drain, shares: said.shares)
            case .unknownSession: return .sessionLost(session)
            case .welcome, .refused, .challenge: return .heartbeatFailed(session)
            }
        case .pull(let session, let slot):
            switch try WorkReply(decoding: bytes, limits: WireLimits()) {
            case .task(let order): return .pulled(session, slot: slot, order)
            case .nothing: return .pulled(session, slot: slot, nil)
            case .unknownSession: return .sessionLost(session)
            case .accepted, .stale, .blobs, .refused: return .pullFailed(session, slot: slot)
            }
        case .report(let session, let lease, _):
            switch try WorkReply(decoding: bytes, limits: WireLimits()) {
            case .accepted(let next): return .reported(session, lease, stale: false, next: next)
            case .stale: return .reported(session, lease, stale: true)
            case .unknownSession: return .sessionLost(session)
            case .task, .nothing, .blobs, .refused: return .reportFailed(session, lease)
            }
        case .goodbye: return .goodbyeAnswered
        }
    }
}

extension Simulator.PendingRequest {
    var isReport: Bool { if case .report = kind { true } else { false } }
}
