/// One prompt's numbers over the rows that count.
///
/// Each number is over the records that have it: an infrastructure failure has no score, an empty answer may have no usage. Nil: no record has it.
package struct RunMetrics: Hashable, Sendable {
    package var averageInputTokens: Double?
    package var averageOutputTokens: Double?
    package var averageScore: Double?
    package var averageTimeToFirstTokenSeconds: Double?
    package var medianTimeToFirstTokenSeconds: Double?
    package var averageLatencySeconds: Double?
    package var medianLatencySeconds: Double?
    /// Of one request to the target model; nil when one of them is unpriced.
    package var averageCostDollars: Double?

    package init(over records: [UnitRecord]) {
        let usages = records.compactMap(\.usage)
        let firstTokens = usages.map { Double($0.timeToFirstTokenMicroseconds) / 1e6 }
        let latencies = usages.map { Double($0.latencyMicroseconds) / 1e6 }
        averageInputTokens = Self.mean(usages.map { Double($0.inputTokens) })
        averageOutputTokens = Self.mean(usages.map { Double($0.outputTokens) })
        averageScore = Self.mean(records.compactMap(\.score).filter(\.isFinite))
        averageTimeToFirstTokenSeconds = Self.mean(firstTokens)
        medianTimeToFirstTokenSeconds = Self.median(firstTokens)
        averageLatencySeconds = Self.mean(latencies)
        medianLatencySeconds = Self.median(latencies)
        let costs = usages.compactMap(\.cost)
        averageCostDollars = costs.count == usages.count ? Self.mean(costs.map(\.dollars)) : nil
    }

    private static func mean(_ values: [Double]) -> Double? {
        values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }

    /// The middle value, or the mean of the two in the middle.
    private static func median(_ values: [Double]) -> Double? {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }
}

extension ModelResult {
    /// Which rows the aggregate metrics cover.
    package enum MetricsScope: String, Hashable, Sendable {
        /// The holdout rows, which the search never saw.
        case holdout
        /// Every row, since there is no holdout.
        case all
    }

    package var metricsScope: MetricsScope { rows.contains { $0.split == ResultRow.holdout } ? .holdout : .all }

    /// The rows of the scope that count: those scored with both prompts, so that before and after are comparable. Where no row was scored with both
    /// (a run that was stopped early), every row of the scope.
    package var measuredRows: [ResultRow] {
        let scope = metricsScope
        let inScope = rows.filter { scope == .all || $0.split == ResultRow.holdout }
        let paired = inScope.filter { $0.original?.score != nil && $0.optimized?.score != nil }
        return paired.isEmpty ? inScope : paired
    }

    package var originalMetrics: RunMetrics { RunMetrics(over: measuredRows.compactMap(\.original)) }
    package var optimizedMetrics: RunMetrics { RunMetrics(over: measuredRows.compactMap(\.optimized)) }
}
