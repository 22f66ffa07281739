import AdvPOCluster
import AdvPOModel
import AdvPOOptimizer
package import AdvPOStore
import OrderedCollections

/// What runs spend: the cluster's accounts on one side, the searches that plan with them on the other.
extension CoordinatorBrain {
    /// Further tries that a model file allows a request unless it says otherwise; for workers that keep to no allowance.
    private static let usualRetries = CatalogModel.Limits().retries

    /// What must be durable, with everything decided since the last time, before that is acted upon: once for each run, however much happened.
    package mutating func takeSpending() -> [StoreRecord] {
        cluster.takeBudgetChanges().compactMap { run, spending in
            inPlace(run) { $0.waste }.map { .spending(SpendingRecord(spending: spending, waste: $0).stored(for: run)) }
        }
    }

    /// Begins a run's account; that of a run taken up again goes on from what is stored, or, where an earlier version stored nothing, from its units.
    mutating func openAccount(_ run: inout RunState, _ plan: JobPlan, _ stored: StoredSpending?) {
        var spending = RunSpending()
        if let record = stored.flatMap({ SpendingRecord($0) }) {
            spending = record.spending
            run.waste = record.waste
        } else {
            // Sums: the order of the units does not matter.
            for unit in run.units.values {
                spending.calls += unit.providerCalls
                for usage in [unit.usage, unit.judgeUsage] { spending.answered = spending.answered + (usage?.cost ?? .zero) }
            }
        }
        cluster.openBudget(RunBudget(calls: plan.options.budgetCalls, dollars: plan.runBudgetDollars), of: run.id, spending: spending)
    }

    /// Tells the search what everything until the end of a request has taken: in a replay what it was told then, else what is known now.
    mutating func tellSpending(to run: inout RunState, at request: Int, units: [ContentHash]) {
        for unit in units where run.counted.insert(unit).inserted { run.callsTold += run.units[unit]?.providerCalls ?? 0 }
        if run.isReplaying {
            run.lastWaste = run.waste[request] ?? run.lastWaste
        } else if let spent = cluster.budgets.spent(by: run.id) {
            let waste = Spent(calls: spent.calls - run.callsTold, unanswered: spent.unanswered)
            if waste != run.lastWaste {
                run.waste[request] = waste
                // Durable with what the search makes of it: a replay that is told less would find money for what was not asked for then.
                cluster.noteBudgetChange(of: run.id)
            }
            run.lastWaste = waste
        }
        _ = run.search.handle(.spent(calls: run.callsTold + run.lastWaste.calls, unanswered: run.lastWaste.unanswered))
    }

    /// Tells a search that is about to be stopped; what its tasks had in flight is forfeited.
    func tellSpendingNow(to run: inout RunState) {
        guard let spent = cluster.budgets.spent(by: run.id) else { return }
        _ = run.search.handle(.spent(calls: spent.calls, unanswered: spent.unanswered))
    }

    static func price(_ run: RunState, _ item: EvaluationRequest.Item, usesJudge: Bool) -> CallPrice {
        CallPrice(
            callsPerUnit: usesJudge ? 2 : 1, callsPerUnitUnbounded: (1 + (usesJudge ? JudgeLimits.maximumAsks : 0)) * (1 + usualRetries),
            worstCase: run.search.dearestCall(item))
    }

    static func price(_ run: RunState, _ chat: GenerationRequest.Chat) -> CallPrice {
        CallPrice(callsPerUnit: 1, callsPerUnitUnbounded: 1 + usualRetries, worstCase: run.search.dearestCall(chat))
    }
}
