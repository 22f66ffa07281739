package import AdvPOModel

/// Everything a search knows before it begins. Equal configurations and equal events make equal searches.
package struct SearchConfiguration: Hashable, Sendable {
    /// The template as submitted, tags included.
    package var template: Template
    package var promptFormat: JobOptions.PromptFormat
    package var seed: UInt64
    /// Provider calls that this search may cause, retries and calls of lost workers included. It plans with `callsPerUnit` and one per generation.
    package var budgetCalls: Int
    /// Provider calls one evaluated unit costs: 1, or 2 with a judge.
    package var callsPerUnit: Int
    /// False when no rewriter model is named: only the operators that need none run.
    package var hasRewriter: Bool
    /// Shown to the rewriter: a metric's source, a judge's rubric, the criteria, or a built-in metric's description.
    package var scoringDescription: String
    /// Characters that a candidate may have in all its messages together.
    package var maximumPromptCharacters: Int
    package var breadth: SearchBreadth
    /// The share of samples kept for the proof, in thousandths, where a holdout is formed; nil for the standard one.
    package var holdoutThousandths: Int?
    /// Nil for no limit in dollars.
    package var spending: SpendingLimit?

    package init(
        template: Template, promptFormat: JobOptions.PromptFormat, seed: UInt64, budgetCalls: Int, callsPerUnit: Int, hasRewriter: Bool,
        scoringDescription: String, maximumPromptCharacters: Int = 60_000, breadth: SearchBreadth = SearchBreadth(.medium), holdoutThousandths: Int? = nil,
        spending: SpendingLimit? = nil
    ) {
        self.template = template
        self.promptFormat = promptFormat
        self.seed = seed
        self.budgetCalls = budgetCalls
        self.callsPerUnit = callsPerUnit
        self.hasRewriter = hasRewriter
        self.scoringDescription = scoringDescription
        self.maximumPromptCharacters = maximumPromptCharacters
        self.breadth = breadth
        self.holdoutThousandths = holdoutThousandths
        self.spending = spending
    }
}

/// What a sample is used for.
package enum Split: String, Hashable, Sendable, Codable, CaseIterable {
    /// Shown to the rewriter, source of worked examples, screening.
    case train
    /// Decides between candidates.
    case validation
    /// Touched once, by the original and the winner.
    case holdout
    /// All samples of a template too small to split: no claim is made.
    case pool
}

/// A candidate's position in its search: 0 is the original.
package struct CandidateID: Hashable, Sendable, Comparable, Codable {
    package var rawValue: Int
    package init(_ rawValue: Int) { self.rawValue = rawValue }
    package static func < (lhs: CandidateID, rhs: CandidateID) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// A candidate as it enters the search; scores follow in `CandidateScore` effects.
package struct CandidateRecord: Hashable, Sendable, Codable {
    package var id: CandidateID
    package var parents: [CandidateID]
    /// Which operator made it: `original`, `rewrite`, `format`, `examples`…
    package var operatorName: String
    package var iteration: Int
    package var document: PromptDocument
    package init(id: CandidateID, parents: [CandidateID], operatorName: String, iteration: Int, document: PromptDocument) {
        self.id = id
        self.parents = parents
        self.operatorName = operatorName
        self.iteration = iteration
        self.document = document
    }
}

/// One request of the search: score these candidates on these samples.
package struct EvaluationRequest: Hashable, Sendable {
    /// Counts up from 0 with every request of the search, generations included.
    package var id: Int
    package var iteration: Int
    package var purpose: Purpose
    /// Each candidate with the indices of the samples to score it on, ascending.
    package var items: [Item]

    package enum Purpose: String, Hashable, Sendable, Codable {
        case baseline, screening, validation, proof
        /// After the verdict: rows of the result that no other purpose filled.
        case completion
    }

    package struct Item: Hashable, Sendable {
        package var candidate: CandidateID
        package var document: PromptDocument
        package var samples: [Int]
        package init(candidate: CandidateID, document: PromptDocument, samples: [Int]) {
            self.candidate = candidate
            self.document = document
            self.samples = samples
        }
    }

    package init(id: Int, iteration: Int, purpose: Purpose, items: [Item]) {
        self.id = id
        self.iteration = iteration
        self.purpose = purpose
        self.items = items
    }
}

/// One request of the search: have the rewriter answer these chats, each on its own.
package struct GenerationRequest: Hashable, Sendable {
    package var id: Int
    package var iteration: Int
    package var chats: [Chat]

    package struct Chat: Hashable, Sendable {
        package var messages: [ChatMessage]
        package var temperature: Double
        package var maxTokens: Int
        package var seed: Int
        package init(messages: [ChatMessage], temperature: Double, maxTokens: Int, seed: Int) {
            self.messages = messages
            self.temperature = temperature
            self.maxTokens = maxTokens
            self.seed = seed
        }
    }

    package init(id: Int, iteration: Int, chats: [Chat]) {
        self.id = id
        self.iteration = iteration
        self.chats = chats
    }
}

package enum SearchEvent: Hashable, Sendable {
    /// Every unit of the request ended; records stand item by item, sample by sample, as requested.
    case evaluated(requestID: Int, records: [[UnitRecord]])
    /// Every chat ended, in the order asked.
    case generated(requestID: Int, records: [UnitRecord])
    /// Comes before the answer that it belongs to: what everything that was asked for has taken, that request included.
    case spent(calls: Int, unanswered: NanoDollars)
    /// The user stopped the job: finish with what is known, ask for nothing more.
    case stopRequested
}

package enum SearchEffect: Hashable, Sendable {
    case candidate(CandidateRecord)
    case evaluate(EvaluationRequest)
    case generate(GenerationRequest)
    /// A proposal that was refused before it cost anything, and why.
    case rejectedProposal(iteration: Int, operatorName: String, reason: String)
    /// A candidate's score on a split so far.
    case scored(CandidateScore)
    case progress(SearchProgress)
    /// Always the last effect.
    case finish(SearchOutcome)
}

package struct CandidateScore: Hashable, Sendable, Codable {
    package var candidate: CandidateID
    package var split: Split
    /// Mean over the samples that have a score.
    package var mean: Double
    package var scoredSamples: Int
    package var missingSamples: Int
    package init(candidate: CandidateID, split: Split, mean: Double, scoredSamples: Int, missingSamples: Int) {
        self.candidate = candidate
        self.split = split
        self.mean = mean
        self.scoredSamples = scoredSamples
        self.missingSamples = missingSamples
    }
}

package struct SearchProgress: Hashable, Sendable, Codable {
    package var iteration: Int
    package var phase: EvaluationRequest.Purpose
    package var callsSpent: Int
    package var callsBudget: Int
    package var originalScore: Double?
    /// On the split that decides.
    package var bestScore: Double?
    package init(iteration: Int, phase: EvaluationRequest.Purpose, callsSpent: Int, callsBudget: Int, originalScore: Double?, bestScore: Double?) {
        self.iteration = iteration
        self.phase = phase
        self.callsSpent = callsSpent
        self.callsBudget = callsBudget
        self.originalScore = originalScore
        self.bestScore = bestScore
    }
}

/// What the holdout said. Differences are new minus old, paired on the sample.
package struct Proof: Hashable, Sendable, Codable {
    package enum Verdict: String, Hashable, Sendable, Codable {
        /// The whole 95% interval of the difference lies above 0.
        case improved
        /// At least 90% probability of a gain; the original is returned all the same.
        case likely
        case noEvidence = "no evidence"
        case regressed
        /// The search found nothing better than the original, so nothing was put to the proof.
        case kept
        /// Scored on the samples that chose it: no claim.
        case inSample = "in-sample"
    }

    package var verdict: Verdict
    /// `holdout`, `validation` (cross-fitted, flagged) or `pool`.
    package var split: Split
    /// Samples with a score for both.
    package var pairs: Int
    /// Pairs without one of the scores.
    package var missingPairs: Int
    package var originalMean: Double
    package var candidateMean: Double
    /// 95%, of the difference.
    package var differenceInterval: Interval
    /// 95%, of each mean.
    package var originalInterval: Interval
    package var candidateInterval: Interval
    package var probabilityOfGain: Double
    package var pValue: Double
    /// The smallest difference that this many pairs find 80% of the time.
    package var smallestDetectableDifference: Double
    /// The test's name: `exact McNemar mid-p` or `sign-flip permutation`.
    package var method: String

    package struct Interval: Hashable, Sendable, Codable {
        package var lower: Double
        package var upper: Double
        package init(lower: Double, upper: Double) {
            self.lower = lower
            self.upper = upper
        }
    }

    package init(
        verdict: Verdict, split: Split, pairs: Int, missingPairs: Int, originalMean: Double, candidateMean: Double, differenceInterval: Interval,
        originalInterval: Interval, candidateInterval: Interval, probabilityOfGain: Double, pValue: Double, smallestDetectableDifference: Double, method: String
    ) {
        self.verdict = verdict
        self.split = split
        self.pairs = pairs
        self.missingPairs = missingPairs
        self.originalMean = originalMean
        self.candidateMean = candidateMean
        self.differenceInterval = differenceInterval
        self.originalInterval = originalInterval
        self.candidateInterval = candidateInterval
        self.probabilityOfGain = probabilityOfGain
        self.pValue = pValue
        self.smallestDetectableDifference = smallestDetectableDifference
        self.method = method
    }
}

/// How a search ended.
package struct SearchOutcome: Hashable, Sendable, Codable {
    package enum Ending: String, Hashable, Sendable, Codable {
        case improved, kept, failed, stopped
    }

    package var ending: Ending
    /// For a person: why it ended so, and for a failure what to do.
    package var explanation: String
    /// What is returned: the winner when improved, else the original.
    package var returned: CandidateRecord
    /// What was put to the proof, when it is not what is returned.
    package var challenger: CandidateRecord?
    /// Nil when the search ended before its proof.
    package var proof: Proof?
    /// Each sample's split, by sample index.
    package var splits: [Split]
    package var callsSpent: Int

    package init(
        ending: Ending, explanation: String, returned: CandidateRecord, challenger: CandidateRecord?, proof: Proof?, splits: [Split], callsSpent: Int
    ) {
        self.ending = ending
        self.explanation = explanation
        self.returned = returned
        self.challenger = challenger
        self.proof = proof
        self.splits = splits
        self.callsSpent = callsSpent
    }
}
