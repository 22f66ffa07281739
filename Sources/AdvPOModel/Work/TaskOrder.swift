/// A task as it travels to a worker: a few hundred bytes, everything that repeats named by hash.
package struct TaskOrder: Hashable, Sendable {
    package var lease: Lease
    package var run: RunID
    /// The round of the run's search that asked for it; the original is round 0.
    package var iteration: Int
    package var work: Work
    /// Requests to providers that the lease's holder may send in all, judges and retries included; nil for no limit.
    package var callAllowance: Int?

    package enum Work: Hashable, Sendable {
        /// Answer and score each sample with one candidate.
        case evaluate(EvaluateWork)
        /// Answer each chat: rewrites.
        case generate(GenerateWork)

        package var units: [UnitReference] {
            switch self {
            case .evaluate(let work): work.units
            case .generate(let work): work.units
            }
        }
    }

    package struct EvaluateWork: Hashable, Sendable {
        package var model: ModelConfiguration
        /// Blob of a `PromptDocument`.
        package var candidate: ContentHash
        /// Blob of an `EvaluationSpecification`.
        package var evaluation: ContentHash
        /// Per unit: the unit's name and the blob of its `Sample`.
        package var units: [UnitReference]
        package init(model: ModelConfiguration, candidate: ContentHash, evaluation: ContentHash, units: [UnitReference]) {
            self.model = model
            self.candidate = candidate
            self.evaluation = evaluation
            self.units = units
        }
    }

    package struct GenerateWork: Hashable, Sendable {
        /// Per unit: the unit's name and the blob of its `ChatRequest`.
        package var units: [UnitReference]
        package init(units: [UnitReference]) { self.units = units }
    }

    package struct UnitReference: Hashable, Sendable {
        package var unit: ContentHash
        package var content: ContentHash
        package init(unit: ContentHash, content: ContentHash) {
            self.unit = unit
            self.content = content
        }
    }

    package init(lease: Lease, run: RunID, iteration: Int, work: Work, callAllowance: Int? = nil) {
        self.lease = lease
        self.run = run
        self.iteration = iteration
        self.work = work
        self.callAllowance = callAllowance
    }

    package var units: [UnitReference] { work.units }
}

/// The right to report one task's units: the task, which try at it, and the coordinator's epoch that gave it.
package struct Lease: Hashable, Sendable, Comparable, CustomStringConvertible {
    package var task: UInt64
    package var attempt: UInt32
    /// Counts the coordinator's starts on its data directory.
    package var epoch: UInt64

    package init(task: UInt64, attempt: UInt32, epoch: UInt64) {
        self.task = task
        self.attempt = attempt
        self.epoch = epoch
    }

    package var description: String { "\(epoch).\(task).\(attempt)" }
    package static func < (lhs: Lease, rhs: Lease) -> Bool { (lhs.epoch, lhs.task, lhs.attempt) < (rhs.epoch, rhs.task, rhs.attempt) }
}

/// One finished unit on its way back.
package struct UnitReport: Hashable, Sendable {
    package var unit: ContentHash
    package var record: UnitRecord
    package init(unit: ContentHash, record: UnitRecord) {
        self.unit = unit
        self.record = record
    }
}
