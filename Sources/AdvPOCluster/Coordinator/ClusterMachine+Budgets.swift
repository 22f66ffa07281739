package import AdvPOModel
import OrderedCollections

/// Where tasks meet their run's budget.
extension ClusterMachine {
    /// Begins a run's account; a run without one has no limit.
    package mutating func openBudget(_ budget: RunBudget, of run: RunID, spending: RunSpending?) { budgets.open(run, budget, spending: spending) }

    /// Sets aside what the run needs after the request that it makes now.
    package mutating func keepOfBudget(of run: RunID, calls: Int, dollars: NanoDollars) { budgets.keep(run, calls: calls, dollars: dollars) }

    /// What is stored with the run's account has changed: it is among the next changes.
    package mutating func noteBudgetChange(of run: RunID) { budgets.noteChange(run) }

    package mutating func takeBudgetChanges() -> [(RunID, RunSpending)] { budgets.takeChanges() }

    package mutating func closeBudget(of run: RunID) { budgets.close(run) }

    /// Reserves what a task that is about to be handed out may send; nil for no limit. `isSecond`: its first lease goes on, so that nothing less waits.
    mutating func reserve(_ lease: Lease, for task: Task, keepsAllowances: Bool, isSecond: Bool = false) -> Int? {
        guard let price = task.header.price else { return nil }
        let calls = budgets.reserve(lease, task.header.run, units: task.remaining.count, price, keepsAllowances: keepsAllowances)
        if isSecond { budgets.need(task.header.run, units: task.remaining.count, price) }
        return calls
    }

    /// The lease ends with its worker's word; what is left of the task waits again, unless another has it still.
    mutating func settle(_ lease: Lease, callsSpent: Int) {
        guard let task = tasks[lease.task], let price = task.header.price else { return }
        budgets.settle(lease, task.header.run, callsSpent: callsSpent)
        leaseEnds(of: task, price, isLast: rivals[lease.task] == nil)
    }

    /// The lease ends without its worker's word; what is left of the task waits again, unless another has it still.
    mutating func forfeit(_ lease: Lease) {
        guard let task = tasks[lease.task], let price = task.header.price else { return }
        budgets.forfeit(lease, task.header.run)
        leaseEnds(of: task, price, isLast: rivals[lease.task] == nil)
    }

    private mutating func leaseEnds(of task: Task, _ price: CallPrice, isLast: Bool) {
        if isLast { budgets.need(task.header.run, units: task.remaining.count, price) }
        tryAgain(task.header.run)
    }

    /// What a run's budget did not pay for a while ago it may pay for now.
    private mutating func tryAgain(_ run: RunID) {
        freshNeeds.append(contentsOf: queue.unpark(run))
    }

    /// The same for all runs: a worker of another version may take what one before it could not.
    mutating func tryParkedAgain() {
        for run in queue.parkedRuns { tryAgain(run) }
    }

    /// Fails the waiting tasks that their run's budget can never pay for: nothing of it is out that could come back.
    mutating func failUnpayable(_ now: Tick) -> [ClusterEffect] {
        var effects: [ClusterEffect] = []
        for run in budgets.takeSuspects() {
            let unpayable = (runs[run]?.tasks ?? []).filter { id in tasks[id].map { !budgets.pays(for: $0, keepsAllowances: true) } ?? false }
            guard !unpayable.isEmpty else { continue }
            let reason = usedUp(run)
            for id in unpayable {
                guard let task = tasks[id] else { continue }
                if let price = task.header.price { budgets.need(run, units: -task.remaining.count, price) }
                effects += failures(task.remaining[...], of: run, lease(id, task), reason)
                stories.failed(id, run, reason: reason, now)
                if task.isResting { restingCount -= 1 }
                forget(id)
            }
            queue.removeAll(of: run)
            for id in runs[run]?.tasks ?? [] {
                guard let task = tasks[id], !task.isResting else { continue }
                queue.append(id, of: run, need: task.header.need, urgency: task.header.urgency)
                freshNeeds.append(task.header.need)
            }
        }
        return effects
    }

    private func usedUp(_ run: RunID) -> String {
        guard let budget = budgets.budget(of: run) else { return "the budget is used up" }
        let dollars = budget.dollars.map { " or of \($0.dollarText)" } ?? ""
        return "the budget of \(budget.calls) calls\(dollars) is used up, retries and calls of lost workers included"
    }

    func failures(_ units: ArraySlice<TaskOrder.UnitReference>, of run: RunID, _ lease: Lease, _ reason: String) -> [ClusterEffect] {
        units.map { unit in
            let record = UnitRecord(status: .infrastructureFailure, output: "", score: nil, failureReason: reason, providerCalls: 0)
            return .accepted(run, UnitReport(unit: unit.unit, record: record), lease)
        }
    }
}

extension AllowanceBook {
    /// Whether a task can be given to a worker within its run's budget.
    func pays(for task: ClusterMachine.Task, keepsAllowances: Bool) -> Bool {
        guard let price = task.header.price else { return true }
        return allowance(task.header.run, units: task.remaining.count, price, keepsAllowances: keepsAllowances) > 0
    }
}
