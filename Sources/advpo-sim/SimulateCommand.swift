import AdvPOSimulation
import ArgumentParser

@main struct SimulateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "advpo-sim", abstract: "Plays a cluster's life under faults that follow from a seed, and says what went wrong.",
        discussion: """
            EXAMPLES
              advpo-sim --seed 42
              advpo-sim --seed 1 --count 1000

            The same seed gives the same digest on every machine. Exit code 1: a checker found a violation.
            """)

    @Option(help: "The first seed.") var seed: UInt64 = 1
    @Option(help: "How many seeds, one after the other.") var count: UInt64 = 1

    func run() throws {
        var failed = 0
        var sum = FaultTable()
        for seed in seed..<(seed + count) {
            let report = Simulator.runAndCompare(seed: seed)
            sum += report.faults
            print("seed \(seed): \(report.violations.isEmpty ? "ok" : "FAILED"), \(report.units) units, \(report.messages) messages, \(report.virtualMilliseconds / 1000) s, digest \(report.digest.prefix(16))")
            for violation in report.violations { print("  \(violation)") }
            if !report.violations.isEmpty { failed += 1 }
        }
        for kind in FaultKind.allCases { print("\(kind.name): \(sum[kind])") }
        if failed > 0 { throw ExitCode(1) }
    }
}
