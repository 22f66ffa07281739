import AdvPOModel
import OrderedCollections

/// The calls that a simulated worker's leases have sent, kept as the real worker keeps them: those taken away wait until their number can be told.
struct SimulatedTally {
    private struct Entry {
        var spent = 0
        var hasEnded = false
        var isAbandoned = false
    }

    private var entries: OrderedDictionary<Lease, Entry> = [:]

    mutating func begin(_ lease: Lease) { entries[lease] = Entry() }
    mutating func called(_ lease: Lease) { entries[lease]?.spent += 1 }
    func spent(by lease: Lease) -> Int { entries[lease]?.spent ?? 0 }

    mutating func abandon(_ lease: Lease) { entries[lease]?.isAbandoned = true }
    mutating func abandonAll() { for lease in entries.keys { abandon(lease) } }
    mutating func end(_ lease: Lease) { entries[lease]?.hasEnded = true }
    mutating func forget(_ lease: Lease) { if entries[lease]?.isAbandoned == false { entries.removeValue(forKey: lease) } }

    /// Leases that were taken away and send nothing any more; each is given once.
    mutating func takeAbandoned() -> [(Lease, Int)] {
        let told = entries.filter { $0.value.isAbandoned && $0.value.hasEnded }
        entries.removeAll { $0.value.isAbandoned && $0.value.hasEnded }
        return told.map { ($0.key, $0.value.spent) }
    }
}
