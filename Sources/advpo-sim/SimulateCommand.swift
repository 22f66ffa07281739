import AdvPOSimulation
import ArgumentParser
import Foundation

@main struct SimulateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "advpo-sim", abstract: "Plays a cluster's life under faults that follow from a seed, and says what went wrong.",
        discussion: """
            EXAMPLES
              advpo-sim --seed 42                          one world, with what the checkers found
              advpo-sim --seed 1 --count 1000 --jobs 2     a thousand, in two processes
              advpo-sim --big                              10,000 workers and 1,000,000 tasks, without faults of the network

            The same seed gives the same digest on every machine. Exit code 1: a checker found a violation.
            """)

    @Option(help: "The first seed.") var seed: UInt64 = 1
    @Option(help: "How many seeds.") var count: UInt64 = 1
    @Option(help: "In how many processes.") var jobs = 1
    @Flag(help: "One line for each seed, for a program to read.") var lines = false
    @Flag(help: "One run at size, through the machines and the codec alone.") var big = false
    @Option(help: "Plant a defect of the simulated shell, or all one after the other; some seed must find each.") var defect: String?
    @Option(help: "With --big: workers.") var workers = 10_000
    @Option(help: "With --big: slots of each worker.") var slots = 4
    @Option(help: "With --big: tasks, all queued at the start.") var tasks = 1_000_000

    func validate() throws {
        guard count >= 1, seed <= .max - count else { throw ValidationError("--count is at least 1") }
        guard (1...256).contains(jobs) else { throw ValidationError("--jobs is between 1 and 256") }
        if let defect, defect != "all", PlantedDefect(rawValue: defect) == nil {
            throw ValidationError("'\(defect)' is no defect; they are \(PlantedDefect.allCases.map(\.rawValue))")
        }
        guard (1...1_000_000).contains(workers), (1...4_096).contains(slots), (1...100_000_000).contains(tasks) else {
            throw ValidationError("--workers, --slots or --tasks is out of bounds")
        }
    }

    func run() throws {
        if big { return try playBig() }
        if lines { return playLines() }
        if let defect {
            for planted in PlantedDefect(rawValue: defect).map({ [$0] }) ?? PlantedDefect.allCases { try look(for: planted) }
            return
        }
        let start = Date.now
        var sum = SeedSum()
        if jobs == 1 {
            for seed in seed..<(seed + count) {
                let line = SeedLine(seed, Simulator.runAndCompare(seed: seed))
                sum.add(line)
                if !line.violations.isEmpty || count <= 100 { print(line.text) }
            }
        } else {
            sum = try Crew(processes: jobs, first: seed, count: count).play()
        }
        print(sum.text(seconds: Date.now.timeIntervalSince(start)))
        if !sum.failing.isEmpty { throw ExitCode(1) }
    }

    private func playLines() {
        for seed in seed..<(seed + count) {
            let line = SeedLine(seed, Simulator.runAndCompare(seed: seed)).encoded
            // At once: should the next seed trap, its reader must know how far it came.
            FileHandle.standardOutput.write(Data((line + "\n").utf8))
        }
    }

    /// Until a seed finds it.
    private func look(for defect: PlantedDefect) throws {
        for seed in seed..<(seed + count) {
            let report = Simulator.runAndCompare(seed: seed, defect: defect)
            guard let first = report.violations.first else { continue }
            return print("\(defect.rawValue): found by seed \(seed): \(first)")
        }
        print("\(defect.rawValue): not found by \(count) seeds from \(seed)")
        throw ExitCode(1)
    }

    private func playBig() throws {
        let start = Date.now
        let before = Consumption.now()
        print("\(workers) workers with \(slots) slots, \(tasks) tasks, seed \(seed)")
        let result = ScaleRun.run(workers: workers, slots: slots, tasks: tasks, seed: seed) { done, seconds in
            print("  \(done) done, \(seconds) s of virtual time, \(Int(Date.now.timeIntervalSince(start))) s of real time")
        }
        let after = Consumption.now()
        let cpu = after.cpuSeconds - before.cpuSeconds
        print(
            "\(result.messages) messages of \(result.bytes / max(1, result.messages)) bytes, \(result.lostWorkers) workers lost, \(result.virtualMilliseconds / 1_000) s of virtual time\n"
                + "peak memory \(after.peakMegabytes) MB, CPU \(Int(cpu * 1e6 / Double(tasks))) us per task (both sides and the codec), "
                + "wall \(Int(Date.now.timeIntervalSince(start))) s")
        for violation in result.violations { print("  \(violation)") }
        if !result.violations.isEmpty { throw ExitCode(1) }
    }
}
