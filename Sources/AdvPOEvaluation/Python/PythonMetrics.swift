import AdvPOModel
import Logging

/// Runs users' metrics, each in a process of its own.
actor PythonMetrics {
    private struct Resident {
        var lane: MetricLane
        var lastUse: UInt64
        var users: Int
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
        let lane = try await beginUse(of: bundle, hash: hash)
        defer { residents[hash]?.users -= 1 }
        return try await lane.score(response: response, reference: reference)
    }

    func load(_ bundle: FunctionBundle, hash: ContentHash) async throws(EvaluationFailure) {
        let lane = try await beginUse(of: bundle, hash: hash)
        defer { residents[hash]?.users -= 1 }
        try await lane.load()
    }

    func close() async {
        isClosed = true
        let lanes = residents.values.map(\.lane)
        residents = [:]
        for lane in lanes { await lane.close() }
    }

    /// The metric's lane, which stays until its `users` is counted down again.
    private func beginUse(of bundle: FunctionBundle, hash: ContentHash) async throws(EvaluationFailure) -> MetricLane {
        if let fault = settings.fault { throw .metric(message: fault) }
        let interpreter = try await foundInterpreter()
        guard !isClosed else { throw .cancelled }
        uses += 1
        if let known = residents[hash] {
            residents[hash]?.lastUse = uses
            residents[hash]?.users += 1
            return known.lane
        }
        // From here to the insertion nothing suspends, so a metric has one lane.
        let lane = try MetricLane(bundle, interpreter: interpreter, settings: settings, logger: logger)
        residents[hash] = Resident(lane: lane, lastUse: uses, users: 1)
        await evict()
        return lane
    }

    private func foundInterpreter() async throws(EvaluationFailure) -> PythonInterpreter {
        if let interpreter { return interpreter }
        let found = try await PythonInterpreter.find(settings.python)
        interpreter = found
        return found
    }

    /// Closes the longest unused lanes that nobody uses now.
    private func evict() async {
        while residents.count > settings.residentProcesses,
            let (hash, resident) = residents.filter({ $0.value.users == 0 }).min(by: { $0.value.lastUse < $1.value.lastUse })
        {
            residents[hash] = nil
            await resident.lane.close()
        }
    }
}
