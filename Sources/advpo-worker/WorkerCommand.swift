import AdvPOAPI
import AdvPOCluster
import AdvPOCommandLine
import AdvPOEvaluation
import AdvPOInference
import AdvPOMetrics
import AdvPOModel
import AdvPOTransport
import AdvPOWire
import AdvPOWorker
import ArgumentParser
import Foundation
import Logging
import OrderedCollections
import ServiceLifecycle
import UnixSignals

@main struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "advpo-worker", abstract: "Does an AdvPO cluster's work: calls models, scores answers, writes prompts. Start any number.",
        discussion: """
            Every flag can be set in the environment too (--slots as ADVPO_SLOTS) or in the YAML file of --config (slots: …).

            EXAMPLE
              advpo-worker --work tcp://127.0.0.1:7710 --control tcp://127.0.0.1:7711 --models models.yaml --slots 4

            On another machine than the coordinator's, with the folder that 'advpo-coord cluster issue-certificate' made for it:
              advpo-worker --work tls+tcp://head.example:7710 --control tls+tcp://head.example:7711 --identity ./node7 --models models.yaml

            The coordinator need not be up yet. SIGTERM and Ctrl-C drain: tasks in hand are finished, no more are taken; a second one ends at once.
            \(ExitStatus.help)
            """)

    @Option(help: "The coordinator's work socket (default tcp://127.0.0.1:7710).") var work: String?
    @Option(help: "The coordinator's control socket (default tcp://127.0.0.1:7711).") var control: String?
    @Option(help: "This worker's folder, with its key and certificate; for a coordinator with --cluster.") var identity: String?
    @Option(help: "The models file; this worker serves every model in it.") var models: String?
    @Option(help: "Tasks in hand at once (default 4).") var slots: Int?
    @Option(help: "The Python of metric functions (default: python3 on the path).") var python: String?
    @Option(help: "Serve metrics here, HOST:PORT on loopback, without asking who scrapes (default: nowhere).") var metrics: String?
    @Flag(help: "Let --metrics be an address that other machines reach.") var metricsEverywhere = false
    @OptionGroup var log: LogOptions
    @Option(help: "A YAML file with any of these settings.") var config: String?

    static func main() async { await CommandRunner.main(Self.self) }

    func run() async throws {
        let settings = try await Settings(configFile: config)
        try log.bootstrap(settings, standard: .notice)
        let logger = Logger(label: "advpo.worker")
        let catalogPath = try settings.required(.models, flag: models, "the models file")
        let metricsAddress = try metricsAddress(settings)
        let slotCount = try settings.int(.slots, flag: slots, in: 1...4_096, default: 4)
        let catalog: ModelCatalog
        do {
            catalog = try ModelCatalogFile.load(path: catalogPath)
        } catch {
            throw CommandFailure(.badUsage, "\(error)")
        }
        // What may throw comes before the provider, which must be shut down.
        let line = try CoordinatorLine(settings, identity: identity, logger)
        let workRequester = try line.dial(settings.string(.work, flag: work, default: "tcp://127.0.0.1:7710"), .work)
        let controlRequester = try line.dial(settings.string(.control, flag: control, default: "tcp://127.0.0.1:7711"), .control)
        let environment = ProcessInfo.processInfo.environment
        let instance = UUID().uuidString
        let provider = ChatModelProvider(
            catalog: catalog, keys: APIKeys(catalog: catalog, environment: environment), logger: logger, clock: ContinuousClock(),
            seed: UInt64.random(in: .min ... .max))
        let registry = PrometheusRegistry()
        let measures = WorkerMeasures(registry)
        let models = MeasuredModels(provider, measures)
        let evaluator = Evaluator(models: models, python: PythonMetricSettings(python: settings.string(.python, flag: python)), logger: logger)
        let worker = Worker(
            name: "\(ProcessInfo.processInfo.hostName):\(ProcessInfo.processInfo.processIdentifier)", instance: instance, slots: slotCount,
            models: Array(catalog.models.keys), work: workRequester, control: controlRequester,
            executor: TaskExecutor(models: models, evaluator: evaluator, limits: WireLimits()), rates: provider, measures: measures, logger: logger)
        let process = ProcessMeasures(registry, program: "advpo-worker", details: [("protocol", WireVersion.current.description)])
        let listener = metricsAddress.map { address in
            MetricsServer(address: address, logger: logger) {
                process.refresh()
                return registry.page
            }
        }
        logger.notice("worker starts", metadata: ["slots": "\(slotCount)", "models": "\(catalog.models.keys.joined(separator: " "))"])
        let group = ServiceGroup(
            configuration: .init(
                // Shut down from the last to the first: while the worker drains, a second signal is heard.
                services: (listener.map { [.init(service: $0)] } ?? []) + [
                    .init(service: SecondSignal()),
                    .init(service: WorkerService(worker), successTerminationBehavior: .gracefullyShutdownGroup),
                ],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        var failure: (any Error)?
        do {
            try await group.run()
        } catch {
            failure = error
        }
        await workRequester.close()
        await controlRequester.close()
        await evaluator.shutdown()
        try await provider.shutdown()
        if failure is SecondSignal.Heard { throw CommandFailure(.interrupted, "told to end twice: tasks in hand were abandoned and go to other workers") }
        if let failure { throw CommandFailure(.failed, "\(failure)") }
        logger.notice("worker ended")
    }

    private func metricsAddress(_ settings: Settings) throws -> ListenAddress? {
        guard let text = settings.string(.metrics, flag: metrics) else { return nil }
        do {
            return try ListenAddress(metrics: text, isForEverybody: metricsEverywhere)
        } catch {
            throw CommandFailure(.badUsage, "\(SettingKey.metrics.places): \(error)")
        }
    }
}

/// Ends the group at the second signal; the first one drains, and the group knows no second.
private struct SecondSignal: Service {
    struct Heard: Error {}

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            var count = 0
            for await _ in await UnixSignalsSequence(trapping: .sigterm, .sigint) {
                count += 1
                if count > 1 { throw Heard() }
            }
        }
    }
}
