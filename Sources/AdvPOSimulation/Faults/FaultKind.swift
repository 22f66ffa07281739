/// Everything that can go wrong in a simulated world.
package enum FaultKind: Int, CaseIterable, Hashable, Sendable {
    // Of 1,000 messages.
    case messageLost, messageRepeated, messageLate, messageReordered
    // Of 1,000 ticks of 100 ms.
    /// `kill -9` of a worker.
    case workerCrash
    /// A worker stands still for a while (SIGSTOP) and goes on as if nothing had happened.
    case workerSuspended
    /// Every unit of a worker takes ten times as long, for a while.
    case workerSlow
    /// SIGTERM: a worker finishes what it has, leaves, and another takes its place.
    case workerDrained
    /// The same, but its user asks the coordinator to see to it.
    case workerDrainedByCluster
    /// All workers are drained, one after the other.
    case rollingRestart
    /// `kill -9` of the coordinator, at whatever it is doing.
    case coordinatorCrash
    /// SIGTERM of the coordinator: what is being made durable is still answered.
    case coordinatorRestart
    case coordinatorSuspended
    case partitionOneWay, partitionBothWays
    case linkSlow
    /// A connection breaks and comes back; its requests fail, and the coordinator hears of it.
    case connectionBroken
    case diskFull
    /// The wall clock is set, by minutes or days, either way.
    case clockStep
    // Of 1,000 transactions.
    case commitSlow
    /// The coordinator dies in a transaction: nothing of it is on the disk.
    case crashInTransaction
    /// The coordinator dies between the end of a transaction and the first answer, or among the answers.
    case crashBeforeSending
    // Of 1,000 units.
    case taskGivenBack
    /// A model's first answer is none, and it is asked again.
    case callRepeated
    // Of 1,000 starts of a worker.
    case workerOfOlderMinor, workerOfNewerMinor, workerOfOtherMajor
    // Of 1,000 losses of a worker's connection: otherwise the coordinator hears of it at once.
    case lossSeenLate, lossNeverSeen
    // Of 1,000 writes of results.
    case resultsUnwritable
    // Of 1,000 jobs.
    case userStops, userStopsDuringRestart, jobDeleted
    /// A sample that kills whoever runs it; counted for each kill.
    case poison

    /// In words, as reports name it.
    package var name: String {
        "\(self)".reduce(into: "") { name, letter in name += letter.isUppercase ? " \(letter.lowercased())" : "\(letter)" }
    }
}

/// A number for each kind of fault: how likely it is, or how often it happened.
package struct FaultTable: Hashable, Sendable {
    private var numbers = [Int](repeating: 0, count: FaultKind.allCases.count)
    package init() {}

    package subscript(kind: FaultKind) -> Int {
        get { numbers[kind.rawValue] }
        set { numbers[kind.rawValue] = newValue }
    }

    package static func += (sum: inout FaultTable, other: FaultTable) {
        for index in sum.numbers.indices { sum.numbers[index] += other.numbers[index] }
    }

    package var isEmpty: Bool { numbers.allSatisfy { $0 == 0 } }
}
