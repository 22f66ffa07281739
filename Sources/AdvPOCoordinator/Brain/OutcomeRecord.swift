import AdvPOModel
import AdvPOOptimizer
import OrderedCollections

/// What a search found, as JSON for the store and the result files.
enum OutcomeRecord {
    static func json(_ outcome: SearchOutcome) -> JSONValue {
        .object([
            "ending": .string(outcome.ending.rawValue),
            "explanation": .string(outcome.explanation),
            "returned": .number(JSONNumber(outcome.returned.id.rawValue)),
            "challenger": outcome.challenger.map { .number(JSONNumber($0.id.rawValue)) } ?? .null,
            "proof": outcome.proof.map(json) ?? .null,
            "splits": .array(outcome.splits.map { .string($0.rawValue) }),
            "callsSpent": .number(JSONNumber(outcome.callsSpent)),
        ])
    }

    static func json(_ proof: Proof) -> JSONValue {
        .object([
            "verdict": .string(proof.verdict.rawValue),
            "split": .string(proof.split.rawValue),
            "pairs": .number(JSONNumber(proof.pairs)),
            "missingPairs": .number(JSONNumber(proof.missingPairs)),
            "originalMean": .number(JSONNumber(proof.originalMean)),
            "candidateMean": .number(JSONNumber(proof.candidateMean)),
            "differenceInterval": json(proof.differenceInterval),
            "originalInterval": json(proof.originalInterval),
            "candidateInterval": json(proof.candidateInterval),
            "probabilityOfGain": .number(JSONNumber(proof.probabilityOfGain)),
            "pValue": .number(JSONNumber(proof.pValue)),
            "smallestDetectableDifference": .number(JSONNumber(proof.smallestDetectableDifference)),
            "method": .string(proof.method),
        ])
    }

    private static func json(_ interval: Proof.Interval) -> JSONValue {
        .object(["lower": .number(JSONNumber(interval.lower)), "upper": .number(JSONNumber(interval.upper))])
    }

    /// A prompt document as its messages with placeholders.
    static func json(_ document: PromptDocument) -> JSONValue {
        .array(document.messages.map { .object(["role": .string($0.role.rawValue), "text": .string($0.text)]) })
    }
}
