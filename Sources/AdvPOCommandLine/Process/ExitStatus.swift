package import AdvPOBedrock

/// What a command's exit code says. Scripts may rely on the numbers.
package enum ExitStatus: Int32, Hashable, Sendable, CaseIterable {
    /// Done; also when no better prompt was proven and the original was kept.
    case done = 0
    /// The job, or the command itself, failed.
    case failed = 1
    /// A flag or setting is wrong.
    case badUsage = 2
    /// The input, or the request the server was sent, is wrong.
    case badInput = 3
    /// Nothing answers at the endpoint.
    case unreachable = 4
    /// Some runs of the job failed.
    case partiallyCompleted = 5
    /// The job was stopped.
    case stopped = 6
    /// Ctrl-C.
    case interrupted = 130

    /// What a job's end means for who waited for it; a job that has not ended is no failure.
    package init(_ status: JobStatus) {
        self =
            switch status {
            case .completed, .inProgress, .stopping, .deleting: .done
            case .failed: .failed
            case .partiallyCompleted: .partiallyCompleted
            case .stopped: .stopped
            }
    }

    /// For `--help`.
    package static let help =
        "Exit codes: 0 done (also when the original prompt was kept), 1 failed, 2 bad usage, 3 bad input, 4 nothing answers at the endpoint, "
        + "5 some runs failed, 6 the job was stopped, 130 interrupted."
}

/// Ends a command with one message on stderr and an exit code.
package struct CommandFailure: Error, Hashable, Sendable, CustomStringConvertible {
    package let status: ExitStatus
    /// Empty: end silently, since all has been said.
    package let message: String

    package init(_ status: ExitStatus, _ message: String = "") {
        self.status = status
        self.message = message
    }

    package var description: String { message }
}
