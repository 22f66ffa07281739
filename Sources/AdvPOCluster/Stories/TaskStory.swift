package import AdvPOModel

/// Where a task has been, step by step, and why.
package struct TaskStory: Hashable, Sendable {
    package let id: TaskID
    package let run: RunID
    package let iteration: Int
    package let purpose: Purpose
    /// Units that the task began with.
    package let units: Int
    package private(set) var steps: [Step]
    /// Steps left out behind the first ones, when there were too many.
    package private(set) var omittedSteps = 0

    package enum Purpose: String, Hashable, Sendable {
        case evaluate, generate
    }

    package struct Step: Hashable, Sendable {
        package var at: Tick
        package var what: Event
        package init(at: Tick, what: Event) {
            self.at = at
            self.what = what
        }
    }

    package enum Event: Hashable, Sendable {
        case queued
        case handedOut(worker: String, session: SessionID, attempt: UInt32, waitedMilliseconds: Int64)
        /// Units that the lease's reports brought since the step before this one, and how many of them were infrastructure failures.
        case accepted(units: Int, failed: Int)
        /// The worker could not do the rest; it is queued after the pause.
        case givenBack(pauseMilliseconds: Int64)
        case workerLost(worker: String, reason: String)
        /// The lease never reached its worker.
        case takenBack
        /// Its run ended or was stopped.
        case cancelled
        /// What was left of its units failed.
        case failed(reason: String)
        /// Its last unit was accepted.
        case done

        package var endsTask: Bool {
            switch self {
            case .cancelled, .failed, .done: true
            case .queued, .handedOut, .accepted, .givenBack, .workerLost, .takenBack: false
            }
        }
    }

    /// Steps that a story keeps; of a longer one the first and the last.
    static let maximumSteps = 64
    private static let firstStepsKept = 8

    package init(id: TaskID, run: RunID, iteration: Int, purpose: Purpose, units: Int, steps: [Step]) {
        self.id = id
        self.run = run
        self.iteration = iteration
        self.purpose = purpose
        self.units = units
        self.steps = steps
    }

    mutating func add(_ event: Event, at now: Tick) {
        // A lease reports often; one step tells of all its reports in a row.
        if case .accepted(let units, let failed) = event, case .accepted(let before, let failedBefore)? = steps.last?.what {
            steps[steps.count - 1] = Step(at: now, what: .accepted(units: before + units, failed: failedBefore + failed))
            return
        }
        if steps.count >= Self.maximumSteps {
            steps.remove(at: Self.firstStepsKept)
            omittedSteps += 1
        }
        steps.append(Step(at: now, what: event))
    }

    package var attempts: Int {
        steps.reduce(0) { attempts, step in
            if case .handedOut(_, _, let attempt, _) = step.what { max(attempts, Int(attempt)) } else { attempts }
        }
    }

    package var hasEnded: Bool { steps.last?.what.endsTask ?? false }

    /// Whether somebody may ask for it after a restart: it needed more than one attempt, failed, or was cancelled in a worker's hands.
    var isUnusual: Bool {
        guard let last = steps.last?.what else { return false }
        switch last {
        case .failed, .cancelled: return true
        case .done, .queued, .handedOut, .accepted, .givenBack, .workerLost, .takenBack: return attempts > 1
        }
    }
}

/// Names a task over all lives of a coordinator; `4.17` is task 17 of epoch 4.
package struct TaskID: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let epoch: UInt64
    package let task: UInt64

    package init(epoch: UInt64, task: UInt64) {
        self.epoch = epoch
        self.task = task
    }

    /// Nil unless the text is `epoch.task`, or a lease's `epoch.task.attempt`.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), let epoch = UInt64(parts[0]), let task = UInt64(parts[1]), parts.count == 2 || UInt32(parts[2]) != nil else { return nil }
        self.init(epoch: epoch, task: task)
    }

    package var description: String { "\(epoch).\(task)" }
    package static func < (lhs: TaskID, rhs: TaskID) -> Bool { (lhs.epoch, lhs.task) < (rhs.epoch, rhs.task) }
}
