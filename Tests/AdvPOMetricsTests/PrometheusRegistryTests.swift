import AdvPOMetrics
import CoreMetrics
import Testing

@Suite struct PrometheusRegistryTests {
    private let registry = PrometheusRegistry(maximumSeries: 3)

    private func count(_ name: MetricName, _ labels: [(String, String)], _ amount: Int = 1) {
        Counter(label: name.rawValue, dimensions: labels, factory: registry).increment(by: amount)
    }

    @Test("a counter's page has its help, its type and one line for each set of labels")
    func counters() {
        count(.units, [("status", "scored")], 2)
        count(.units, [("status", "scored")])
        count(.units, [("status", "modelFailure")])
        #expect(registry.page == """
            # HELP advpo_units_total \(MetricName.units.help)
            # TYPE advpo_units_total counter
            advpo_units_total{status="scored"} 3
            advpo_units_total{status="modelFailure"} 1

            """)
    }

    @Test("label values are escaped as the format bids")
    func escaping() {
        count(.providerRequests, [("model", "a\"b\\c\nd")])
        #expect(registry.page.contains(#"{model="a\"b\\c\nd"} 1"#))
    }

    @Test("a histogram's buckets add up, each with all that is below it")
    func histograms() {
        let timer = CoreMetrics.Timer(label: MetricName.commitDuration.rawValue, dimensions: [], factory: registry)
        for nanoseconds in [400_000, 500_000, 3_000_000, 60_000_000_000] { timer.recordNanoseconds(Int64(nanoseconds)) }
        let page = registry.page
        for line in ["_bucket{le=\"0.0005\"} 2", "_bucket{le=\"0.0025\"} 2", "_bucket{le=\"0.005\"} 3", "_bucket{le=\"10\"} 3", "_bucket{le=\"+Inf\"} 4", "_count 4"] {
            #expect(page.contains("advpo_commit_seconds\(line)\n"), "\(line) in \(page)")
        }
    }

    @Test("beyond the limit all label values count as one more, called other")
    func bounded() {
        for index in 0..<10 { count(.providerRequests, [("model", "m\(index)")]) }
        let lines = registry.page.split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(lines.count == 4)
        #expect(lines.last == "advpo_provider_requests_total{model=\"other\"} 7")
    }

    @Test("a name that is in no registry is kept nowhere")
    func unknownName() {
        Counter(label: "nobodys", dimensions: [], factory: registry).increment()
        #expect(registry.page == "")
    }
}
