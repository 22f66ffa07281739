import AdvPOMetrics
package import AdvPOModel
package import CoreMetrics
import OrderedCollections

/// What a worker counts.
package struct WorkerMeasures: Sendable {
    private let factory: any MetricsFactory
    private let tasks: Meter

    package init(_ factory: any MetricsFactory) {
        self.factory = factory
        tasks = Meter(label: MetricName.tasksInHand.rawValue, dimensions: [], factory: factory)
        tasks.set(0)
    }

    func hasInHand(_ count: Int) { tasks.set(count) }

    func finished(_ record: UnitRecord) { count(.unitsFinished, [("status", record.status.rawValue)], 1) }

    func called(_ model: String, outcome: String, attempts: Int, usage: Usage?) {
        count(.modelCalls, [("model", model), ("outcome", outcome)], 1)
        count(.modelRequests, [("model", model)], attempts)
        count(.modelRetries, [("model", model)], max(0, attempts - 1))
        guard let usage else { return }
        Timer(label: MetricName.modelLatency.rawValue, dimensions: [("model", model)], factory: factory).recordMicroseconds(usage.latencyMicroseconds)
    }

    private func count(_ name: MetricName, _ labels: [(String, String)], _ amount: Int) {
        Counter(label: name.rawValue, dimensions: labels, factory: factory).increment(by: amount)
    }
}

/// Models whose calls are counted, each as it ends.
package struct MeasuredModels<Inner: ChatModels>: ChatModels {
    private let inner: Inner
    private let measures: WorkerMeasures

    package init(_ inner: Inner, _ measures: WorkerMeasures) {
        self.inner = inner
        self.measures = measures
    }

    package func complete(_ request: ChatRequest, within allowance: CallAllowance) async throws(InferenceFailure) -> ChatCompletion {
        do throws(InferenceFailure) {
            let answer = try await inner.complete(request, within: allowance)
            measures.called(request.modelID, outcome: "answered", attempts: answer.attempts, usage: answer.usage)
            return answer
        } catch {
            measures.called(request.modelID, outcome: error.kind.rawValue, attempts: error.attempts, usage: error.usage)
            throw error
        }
    }
}
