import AdvPOCluster
import AdvPOModel
import OrderedCollections

extension Simulator {
    mutating func send(_ worker: Int, _ kind: PendingRequest.Kind, _ bytes: [UInt8]) {
        let id = nextRequest
        nextRequest += 1
        requests[id] = PendingRequest(worker: worker, incarnation: workers[worker].incarnation, kind: kind)
        messages += 1
        diary.note(bytes)
        at(now + kind.timeoutMilliseconds, .requestFails(id))
        travel(.requestArrives(id, isControl: kind.isControl, bytes), failing: id)
    }

    /// A message takes its time, comes twice, or is lost: then its sender waits until its patience ends, or sees the connection break.
    mutating func travel(_ arrival: Happening, failing id: UInt64) {
        if isCut(arrival, id) || strikes(.messageLost) {
            if random(below: 2) == 0 { at(now + 1 + Int64(random(below: 50)), .requestFails(id)) }
            return
        }
        var delay = 1 + Int64(random(below: random(below: 10) == 0 ? 500 : 10))
        if let worker = requests[id]?.worker, workers[worker].slowLinkUntil > now { delay += Int64(200 + random(below: 3_000)) }
        if strikes(.messageReordered) { delay += Int64(random(below: 400)) }
        if strikes(.messageRepeated) { at(now + 1 + Int64(random(below: 10_000)), arrival) }
        if strikes(.messageLate) { delay = 1 + Int64(random(below: 25_000)) }
        at(now + delay, arrival)
    }

    private func isCut(_ arrival: Happening, _ id: UInt64) -> Bool {
        guard let worker = requests[id]?.worker, now < configuration.faultMilliseconds else { return false }
        if case .replyArrives = arrival { return workers[worker].deafUntil > now }
        return workers[worker].muteUntil > now
    }

    mutating func requestFails(_ id: UInt64) {
        guard let request = requests.removeValue(forKey: id) else { return }
        if let event = WorkerEdge.failure(of: request.kind) { tellWorker(request.worker, request.incarnation, event) }
    }

    mutating func replyArrives(_ id: UInt64, _ bytes: [UInt8]) {
        guard let request = requests.removeValue(forKey: id) else { return }
        diary.note(bytes)
        do {
            guard let event = try WorkerEdge.event(for: request.kind, answer: bytes) else { return }
            answered(request, event)
        } catch {
            shellViolations.append("the codec did not understand its own reply: \(error)")
        }
    }
}
