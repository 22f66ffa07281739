import AdvPOBedrock
import AdvPOCluster
import AdvPOCoordinator
import AdvPOModel
import AdvPOStore
import AdvPOWire
import OrderedCollections
import Testing

/// A brain with one worker whose answers are the test's: everything it decides is kept.
struct HandDrivenBrain {
    var brain: CoordinatorBrain
    var now = Moment(tick: Tick(milliseconds: 0), millisecondsSince1970: 5_000)
    var effects: [BrainEffect] = []
    var content: [ContentHash: [UInt8]] = [:]
    var stored: OrderedDictionary<ContentHash, StoredUnit> = [:]
    /// Every unit that was handed out, in order.
    var handedOut: [ContentHash] = []
    var reports: [JobReport] = []
    private var nextToken: UInt64 = 0
    private var session: SessionID?
    /// A task that the worker has in hand and has not answered.
    var held: TaskOrder?

    typealias Answer = (_ model: String, _ document: PromptDocument, _ sample: Sample) -> UnitRecord

    init(epoch: UInt64 = 1) { brain = CoordinatorBrain(settings: ClusterSettings(), epoch: epoch, unitsPerTask: 4) }

    static func right(_: String, _ document: PromptDocument, _ sample: Sample) -> UnitRecord {
        // Examples make this model better, so that the search has something to find.
        let dice = Int(ContentHash(of: Array("\(sample.index)".utf8)).bytes[0])
        let isRight = dice < 60 + 40 * document.examples.count
        return UnitRecord(status: .scored, output: isRight ? sample.referenceResponse ?? "" : "x", score: isRight ? 1 : 0, providerCalls: 1)
    }

    static func unreachable(_ model: String, _: PromptDocument, _: Sample) -> UnitRecord {
        UnitRecord(status: .infrastructureFailure, output: "", score: nil, failureReason: "\(model) is down", providerCalls: 5)
    }

    @discardableResult
    mutating func send(_ event: BrainEvent) -> [BrainEffect] {
        let new = brain.handle(event, at: now)
        effects += new
        for effect in new {
            switch effect {
            case .publish(_, let blob): content[blob.hash] = blob.bytes
            case .persist(.unit(let unit)):
                #expect(stored[unit.unit] == nil, "a unit is stored once")
                stored[unit.unit] = unit
            case .writeResults(let job): if let report = brain.report(of: job) { reports.append(report) }
            case .publishStored, .persist, .reply, .changed, .ended, .log: break
            }
        }
        return new
    }

    mutating func admit(_ plan: JobPlan, status: JobStatus = .inProgress, units: [StoredUnit] = [], isNew: Bool = true) {
        send(.admitted(plan, clientToken: nil, status: status, units: units, isNew: isNew))
    }

    private mutating func token() -> RequestToken {
        nextToken += 1
        return RequestToken(nextToken)
    }

    /// Takes one task; nil when there is none.
    mutating func take(models: [String] = ["m", "n"]) -> TaskOrder? {
        if session == nil {
            for effect in send(.cluster(.hello(token(), WorkerIntroduction(instance: "w", name: "w", slots: 1, models: models)))) {
                if case .reply(.welcome(_, let welcomed)) = effect { session = welcomed }
            }
        }
        guard let session else { return nil }
        for effect in send(.cluster(.pull(token(), session))) {
            if case .reply(.task(_, let order)) = effect {
                held = order
                handedOut += order.units.map(\.unit)
                return order
            }
        }
        return nil
    }

    @discardableResult
    mutating func report(_ order: TaskOrder, _ answer: Answer) -> [BrainEffect] {
        held = nil
        guard let session else { return [] }
        let units = order.units.compactMap { unit -> UnitReport? in
            guard let bytes = content[unit.content] else { return nil }
            switch order.work {
            case .evaluate(let work):
                guard let document = try? BlobCodec.decodePromptDocument(content[work.candidate] ?? [], limits: WireLimits()),
                    let sample = try? BlobCodec.decodeSample(bytes, limits: WireLimits())
                else { return nil }
                return UnitReport(unit: unit.unit, record: answer(work.model.modelID, document, sample))
            case .generate:
                let text = "<prompt>Answer with one label.\n\n{{text}}</prompt>"
                return UnitReport(unit: unit.unit, record: UnitRecord(status: .scored, output: text, score: nil, providerCalls: 1))
            }
        }
        #expect(units.count == order.units.count, "every content was published before its task was handed out")
        return send(.cluster(.report(token(), session, order.lease, units: units, taskEnded: true)))
    }

    /// Works until there is no task, or until so many tasks were done.
    mutating func work(tasks: Int = .max, answer: Answer = right) {
        var done = 0
        while done < tasks, let order = take() {
            report(order, answer)
            done += 1
        }
    }

    func status(_ job: JobID = Plans.id) -> JobStatus? { brain.progress(of: job)?.status }

    /// The outcome of each run as it was stored last.
    var outcomes: OrderedDictionary<RunID, String> {
        var outcomes: OrderedDictionary<RunID, String> = [:]
        for effect in effects { if case .persist(.run(let run)) = effect, let outcome = run.outcome { outcomes[run.id] = "\(run.state) \(outcome)" } }
        return outcomes
    }

    var lastJob: StoredJob? {
        var last: StoredJob?
        for effect in effects { if case .persist(.job(let job)) = effect { last = job } }
        return last
    }
}
