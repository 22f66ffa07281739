import AdvPOBedrock
import AdvPOCommandLine
import AdvPOModel

/// Follows a job on the terminal until it ends, across restarts of the coordinator, or until Ctrl-C detaches.
struct JobWatcher {
    let client: CoordinatorClient
    let job: String
    let json: Bool

    /// How often a lost connection is tried again, and the pause before each try: a coordinator that restarts is back within seconds.
    private static let retries = 30
    private static let pause = Duration.seconds(2)

    /// The job's last status. Throws `CommandFailure` with the exit code of an interrupt when the user detached.
    func run() async throws -> JobProgress {
        try await withThrowingTaskGroup(of: JobProgress?.self) { group in
            group.addTask { try await follow() }
            group.addTask {
                for await _ in Interrupts.stream() { return nil }
                // Cancelled: the other task has the answer.
                throw CancellationError()
            }
            defer { group.cancelAll() }
            guard let progress = try await group.next() ?? nil else {
                throw CommandFailure(.interrupted, "Detached; job \(job) goes on. Watch it again with 'advpo watch \(job)', stop it with 'advpo stop \(job)'.")
            }
            return progress
        }
    }

    private func follow() async throws -> JobProgress {
        var display = ProgressDisplay.standard(silent: json)
        defer { display.finish() }
        var last: JobProgress?
        var failures = 0
        while true {
            do {
                try await client.watch(job) { progress in
                    last = progress
                    failures = 0
                    if json { TerminalOutput.standardOutput.line(String(decoding: progress.json.encoded(), as: UTF8.self)) }
                    display.update(progress)
                }
                if let last, last.status.isTerminal { return last }
                throw CoordinatorClient.ConnectionLost(reason: "the stream ended before the job did")
            } catch let error as CoordinatorClient.ConnectionLost {
                failures += 1
                guard failures <= Self.retries else { throw CommandFailure(.unreachable, "lost the coordinator: \(error.reason)") }
            } catch let error as CommandFailure where error.status == .unreachable && last != nil {
                failures += 1
                guard failures <= Self.retries else { throw error }
            }
            try await Task.sleep(for: Self.pause)
        }
    }
}

extension JobWatcher {
    /// Ends a command as the job ended; the message says what can be done next.
    static func conclude(_ progress: JobProgress, json: Bool) throws {
        let status = ExitStatus(progress.status)
        let reason = progress.failureMessage.map { ": \($0)" } ?? ""
        switch progress.status {
        case .completed:
            if !json { TerminalOutput.standardError.line("Job \(progress.jobID) is completed. See it with 'advpo results \(progress.jobID)'.") }
        case .partiallyCompleted, .stopped:
            throw CommandFailure(
                status, json ? "" : "Job \(progress.jobID) ended as \(progress.status.rawValue)\(reason). What there is: 'advpo results \(progress.jobID)'.")
        case .failed: throw CommandFailure(status, json ? "" : "job \(progress.jobID) failed\(reason)")
        case .inProgress, .stopping, .deleting: break
        }
    }
}
