/// Which of the latest counters were seen: each is taken once, in any order within the window.
package struct ReplayWindow: Hashable, Sendable {
    /// Counters that fall out of the window are refused: nobody could tell any more whether they were seen.
    package let size: Int
    private var highest: UInt64 = 0
    /// One bit for each of the latest `size` counters, at its remainder.
    private var seen: [UInt64]

    /// - Parameter size: rounded up to a multiple of 64.
    package init(size: Int) {
        precondition(size > 0, "a window holds at least one counter")
        seen = Array(repeating: 0, count: (size + 63) / 64)
        self.size = 64 * seen.count
    }

    /// False for a counter that was seen, may have been seen, or is 0, which no request has.
    package mutating func admit(_ counter: UInt64) -> Bool {
        guard counter > 0 else { return false }
        if counter > highest {
            let steps = min(counter - highest, UInt64(size))
            for step in 1...steps { set(counter - steps + step, to: false) }
            highest = counter
        }
        guard highest - counter < UInt64(size), !isSet(counter) else { return false }
        set(counter, to: true)
        return true
    }

    private func place(_ counter: UInt64) -> (word: Int, bit: UInt64) {
        let index = Int(counter % UInt64(size))
        return (index / 64, 1 << UInt64(index % 64))
    }

    private func isSet(_ counter: UInt64) -> Bool {
        let (word, bit) = place(counter)
        return seen[word] & bit != 0
    }

    private mutating func set(_ counter: UInt64, to value: Bool) {
        let (word, bit) = place(counter)
        if value { seen[word] |= bit } else { seen[word] &= ~bit }
    }
}
