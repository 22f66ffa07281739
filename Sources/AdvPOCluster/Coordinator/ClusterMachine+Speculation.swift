import AdvPOModel
import DequeModule
import OrderedCollections

/// Stragglers: when a kind of worker has nothing else to do, the oldest task that takes longer than 95 of 100 like it gets a second attempt.
///
/// Both attempts hold a current lease. Each unit counts from whoever reports it first; when the last is there, the other lease is cancelled
/// at once. A task has two attempts at a time at most, with different workers, and is looked at once for each time it is handed out.
extension ClusterMachine {
    struct AgedLease: Sendable {
        var task: UInt64
        var attempt: UInt32
    }

    mutating func watchAge(_ id: UInt64, _ attempt: UInt32, need: Int) {
        while leasesByAge.count <= need { leasesByAge.append([]) }
        leasesByAge[need].append(AgedLease(task: id, attempt: attempt))
        if leasesByAge[need].count > 2 * holders.count + 64 { leasesByAge[need].removeAll { holders[$0.task]?.attempt != $0.attempt } }
    }

    /// Whether the units' calls cost anything decides whether their tasks may run twice.
    mutating func learn(from units: [UnitReport], of id: UInt64) {
        guard settings.speculation == .unpriced, let need = tasks[id]?.header.need else { return }
        for unit in units where unit.record.usage?.cost != nil || unit.record.judgeUsage?.cost != nil { suitability.learnPrice(of: need) }
    }

    mutating func learnDuration(of id: UInt64, _ session: SessionID, _ now: Tick) {
        guard settings.speculation != .off, let holder = holder(id, session), let need = tasks[id]?.header.need else { return }
        suitability.learn((now.milliseconds - holder.since.milliseconds) / Int64(max(1, holder.units)), of: need)
    }

    mutating func speculate(_ now: Tick) -> [ClusterEffect] {
        guard settings.speculation != .off, waitingPulls.count > 0 else { return [] }
        var effects: [ClusterEffect] = []
        for need in leasesByAge.indices where !leasesByAge[need].isEmpty {
            guard let durations = suitability.durations(of: need), let usual = durations.p95 else { continue }
            guard settings.speculation == .all || !durations.isPriced else { continue }
            while let aged = leasesByAge[need].first {
                let id = aged.task
                guard let holder = holders[id], holder.attempt == aged.attempt, rivals[id] == nil else {
                    leasesByAge[need].removeFirst()
                    continue
                }
                guard now.milliseconds - holder.since.milliseconds > usual * Int64(max(1, holder.units)), let pull = idlePull(need, besides: holder.session)
                else { break }
                leasesByAge[need].removeFirst()
                guard let task = tasks[id], let worker = workers[pull.session],
                    budgets.pays(for: task, keepsAllowances: worker.introduction.keepsAllowances)
                else { continue }
                effects.append(.task(pull.token, giveAgain(id, pull, now)))
            }
        }
        return effects
    }

    /// The oldest of the pulls that could do it, but not the worker's own. That pulls wait means that nothing queued suits them.
    private mutating func idlePull(_ need: Int, besides session: SessionID) -> WaitingPulls.Pull? {
        for kind in suitability.kinds(serving: need) {
            if let pull = waitingPulls.oldest(of: kind, 16).first(where: { $0.session != session }) { return pull }
        }
        return nil
    }

    private mutating func giveAgain(_ id: UInt64, _ pull: WaitingPulls.Pull, _ now: Tick) -> TaskOrder {
        waitingPulls.remove(pull.token)
        workers[pull.session]?.waiting.removeAll { $0 == pull.token }
        tasks[id]?.attempt += 1
        guard let task = tasks[id] else { preconditionFailure("a leased task exists") }
        rivals[id] = Holder(session: pull.session, attempt: task.attempt, units: task.remaining.count, since: now)
        workers[pull.session]?.held.append(id)
        stories.handedOut(id, task, to: workers[pull.session]?.introduction.name ?? "", pull.session, now)
        let keepsAllowances = workers[pull.session]?.introduction.keepsAllowances ?? false
        return order(id, task, callAllowance: reserve(lease(id, task), for: task, keepsAllowances: keepsAllowances, isSecond: true))
    }
}
