import AdvPOModel
import AdvPOTestSupport
import Testing
@testable import AdvPOOptimizer

/// Reference values by scipy 1.17.1; each table names the expression.
@Suite(.longRunning) struct StatisticsTests {
    // min(1, 2 * binom.cdf(min(g, l) - 1, g + l, .5) + binom.pmf(min(g, l), g + l, .5))
    @Test(
        "McNemar's mid-p equals the binomial sums",
        arguments: [
            (0, 0, 1), (1, 0, 0.5), (5, 0, 0.03125), (6, 0, 0.015625), (0, 6, 0.015625), (8, 2, 0.0654296875), (10, 4, 0.11846923828125), (9, 9, 1),
            (15, 4, 0.011817932128906247), (30, 12, 0.005401572654591293), (200, 150, 0.007524139788171158), (1, 9, 0.01171875),
        ] as [(Int, Int, Double)])
    func mcNemar(gained: Int, lost: Int, expected: Double) {
        #expect(abs(McNemar.midP(gained: gained, lost: lost) - expected) < 1e-9)
    }

    // binomtest(s, t).proportion_ci(method="wilson")
    @Test(
        "Wilson's interval",
        arguments: [
            (0, 10, 0.0, 0.27753279986288926), (10, 10, 0.7224672001371109, 1.0), (3, 10, 0.10779126740630102, 0.6032218525388546),
            (15, 30, 0.3315412564053377, 0.6684587435946623), (27, 30, 0.7437891742081592, 0.9654001112526657),
            (1, 100, 0.001767432064140647, 0.054486196178705315), (450, 1000, 0.41941538407429674, 0.48096729177425873),
        ] as [(Int, Int, Double, Double)])
    func wilson(successes: Int, trials: Int, lower: Double, upper: Double) {
        let interval = Wilson.interval(successes: successes, trials: trials)
        #expect(abs(interval.lower - lower) < 1e-12)
        #expect(abs(interval.upper - upper) < 1e-12)
    }

    // permutation_test((d,), np.mean, permutation_type="samples", n_resamples=np.inf).pvalue
    @Test(
        "the sign-flip test is exact for few differences",
        arguments: [
            ([0.5, 0.2, -0.1, 0.4, 0.3], 0.125), ([1, 1, 1, 1, 1, 1], 0.03125),
            ([0.3, -0.2, 0.1, -0.4, 0.25, 0.6, 0.05, 0.15, 0.35, -0.05], 0.2578125), ([0.1], 1), ([], 1), ([0, 0, 0], 1), ([0, 0.5, 0, 0.2, -0.1, 0.4, 0.3], 0.125),
        ] as [([Double], Double)])
    func signFlipExact(differences: [Double], expected: Double) {
        #expect(abs(SignFlip.pValue(differences, seed: 0) - expected) < 1e-12)
    }

    static let thirty = [
        0.2, 0.275, 0.131, -0.023, 0.086, -0.048, 0.215, 0.535, 0.077, 0.045, 0.322, 0.289, 0.226, -0.033, 0.193, 0.374, -0.136, 0.086, -0.275, -0.122, -0.26,
        0.141, -0.117, 0.268, 0.239, 0.153, -0.429, 0.065, 0.188, 0.228,
    ]

    // permutation_test((thirty,), np.mean, permutation_type="samples", n_resamples=400000): 0.0178
    @Test("the sign-flip test is estimated for many", arguments: 0..<5 as Range<UInt64>)
    func signFlipMonteCarlo(seed: UInt64) {
        #expect(abs(SignFlip.pValue(Self.thirty, seed: seed) - 0.0178) < 0.005)
        #expect(SignFlip.pValue(Self.thirty, seed: seed) == SignFlip.pValue(Self.thirty, seed: seed))
    }

    // bootstrap((thirty,), np.mean, n_resamples=400000, method="percentile"): 0.0214 to 0.1683, 0.9936 above 0
    @Test("the bootstrap's interval and share", arguments: 0..<5 as Range<UInt64>)
    func bootstrap(seed: UInt64) throws {
        let result = try #require(Bootstrap(Self.thirty, seed: seed))
        #expect(abs(result.interval.lower - 0.0214) < 0.004)
        #expect(abs(result.interval.upper - 0.1683) < 0.004)
        #expect(abs(result.shareAboveZero - 0.9936) < 0.004)
        #expect(Bootstrap(Self.thirty, seed: seed) == result)
        #expect(Bootstrap([], seed: seed) == nil)
        #expect(Bootstrap([0, 0, 0], seed: seed)?.shareAboveZero == 0.5)
    }

    // numpy.quantile([1, 2, 4, 8], [.025, .5, .975])
    @Test("quantiles interpolate")
    func quantiles() {
        let values = [1.0, 2, 4, 8]
        #expect(abs(Bootstrap.quantile(0.025, of: values) - 1.075) < 1e-12)
        #expect(abs(Bootstrap.quantile(0.5, of: values) - 3) < 1e-12)
        #expect(abs(Bootstrap.quantile(0.975, of: values) - 7.7) < 1e-12)
    }

    // statsmodels multipletests(method="holm"), by hand: sorted 0.01*4, 0.02*3, 0.03*2, 0.5*1 with a running maximum
    @Test("Holm's adjustment keeps the order given and never shrinks")
    func holm() {
        let adjusted = Holm.adjusted([0.03, 0.5, 0.01, 0.02])
        for (value, expected) in zip(adjusted, [0.06, 0.5, 0.04, 0.06]) { #expect(abs(value - expected) < 1e-12) }
        #expect(Holm.adjusted([]) == [])
        #expect(Holm.adjusted([0.7, 0.9]) == [1, 1])
    }

    private func binary(gained: Int, lost: Int, of pairs: Int) -> PairedComparison {
        let old = (0..<pairs).map { $0 < gained ? 0.0 : $0 < gained + lost ? 1 : Double($0 % 2) }
        let new = (0..<pairs).map { $0 < gained ? 1.0 : $0 < gained + lost ? 0 : Double($0 % 2) }
        return PairedComparison(original: old, candidate: new, seed: 1)
    }

    @Test(
        "verdicts of binary pairs",
        arguments: [
            (0, 0, Proof.Verdict.noEvidence), (3, 0, .likely), (4, 0, .likely), (5, 0, .improved), (12, 2, .improved), (6, 5, .noEvidence), (8, 3, .likely),
            (0, 5, .regressed), (2, 12, .regressed),
        ])
    func verdicts(gained: Int, lost: Int, verdict: Proof.Verdict) {
        let comparison = binary(gained: gained, lost: lost, of: 30)
        #expect(comparison.verdict == verdict)
        #expect(comparison.method == "exact McNemar mid-p")
        #expect(abs(comparison.smallestDetectableDifference - 2.8 * (Double(gained + lost) / 30 / 30).squareRoot()) < 1e-12)
    }

    @Test("all ties are a point at 0 and no evidence")
    func ties() {
        let comparison = binary(gained: 0, lost: 0, of: 30)
        #expect(comparison.differenceInterval == Proof.Interval(lower: 0, upper: 0))
        #expect(comparison.probabilityOfGain == 0.5)
        #expect(comparison.pValue == 1)
    }

    @Test("no pairs claim nothing")
    func noPairs() {
        let comparison = PairedComparison(original: [], candidate: [], seed: 0)
        #expect(comparison.verdict == .noEvidence)
        #expect(comparison.pairs == 0)
    }

    @Test("graded pairs use the permutation test, and one large difference proves nothing")
    func graded() {
        let old = Self.thirty.map { 0.4 - $0 / 2 }
        let new = zip(old, Self.thirty).map { $0 + $1 }
        let comparison = PairedComparison(original: old, candidate: new, seed: 0)
        #expect(comparison.method == "sign-flip permutation")
        #expect(comparison.verdict == .improved)
        #expect(PairedComparison(original: [0.1], candidate: [0.9], seed: 0).verdict != .improved)
    }
}
