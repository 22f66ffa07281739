import RealModule

/// The exact McNemar test with mid-p, for paired binary scores.
///
/// Source: Fagerland, Lydersen, Laake, "The McNemar test for binary matched-pairs data: mid-p and asymptotic are better than exact
/// conditional", BMC Medical Research Methodology 13:91, 2013.
package enum McNemar {
    /// Two-sided mid-p of `gained` pairs that went from 0 to 1 against `lost` pairs that went from 1 to 0; 1 when there are none.
    package static func midP(gained: Int, lost: Int) -> Double {
        precondition(gained >= 0 && lost >= 0, "counts are not negative")
        let discordant = gained + lost
        guard discordant > 0 else { return 1 }
        let smaller = min(gained, lost)
        var below = 0.0
        for count in 0..<smaller { below += binomialHalf(count, of: discordant) }
        return min(1, 2 * below + binomialHalf(smaller, of: discordant))
    }

    /// P(X = count) for X ~ Binomial(trials, 1/2), by log-gamma so that large counts do not overflow.
    private static func binomialHalf(_ count: Int, of trials: Int) -> Double {
        let logarithm =
            Double.logGamma(Double(trials + 1)) - Double.logGamma(Double(count + 1)) - Double.logGamma(Double(trials - count + 1))
            - Double(trials) * Double.log(2)
        return Double.exp(logarithm)
    }
}
