import AdvPOModel
import Logging

/// Runs users' metrics, each in a process of its own.
actor PythonMetrics {
    private struct Resident {
        var lane: MetricLane
        var lastUse: UInt64
    }

    private let settings: PythonMetricSettings
    private let logger: Logger
    private var interpreter: PythonInterpreter?
    private var residents: [ContentHash: Resident] = [:]
    private var uses: UInt64 = 0
    private var isClosed = false

    init(settings: PythonMetricSettings, logger: Logger) {
        self.settings = settings
        self.logger = logger
    }

    func score(_ bundle: FunctionBundle, hash: ContentHash, response: String, reference: String) async throws(EvaluationFailure) -> EvaluationResult {
        try await lane(for: bundle, hash: hash).score(response: response, reference: reference)
    }

    func load(_ bundle: FunctionBundle, hash: ContentHash) async throws(EvaluationFailure) {
        try await lane(for: bundle, hash: hash).load()
    }

    func close() async {
        isClosed = true
        let lanes = residents.values.map(\.lane)
        residents = [:]
        for lane in lanes { await lane.close() }
    }

    private func lane(for bundle: FunctionBundle, hash: ContentHash) async throws(EvaluationFailure) -> MetricLane {
        if let fault = settings.fault { throw .metric(message: fault) }
        let interpreter = try await foundInterpreter()
        guard !isClosed else { throw .cancelled }
        uses += 1
        if let known = residents[hash] {
            residents[hash]?.lastUse = uses
            return known.lane
        }
        // From here to the insertion nothing suspends, so a metric has one lane.
        let lane = try MetricLane(bundle, interpreter: interpreter, settings: settings, logger: logger)
        residents[hash] = Resident(lane: lane, lastUse: uses)
        await evict(keeping: hash)
        return lane
    }

    private func foundInterpreter() async throws(EvaluationFailure) -> PythonInterpreter {
        if let interpreter { return interpreter }
        let found = try await PythonInterpreter.find(settings.python)
        interpreter = found
        return found
    }

    /// Closes the longest unused lanes that nobody waits for.
    private func evict(keeping hash: ContentHash) async {
        let others = residents.filter { $0.key != hash }.sorted { $0.value.lastUse < $1.value.lastUse }
        var excess = residents.count - settings.residentProcesses
        for (key, resident) in others where excess > 0 {
            guard await resident.lane.isIdle, residents[key]?.lastUse == resident.lastUse else { continue }
            residents[key] = nil
            excess -= 1
            await resident.lane.close()
        }
    }
}
