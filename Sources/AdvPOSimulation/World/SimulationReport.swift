package import AdvPOModel
package import OrderedCollections

package struct SimulationReport: Hashable, Sendable {
    /// Of every message and every durable record in order: equal seeds have equal digests, on every machine.
    package var digest: String
    /// What a checker found wrong; empty is what everyone wants.
    package var violations: [String]
    /// How often each kind of fault happened.
    package var faults: FaultTable
    package var units: Int
    package var messages: Int
    /// Calls that the simulated models got.
    package var providerCalls: Int
    package var virtualMilliseconds: Int64
    /// Each run's stored outcome, without those that faults may change: stopped by their user, or with units that were given up.
    package var outcomes: OrderedDictionary<RunID, String>
}

extension Simulator {
    /// Plays a seed's world and, for every other seed, the same jobs without faults: faults may cost time, never a different answer.
    /// For one of four, the same jobs once more, each stopped in peace.
    package static func runAndCompare(seed: UInt64, defect: PlantedDefect? = nil) -> SimulationReport {
        let configuration = SimulationConfiguration(seed: seed)
        var report = run(configuration, defect: defect)
        guard report.violations.isEmpty else { return report }
        if seed % 4 == 1 { report.violations += run(configuration.stoppedInPeace, defect: defect).violations.map { "stopped in peace: \($0)" } }
        guard seed.isMultiple(of: 2) else { return report }
        let calm = run(configuration.withoutFaults, defect: defect)
        report.violations += calm.violations.map { "without faults: \($0)" }
        for (run, outcome) in report.outcomes where calm.outcomes[run] != outcome {
            report.violations.append("run \(run) ended with \(outcome.prefix(300)), without faults with \(calm.outcomes[run]?.prefix(300) ?? "nothing")")
        }
        return report
    }
}
