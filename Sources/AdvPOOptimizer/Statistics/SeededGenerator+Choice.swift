import AdvPOModel

extension SeededGenerator {
    /// A generator of its own for one purpose, so that one choice never shifts another.
    ///
    /// `path` names the purpose: a tag of the caller, then round and position.
    init(seed: UInt64, path: [UInt64]) {
        var state = seed
        for part in path {
            var step = SeededGenerator(seed: state ^ (part &* 0xD6E8_FEB8_6659_FD93))
            state = step.next()
        }
        self.init(seed: state)
    }

    /// Uniform in `0..<bound`, by the high half of a wide product (Lemire 2019, without the rejection step: the bias is below 2^-40 here).
    mutating func index(below bound: Int) -> Int {
        precondition(bound > 0, "a choice needs something to choose from")
        return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// Fisher–Yates; written out because the standard library does not promise to keep its algorithm.
    mutating func shuffled<Element>(_ elements: [Element]) -> [Element] {
        var result = elements
        var remaining = result.count
        while remaining > 1 {
            let chosen = index(below: remaining)
            remaining -= 1
            result.swapAt(chosen, remaining)
        }
        return result
    }
}
