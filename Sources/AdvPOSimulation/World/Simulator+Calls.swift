import AdvPOCluster
import AdvPOCoordinator
import AdvPOModel
import AdvPOWire
import OrderedCollections

/// What simulated workers ask of models, and what they tell the coordinator of it: as the real worker's shell does.
extension Simulator {
    /// The model is asked as soon as a unit begins: whoever dies in its midst has spent the call.
    mutating func unitBegins(_ worker: Int, _ order: TaskOrder, _ position: Int) {
        let unit = order.units[position]
        var calls = 1
        ask(worker, order, unit)
        if defect == .exceedsAllowances { for _ in 0..<8 { ask(worker, order, unit) } }
        let left = order.callAllowance.map { $0 - workers[worker].calls.spent(by: order.lease) } ?? .max
        // Never at the cost of the units that are still to come.
        if left > order.units.count - position - 1 || !workers[worker].version.hasAllowances, strikes(.callRepeated) {
            ask(worker, order, unit)
            calls += 1
        }
        witness.called(order.lease, unit.unit)
        if defect == .callsTwice { witness.called(order.lease, unit.unit) }
        at(now + workTime(worker), .unitEnds(worker, incarnation: workers[worker].incarnation, order.lease, position: position, calls: calls))
    }

    private mutating func ask(_ worker: Int, _ order: TaskOrder, _ unit: TaskOrder.UnitReference) {
        workers[worker].calls.called(order.lease)
        witness.asked(unit.unit, of: order.run, budget: plans[order.run.job]?.options.budgetCalls ?? 0)
    }

    /// The executor of a task has ended, whatever of it is finished.
    mutating func taskReturns(_ worker: Int, _ lease: Lease) {
        workers[worker].running.removeValue(forKey: lease)
        workers[worker].calls.end(lease)
        tellWorker(worker, workers[worker].incarnation, .taskReturned(lease))
        tellAbandoned(worker)
    }

    /// An answer that its worker reads.
    mutating func answered(_ request: PendingRequest, _ event: WorkerEvent) {
        guard workers[request.worker].incarnation == request.incarnation, workers[request.worker].machine != nil else { return }
        switch (request.kind, event) {
        case (.hello, .welcomed(let session, _)):
            workers[request.worker].welcomed = session
            workers[request.worker].calls.abandonAll()
            tellAbandoned(request.worker)
        case (.report(_, let lease, let ended), .reported(_, _, let isStale, _)):
            if ended { workers[request.worker].calls.forget(lease) } else if isStale { workers[request.worker].calls.abandon(lease) }
        default: break
        }
        tellWorker(request.worker, request.incarnation, event)
        tellAbandoned(request.worker)
    }

    private mutating func tellAbandoned(_ worker: Int) {
        guard workers[worker].machine != nil, let session = workers[worker].welcomed, workers[worker].version.hasAllowances else { return }
        for (lease, spent) in workers[worker].calls.takeAbandoned() {
            let (kind, bytes) = WorkerEdge.settlement(of: lease, in: session, callsSpent: spent)
            send(worker, kind, bytes)
        }
    }
}

extension WorkerEffect {
    /// Whether the coordinator may answer it with a task.
    var asksForWork: Bool {
        switch self {
        case .pull, .report(_, _, _, _, andPull: true): true
        case .report, .hello, .heartbeat, .goodbye, .setShares, .run, .abort, .pause, .exit: false
        }
    }
}
