import AdvPOAPI
import AdvPOCommandLine
import AdvPOCoordinator
import AdvPOMetrics
import AdvPOWire
import ArgumentParser
import CoreMetrics
import Logging
import ServiceLifecycle

/// The metrics: always under /metrics of the API, and where asked for on a listener of their own.
struct MetricsOptions: ParsableArguments {
    @Option(help: "Serve /metrics here too, HOST:PORT, without asking who scrapes; loopback only, unless --metrics-everywhere.") var metrics: String?
    @Flag(help: "Let --metrics be an address that other machines reach: names of models and workers are no secrets then.") var metricsEverywhere = false

    func address(_ settings: Settings) throws -> ListenAddress? {
        guard let text = settings.string(.metrics, flag: metrics) else { return nil }
        return try usage { try ListenAddress(metrics: text, isForEverybody: metricsEverywhere) }
    }
}

extension MetricsSource {
    /// Of a coordinator: what it counted, what it reads off now, and the process.
    init(_ registry: PrometheusRegistry, _ coordinator: Coordinator) {
        let process = ProcessMeasures(registry, program: "advpo-coord", details: [("protocol", WireVersion.current.description)])
        self.init(factory: registry) {
            await coordinator.refreshMetrics()
            process.refresh()
            return registry.page
        }
    }
}
