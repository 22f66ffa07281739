import AdvPOCluster
import AdvPOEvaluation
import AdvPOModel
import AdvPOTransport
import AdvPOWire
import AdvPOWorker
import Synchronization
import Testing

/// The worker's shell against a coordinator that is a script over the in-memory network.
@Suite(.timeLimit(.minutes(1))) struct WorkerTests {
    /// Hands out one task, then nothing; keeps what is reported.
    final class ScriptedCoordinator: Sendable {
        private struct State {
            var order: TaskOrder?
            var reports: [(units: [UnitReport], ended: Bool)] = []
            var goodbyes = 0
        }

        private let state: Mutex<State>
        private let content: [ContentHash: [UInt8]]
        let reported: AsyncStream<Void>
        private let report: AsyncStream<Void>.Continuation

        init(_ job: TaskExecutorTests.Job) {
            state = Mutex(State(order: job.order))
            content = job.content
            (reported, report) = AsyncStream.makeStream()
        }

        var reports: [(units: [UnitReport], ended: Bool)] { state.withLock { $0.reports } }
        var goodbyes: Int { state.withLock { $0.goodbyes } }

        func control(_ request: IncomingRequest) async -> [UInt8] {
            switch try? ControlRequest(decoding: request.message, limits: WireLimits()) {
            case .hello: return ControlReply.welcome(.init(version: .current, session: 5, epoch: 1, heartbeatMilliseconds: 5_000)).encoded()
            case .goodbye:
                state.withLock { $0.goodbyes += 1 }
                return ControlReply.instructions(.init(sequence: 0, cancel: [], drain: false)).encoded()
            case .heartbeat, nil:
                // Held until the coordinator is closed.
                await untilCancelled()
                return []
            }
        }

        func work(_ request: IncomingRequest) async -> [UInt8] {
            switch try? WorkRequest(decoding: request.message, limits: WireLimits()) {
            case .pull:
                let order = state.withLock { state in
                    defer { state.order = nil }
                    return state.order
                }
                if let order { return WorkReply.task(order).encoded() }
                await untilCancelled()
                return []
            case .report(_, _, let units, let ended, _, _):
                state.withLock { $0.reports.append((units, ended)) }
                report.yield()
                return WorkReply.accepted().encoded()
            case .fetch(_, let hashes): return WorkReply.blobs(hashes.map { .init(hash: $0, bytes: content[$0]) }).encoded()
            case nil: return WorkReply.refused("not understood").encoded()
            }
        }
    }

    private func run(
        _ job: TaskExecutorTests.Job, rule: @escaping @Sendable (ChatRequest) async throws(InferenceFailure) -> String,
        _ body: (Worker, ScriptedCoordinator, Task<Worker.Ending, Never>) async throws -> Void
    ) async throws {
        let coordinator = ScriptedCoordinator(job)
        let network = InMemoryNetwork(limits: WireLimits(), clock: ContinuousClock())
        let (work, control) = (try network.replier(at: "work"), try network.replier(at: "control"))
        let serving = [Task { try await work.serve { await coordinator.work($0) } }, Task { try await control.serve { await coordinator.control($0) } }]
        let models = RuleModel(rule: rule)
        let requesters = [network.requester(for: "work"), network.requester(for: "control")]
        let worker = Worker(
            name: "w", instance: "i", slots: 1, models: ["m"], work: requesters[0], control: requesters[1],
            executor: TaskExecutor(
                models: models, evaluator: Evaluator(models: models, python: PythonMetricSettings(), logger: TaskExecutorTests.logger), limits: WireLimits()),
            logger: TaskExecutorTests.logger)
        let working = Task { await worker.run() }
        try await body(worker, coordinator, working)
        working.cancel()
        _ = await working.value
        for requester in requesters { await requester.close() }
        for task in serving { task.cancel() }
        for task in serving { try await task.value }
    }

    @Test("a task is fetched, done and reported; a drain in its midst lets it finish, then the worker says goodbye and ends")
    func drain() async throws {
        let (started, start) = AsyncStream<Void>.makeStream()
        let (released, release) = AsyncStream<Void>.makeStream()
        try await run(TaskExecutorTests.Job(samples: 2)) { request throws(InferenceFailure) in
            start.yield()
            for await _ in released { break }
            return try await TaskExecutorTests.echo(request)
        } _: { worker, coordinator, working in
            for await _ in started { break }
            await worker.drain()
            release.finish()
            #expect(await working.value == .drained)
            let units = coordinator.reports.flatMap(\.units)
            #expect(units.map(\.record.output) == ["0", "1"])
            #expect(coordinator.reports.map(\.ended).last == true)
            #expect(coordinator.goodbyes == 1)
        }
    }

    @Test("a worker that is cancelled aborts its calls and ends; nothing half done is reported")
    func cancel() async throws {
        let (started, start) = AsyncStream<Void>.makeStream()
        try await run(TaskExecutorTests.Job()) { _ throws(InferenceFailure) in
            start.yield()
            await untilCancelled()
            throw InferenceFailure(kind: .cancelled, message: "", attempts: 1)
        } _: { _, coordinator, working in
            for await _ in started { break }
            working.cancel()
            #expect(await working.value == .cancelled)
            #expect(coordinator.reports.isEmpty)
        }
    }

    @Test("a task whose content the coordinator has no more is given back without a unit")
    func missingContent() async throws {
        var job = TaskExecutorTests.Job()
        job.content = [:]
        try await run(job, rule: TaskExecutorTests.echo) { _, coordinator, _ in
            for await _ in coordinator.reported { break }
            let report = try #require(coordinator.reports.first)
            #expect(report.units.isEmpty && report.ended)
        }
    }
}

/// Waits for nothing but the cancellation of its task.
func untilCancelled() async {
    let (stream, continuation) = AsyncStream<Void>.makeStream()
    for await _ in stream {}
    continuation.finish()
}
