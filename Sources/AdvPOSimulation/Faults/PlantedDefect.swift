/// A fault of the simulated shell, planted to show that the checkers can fail. None is ever active but in the tests that look for it.
package enum PlantedDefect: String, CaseIterable, Hashable, Sendable {
    /// Answers leave before their transaction is on the disk.
    case sendsBeforePersisting
    /// One unit of fifty never reaches the disk, although its transaction does.
    case losesRecords
    /// A transaction is applied a second time, now and then.
    case repeatsTransactions
    /// A report of a lease that is void is acknowledged.
    case acceptsStaleLeases
    /// A restarted coordinator counts its epoch from the last but one.
    case repeatsEpochs
    /// A restarted coordinator reads back all units but one.
    case forgetsUnitsAtStart
    /// Instructions to abandon tasks do not leave the coordinator.
    case swallowsCancellations
    /// A stop is handled by the searches alone: their tasks go on and their units are kept.
    case keepsUnitsAfterStop
    /// A worker does not act on SIGTERM.
    case ignoresDrain
    /// A unit is run twice and reported once.
    case callsTwice
    /// A worker of another major version is let in.
    case admitsOtherMajors
    /// The end of the results' writing is not told.
    case forgetsResults
    /// One job's tasks never reach a worker.
    case starvesOneJob
    /// A restarted coordinator is not told what was spent.
    case forgetsSpending
    /// A worker asks models again without a look at its task's allowance.
    case exceedsAllowances
}
