/// Counts what a search has asked for and what became of it, so that its budget is never exceeded.
///
/// What is asked for counts as planned until it has ended; then it counts as it was: with every retry, and with calls that a lost worker may have sent.
struct CallLedger: Hashable, Sendable {
    let budget: Int
    let callsPerUnit: Int
    /// By requests that have ended.
    private var settled = 0
    /// By the request under way, as planned.
    private var pending = 0
    /// Calls kept back for the proof.
    private(set) var reserved: Int

    init(budget: Int, callsPerUnit: Int, reservedUnits: Int) {
        self.budget = budget
        self.callsPerUnit = callsPerUnit
        reserved = reservedUnits * callsPerUnit
    }

    var spent: Int { settled + pending }
    var available: Int { max(0, budget - spent - reserved) }
    var availableUnits: Int { available / callsPerUnit }

    mutating func chargeUnits(_ units: Int) { charge(units * callsPerUnit) }
    mutating func chargeChats(_ chats: Int) { charge(chats) }

    /// Everything that was asked for has ended, and took so many calls.
    mutating func settle(_ calls: Int) {
        settled = calls
        pending = 0
    }

    /// The reserve becomes available.
    mutating func releaseReserve() { reserved = 0 }

    private mutating func charge(_ calls: Int) {
        precondition(calls <= available, "\(calls) calls were asked for where \(available) are left")
        pending += calls
    }
}
