import AdvPOSimulation
import AdvPOTestSupport
import Testing

@Suite(.longRunning) struct ClusterSimulationTests {
    /// A failing seed is reproduced by its number alone; put it into a test of its own when it is mended.
    @Test("no seed loses an accepted result, counts one twice, or leaves a job unended", .timeLimit(.minutes(10)))
    func seeds() {
        var crashes = 0
        var lost = 0
        for seed in UInt64(1)...40 {
            let configuration = SimulationConfiguration(seed: seed)
            let report = Simulator.run(configuration)
            crashes += report.coordinatorCrashes + report.workerCrashes
            lost += report.lostMessages
            #expect(report.violations == [], "seed \(seed): \(report)")
            // Faults may cost time, never a different answer.
            if !configuration.stopsAJob, !report.hasPoisonedUnits {
                #expect(report.outcomes == Simulator.run(configuration.withoutFaults).outcomes, "seed \(seed)")
            }
        }
        // A simulation in which nothing went wrong would show nothing.
        #expect(crashes > 20)
        #expect(lost > 100)
    }

    @Test("the same seed gives the same digest, another seed another", .timeLimit(.minutes(2)))
    func digests() {
        let first = Simulator.run(SimulationConfiguration(seed: 11))
        #expect(first == Simulator.run(SimulationConfiguration(seed: 11)))
        #expect(first.digest != Simulator.run(SimulationConfiguration(seed: 12)).digest)
    }
}
