import AdvPOAPI
import AdvPOBedrock
import AdvPOCluster
import AdvPOCommandLine
import AdvPOCoordinator
import AdvPOInference
import AdvPOMetrics
import AdvPOModel
import AdvPOObjects
import AdvPOStore
import AdvPOTransport
import ArgumentParser
import Logging
import ServiceLifecycle
import UnixSignals

@main struct CoordinatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "advpo-coord", abstract: "The head of an AdvPO cluster: owns all state, splits jobs into tasks, serves the Bedrock-compatible API.",
        subcommands: [Serve.self, ClusterCommand.self, KeyringCommand.self, Backup.self, Restore.self])

    static func main() async { await CommandRunner.main(Self.self) }
}

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Listens for workers and for users until it is told to end.",
        discussion: """
            Every flag can be set in the environment too (--http as ADVPO_HTTP) or in the YAML file of --config (http: …).

            EXAMPLE
              advpo-coord serve --data ./state --work tcp://127.0.0.1:7710 --control tcp://127.0.0.1:7711 \\
                --http 127.0.0.1:7700 --models models.yaml --bucket demo=./bucket

            For users on other machines, with keys and TLS:
              advpo-coord serve --data ./state --models models.yaml --http 0.0.0.0:7700 \\
                --credentials credentials.yaml --tls-certificate server.pem --tls-key server-key.pem

            For workers on other machines, with the files of 'advpo-coord cluster init':
              advpo-coord serve --data ./state --models models.yaml --cluster ./cluster \\
                --work tls+tcp://0.0.0.0:7710 --control tls+tcp://0.0.0.0:7711

            A port of 0 takes a free one; the log names it. SIGTERM and Ctrl-C end it cleanly; jobs go on at the next start on the same --data.
            \(ExitStatus.help)
            """)

    @Option(help: "Folder of all state; one coordinator at a time may use it.") var data: String?
    @OptionGroup(title: "The cluster") var cluster: ClusterOptions
    @Option(help: "The models file.") var models: String?
    @Option(help: "A local folder as a bucket, NAME=DIR; may be repeated.") var bucket: [String] = []
    @Option(help: "The keys of encrypted objects in local buckets: a file that 'advpo-coord keyring add' made.") var keyring: String?
    @Option(help: "Samples a template may have (default 100, the published quota).") var maxSamples: Int?
    @Option(help: "Templates a job may have (default 10, the published quota).") var maxTemplates: Int?
    @Option(help: "Jobs that may be under way at once (default 20, the published quota).") var maxJobs: Int?
    @Option(help: "Partition in job ARNs (default aws).") var partition: String?
    @Option(help: "Region in job ARNs (default us-east-1).") var region: String?
    @Option(help: "Account in job ARNs (default 000000000000).") var account: String?
    @Option(help: "Second attempts of slow tasks while workers are idle: off, unpriced (models without a price alone) or all (default off).") var speculate: String?
    @OptionGroup(title: "The API") var api: APIOptions
    @OptionGroup(title: "Objects in S3") var s3: S3Options
    @OptionGroup(title: "Metrics and logs") var metrics: MetricsOptions
    @OptionGroup(title: "Metrics and logs") var log: LogOptions
    @Option(help: "A YAML file with any of these settings.") var config: String?

    func run() async throws {
        let settings = try await Settings(configFile: config)
        try log.bootstrap(settings, standard: .notice)
        let logger = Logger(label: "advpo.coord")
        let folder = try settings.required(.data, flag: data, "the folder for the coordinator's state")
        let catalogPath = try settings.required(.models, flag: models, "the models file")
        let workerDoor = try cluster.door(settings, logger)
        let namespace = try usage {
            try JobNamespace(
                partition: settings.string(.partition, flag: partition, default: "aws"), region: settings.string(.region, flag: region, default: "us-east-1"),
                account: settings.string(.account, flag: account, default: "000000000000"))
        }
        let metricsAddress = try metrics.address(settings)
        let door = try api.door(settings, namespace, logger)
        let mounts = try settings.buckets(flags: bucket)
        let catalog = try usage { try ModelCatalogFile.load(path: catalogPath) }
        let keys = try usage { try settings.string(.keyring, flag: keyring).map { try KeyringFile.load(path: $0) } ?? .empty }
        let mounted = try usage { try LocalBuckets(Dictionary(uniqueKeysWithValues: mounts.map { ($0.name, $0.directory) }), keyring: keys) }
        let objects = try s3.buckets(mounted: mounted, names: mounts.map(\.name), settings, logger: logger)
        var limits = InputLimits()
        limits.samplesPerTemplate = try settings.int(.maxSamples, flag: maxSamples, in: 1...1_000_000, default: limits.samplesPerTemplate)
        limits.templatesPerJob = try settings.int(.maxTemplates, flag: maxTemplates, in: 1...10_000, default: limits.templatesPerJob)

        let store: SQLiteStore
        do {
            store = try SQLiteStore(directory: folder, logger: logger)
        } catch {
            throw CommandFailure(.failed, "\(error)")
        }
        var admission = JobAdmission(catalog: catalog, limits: limits) { try FunctionBundleReader.read(name: $0, folder: $1) }
        admission.concurrentJobs = try settings.int(.maxJobs, flag: maxJobs, in: 1...10_000, default: admission.concurrentJobs)
        var cluster = ClusterSettings()
        cluster.speculation = try settings.choice(.speculate, flag: speculate, of: ClusterSettings.Speculation.self) ?? .off
        let registry = PrometheusRegistry()
        let coordinator = try await Coordinator.open(
            store: store, objects: objects, admission: admission, namespace: namespace, settings: cluster, metrics: registry, logger: logger)
        let source = MetricsSource(registry, coordinator)
        let (workReplier, controlReplier) = try workerDoor.open()
        let services: [any Service] =
            [CoordinatorServer(coordinator: coordinator, work: workReplier, control: controlReplier, logger: logger)]
            + door.services(coordinator, metrics: source) + workerDoor.services(coordinator)
            + (metricsAddress.map { [MetricsServer(address: $0, logger: logger, page: source.page)] } ?? [])
        let group = ServiceGroup(
            configuration: .init(
                services: services.map { .init(service: $0) },
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        do {
            try await group.run()
        } catch {
            try? await store.close()
            throw CommandFailure(.failed, "\(error)")
        }
        try await store.close()
        logger.notice("ended; jobs that were under way go on at the next start")
    }
}

/// What `make` returns; its error is the user's to mend.
func usage<Value>(_ make: () throws -> Value) throws -> Value {
    do {
        return try make()
    } catch {
        throw CommandFailure(.badUsage, "\(error)")
    }
}
