/// Counts what a search has asked for, so that its budget is never exceeded. Retries are the provider's matter.
struct CallLedger: Hashable, Sendable {
    let budget: Int
    let callsPerUnit: Int
    private(set) var spent = 0
    /// Calls kept back for the proof.
    private(set) var reserved: Int

    init(budget: Int, callsPerUnit: Int, reservedUnits: Int) {
        self.budget = budget
        self.callsPerUnit = callsPerUnit
        reserved = reservedUnits * callsPerUnit
    }

    var available: Int { max(0, budget - spent - reserved) }
    var availableUnits: Int { available / callsPerUnit }

    mutating func chargeUnits(_ units: Int) { charge(units * callsPerUnit) }
    mutating func chargeChats(_ chats: Int) { charge(chats) }

    /// The reserve becomes available.
    mutating func releaseReserve() { reserved = 0 }

    private mutating func charge(_ calls: Int) {
        precondition(calls <= available, "\(calls) calls were asked for where \(available) are left")
        spent += calls
    }
}
