import CoreMetrics
import Synchronization

/// One line, or one histogram, of the page: a name with one set of label values.
final class MetricSeries: CounterHandler, FloatingPointCounterHandler, MeterHandler, RecorderHandler, TimerHandler {
    struct Value {
        var number = 0.0
        /// Per bucket, the last for what is above all bounds; empty unless a histogram.
        var counts: [UInt64] = []
        var sum = 0.0
    }

    private let bounds: [Double]
    private let value: Mutex<Value>

    init(_ kind: MetricName.Kind) {
        switch kind {
        case .counter, .gauge:
            bounds = []
            value = Mutex(Value())
        case .histogram(let bounds):
            self.bounds = bounds
            value = Mutex(Value(counts: Array(repeating: 0, count: bounds.count + 1)))
        }
    }

    var current: Value { value.withLock { $0 } }

    func increment(by amount: Int64) { increment(by: Double(amount)) }
    func increment(by amount: Double) { value.withLock { $0.number += amount } }
    func decrement(by amount: Double) { value.withLock { $0.number -= amount } }
    func set(_ number: Int64) { set(Double(number)) }
    func set(_ number: Double) { value.withLock { $0.number = number } }
    func reset() { value.withLock { $0.number = 0 } }
    func record(_ observed: Int64) { record(Double(observed)) }

    /// - Parameter observed: NaN is left out, since it belongs to no bucket.
    func record(_ observed: Double) {
        guard !bounds.isEmpty else { return set(observed) }
        guard !observed.isNaN else { return }
        let bucket = bounds.firstIndex { observed <= $0 } ?? bounds.count
        value.withLock { value in
            value.counts[bucket] += 1
            value.sum += observed
        }
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

    /// Its lines of the page, in text format 0.0.4. `labels` is `a="b",c="d"`, or empty.
    func lines(name: String, labels: String) -> [String] {
        let value = current
        guard !bounds.isEmpty else { return ["\(name)\(labels.isEmpty ? "" : "{\(labels)}") \(Self.text(value.number))"] }
        let prefix = labels.isEmpty ? "" : labels + ","
        var total: UInt64 = 0
        var lines: [String] = []
        for (count, bound) in zip(value.counts, bounds.map(Self.text) + ["+Inf"]) {
            total += count
            lines.append("\(name)_bucket{\(prefix)le=\"\(bound)\"} \(total)")
        }
        let suffix = labels.isEmpty ? "" : "{\(labels)}"
        return lines + ["\(name)_sum\(suffix) \(Self.text(value.sum))", "\(name)_count\(suffix) \(total)"]
    }

    private static func text(_ number: Double) -> String {
        if number.isNaN { return "NaN" }
        if number.isInfinite { return number < 0 ? "-Inf" : "+Inf" }
        return number == number.rounded() && abs(number) < 1e15 ? "\(Int64(number))" : "\(number)"
    }
}
