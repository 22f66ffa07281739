import AdvPOModel

/// The sign-flip permutation test of paired differences: under no effect each difference is as likely to have the other sign.
///
/// Source: Fisher's randomisation test for pairs; Monte Carlo form with the +1 correction of Phipson and Smyth, "Permutation p-values should
/// never be zero", SAGMB 9(1), 2010.
package enum SignFlip {
    /// Up to so many non-zero differences every assignment of signs is counted.
    package static let exactLimit = 16
    package static let draws = 10_000

    /// Two-sided p of the sum of `differences`: exact for up to `exactLimit` non-zero ones, else by `draws` seeded draws.
    package static func pValue(_ differences: [Double], seed: UInt64) -> Double {
        let magnitudes = differences.filter { $0 != 0 }.map { abs($0) }
        guard !magnitudes.isEmpty else { return 1 }
        let observed = abs(differences.reduce(0, +))
        // Sums of the same numbers in another order differ in their last bits and must count as equal.
        let threshold = observed - 1e-9 * magnitudes.reduce(0, +)
        if magnitudes.count <= exactLimit { return exact(magnitudes, threshold: threshold) }
        var generator = SeededGenerator(seed: seed, path: [0x51])
        var extreme = 0
        for _ in 0..<draws {
            var bits: UInt64 = 0
            var sum = 0.0
            for (index, magnitude) in magnitudes.enumerated() {
                if index % 64 == 0 { bits = generator.next() }
                sum += bits & 1 == 0 ? magnitude : -magnitude
                bits >>= 1
            }
            if abs(sum) >= threshold { extreme += 1 }
        }
        return Double(extreme + 1) / Double(draws + 1)
    }

    private static func exact(_ magnitudes: [Double], threshold: Double) -> Double {
        let assignments = 1 << magnitudes.count
        var extreme = 0
        for assignment in 0..<assignments {
            var sum = 0.0
            for (index, magnitude) in magnitudes.enumerated() { sum += assignment >> index & 1 == 0 ? magnitude : -magnitude }
            if abs(sum) >= threshold { extreme += 1 }
        }
        return Double(extreme) / Double(assignments)
    }
}
