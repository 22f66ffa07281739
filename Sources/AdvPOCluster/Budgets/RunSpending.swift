package import AdvPOModel

/// What a run has spent and what it may be spending, as it must outlive the coordinator.
///
/// `calls`, `answered` and `unanswered` are settled: they say what was sent. A lease in `leases` may have sent all of its allowance; at a start of the
/// coordinator nobody knows better, so it counts in full until its worker says how many it sent.
package struct RunSpending: Hashable, Sendable {
    package var calls: Int
    /// Of answered calls, by what their records say.
    package var answered: NanoDollars
    /// Of calls that may have been served though no record shows an answer, at their worst case.
    package var unanswered: NanoDollars
    /// Ascending by lease.
    package var leases: [LeaseAllowance]

    package init(calls: Int = 0, answered: NanoDollars = .zero, unanswered: NanoDollars = .zero, leases: [LeaseAllowance] = []) {
        self.calls = calls
        self.answered = answered
        self.unanswered = unanswered
        self.leases = leases
    }
}

/// The calls that one lease may have sent.
package struct LeaseAllowance: Hashable, Sendable {
    package var lease: Lease
    package var calls: Int
    /// Of them, those whose answer is in an accepted record, and what they cost.
    package var answeredCalls: Int
    package var answered: NanoDollars
    /// What one call costs at most.
    package var worstCase: NanoDollars

    package init(lease: Lease, calls: Int, answeredCalls: Int = 0, answered: NanoDollars = .zero, worstCase: NanoDollars = .zero) {
        self.lease = lease
        self.calls = calls
        self.answeredCalls = answeredCalls
        self.answered = answered
        self.worstCase = worstCase
    }

    /// Of `sent` calls of the lease, what those cost at most that no record answers.
    func unanswered(ofSent sent: Int) -> NanoDollars {
        let product = worstCase.value.multipliedReportingOverflow(by: Int64(max(0, sent - answeredCalls)))
        return NanoDollars(product.overflow ? .max : product.partialValue)
    }

    /// What the lease costs at most: what is known of its answers, and the worst case of the rest.
    func cost(ofSent sent: Int) -> NanoDollars { answered + unanswered(ofSent: sent) }
}

/// What is known to be spent, and forfeited.
package struct Spent: Hashable, Sendable {
    /// Every request that was, or may have been, served.
    package var calls: Int
    /// What those cost at most of which no record shows an answer.
    package var unanswered: NanoDollars
    package init(calls: Int, unanswered: NanoDollars) {
        self.calls = calls
        self.unanswered = unanswered
    }
}
