import AdvPOEvaluation
import AdvPOModel
import AdvPOWire
import AdvPOWorker
import Logging
import OrderedCollections
import Synchronization
import Testing

/// A model that answers by a rule.
struct RuleModel: ChatModels {
    static let usage = Usage(inputTokens: 3, outputTokens: 2, timeToFirstTokenMicroseconds: 1, latencyMicroseconds: 9, cost: NanoDollars(5))
    var rule: @Sendable (ChatRequest) async throws(InferenceFailure) -> String

    func complete(_ request: ChatRequest, within allowance: CallAllowance) async throws(InferenceFailure) -> ChatCompletion {
        ChatCompletion(text: try await rule(request), usage: Self.usage, finishReason: "stop", attempts: 2)
    }
}

actor Reports {
    private(set) var all: [UnitReport] = []
    func add(_ report: UnitReport) { all.append(report) }
}

@Suite(.timeLimit(.minutes(1))) struct TaskExecutorTests {
    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    static let document = PromptDocument(user: "Say {{text}}")

    /// A task of so many samples with all its content.
    struct Job {
        var order: TaskOrder
        var content: [ContentHash: [UInt8]] = [:]

        static func name(_ number: Int) -> ContentHash { ContentHash(of: Array("unit \(number)".utf8)) }

        init(samples: Int = 1, method: EvaluationMethod = .builtin(.exactMatch), judge: String? = nil, hasReferences: Bool = true) {
            var content: [ContentHash: [UInt8]] = [:]
            func put(_ bytes: [UInt8]) -> ContentHash {
                let blob = Blob(bytes)
                content[blob.hash] = blob.bytes
                return blob.hash
            }
            let units = (0..<samples).map { number in
                TaskOrder.UnitReference(
                    unit: Self.name(number), content: put(BlobCodec.encode(Sample(index: number, variables: ["text": "\(number)"], referenceResponse: hasReferences ? "\(number)" : nil))))
            }
            let evaluation = put(BlobCodec.encode(EvaluationSpecification(method: method, judgeModelID: judge, functionBundle: nil)))
            order = TaskOrder(
                lease: Lease(task: 1, attempt: 1, epoch: 1), run: RunID(job: JobID("aaaaaaaaaaaa")!, template: 0, model: 0), iteration: 0,
                work: .evaluate(.init(
                    model: ModelConfiguration(modelID: "m"), candidate: put(BlobCodec.encode(TaskExecutorTests.document)), evaluation: evaluation, units: units)))
            self.content = content
        }

        init(chat: ChatRequest) {
            let blob = Blob(BlobCodec.encode(chat))
            content = [blob.hash: blob.bytes]
            order = TaskOrder(
                lease: Lease(task: 1, attempt: 1, epoch: 1), run: RunID(job: JobID("aaaaaaaaaaaa")!, template: 0, model: 0), iteration: 0,
                work: .generate(.init(units: [.init(unit: Self.name(0), content: blob.hash)])))
        }
    }

    static func run(
        _ job: Job, limits: WireLimits = WireLimits(), mayBegin: @escaping @Sendable () async -> Bool = { true }, _ rule: @escaping @Sendable (ChatRequest) async throws(InferenceFailure) -> String
    ) async throws -> [UnitRecord] {
        let models = RuleModel(rule: rule)
        let executor = TaskExecutor(models: models, evaluator: Evaluator(models: models, python: PythonMetricSettings(), logger: logger), limits: limits)
        let reports = Reports()
        let content = job.content
        try await executor.run(job.order, within: CallAllowance.counted(limit: job.order.callAllowance), blobs: { _ in content }, mayBegin: mayBegin, finished: { await reports.add($0) })
        return await reports.all.map(\.record)
    }

    static func echo(_ request: ChatRequest) async throws(InferenceFailure) -> String { String(request.messages.last?.text.dropFirst(4) ?? "") }

    @Test("every sample is rendered, answered, scored and reported, in order")
    func scored() async throws {
        let records = try await Self.run(Job(samples: 3)) { request throws(InferenceFailure) in
            let text = try await Self.echo(request)
            return text == "1" ? "wrong" : text
        }
        #expect(records.map(\.output) == ["0", "wrong", "2"])
        #expect(records.map(\.score) == [1, 0, 1])
        #expect(records.allSatisfy { $0.status == .scored && $0.usage == RuleModel.usage && $0.providerCalls == 2 })
    }

    @Test(
        "each way in which a call can fail has its record: only the model's own failure is a 0",
        arguments: [
            (InferenceFailure.Kind.infrastructure, UnitRecord.Status.infrastructureFailure, nil), (.configuration, .infrastructureFailure, nil),
            (.model, .modelFailure, 0),
        ] as [(InferenceFailure.Kind, UnitRecord.Status, Double?)])
    func failures(kind: InferenceFailure.Kind, status: UnitRecord.Status, score: Double?) async throws {
        let failing: @Sendable (ChatRequest) async throws(InferenceFailure) -> String = { _ throws(InferenceFailure) in
            throw InferenceFailure(kind: kind, message: "it failed", attempts: 3, usage: kind == .model ? RuleModel.usage : nil)
        }
        let record = try #require(try await Self.run(Job(), failing).first)
        #expect(record.status == status && record.score == score && record.failureReason == "it failed" && record.providerCalls == 3)
        #expect(record.usage == (kind == .model ? RuleModel.usage : nil))
        let generated = try #require(try await Self.run(Job(chat: ChatRequest(modelID: "m", messages: [])), failing).first)
        #expect(generated.status == status && generated.score == nil)
    }

    @Test("a unit that may not begin asks no model, and nor does any after it")
    func mayNotBegin() async throws {
        let asked = Mutex(0)
        let mayBegin: @Sendable () async -> Bool = {
            asked.withLock { count in
                count += 1
                return count < 2
            }
        }
        let called = Mutex(0)
        let records = try await Self.run(Job(samples: 3), mayBegin: mayBegin) { request throws(InferenceFailure) in
            called.withLock { $0 += 1 }
            return try await Self.echo(request)
        }
        #expect(records.map(\.output) == ["0"])
        #expect(asked.withLock { $0 } == 2 && called.withLock { $0 } == 1)
        #expect(try await Self.run(Job(chat: ChatRequest(modelID: "m", messages: [])), mayBegin: { false }, Self.echo).isEmpty)
    }

    @Test("a cancelled call reports nothing, and nothing after it")
    func cancelled() async throws {
        let records = try await Self.run(Job(samples: 3)) { request throws(InferenceFailure) in
            let text = try await Self.echo(request)
            if text == "1" { throw InferenceFailure(kind: .cancelled, message: "cancelled", attempts: 1) }
            return text
        }
        #expect(records.map(\.output) == ["0"])
    }

    @Test("a judge that fails says nothing of the answer: no score, and all its calls counted")
    func judgeFailure() async throws {
        let record = try #require(
            try await Self.run(Job(method: .defaultJudge, judge: "j")) { request throws(InferenceFailure) in
                guard request.modelID == "j" else { return "answer" }
                throw InferenceFailure(kind: .infrastructure, message: "the judge is down", attempts: 4)
            }.first)
        #expect(record.status == .infrastructureFailure && record.score == nil && record.output == "answer")
        #expect(record.failureReason?.contains("the judge is down") == true)
        #expect(record.providerCalls == 2 + 4)
    }

    @Test("a metric that cannot run says nothing of the answer: no score")
    func metricFailure() async throws {
        let record = try #require(try await Self.run(Job(hasReferences: false), Self.echo).first)
        #expect(record.status == .infrastructureFailure && record.score == nil && record.output == "0")
        #expect(record.failureReason?.contains("this sample has no referenceResponse") == true)
    }

    @Test("content that the coordinator has no more gives the task back")
    func missingContent() async throws {
        var job = Job(samples: 2)
        job.content.removeValue(forKey: job.order.units[1].content)
        let incomplete = job
        await #expect(throws: MissingContent(hash: job.order.units[1].content)) { try await Self.run(incomplete, Self.echo) }
    }

    @Test("content that came whole and cannot be read fails its units with the reason, instead of going round for ever")
    func unreadableContent() async throws {
        var job = Job(samples: 3)
        job.content[job.order.units[1].content] = [0xFF]
        let records = try await Self.run(job, Self.echo)
        #expect(records.map(\.status) == [.scored, .infrastructureFailure, .infrastructureFailure])
        #expect(records.last?.failureReason?.contains("cannot be read by this worker") == true)
    }

    @Test("an answer above the limit of the wire is the model's failure, before anybody judges it")
    func oversizedAnswer() async throws {
        var limits = WireLimits()
        limits.textBytes = 100
        let record = try #require(
            try await Self.run(Job(method: .defaultJudge, judge: "j"), limits: limits) { request throws(InferenceFailure) in
                #expect(request.modelID == "m")
                return String(repeating: "é", count: 51)
            }.first)
        #expect(record.status == .modelFailure && record.score == 0 && record.output == "")
        #expect(record.failureReason == "the answer of m has 102 bytes, more than 100; set maxTokens")
        #expect(record.usage == RuleModel.usage)
    }

    @Test("every record can be read by a coordinator, however long what was said along the way")
    func recordsFitTheWire() async throws {
        var limits = WireLimits()
        limits.textBytes = 64
        let long = String(repeating: "ü👩‍👩‍👧", count: 40)
        let records = try await Self.run(Job(), limits: limits) { _ throws(InferenceFailure) in
            throw InferenceFailure(kind: .infrastructure, message: long, attempts: 1)
        }
        let record = try #require(records.first)
        #expect(record.failureReason?.hasSuffix(" [cut]") == true)
        #expect(try UnitRecord(decoding: record.encoded(), limits: limits) == record)
    }
}
