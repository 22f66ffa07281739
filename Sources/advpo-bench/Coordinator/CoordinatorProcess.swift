import AdvPOCoordinator
import AdvPOModel
import AdvPOObjects
import AdvPOStore
import AdvPOTransport
import ArgumentParser
import Logging
import OrderedCollections

/// The real coordinator on a fresh data directory; its own jobs, submitted on the word of who measures.
///
/// Standard input: the line `go` begins the measurement, its end ends the process. In order the events are `listening`, `queued` (after every job is
/// admitted), `first` (one unit is durable), `measured`; with `--sequential` `listening` and `sequential`.
struct CoordinatorProcess: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "coordinator", abstract: "A coordinator that makes its own jobs and measures them.")

    @Option(help: "A data directory that does not exist yet.") var data: String
    @Option(help: "Units to ask for.") var units = 10_000
    @Option(help: "Units that are measured; 0: all that are asked for.") var measure = 0
    @Option(help: "Units that a task carries at most.") var unitsPerTask = 1
    @Option(help: "Bytes of the prompt that a task names.") var contentBytes = 13_000
    @Flag(help: "Queue all tasks before the word to go, when no worker is there.") var queueFirst = false
    @Option(help: "Instead: so many jobs of one unit, one after the other.") var sequential = 0
    @Option(help: "Jobs before those that are counted.") var warmUp = 20

    func validate() throws {
        guard units > 0, measure >= 0, unitsPerTask > 0, sequential >= 0, warmUp >= 0, contentBytes >= 0 else { throw ValidationError("counts are not negative") }
    }

    func run() async throws {
        let logger = Logger(label: "advpo.bench") { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = .warning
            return handler
        }
        let store = MeasuredStore(try SQLiteStore(directory: data, logger: logger))
        var limits = InputLimits()
        limits.templatesPerJob = .max
        limits.modelsPerJob = .max
        var admission = JobAdmission(catalog: Workload.catalog(modelCount: Workload.largestModelCount), limits: limits) { name, _ in
            throw AdmissionFault(message: "no function \(name)")
        }
        admission.concurrentJobs = .max
        let coordinator = try await Coordinator.open(
            store: store, objects: MemoryObjects(buckets: ["bench"]), admission: admission, unitsPerTask: unitsPerTask, logger: logger)
        let work = try NNGReplier(listening: "tcp://127.0.0.1:0", limits: WireLimits(), logger: logger)
        let control = try NNGReplier(listening: "tcp://127.0.0.1:0", limits: WireLimits(), logger: logger)
        let server = CoordinatorServer(coordinator: coordinator, work: work, control: control, logger: logger)
        let serving = Task { try await server.run() }
        Output.event("listening", ["work": .string(work.address), "control": .string(control.address)], ProcessFigures.members)
        let measurement = Measurement(coordinator: coordinator, store: store)
        var lines = StandardInput.lines().makeAsyncIterator()
        if sequential > 0 {
            guard await lines.next() != nil else { return }
            try await measurement.sequential(jobs: sequential, warmUp: warmUp)
        } else {
            let workload = Workload(units: units, contentBytes: contentBytes)
            if queueFirst { try await measurement.submit(workload) }
            guard await lines.next() != nil else { return }
            try await measurement.throughput(workload, isQueued: queueFirst, measured: measure == 0 ? workload.unitCount : min(measure, workload.unitCount))
        }
        while await lines.next() != nil {}
        serving.cancel()
        do {
            try await serving.value
        } catch is CancellationError {}
        try await store.close()
    }
}
