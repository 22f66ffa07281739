package import AdvPOModel
import OrderedCollections

/// Sees to it that no run sends more calls than its budget, whatever is in flight, lost or tried again.
///
/// Before a task is handed out its lease **reserves** an allowance of calls, to which the worker keeps. A lease that ends with its worker's word is **settled**
/// to what was sent. One that ends without it (a lost worker, a voided lease, a coordinator that died) is **lost**: it counts in full, since all of it may have been
/// spent, until the worker says how many it was after all. Settled, lost and reserved calls together never exceed the budget.
///
/// A lease's allowance is what its units take when nothing goes wrong, and a little more for retries where the budget has room: never what other waiting tasks
/// of the run need, nor what is kept for its proof.
///
/// Invalid events: ours (a run opened twice, a lease reserved twice) trap; a worker's word on a lease that nobody knows is ignored, and one that names more
/// calls than the allowance is believed: what was sent was sent.
package struct AllowanceBook: Sendable {
    /// Calls that a lease may have beyond what its units take.
    static let maximumSlack = 4
    /// Leases of a run that are kept by name in the store, and lost ones that can still be settled; more count in full.
    static let namedLeases = 1_024

    struct Account: Sendable {
        var budget: RunBudget
        var settled: RunSpending
        /// Set aside for what comes after the request under way.
        var keptCalls = 0
        var keptDollars = NanoDollars.zero
        var reserved: [Lease: LeaseAllowance] = [:]
        /// The oldest first.
        var lost: OrderedDictionary<Lease, LeaseAllowance> = [:]
        /// Sums over `reserved`, and over `lost`.
        var reservedSum = Sum()
        var lostSum = Sum()
        /// What the units need that no lease holds.
        var needed = Sum()

        struct Sum: Sendable {
            var calls = 0
            /// Exact, so that what was added can be taken away again.
            var dollars: Int128 = 0

            mutating func add(_ allowance: LeaseAllowance) {
                calls += allowance.calls
                dollars += Int128(allowance.cost(ofSent: allowance.calls).value)
            }

            mutating func remove(_ allowance: LeaseAllowance) {
                calls -= allowance.calls
                dollars -= Int128(allowance.cost(ofSent: allowance.calls).value)
            }
        }

        var roomCalls: Int { budget.calls - settled.calls - reservedSum.calls - lostSum.calls - keptCalls }
        /// Nil without a budget in dollars.
        var roomDollars: Int128? {
            budget.dollars.map {
                Int128($0.value) - Int128(settled.answered.value) - Int128(settled.unanswered.value) - reservedSum.dollars - lostSum.dollars - Int128(keptDollars.value)
            }
        }
        /// The tasks that wait need more than there is.
        var isTight: Bool { needed.calls > roomCalls || roomDollars.map { needed.dollars > $0 } ?? false }
    }

    private(set) var accounts: OrderedDictionary<RunID, Account> = [:]
    private var changed: OrderedSet<RunID> = []
    /// Runs whose waiting tasks may be more than their budget pays.
    private var suspects: OrderedSet<RunID> = []

    package init() {}

    /// Begins a run's account, with what an earlier life of the coordinator left of it: leases that it had handed out are lost.
    package mutating func open(_ run: RunID, _ budget: RunBudget, spending: RunSpending?) {
        precondition(accounts[run] == nil, "a run has one account")
        var account = Account(budget: budget, settled: spending ?? RunSpending())
        account.settled.leases = []
        for allowance in spending?.leases ?? [] { account.lose(allowance) }
        accounts[run] = account
    }

    package mutating func close(_ run: RunID) {
        accounts.removeValue(forKey: run)
        changed.remove(run)
        suspects.remove(run)
    }

    /// Sets aside what the run needs after the request that it is about to make.
    package mutating func keep(_ run: RunID, calls: Int, dollars: NanoDollars) {
        accounts[run]?.keptCalls = calls
        accounts[run]?.keptDollars = dollars
        suspect(run)
    }

    /// Units wait, or, with a negative number, wait no more.
    mutating func need(_ run: RunID, units: Int, _ price: CallPrice) {
        accounts[run]?.needed.calls += units * price.callsPerUnit
        accounts[run]?.needed.dollars += Int128(units) * Int128(price.worst(price.callsPerUnit).value)
        suspect(run)
    }

    /// The run's tasks are gone.
    mutating func needNothing(_ run: RunID) {
        accounts[run]?.needed = Account.Sum()
        suspects.remove(run)
    }

    private mutating func suspect(_ run: RunID) {
        if accounts[run]?.isTight == true { suspects.append(run) }
    }

    // MARK: Leases

    /// The calls that a task of so many units would get: 0 when the budget does not pay for one unit, `Int.max` for a run without an account.
    func allowance(_ run: RunID, units: Int, _ price: CallPrice, keepsAllowances: Bool) -> Int {
        guard let account = accounts[run] else { return .max }
        let usual = units * price.callsPerUnit
        let others = max(0, account.needed.calls - usual)
        let slack = min(Self.maximumSlack, price.callsPerUnitUnbounded - price.callsPerUnit)
        let wanted = keepsAllowances ? usual + slack : units * price.callsPerUnitUnbounded
        var calls = min(wanted, max(usual, account.roomCalls - others), account.roomCalls)
        if let dollars = account.roomDollars, price.worstCase > .zero {
            let othersDollars = max(0, account.needed.dollars - Int128(price.worst(usual).value))
            let free = Int(clamping: max(0, dollars - othersDollars) / Int128(price.worstCase.value))
            calls = min(calls, max(usual, free), Int(clamping: max(0, dollars) / Int128(price.worstCase.value)))
        }
        return calls >= price.callsPerUnit ? calls : 0
    }

    /// Reserves a lease's allowance; nil for a run without an account.
    ///
    /// Precondition: `allowance` with the same arguments is not 0.
    mutating func reserve(_ lease: Lease, _ run: RunID, units: Int, _ price: CallPrice, keepsAllowances: Bool) -> Int? {
        guard accounts[run] != nil else { return nil }
        let calls = allowance(run, units: units, price, keepsAllowances: keepsAllowances)
        precondition(calls > 0 && accounts[run]?.reserved[lease] == nil, "a lease reserves once, what the budget pays for")
        let reservation = LeaseAllowance(lease: lease, calls: calls, worstCase: price.worstCase)
        accounts[run]?.reserved[lease] = reservation
        accounts[run]?.reservedSum.add(reservation)
        changed.append(run)
        need(run, units: -units, price)
        return calls
    }

    /// A unit of the lease is finished: of what was reserved, its answers now have a known price.
    mutating func answered(_ lease: Lease, _ run: RunID, _ record: UnitRecord) {
        guard var reservation = accounts[run]?.reserved[lease] else { return }
        accounts[run]?.reservedSum.remove(reservation)
        let known = [record.usage, record.judgeUsage].compactMap(\.self)
        reservation.answeredCalls = min(reservation.calls, reservation.answeredCalls + known.count)
        for usage in known { reservation.answered = reservation.answered + max(.zero, usage.cost ?? reservation.worstCase) }
        accounts[run]?.reserved[lease] = reservation
        accounts[run]?.reservedSum.add(reservation)
        changed.append(run)
    }

    /// The lease has ended and its worker has said how many calls it sent.
    mutating func settle(_ lease: Lease, _ run: RunID, callsSpent: Int) {
        guard let reservation = accounts[run]?.reserved.removeValue(forKey: lease) else { return }
        accounts[run]?.reservedSum.remove(reservation)
        accounts[run]?.settle(reservation, sent: callsSpent)
        changed.append(run)
        suspect(run)
    }

    /// The lease has ended and nobody knows how many calls it sent.
    mutating func forfeit(_ lease: Lease, _ run: RunID) {
        guard let reservation = accounts[run]?.reserved.removeValue(forKey: lease) else { return }
        accounts[run]?.reservedSum.remove(reservation)
        accounts[run]?.lose(reservation)
        changed.append(run)
        suspect(run)
    }

    /// The worker of a lost lease says how many calls it sent after all. Of a lease that is not lost, or was settled so before, it changes nothing.
    mutating func settleLate(_ lease: Lease, callsSpent: Int) {
        for run in accounts.keys {
            guard let allowance = accounts[run]?.lost.removeValue(forKey: lease) else { continue }
            accounts[run]?.lostSum.remove(allowance)
            // A late word only ever gives back: whoever says it may not have held the lease.
            accounts[run]?.settle(allowance, sent: min(max(allowance.answeredCalls, callsSpent), allowance.calls))
            changed.append(run)
            suspect(run)
            return
        }
    }

    // MARK: What the others must know

    /// Runs of which no lease is out whose waiting tasks may be more than the budget pays.
    mutating func takeSuspects() -> [RunID] {
        guard !suspects.isEmpty else { return [] }
        let stuck = suspects.filter { accounts[$0]?.reserved.isEmpty ?? false }
        suspects.removeAll { run in accounts[run].map { $0.reserved.isEmpty || !$0.isTight } ?? true }
        return Array(stuck)
    }

    func budget(of run: RunID) -> RunBudget? { accounts[run]?.budget }

    /// Everything that was or may have been sent by leases that have ended; nil without an account.
    package func spent(by run: RunID) -> Spent? {
        accounts[run].map { account in
            Spent(
                calls: account.settled.calls + account.lostSum.calls,
                unanswered: account.lost.values.reduce(account.settled.unanswered) { $0 + $1.unanswered(ofSent: $1.calls) })
        }
    }

    /// Calls that leases may be sending now.
    package func reservedCalls(of run: RunID) -> Int { accounts[run]?.reservedSum.calls ?? 0 }

    /// What is stored with the run's account has changed, though the account itself has not.
    package mutating func noteChange(_ run: RunID) { if accounts[run] != nil { changed.append(run) } }

    /// What must be durable before anything that was decided since the last time may be acted upon; each run once.
    package mutating func takeChanges() -> [(RunID, RunSpending)] {
        guard !changed.isEmpty else { return [] }
        let runs = changed
        changed = []
        return runs.compactMap { run in accounts[run].map { (run, $0.durable) } }
    }
}

extension AllowanceBook.Account {
    mutating func settle(_ allowance: LeaseAllowance, sent: Int) {
        settled.calls += max(0, sent)
        settled.answered = settled.answered + allowance.answered
        settled.unanswered = settled.unanswered + allowance.unanswered(ofSent: max(0, sent))
    }

    mutating func lose(_ allowance: LeaseAllowance) {
        lost[allowance.lease] = allowance
        lostSum.add(allowance)
        guard lost.count > AllowanceBook.namedLeases else { return }
        let oldest = lost.removeFirst().value
        lostSum.remove(oldest)
        settle(oldest, sent: oldest.calls)
    }

    /// With every lease by name, or, when those are too many to write each time, the rest as if all of theirs were spent.
    var durable: RunSpending {
        var result = settled
        result.leases = Array(lost.values)
        if reserved.count <= AllowanceBook.namedLeases {
            result.leases += reserved.values.sorted { $0.lease < $1.lease }
        } else {
            result.calls += reservedSum.calls
            result.unanswered = result.unanswered + NanoDollars(Int64(clamping: reservedSum.dollars))
        }
        result.leases.sort { $0.lease < $1.lease }
        return result
    }
}
