package import AdvPOModel

/// The way of one task, kept because it was not the usual one.
package struct StoredStory: Hashable, Sendable {
    package var run: RunID
    package var epoch: UInt64
    package var task: UInt64
    package var endedMillisecondsSince1970: Int64
    /// The story as JSON; opaque here.
    package var record: String

    package init(run: RunID, epoch: UInt64, task: UInt64, endedMillisecondsSince1970: Int64, record: String) {
        self.run = run
        self.epoch = epoch
        self.task = task
        self.endedMillisecondsSince1970 = endedMillisecondsSince1970
        self.record = record
    }
}

/// Which units are looked for; either way the whole table may be read.
package enum UnitSearch: Hashable, Sendable {
    /// By the first characters of the name in hexadecimal, lower case.
    case name(prefix: String)
    /// By the task that reported them.
    case task(epoch: UInt64, task: UInt64)
}

/// Which lease brought a unit.
package struct UnitPlace: Hashable, Sendable {
    package var run: RunID
    package var unit: ContentHash
    /// As it was committed: `epoch.task.attempt`.
    package var lease: String
    package var status: UnitRecord.Status

    package init(run: RunID, unit: ContentHash, lease: String, status: UnitRecord.Status) {
        self.run = run
        self.unit = unit
        self.lease = lease
        self.status = status
    }
}
