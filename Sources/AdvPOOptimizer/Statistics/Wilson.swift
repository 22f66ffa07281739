/// The score interval of a proportion.
///
/// Source: Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22, 1927; without continuity correction.
package enum Wilson {
    /// 95%; the whole of 0 to 1 when there are no trials.
    package static func interval(successes: Int, trials: Int) -> Proof.Interval {
        precondition(successes >= 0 && successes <= trials, "successes are among the trials")
        guard trials > 0 else { return Proof.Interval(lower: 0, upper: 1) }
        let z = 1.959963984540054
        let count = Double(trials)
        let share = Double(successes) / count
        let centre = (share + z * z / (2 * count)) / (1 + z * z / count)
        let half = z / (1 + z * z / count) * (share * (1 - share) / count + z * z / (4 * count * count)).squareRoot()
        // At 0 and at all the bound is exact; rounding must not carry it past.
        return Proof.Interval(lower: successes == 0 ? 0 : centre - half, upper: successes == trials ? 1 : centre + half)
    }
}
