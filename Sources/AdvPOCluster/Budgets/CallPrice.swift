package import AdvPOModel

/// What a task's calls take from its run's budget.
package struct CallPrice: Hashable, Sendable {
    /// Requests that one unit takes when nothing goes wrong: its answer, and its judge's.
    package var callsPerUnit: Int
    /// Requests that one unit may take from a worker that keeps to no allowance: every retry, every ask of a judge.
    package var callsPerUnitUnbounded: Int
    /// What the dearest of them costs at most; zero without a budget in dollars.
    package var worstCase: NanoDollars

    package init(callsPerUnit: Int, callsPerUnitUnbounded: Int, worstCase: NanoDollars) {
        precondition(callsPerUnit >= 1 && callsPerUnitUnbounded >= callsPerUnit, "a unit takes at least one call")
        self.callsPerUnit = callsPerUnit
        self.callsPerUnitUnbounded = callsPerUnitUnbounded
        self.worstCase = worstCase
    }

    func worst(_ calls: Int) -> NanoDollars {
        let product = worstCase.value.multipliedReportingOverflow(by: Int64(calls))
        return NanoDollars(product.overflow ? .max : product.partialValue)
    }
}

/// What a run may spend in all.
package struct RunBudget: Hashable, Sendable {
    package var calls: Int
    /// Nil without a budget in dollars.
    package var dollars: NanoDollars?
    package init(calls: Int, dollars: NanoDollars? = nil) {
        self.calls = calls
        self.dollars = dollars
    }
}
