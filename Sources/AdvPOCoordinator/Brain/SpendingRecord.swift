import AdvPOCluster
import AdvPOModel
import AdvPOStore
import OrderedCollections

/// A run's account in the store: what it spent and may be spending, and what its search was told of it.
///
/// A search that is played again must be told the same at the same places, or it would ask for other units than those that are paid for.
struct SpendingRecord: Hashable, Sendable {
    var spending = RunSpending()
    /// What was spent beyond what records tell, by the request at whose end the search learned of it. No entry: as before.
    var waste: OrderedDictionary<Int, Spent> = [:]

    func stored(for run: RunID) -> StoredSpending {
        // Written by hand, once for every run in every commit; numbers and their separators need no escapes.
        var record = "{\"calls\":\(spending.calls),\"answeredNanoDollars\":\"\(spending.answered.value)\",\"unansweredNanoDollars\":\"\(spending.unanswered.value)\",\"leases\":\""
        for (position, lease) in spending.leases.enumerated() {
            if position > 0 { record += "; " }
            // Lease, allowance, answered calls and their cost, the dearest call's cost.
            record += "\(lease.lease) \(lease.calls) \(lease.answeredCalls) \(lease.answered.value) \(lease.worstCase.value)"
        }
        record += "\",\"waste\":\""
        for (position, entry) in waste.enumerated() {
            if position > 0 { record += "; " }
            // Request, calls, cost of unanswered calls.
            record += "\(entry.key) \(entry.value.calls) \(entry.value.unanswered.value)"
        }
        record += "\"}"
        return StoredSpending(run: run, calls: spending.leases.reduce(spending.calls) { $0 + $1.calls }, record: record)
    }

    init(spending: RunSpending = RunSpending(), waste: OrderedDictionary<Int, Spent> = [:]) {
        self.spending = spending
        self.waste = waste
    }

    /// Nil for what no program of this kind wrote.
    init?(_ stored: StoredSpending) {
        guard case .success(let json) = Result(catching: { try JSONValue(parsing: Array(stored.record.utf8)) }),
            let calls = json["calls"]?.numberValue?.int, let answered = Self.dollars(json["answeredNanoDollars"]),
            let unanswered = Self.dollars(json["unansweredNanoDollars"]), let leases = json["leases"]?.stringValue, let waste = json["waste"]?.stringValue
        else { return nil }
        spending = RunSpending(calls: calls, answered: answered, unanswered: unanswered)
        for text in leases.split(separator: ";") {
            let words = text.split(separator: " ")
            guard words.count == 5, let lease = Lease(String(words[0])), let calls = Int(words[1]), let answeredCalls = Int(words[2]),
                let answered = Int64(words[3]), let worst = Int64(words[4])
            else { return nil }
            spending.leases.append(LeaseAllowance(
                lease: lease, calls: calls, answeredCalls: answeredCalls, answered: NanoDollars(answered), worstCase: NanoDollars(worst)))
        }
        for text in waste.split(separator: ";") {
            let numbers = text.split(separator: " ").compactMap { Int64($0) }
            guard numbers.count == 3 else { return nil }
            self.waste[Int(numbers[0])] = Spent(calls: Int(numbers[1]), unanswered: NanoDollars(numbers[2]))
        }
    }

    private static func dollars(_ value: JSONValue?) -> NanoDollars? { value?.stringValue.flatMap { Int64($0) }.map { NanoDollars($0) } }
}

extension Lease {
    /// What `description` wrote.
    fileprivate init?(_ text: String) {
        let parts = text.split(separator: ".").compactMap { UInt64($0) }
        guard parts.count == 3, let attempt = UInt32(exactly: parts[2]) else { return nil }
        self.init(task: parts[1], attempt: attempt, epoch: parts[0])
    }
}
