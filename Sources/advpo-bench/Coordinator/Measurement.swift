import AdvPOBedrock
import AdvPOCoordinator
import AdvPOModel
import AdvPOStore
import OrderedCollections

/// Submits jobs to a coordinator and says when their units were durable.
struct Measurement {
    let coordinator: Coordinator
    let store: MeasuredStore

    /// Of the measured units, in thousandths: what comes before is warm-up, what comes after is the end of jobs, whose reports are made meanwhile.
    private static let steadyThousandths = 100...950

    func submit(_ workload: Workload) async throws {
        let before = ContinuousClock.now
        for job in 0..<workload.jobCount { _ = try await coordinator.submit(workload.request, options: Self.options, input: workload.input(job: job)) }
        Output.event("queued", ["units": .count(workload.unitCount), "seconds": .measured(Self.seconds(from: before))], ProcessFigures.members)
    }

    /// One of a search's own budgets would end it in the middle.
    private static let options = JobOptions(budgetCalls: 1_000_000)

    func throughput(_ workload: Workload, isQueued: Bool, measured: Int) async throws {
        let begin = ContinuousClock.now
        let processorBegin = ProcessFigures.processorSeconds
        let waiting = Task {
            await store.wait(units: 1)
            Output.event("first", ["seconds": .measured(Self.seconds(from: begin))])
        }
        if !isQueued { try await submit(workload) }
        await store.wait(units: measured)
        let processorSeconds = ProcessFigures.processorSeconds - processorBegin
        let figures = ProcessFigures.members
        await waiting.value
        let marks = store.marks
        guard let end = marks.first(where: { $0.units >= measured }) else { preconditionFailure("what was waited for is there") }
        var result: JSONObject = [
            "units": .count(end.units), "secondsFromSubmit": .measured(Self.seconds(from: begin, to: end.at)),
            "tasksPerSecondFromSubmit": .measured(Double(end.units) / Self.seconds(from: begin, to: end.at)),
            "commits": .count(marks.prefix { $0.units <= end.units }.count), "processorMicrosecondsPerUnit": .measured(processorSeconds * 1e6 / Double(end.units)),
        ]
        if let rate = Self.steadyRate(marks, measured: measured) { result["tasksPerSecond"] = .measured(rate) }
        // What was reported as accepted must stand in the database.
        result["durableUnits"] = .count(try await rows())
        Output.event("measured", result, figures)
    }

    private static func steadyRate(_ marks: [MeasuredStore.Mark], measured: Int) -> Double? {
        guard
            let first = marks.first(where: { $0.units >= measured * steadyThousandths.lowerBound / 1_000 }),
            let last = marks.first(where: { $0.units >= measured * steadyThousandths.upperBound / 1_000 }), last.units > first.units
        else { return nil }
        return Double(last.units - first.units) / seconds(from: first.at, to: last.at)
    }

    private func rows() async throws -> Int {
        var count = 0
        for run in try await store.load().runs { count += try await store.units(of: run.id).count }
        return count
    }

    /// One job of one sample after the other: from its submission until its unit is durable, and until its results are written.
    func sequential(jobs: Int, warmUp: Int) async throws {
        let workload = Workload(units: 1, contentBytes: 0)
        var toResult: [Double] = []
        var toEnd: [Double] = []
        for job in 1...(warmUp + jobs) {
            let begin = ContinuousClock.now
            _ = try await coordinator.submit(workload.request, options: Self.options, input: workload.input(job: 0))
            await store.wait(units: job)
            let result = Self.seconds(from: begin)
            await store.wait(jobsEnded: job)
            guard job > warmUp else { continue }
            toResult.append(result)
            toEnd.append(Self.seconds(from: begin))
        }
        Output.event("sequential", [
            "jobs": .count(jobs), "p50Microseconds": .measured(Self.quantile(500, toResult) * 1e6), "p99Microseconds": .measured(Self.quantile(990, toResult) * 1e6),
            "jobP50Microseconds": .measured(Self.quantile(500, toEnd) * 1e6), "jobP99Microseconds": .measured(Self.quantile(990, toEnd) * 1e6),
        ])
    }

    private static func quantile(_ thousandths: Int, _ values: [Double]) -> Double {
        let sorted = values.sorted()
        return sorted[min(sorted.count - 1, sorted.count * thousandths / 1_000)]
    }

    private static func seconds(from begin: ContinuousClock.Instant, to end: ContinuousClock.Instant = .now) -> Double {
        let elapsed = begin.duration(to: end).components
        return Double(elapsed.seconds) + Double(elapsed.attoseconds) / 1e18
    }
}
