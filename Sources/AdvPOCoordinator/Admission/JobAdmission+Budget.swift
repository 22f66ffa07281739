import AdvPOBedrock
import AdvPOModel
import AdvPOOptimizer
import OrderedCollections

extension JobAdmission {
    /// Known fields of a request that change how much is answered or what it costs, so that nothing can be set aside for it beforehand. Providers have others.
    private static let unboundedFields = [
        "max_tokens", "max_completion_tokens", "max_output_tokens", "max_new_tokens", "n", "best_of", "service_tier", "web_search_options",
        "models", "route", "plugins", "prediction", "modalities", "audio", "tools", "functions",
    ]

    /// Today's prices of every model that a job with a budget in dollars can call; empty without one.
    ///
    /// - Throws: `AdmissionFault` for a model without a price, and for whatever has no upper bound of its cost.
    func prices(of plan: JobPlan) throws(AdmissionFault) -> OrderedDictionary<String, CatalogModel.Price> {
        guard plan.options.budgetDollars != nil else { return [:] }
        try checkBounds(plan)
        var prices: OrderedDictionary<String, CatalogModel.Price> = [:]
        for (role, model) in plan.calledModels where prices[model] == nil {
            guard let price = catalog.models[model]?.price else {
                throw AdmissionFault(
                    message: "advpo:budget-dollars: the \(role) \(model) has no price in the models file, so its calls cannot be kept within a budget; "
                        + "add its price there, or leave the budget in dollars out")
            }
            prices[model] = price
        }
        return prices
    }

    private func checkBounds(_ plan: JobPlan) throws(AdmissionFault) {
        for model in plan.request.models {
            guard model.inference.maxTokens != nil else {
                throw AdmissionFault(
                    message: "advpo:budget-dollars: model \(model.modelID) has no limit to the length of its answers; set maxTokens in its inferenceConfig "
                        + "(advpo: --max-tokens)")
            }
            if let field = Self.unboundedFields.first(where: { model.additionalModelRequestFields[$0] != nil }) {
                throw AdmissionFault(
                    message: "advpo:budget-dollars: model \(model.modelID): additionalModelRequestFields sets \(field), which changes what an answer may cost; "
                        + "leave it out, and set the length of answers by maxTokens in inferenceConfig")
            }
        }
        if let attached = plan.templates.first(where: { $0.samples.contains { !$0.attachments.isEmpty } }) {
            throw AdmissionFault(
                message: "advpo:budget-dollars: line \(attached.line), template \"\(attached.id)\" has images or documents, whose tokens nobody knows beforehand; "
                    + "set advpo:budget-calls instead")
        }
    }

    /// - Throws: `AdmissionFault` when a run could not score the original, one candidate and the proof, with the budget that would do.
    func checkBudgets(_ plan: JobPlan) throws(AdmissionFault) {
        var calls: (run: RunID, least: Int)?
        var dollars: (run: RunID, least: NanoDollars)?
        for run in plan.runs {
            let least = Search.minimum(plan.searchConfiguration(of: run))
            if least.calls > calls?.least ?? 0 { calls = (run, least.calls) }
            if let amount = least.dollars, amount > dollars?.least ?? NanoDollars(-1) { dollars = (run, amount) }
        }
        if let calls, calls.least > plan.options.budgetCalls {
            let preset = plan.options.preset
            let isPresets = plan.options.budgetCalls == preset.budgetCalls
            throw AdmissionFault(
                message: "advpo:budget-calls: a run may make \(plan.options.budgetCalls) calls\(isPresets ? " (the preset \(preset.rawValue))" : ""), but \(name(calls.run, plan)): scoring the original, one candidate and "
                    + "the proof take \(calls.least); raise it to at least \(calls.least), or give fewer samples")
        }
        if let dollars, let budget = plan.options.budgetDollars, dollars.least > plan.runBudgetDollars ?? .zero {
            let product = dollars.least.value.multipliedReportingOverflow(by: Int64(plan.runs.count))
            let total = NanoDollars(product.overflow ? .max : product.partialValue)
            throw AdmissionFault(
                message: "advpo:budget-dollars: \(budget.dollarText) for \(plan.runs.count) runs is \((plan.runBudgetDollars ?? .zero).dollarText) for each, but "
                    + "\(name(dollars.run, plan)): scoring the original, one candidate and the proof may cost \(dollars.least.dollarText); "
                    + "give at least \(total.dollarText), lower maxTokens, or give fewer samples")
        }
    }

    private func name(_ run: RunID, _ plan: JobPlan) -> String {
        let template = plan.templates[run.template]
        return "line \(template.line), template \"\(template.id)\" with model \(plan.request.models[run.model].modelID) on \(template.samples.count) samples"
    }
}

extension JobPlan {
    /// Every model that the job can call, with its role.
    var calledModels: [(role: String, model: String)] {
        request.models.map { ("model", $0.modelID) } + templates.compactMap { judge(of: $0) }.map { ("judge", $0) }
            + (rewriterModelID.map { [("rewriter", $0)] } ?? [])
    }

    /// Each run's equal share of the job's budget in dollars.
    var runBudgetDollars: NanoDollars? { options.budgetDollars.map { NanoDollars($0.value / Int64(max(1, runs.count))) } }

    /// Nil without a budget in dollars. A model that has no price here counts as if it could never be paid: `JobAdmission` lets none through.
    func spendingLimit(of run: RunID) -> SpendingLimit? {
        guard let budget = runBudgetDollars else { return nil }
        let unpayable = CatalogModel.Price(inputPerMillionTokens: NanoDollars(.max), outputPerMillionTokens: NanoDollars(.max))
        let model = request.models[run.model]
        return SpendingLimit(
            budget: budget, target: prices[model.modelID] ?? unpayable, targetMaxTokens: model.inference.maxTokens ?? .max,
            targetExtraBytes: model.additionalModelRequestFields.isEmpty ? 0 : JSONValue.object(model.additionalModelRequestFields).encoded().count,
            judge: judge(of: templates[run.template]).map { prices[$0] ?? unpayable }, rewriter: rewriterModelID.map { prices[$0] ?? unpayable })
    }
}
