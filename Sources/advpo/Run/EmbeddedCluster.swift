import AdvPOCommandLine
import AdvPOCoordinator
import AdvPOEvaluation
import AdvPOInference
import AdvPOModel
import AdvPOObjects
import AdvPOStore
import AdvPOTransport
import AdvPOWorker
import OrderedCollections
import Foundation
import Logging

/// A coordinator and one worker in this process: the same code as on a cluster, over `inproc://`.
struct EmbeddedCluster {
    let coordinator: Coordinator
    private let store: SQLiteStore
    private let provider: ChatModelProvider
    private let evaluator: Evaluator
    private let server: CoordinatorServer
    private let worker: Worker
    private let requesters: [NNGRequester]

    /// - Parameters:
    ///   - stateFolder: an unfinished job of an earlier start on it goes on at once.
    ///   - objects: where results are written, and what samples name is read.
    init(
        catalog: ModelCatalog, limits: InputLimits, stateFolder: String, objects: any ObjectStore, slots: Int, python: String?, logger: Logger
    ) async throws {
        store = try SQLiteStore(directory: stateFolder, logger: logger)
        let admission = JobAdmission(catalog: catalog, limits: limits) { try FunctionBundleReader.read(name: $0, folder: $1) }
        coordinator = try await Coordinator.open(store: store, objects: objects, admission: admission, logger: logger)
        let place = "inproc://advpo-\(ProcessInfo.processInfo.processIdentifier)"
        server = CoordinatorServer(
            coordinator: coordinator, work: try NNGReplier(listening: "\(place)-work", limits: WireLimits(), logger: logger),
            control: try NNGReplier(listening: "\(place)-control", limits: WireLimits(), logger: logger), logger: logger)
        provider = ChatModelProvider(
            catalog: catalog, keys: APIKeys(catalog: catalog, environment: ProcessInfo.processInfo.environment), logger: logger, clock: ContinuousClock(),
            seed: UInt64.random(in: .min ... .max))
        evaluator = Evaluator(models: provider, python: PythonMetricSettings(python: python), logger: logger)
        let work = try NNGRequester(dialing: "\(place)-work", limits: WireLimits(), logger: logger)
        let control = try NNGRequester(dialing: "\(place)-control", limits: WireLimits(), logger: logger)
        requesters = [work, control]
        worker = Worker(
            name: "embedded", instance: UUID().uuidString, slots: slots, models: Array(catalog.models.keys), work: work, control: control,
            executor: TaskExecutor(models: provider, evaluator: evaluator, limits: WireLimits()), rates: provider, logger: logger)
    }

    /// Runs the cluster while `body` does, then ends all of it, in order: worker, sockets, coordinator, store.
    func run<Value: Sendable>(_ body: @Sendable @escaping (Coordinator) async throws -> Value) async throws -> Value {
        let serving = Task { try await server.run() }
        let working = Task { await worker.run() }
        let result: Result<Value, any Error>
        do {
            result = .success(try await body(coordinator))
        } catch {
            result = .failure(error)
        }
        working.cancel()
        _ = await working.value
        for requester in requesters { await requester.close() }
        serving.cancel()
        do {
            try await serving.value
        } catch is CancellationError {}
        await evaluator.shutdown()
        try await provider.shutdown()
        try await store.close()
        return try result.get()
    }
}
