import AdvPOBedrock
import AdvPOCluster
import AdvPOMetrics
import AdvPOModel
import CoreMetrics
import OrderedCollections

/// What the coordinator counts as it goes, and what it reads off when a page is made.
struct CoordinatorMeasures {
    private let factory: any MetricsFactory
    private let taskWait: CoreMetrics.Timer
    private let commitDuration: CoreMetrics.Timer
    private let commitRecords: Recorder
    private let watchers: Meter
    /// Totals that are on the page already.
    private var told = ClusterTotals()
    private var unitCounters: [UnitRecord.Status: Counter] = [:]
    private var models: [String: ModelCounters] = [:]

    /// The page has only so many labels either.
    private static let maximumModels = 500

    private struct ModelCounters {
        var requests: Counter
        var tokens: [Counter]
        var costs: [FloatingPointCounter]
    }

    init(_ factory: any MetricsFactory) {
        self.factory = factory
        taskWait = CoreMetrics.Timer(label: MetricName.taskWait.rawValue, dimensions: [], factory: factory)
        commitDuration = CoreMetrics.Timer(label: MetricName.commitDuration.rawValue, dimensions: [], factory: factory)
        commitRecords = Recorder(label: MetricName.commitRecords.rawValue, dimensions: [], aggregate: true, factory: factory)
        watchers = Meter(label: MetricName.watchers.rawValue, dimensions: [], factory: factory)
        for status in [UnitRecord.Status.scored, .modelFailure, .infrastructureFailure] {
            unitCounters[status] = Counter(label: MetricName.units.rawValue, dimensions: [("status", status.rawValue)], factory: factory)
        }
        // A counter that is there from the start has a rate from its first event on.
        for (metric, _, reason) in Self.counts(ClusterTotals()) { count(metric, reason, 0) }
    }

    func handedOut(waitedMilliseconds: Int64) { taskWait.recordNanoseconds(waitedMilliseconds * 1_000_000) }

    func committed(records: Int, duration: Duration) {
        let parts = duration.components
        commitDuration.recordNanoseconds(parts.seconds * 1_000_000_000 + parts.attoseconds / 1_000_000_000)
        commitRecords.record(Int64(records))
    }

    mutating func accepted(_ record: UnitRecord, model: String?) {
        unitCounters[record.status]?.increment()
        let counters = counters(of: model ?? "unknown")
        counters.requests.increment(by: record.providerCalls)
        for (index, usage) in [record.usage, record.judgeUsage].enumerated() {
            guard let usage else { continue }
            counters.tokens[2 * index].increment(by: max(0, usage.inputTokens))
            counters.tokens[2 * index + 1].increment(by: max(0, usage.outputTokens))
            if let cost = usage.cost { counters.costs[index].increment(by: max(0, cost.dollars)) }
        }
    }

    private mutating func counters(of model: String) -> ModelCounters {
        let model = models[model] != nil || models.count < Self.maximumModels ? model : "other"
        if let known = models[model] { return known }
        let new = ModelCounters(
            requests: Counter(label: MetricName.providerRequests.rawValue, dimensions: [("model", model)], factory: factory),
            tokens: ["target", "judge"].flatMap { role in
                ["input", "output"].map { direction in
                    Counter(label: MetricName.tokens.rawValue, dimensions: [("model", model), ("role", role), ("direction", direction)], factory: factory)
                }
            },
            costs: ["target", "judge"].map { FloatingPointCounter(label: MetricName.cost.rawValue, dimensions: [("model", model), ("role", $0)], factory: factory) })
        models[model] = new
        return new
    }

    // MARK: Read off

    mutating func refresh(_ status: ClusterStatus, jobs: OrderedDictionary<JobStatus, Int>, watchers: Int) {
        let present = status.workerCount - status.disconnectedWorkers - status.drainingWorkers
        for (state, count) in [(ClusterStatus.State.present, present), (.disconnected, status.disconnectedWorkers), (.draining, status.drainingWorkers)] {
            set(.workers, count, [("state", state.rawValue)])
        }
        set(.slots, status.slots)
        set(.slotsBusy, status.busySlots)
        for (state, count) in [("queued", status.queuedTasks), ("resting", status.restingTasks), ("leased", status.leasedTasks)] {
            set(.tasks, count, [("state", state)])
        }
        for status in JobStatus.allCases { set(.jobs, jobs[status] ?? 0, [("status", status.rawValue)]) }
        self.watchers.set(watchers)
        for ((metric, now, reason), (_, before, _)) in zip(Self.counts(status.totals), Self.counts(told)) { count(metric, reason, now - before) }
        told = status.totals
    }

    private func set(_ name: MetricName, _ value: Int, _ labels: [(String, String)] = []) {
        Meter(label: name.rawValue, dimensions: labels, factory: factory).set(value)
    }

    private func count(_ name: MetricName, _ labels: [(String, String)], _ amount: Int) {
        Counter(label: name.rawValue, dimensions: labels, factory: factory).increment(by: amount)
    }

    private static func counts(_ totals: ClusterTotals) -> [(MetricName, Int, [(String, String)])] {
        [
            (.tasksHandedOut, totals.handedOut, []),
            (.tasksEnded, totals.done, [("how", "done")]),
            (.tasksEnded, totals.failed, [("how", "failed")]),
            (.tasksEnded, totals.cancelled, [("how", "cancelled")]),
            (.leasesReturned, totals.leasesLost, [("why", "worker-lost")]),
            (.leasesReturned, totals.givenBack, [("why", "given-back")]),
            (.leasesReturned, totals.takenBack, [("why", "taken-back")]),
            (.staleReports, totals.staleReports, []),
            (.workersJoined, totals.workersJoined, []),
            (.workersGone, totals.workersLost, [("why", "lost")]),
            (.workersGone, totals.workersLeft, [("why", "left")]),
        ]
    }
}
