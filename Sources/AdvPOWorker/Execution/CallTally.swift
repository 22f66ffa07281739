import AdvPOModel
import OrderedCollections

/// The requests that each lease of this worker has sent: those in hand, and those taken away whose number nobody has been told.
struct CallTally {
    /// Leases that were taken away, while their number waits for a coordinator to tell it to.
    static let rememberedLeases = 4_096

    private struct Entry {
        var allowance: CallAllowance
        var hasEnded = false
        var isAbandoned = false
    }

    /// The oldest first.
    private var entries: OrderedDictionary<Lease, Entry> = [:]

    mutating func begin(_ order: TaskOrder) -> CallAllowance {
        let allowance = CallAllowance.counted(limit: order.callAllowance)
        if entries.count >= Self.rememberedLeases, let oldest = entries.elements.first(where: { $0.value.hasEnded })?.key { entries.removeValue(forKey: oldest) }
        entries[order.lease] = Entry(allowance: allowance)
        return allowance
    }

    /// 0 for a lease that is not known: of a task that was given back before it was begun nothing was sent.
    func spent(by lease: Lease) -> Int { entries[lease]?.allowance.spent ?? 0 }

    mutating func abandon(_ lease: Lease) { entries[lease]?.isAbandoned = true }
    mutating func abandonAll() { for lease in entries.keys { abandon(lease) } }
    mutating func end(_ lease: Lease) { entries[lease]?.hasEnded = true }

    /// The lease's number has reached the coordinator, or never will.
    mutating func forget(_ lease: Lease) {
        if entries[lease]?.isAbandoned == false { entries.removeValue(forKey: lease) }
    }

    /// Leases that were taken away and send nothing any more, with what they sent; each is given once.
    mutating func takeAbandoned() -> [(Lease, Int)] {
        let told = entries.filter { $0.value.isAbandoned && $0.value.hasEnded }
        entries.removeAll { $0.value.isAbandoned && $0.value.hasEnded }
        return told.map { ($0.key, $0.value.allowance.spent) }
    }
}
