import AdvPOModel

/// Old and new scores of the same samples, and everything that is said about their difference.
///
/// Binary scores (all 0 or 1) get the exact McNemar mid-p and Wilson intervals; others the sign-flip permutation test and bootstrap
/// intervals. The difference's interval is a paired bootstrap in both cases. A bootstrap of few discordant pairs is too narrow (of none
/// it is a point), so `improved` and `regressed` need the test's p below 0.05 as well as an interval on one side of 0.
package struct PairedComparison: Hashable, Sendable {
    package static let significanceLevel = 0.05
    package static let likelyProbability = 0.9

    package let pairs: Int
    package let originalMean: Double
    package let candidateMean: Double
    package let differenceInterval: Proof.Interval
    package let originalInterval: Proof.Interval
    package let candidateInterval: Proof.Interval
    package let probabilityOfGain: Double
    package let pValue: Double
    /// At 80% power and 5% two-sided: 2.8 standard errors of the paired difference.
    package let smallestDetectableDifference: Double
    package let method: String

    /// Precondition: both lists are as long and finite.
    package init(original: [Double], candidate: [Double], seed: UInt64) {
        precondition(original.count == candidate.count, "pairs have two scores")
        pairs = original.count
        let differences = zip(candidate, original).map { $0 - $1 }
        let isBinary = (original + candidate).allSatisfy { $0 == 0 || $0 == 1 }
        originalMean = Self.mean(original)
        candidateMean = Self.mean(candidate)
        let bootstrap = Bootstrap(differences, seed: seed)
        differenceInterval = bootstrap?.interval ?? Proof.Interval(lower: 0, upper: 0)
        probabilityOfGain = bootstrap?.shareAboveZero ?? 0.5
        let count = Double(max(1, pairs))
        if isBinary {
            let gained = differences.count { $0 > 0 }
            let lost = differences.count { $0 < 0 }
            pValue = McNemar.midP(gained: gained, lost: lost)
            method = "exact McNemar mid-p"
            originalInterval = Wilson.interval(successes: original.count { $0 == 1 }, trials: pairs)
            candidateInterval = Wilson.interval(successes: candidate.count { $0 == 1 }, trials: pairs)
            smallestDetectableDifference = 2.8 * (Double(gained + lost) / count / count).squareRoot()
        } else {
            pValue = SignFlip.pValue(differences, seed: seed)
            method = "sign-flip permutation"
            originalInterval = Bootstrap(original, seed: seed &+ 1)?.interval ?? Proof.Interval(lower: 0, upper: 0)
            candidateInterval = Bootstrap(candidate, seed: seed &+ 2)?.interval ?? Proof.Interval(lower: 0, upper: 0)
            smallestDetectableDifference = 2.8 * Self.standardDeviation(differences) / count.squareRoot()
        }
    }

    /// What may be claimed from these pairs if they chose nothing.
    package var verdict: Proof.Verdict {
        if pairs > 0, pValue < Self.significanceLevel {
            if differenceInterval.lower > 0 { return .improved }
            if differenceInterval.upper < 0 { return .regressed }
        }
        return pairs > 0 && probabilityOfGain >= Self.likelyProbability ? .likely : .noEvidence
    }

    package func proof(verdict: Proof.Verdict, split: Split, missingPairs: Int) -> Proof {
        Proof(
            verdict: verdict, split: split, pairs: pairs, missingPairs: missingPairs, originalMean: originalMean, candidateMean: candidateMean,
            differenceInterval: differenceInterval, originalInterval: originalInterval, candidateInterval: candidateInterval,
            probabilityOfGain: probabilityOfGain, pValue: pValue, smallestDetectableDifference: smallestDetectableDifference, method: method)
    }

    private static func mean(_ values: [Double]) -> Double { values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count) }

    /// With n - 1 in the denominator; 0 for fewer than two values.
    private static func standardDeviation(_ values: [Double]) -> Double {
        guard values.count > 1 else { return 0 }
        let centre = mean(values)
        let squares = values.reduce(0) { $0 + ($1 - centre) * ($1 - centre) }
        return (squares / Double(values.count - 1)).squareRoot()
    }
}
