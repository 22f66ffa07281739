import AdvPOModel

/// Percentile bootstrap of a mean over items.
///
/// Source: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13. Differences are resampled as pairs, so what the
/// two arms have in common on an item stays together.
package struct Bootstrap: Hashable, Sendable {
    package static let resamples = 10_000

    /// The central 95% of the resampled means.
    package let interval: Proof.Interval
    /// The share of resampled means above 0, ties counted half.
    package let shareAboveZero: Double

    /// Nil for no values.
    package init?(_ values: [Double], seed: UInt64) {
        guard !values.isEmpty else { return nil }
        var generator = SeededGenerator(seed: seed, path: [0xB0])
        var means: [Double] = []
        means.reserveCapacity(Self.resamples)
        values.withUnsafeBufferPointer { values in
            let count = UInt64(values.count)
            for _ in 0..<Self.resamples {
                var sum = 0.0
                for _ in 0..<values.count { sum += values[Int(generator.next().multipliedFullWidth(by: count).high)] }
                means.append(sum / Double(values.count))
            }
        }
        means.sort()
        interval = Proof.Interval(lower: Self.quantile(0.025, of: means), upper: Self.quantile(0.975, of: means))
        // Rounding must not turn a difference of nothing into a gain.
        let largest = values.reduce(0) { max($0, abs($1)) }
        let tolerance = 1e-12 * largest
        var halves = 0
        for mean in means { halves += mean > tolerance ? 2 : mean >= -tolerance ? 1 : 0 }
        shareAboveZero = Double(halves) / Double(2 * means.count)
    }

    /// Linear interpolation between order statistics (type 7 of Hyndman and Fan, "Sample quantiles in statistical packages", 1996).
    static func quantile(_ share: Double, of sorted: [Double]) -> Double {
        precondition(!sorted.isEmpty, "no values have no quantile")
        let position = share * Double(sorted.count - 1)
        let lower = Int(position.rounded(.down))
        let upper = min(lower + 1, sorted.count - 1)
        return sorted[lower] + (position - Double(lower)) * (sorted[upper] - sorted[lower])
    }
}
