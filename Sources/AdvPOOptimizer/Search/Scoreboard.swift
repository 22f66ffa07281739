import AdvPOModel

/// Every record of a search, by candidate and sample.
struct Scoreboard: Sendable {
    private enum Cell: Sendable {
        case unasked
        case scored(Double, UnitRecord)
        /// No score: an infrastructure failure, or a score that is not a number.
        case missing(UnitRecord)
    }

    private let sampleCount: Int
    private var cells: [[Cell]] = []
    /// The first reason given for a missing score.
    private(set) var firstFailure: String?
    private(set) var smallestScore: Double?
    private(set) var largestScore: Double?

    init(sampleCount: Int) { self.sampleCount = sampleCount }

    /// The next candidate's row; candidates enter in the order of their ids.
    mutating func addCandidate() { cells.append([Cell](repeating: .unasked, count: sampleCount)) }

    mutating func enter(_ record: UnitRecord, candidate: CandidateID, sample: Int) {
        let score: Double?
        switch record.status {
        case .scored: score = record.score.flatMap { $0.isFinite ? $0 : nil }
        case .modelFailure: score = 0
        case .infrastructureFailure: score = nil
        }
        if let score {
            cells[candidate.rawValue][sample] = .scored(score, record)
            smallestScore = min(smallestScore ?? score, score)
            largestScore = max(largestScore ?? score, score)
        } else {
            cells[candidate.rawValue][sample] = .missing(record)
            if firstFailure == nil { firstFailure = record.failureReason ?? "a unit came back without a score and without a reason" }
        }
    }

    func score(_ candidate: CandidateID, _ sample: Int) -> Double? {
        if case .scored(let score, _) = cells[candidate.rawValue][sample] { score } else { nil }
    }

    func record(_ candidate: CandidateID, _ sample: Int) -> UnitRecord? {
        switch cells[candidate.rawValue][sample] {
        case .unasked: nil
        case .scored(_, let record), .missing(let record): record
        }
    }

    func wasAsked(_ candidate: CandidateID, _ sample: Int) -> Bool {
        if case .unasked = cells[candidate.rawValue][sample] { false } else { true }
    }

    /// The mean over those of `samples` that were asked; nil when none has a score.
    func summary(_ candidate: CandidateID, on samples: [Int]) -> (mean: Double?, scored: Int, missing: Int) {
        var sum = 0.0
        var scored = 0
        var missing = 0
        for sample in samples {
            switch cells[candidate.rawValue][sample] {
            case .unasked: break
            case .scored(let score, _):
                sum += score
                scored += 1
            case .missing: missing += 1
            }
        }
        return (scored == 0 ? nil : sum / Double(scored), scored, missing)
    }

    /// Scores of both on those of `samples` that have both.
    func paired(_ old: CandidateID, _ new: CandidateID, on samples: [Int]) -> (old: [Double], new: [Double]) {
        var result: (old: [Double], new: [Double]) = ([], [])
        for sample in samples {
            guard let first = score(old, sample), let second = score(new, sample) else { continue }
            result.old.append(first)
            result.new.append(second)
        }
        return result
    }

    /// New minus old on common samples.
    func differences(_ old: CandidateID, _ new: CandidateID, on samples: [Int]) -> [Double] {
        let pairs = paired(old, new, on: samples)
        return zip(pairs.new, pairs.old).map { $0 - $1 }
    }
}
