import AdvPOBedrock
import AdvPOCluster
import AdvPOCoordinator
import AdvPOEvaluation
import AdvPOModel
import AdvPOObjects
import AdvPOStore
import AdvPOTransport
import AdvPOWire
import AdvPOWorker
import Logging
import OrderedCollections
import Synchronization
import Testing

/// A clock that stands still between events and whose pauses are over at once.
final class StillClock: CoordinatorClock {
    private let milliseconds = Mutex(Int64(0))

    func now() -> Moment {
        let now = milliseconds.withLock { now in
            now += 1
            return now
        }
        return Moment(tick: Tick(milliseconds: now), millisecondsSince1970: 1_000_000 + now)
    }

    func pause(milliseconds: Int) async { await Task.yield() }
}

/// A model that answers by a rule.
struct RuleModel: ChatModels {
    var rule: @Sendable (ChatRequest) async throws(InferenceFailure) -> String

    func complete(_ request: ChatRequest, within allowance: CallAllowance) async throws(InferenceFailure) -> ChatCompletion {
        _ = allowance.take()
        let text = try await rule(request)
        return ChatCompletion(
            text: text, usage: Usage(inputTokens: 1, outputTokens: 1, timeToFirstTokenMicroseconds: 1, latencyMicroseconds: 1, cost: nil), finishReason: "stop",
            attempts: 1)
    }

    /// Right on every third headline, and on all with an example before it.
    static let learner = RuleModel { request throws(InferenceFailure) in
        let number = request.messages.last?.text.split(separator: " ").last.flatMap { Int($0) } ?? 0
        return request.messages.count > 1 || number.isMultiple(of: 3) ? ["sports", "business", "health"][number % 3] : "x"
    }
}

/// A coordinator and workers in memory, as `advpo run` joins them over sockets.
struct Cluster {
    let coordinator: Coordinator
    let objects: MemoryObjects
    private let network = InMemoryNetwork(limits: WireLimits(), clock: ContinuousClock())
    private let server: CoordinatorServer

    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init(
        store: any CoordinatorStore, objects: MemoryObjects = MemoryObjects(buckets: ["bucket"]), seenAs: (any ObjectStore)? = nil,
        clock: any CoordinatorClock = WallClock(), admission: JobAdmission? = nil
    ) async throws {
        self.objects = objects
        coordinator = try await Self.open(store, seenAs ?? objects, clock: clock, admission: admission)
        server = CoordinatorServer(
            coordinator: coordinator, work: try network.replier(at: "work"), control: try network.replier(at: "control"), tickMilliseconds: 10, logger: Self.logger)
    }

    static func open(
        _ store: any CoordinatorStore, _ objects: any ObjectStore, clock: any CoordinatorClock = StillClock(), admission: JobAdmission? = nil
    ) async throws -> Coordinator {
        try await Coordinator.open(
            store: store, objects: objects, admission: admission ?? JobAdmissionTests.admission(JobAdmissionTests.catalog(rewriter: nil)), clock: clock,
            logger: logger)
    }

    static func request(token: String? = nil, name: String = "job", output: String = "s3://bucket/out/", budget: Int = 200) -> CreateJobRequest {
        CreateJobRequest(
            jobName: name, clientToken: token, inputURI: "s3://bucket/input.jsonl", outputURI: output, models: [ModelConfiguration(modelID: "m")],
            tags: [.init(key: "advpo:budget-calls", value: "\(budget)"), .init(key: "advpo:prompt-format", value: "chat")])
    }

    static func putInput(_ objects: MemoryObjects, _ bytes: [UInt8] = Plans.input()) async throws {
        try await objects.write(try ObjectURI("s3://bucket/input.jsonl"), bytes: bytes)
    }

    /// Serves while `body` runs, with so many workers.
    func serve<Value: Sendable>(
        workers: Int = 1, models: any ChatModels = RuleModel.learner, _ body: @Sendable @escaping (Coordinator) async throws -> Value
    ) async throws -> Value {
        let serving = Task { try await server.run() }
        let requesters = (0..<workers).map { _ in (network.requester(for: "work"), network.requester(for: "control")) }
        let working = requesters.enumerated().map { number, pair in
            let worker = Worker(
                name: "w\(number)", instance: "i\(number)", slots: 2, models: ["m"], work: pair.0, control: pair.1,
                executor: TaskExecutor(
                    models: models, evaluator: Evaluator(models: models, python: PythonMetricSettings(), logger: Self.logger), limits: WireLimits()),
                logger: Self.logger)
            return Task { await worker.run() }
        }
        let result: Result<Value, any Error>
        do { result = .success(try await body(coordinator)) } catch { result = .failure(error) }
        for task in working { task.cancel() }
        for task in working { _ = await task.value }
        for pair in requesters {
            await pair.0.close()
            await pair.1.close()
        }
        serving.cancel()
        try await serving.value
        return try result.get()
    }
}

extension Coordinator {
    /// The last that a watcher is shown.
    func untilEnded(_ job: JobID) async throws -> JobProgress? {
        var last: JobProgress?
        for await progress in try await progress(of: job) { last = progress }
        return last
    }

    func job(_ response: CreateJobResponse) throws -> JobID { try #require(JobID(String(response.jobARN.suffix(JobID.length)))) }
}

/// Waits for nothing but the cancellation of its task.
func untilCancelled() async {
    let (stream, continuation) = AsyncStream<Void>.makeStream()
    for await _ in stream {}
    continuation.finish()
}
