import AdvPOModel

/// What one simulated stretch of days looks like. All of it follows from the seed.
package struct SimulationConfiguration: Hashable, Sendable {
    package var seed: UInt64
    package var workers: Int
    package var slotsPerWorker: Int
    package var jobs: Int
    package var samplesPerTemplate: Int
    package var budgetCalls: Int
    /// Faults happen until this time; then everything heals and every job must end.
    package var faultMilliseconds: Int64
    /// After healing, every job has this long to end.
    package var healedMilliseconds: Int64
    /// Of 1,000 messages, how many are lost.
    package var lostMessages: Int
    /// Of 1,000 ticks of 100 ms, at how many something crashes.
    package var workerCrashes: Int
    package var coordinatorCrashes: Int
    /// Of 1,000 ticks, at how many a worker is suspended for a while (SIGSTOP) and goes on later as if nothing had happened.
    package var workerSuspensions: Int
    /// Of 1,000 ticks, at how many one direction between the coordinator and a worker is cut for a while.
    package var partitions: Int
    /// Of 1,000 messages, how many arrive twice, and how many arrive only after many seconds.
    package var repeatedMessages: Int
    package var lateMessages: Int
    /// Of 1,000 transactions, how many the disk keeps waiting for up to 40 s.
    package var slowCommits: Int
    /// Of 1,000 units, at how many the executor gives its task back instead.
    package var tasksGivenBack: Int
    package var templatesPerJob: Int
    package var modelsPerJob: Int
    /// Whether a user stops one of the jobs on the way.
    package var stopsAJob: Bool

    /// Swarm testing: each seed switches some faults off and others up, so that rare combinations come along.
    package init(seed: UInt64) {
        var dice = SeededGenerator(seed: seed &* 0x9E37_79B9 &+ 17)
        func pick(_ values: [Int]) -> Int { values[Int.random(in: 0..<values.count, using: &dice)] }
        self.seed = seed
        workers = pick([1, 2, 3, 5])
        slotsPerWorker = pick([1, 2, 4])
        jobs = pick([1, 2])
        samplesPerTemplate = pick([8, 24, 60])
        budgetCalls = pick([150, 250])
        faultMilliseconds = 40_000
        healedMilliseconds = 3_600_000
        lostMessages = pick([0, 0, 10, 100])
        workerCrashes = pick([0, 2, 10])
        coordinatorCrashes = pick([0, 1, 5])
        stopsAJob = pick([0, 0, 0, 1]) == 1
        workerSuspensions = pick([0, 0, 5, 20])
        partitions = pick([0, 0, 5, 20])
        repeatedMessages = pick([0, 20, 100])
        lateMessages = pick([0, 0, 10, 50])
        slowCommits = pick([0, 0, 2, 10])
        tasksGivenBack = pick([0, 20, 100])
        templatesPerJob = samplesPerTemplate < 60 ? pick([1, 1, 2]) : 1
        modelsPerJob = samplesPerTemplate < 60 ? pick([1, 1, 2]) : 1
    }

    /// The same jobs in a world where nothing goes wrong.
    package var withoutFaults: SimulationConfiguration {
        var calm = self
        calm.lostMessages = 0
        calm.workerCrashes = 0
        calm.coordinatorCrashes = 0
        calm.stopsAJob = false
        calm.workerSuspensions = 0
        calm.partitions = 0
        calm.repeatedMessages = 0
        calm.lateMessages = 0
        calm.slowCommits = 0
        calm.tasksGivenBack = 0
        return calm
    }
}

package struct SimulationReport: Hashable, Sendable {
    /// Of every message and every durable record in order: equal seeds have equal digests, on every machine.
    package var digest: String
    /// What a checker found wrong; empty is what everyone wants.
    package var violations: [String]
    package var units: Int
    package var messages: Int
    package var lostMessages: Int
    package var workerCrashes: Int
    package var coordinatorCrashes: Int
    package var suspensions: Int
    package var partitions: Int
    package var repeatedMessages: Int
    package var lateMessages: Int
    package var slowCommits: Int
    package var tasksGivenBack: Int
    package var virtualMilliseconds: Int64
    /// Each run's stored outcome.
    package var outcomes: [String]
    /// True when a task was given up for its lost workers, which makes outcomes differ from a calm world's.
    package var hasPoisonedUnits: Bool
}
