package import AdvPOCluster
import AdvPOModel

/// What one simulated stretch of time looks like. All of it follows from the seed.
package struct SimulationConfiguration: Hashable, Sendable {
    package var seed: UInt64
    package var workers: Int
    package var slotsPerWorker: Int
    package var modelsPerJob: Int
    package var jobs: [JobSize]
    /// How likely each fault is, in thousandths of its opportunities.
    package var rates = FaultTable()
    /// Faults happen until this time; then everything heals and every job must end.
    package var faultMilliseconds: Int64
    /// After healing, every job has this long to end.
    package var healedMilliseconds: Int64
    package var cluster: ClusterSettings
    package var worker: WorkerSettings
    package var unitsPerTask: Int

    package struct JobSize: Hashable, Sendable {
        package var templates: Int
        package var samplesPerTemplate: Int
        package var budgetCalls: Int
        package var submittedAtMilliseconds: Int64
    }

    /// More than any search uses with all that faults cost: what is compared with a calm world must not depend on what was lost on the way.
    static let roomyCalls = 20_000

    /// Swarm testing: each seed switches some faults off and others up, so that rare combinations come along.
    ///
    /// Source: Groce, Zhang, Eide, Chen, Regehr, "Swarm testing", ISSTA 2012.
    package init(seed: UInt64) {
        var dice = SeededGenerator(seed: seed &* 0x9E37_79B9 &+ 17)
        func pick<Value>(_ values: [Value]) -> Value { values[Int.random(in: 0..<values.count, using: &dice)] }
        self.seed = seed
        workers = pick([1, 2, 3, 5])
        slotsPerWorker = pick([1, 2, 4])
        modelsPerJob = pick([1, 1, 2])
        let count = pick([1, 1, 2, 3])
        jobs = (0..<count).map { number in
            let samples = pick(number == 0 ? [8, 8, 12] : [8])
            return JobSize(
                templates: pick([1, 1, 2]), samplesPerTemplate: samples, budgetCalls: seed.isMultiple(of: 2) ? Self.roomyCalls : pick([50, 80]),
                submittedAtMilliseconds: number == 0 ? 0 : Int64(pick([0, 500, 5_000])))
        }
        faultMilliseconds = Int64(pick([15_000, 30_000]))
        healedMilliseconds = 3_600_000
        unitsPerTask = pick([1, 2, 4, 8])
        cluster = Self.clusterSettings(pick, workers)
        worker = Self.workerSettings(pick, slotsPerWorker)
        rates = Self.rates(pick)
        if rates[.poison] > 0 { cluster.lostWorkersPerTask = min(cluster.lostWorkersPerTask, 3) }
    }

    /// Small limits are met often.
    private static func clusterSettings(_ pick: ([Int]) -> Int, _ workers: Int) -> ClusterSettings {
        var settings = ClusterSettings()
        settings.heartbeatMilliseconds = Int64(pick([500, 2_000, 5_000]))
        settings.pullMilliseconds = Int64(pick([1_000, 20_000]))
        settings.silenceMilliseconds = Int64(pick([6_000, 15_000]))
        settings.reconnectMilliseconds = Int64(pick([200, 2_000]))
        settings.leaseDeliveryMilliseconds = Int64(pick([1_000, 5_000]))
        settings.restMilliseconds = Int64(pick([50, 200]))
        settings.maximumRestMilliseconds = Int64(pick([200, 5_000]))
        settings.maximumWorkers = pick([workers, 2 * workers, 20_000])
        // Crashes are frequent here; in most worlds a task must not be given up for them.
        settings.lostWorkersPerTask = pick([1_000, 1_000, 3])
        settings.fruitlessAttemptsPerTask = settings.lostWorkersPerTask == 3 ? 8 : 10_000
        return settings
    }

    private static func workerSettings(_ pick: ([Int]) -> Int, _ slots: Int) -> WorkerSettings {
        var settings = WorkerSettings(slots: slots)
        settings.unitsPerReport = pick([1, 3, 64])
        settings.textBytesPerReport = pick([1, 4 * 1024 * 1024])
        settings.rememberedCancels = pick([1, 4, 1_024])
        settings.maximumGreetingMilliseconds = Int64(pick([200, 5_000]))
        settings.maximumRetryMilliseconds = Int64(pick([200, 5_000]))
        settings.failedHeartbeats = pick([2, 6])
        return settings
    }

    private static func rates(_ pick: ([Int]) -> Int) -> FaultTable {
        var rates = FaultTable()
        rates[.messageLost] = pick([0, 0, 10, 100])
        rates[.messageRepeated] = pick([0, 20, 100])
        rates[.messageLate] = pick([0, 0, 10, 50])
        rates[.messageReordered] = pick([0, 50, 300])
        rates[.workerCrash] = pick([0, 3, 15])
        rates[.workerSuspended] = pick([0, 0, 8, 25])
        rates[.workerSlow] = pick([0, 0, 10])
        rates[.workerDrained] = pick([0, 0, 5, 15])
        rates[.workerDrainedByCluster] = pick([0, 0, 5, 15])
        rates[.rollingRestart] = pick([0, 0, 0, 8])
        rates[.coordinatorCrash] = pick([0, 0, 3, 8])
        rates[.coordinatorRestart] = pick([0, 0, 0, 6])
        rates[.coordinatorSuspended] = pick([0, 0, 0, 8])
        rates[.partitionOneWay] = pick([0, 0, 8, 25])
        rates[.partitionBothWays] = pick([0, 0, 8, 25])
        rates[.linkSlow] = pick([0, 0, 10])
        rates[.connectionBroken] = pick([0, 0, 10, 40])
        rates[.diskFull] = pick([0, 0, 0, 8])
        rates[.clockStep] = pick([0, 0, 10])
        rates[.commitSlow] = pick([0, 0, 5, 20])
        rates[.crashInTransaction] = pick([0, 0, 4, 12])
        rates[.crashBeforeSending] = pick([0, 0, 4, 12])
        rates[.taskGivenBack] = pick([0, 20, 100])
        rates[.callRepeated] = pick([0, 20, 200])
        rates[.workerOfOlderMinor] = pick([0, 0, 300])
        rates[.workerOfNewerMinor] = pick([0, 0, 300])
        rates[.workerOfOtherMajor] = pick([0, 0, 0, 200])
        rates[.lossSeenLate] = pick([0, 300, 1_000])
        rates[.lossNeverSeen] = pick([0, 300, 1_000])
        rates[.resultsUnwritable] = pick([0, 0, 500])
        rates[.userStops] = pick([0, 0, 0, 500])
        rates[.userStopsDuringRestart] = pick([0, 0, 0, 500])
        rates[.jobDeleted] = pick([0, 500])
        rates[.poison] = pick([0, 0, 0, 0, 0, 0, 0, 40])
        return rates
    }

    /// The same jobs in a world where nothing goes wrong.
    package var withoutFaults: SimulationConfiguration {
        var calm = self
        calm.rates = FaultTable()
        return calm
    }

    /// The same jobs without faults, each stopped by its user on the way: then a stop must be quick.
    package var stoppedInPeace: SimulationConfiguration {
        var peaceful = withoutFaults
        peaceful.rates[.userStops] = 1_000
        return peaceful
    }

    /// Nothing goes wrong in it.
    package var isCalm: Bool { rates.isEmpty }
    /// Nothing goes wrong in it, whatever users do.
    var isPeaceful: Bool { self == withoutFaults || self == stoppedInPeace }
}
