import AdvPOCluster
import AdvPOModel
import AdvPOOptimizer
import AdvPOWire
import OrderedCollections

/// One run: its search, what the search waits for, and every unit it has.
struct RunState: Sendable {
    let id: RunID
    var search: Search
    let evaluation: Blob
    /// Finished units by name: the run's whole memory, and all that a resumed search needs.
    var units: [ContentHash: UnitRecord] = [:]
    var waiting: OrderedDictionary<Int, Waiting> = [:]
    var candidates: OrderedDictionary<CandidateID, CandidateRecord> = [:]
    var scores: OrderedDictionary<CandidateID, [CandidateScore]> = [:]
    var rejections: [(iteration: Int, operatorName: String, reason: String)] = []
    var progress: SearchProgress?
    var outcome: SearchOutcome?
    /// Units of requests that have ended, and the calls that their records tell of.
    var counted: Set<ContentHash> = []
    var callsTold = 0
    /// See `SpendingRecord`.
    var waste: OrderedDictionary<Int, Spent> = [:]
    var lastWaste = Spent(calls: 0, unanswered: .zero)
    /// Every request until now was answered in an earlier life of the coordinator.
    var isReplaying = false

    /// A request of the search with the names of its units, by item and sample.
    struct Waiting: Sendable {
        var request: Request
        var units: [[ContentHash]]
        var missing: Set<ContentHash>

        enum Request: Sendable {
            case evaluation(EvaluationRequest)
            case generation(GenerationRequest)
        }
    }

    /// Keeps a unit's record; false when the run has ended or has it already.
    mutating func accept(_ report: UnitReport) -> Bool {
        guard outcome == nil, units[report.unit] == nil else { return false }
        units[report.unit] = report.record
        for position in waiting.values.indices { waiting.values[position].missing.remove(report.unit) }
        return true
    }

    /// The first request whose last unit has come, which then waits no more; nil while none has, and once the run has ended.
    mutating func takeAnswered() -> (request: Int, waiting: Waiting)? {
        guard outcome == nil, let position = waiting.values.firstIndex(where: { $0.missing.isEmpty }) else { return nil }
        let (request, waiting) = waiting.remove(at: position)
        return (request, waiting)
    }

    var state: String { outcome?.ending.rawValue ?? "searching" }
    var unitsAsked: Int { waiting.values.reduce(0) { $0 + $1.units.joined().count } }
    var unitsMissing: Int { waiting.values.reduce(0) { $0 + $1.missing.count } }
}

/// Names of units: equal content in one run has one name and is paid for once.
enum UnitName {
    static func evaluation(run: RunID, model: ContentHash, candidate: ContentHash, evaluation: ContentHash, sample: ContentHash) -> ContentHash {
        ContentHash(of: Array("evaluate \(run) ".utf8) + model.bytes + candidate.bytes + evaluation.bytes + sample.bytes)
    }

    /// The position keeps two equal chats of one request apart: asking twice is asking for two answers.
    static func generation(run: RunID, request: Int, position: Int, chat: ContentHash) -> ContentHash {
        ContentHash(of: Array("generate \(run) \(request) \(position) ".utf8) + chat.bytes)
    }
}
