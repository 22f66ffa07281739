import AdvPOSimulation
import Testing

@Suite struct ClusterSimulationTests {
    /// A failing seed is reproduced by its number alone; put it into a test of its own when it is mended.
    @Test("no seed loses an accepted result, counts one twice, or leaves a job unended", .timeLimit(.minutes(10)))
    func seeds() async {
        var faults: [String: Int] = [:]
        for seed in UInt64(1)...200 {
            let configuration = SimulationConfiguration(seed: seed)
            // Other tests want the processor too.
            await Task.yield()
            let report = Simulator.run(configuration)
            for (fault, count) in report.faults { faults[fault, default: 0] += count }
            #expect(report.violations == [], "seed \(seed): \(report)")
            // Faults may cost time, never a different answer.
            if !configuration.stopsAJob, !report.hasPoisonedUnits {
                #expect(report.outcomes == Simulator.run(configuration.withoutFaults).outcomes, "seed \(seed)")
            }
        }
        // A simulation in which nothing went wrong would show nothing.
        #expect(faults.count == 9)
        for (fault, count) in faults { #expect(count > 20, "\(fault) happened \(count) times") }
    }

    @Test("the same seed gives the same digest, another seed another", .timeLimit(.minutes(2)))
    func digests() {
        let first = Simulator.run(SimulationConfiguration(seed: 11))
        #expect(first == Simulator.run(SimulationConfiguration(seed: 11)))
        #expect(first.digest != Simulator.run(SimulationConfiguration(seed: 12)).digest)
    }
}

extension SimulationReport {
    /// How often each kind of fault happened.
    fileprivate var faults: [(String, Int)] {
        [
            ("worker crashes", workerCrashes), ("coordinator crashes", coordinatorCrashes), ("lost messages", lostMessages), ("repeated messages", repeatedMessages),
            ("late messages", lateMessages), ("suspensions", suspensions), ("partitions", partitions), ("slow commits", slowCommits),
            ("tasks given back", tasksGivenBack),
        ]
    }
}
