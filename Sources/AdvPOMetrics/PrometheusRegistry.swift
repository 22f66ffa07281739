package import CoreMetrics
import OrderedCollections
import Synchronization

/// A metrics factory whose metrics can be read as a page for Prometheus, in its text format 0.0.4.
///
/// Only names of `MetricName` are kept. Of one name at most so many sets of label values are told apart; whatever comes beyond is counted together,
/// with `other` as each label's value, so that no input can make the page grow without end.
package final class PrometheusRegistry: MetricsFactory {
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"
    private static let maximumLabelCharacters = 200

    private let maximumSeries: Int
    private let families = Mutex<[MetricName: OrderedDictionary<String, MetricSeries>]>([:])

    package init(maximumSeries: Int = 500) { self.maximumSeries = maximumSeries }

    /// By name, then in the order in which they first came.
    package var page: String {
        let families = families.withLock { $0 }
        var lines: [String] = []
        for name in MetricName.allCases {
            guard let series = families[name] else { continue }
            lines.append("# HELP \(name.rawValue) \(Self.escaped(name.help, quotes: false))")
            lines.append("# TYPE \(name.rawValue) \(name.kind.word)")
            for (labels, one) in series { lines += one.lines(name: name.rawValue, labels: labels) }
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private func series(_ label: String, _ dimensions: [(String, String)]) -> MetricSeries? {
        guard let name = MetricName(rawValue: label) else { return nil }
        return families.withLock { families in
            let labels = Self.text(dimensions)
            if let known = families[name]?[labels] { return known }
            let isFull = families[name, default: [:]].count >= maximumSeries
            let key = isFull ? Self.text(dimensions.map { ($0.0, "other") }) : labels
            if let known = families[name]?[key] { return known }
            let new = MetricSeries(name.kind)
            families[name, default: [:]][key] = new
            return new
        }
    }

    private static func text(_ dimensions: [(String, String)]) -> String {
        dimensions.map { "\($0)=\"\(escaped(String($1.prefix(maximumLabelCharacters)), quotes: true))\"" }.joined(separator: ",")
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    // MARK: The factory

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, dimensions) ?? NOOPMetricsHandler.instance.makeCounter(label: label, dimensions: dimensions)
    }

    package func makeFloatingPointCounter(label: String, dimensions: [(String, String)]) -> any FloatingPointCounterHandler {
        series(label, dimensions) ?? NOOPMetricsHandler.instance.makeFloatingPointCounter(label: label, dimensions: dimensions)
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, dimensions) ?? NOOPMetricsHandler.instance.makeMeter(label: label, dimensions: dimensions)
    }

    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        series(label, dimensions) ?? NOOPMetricsHandler.instance.makeRecorder(label: label, dimensions: dimensions, aggregate: aggregate)
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label, dimensions) ?? NOOPMetricsHandler.instance.makeTimer(label: label, dimensions: dimensions)
    }

    // A series stays on the page: a counter that disappears looks like a restart.
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}
}
