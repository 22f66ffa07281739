import AdvPOBedrock
import AdvPOCommandLine
import AdvPOCoordinator
import AdvPOModel
import AdvPOObjects
import Foundation

/// One `advpo run`: what is to be done, and where its state is kept until it is done.
struct EmbeddedJob: Sendable {
    var catalog: ModelCatalog
    var limits: InputLimits
    var input: [UInt8]
    var models: [ModelConfiguration]
    var options: JobOptions
    var outputFolder: String
    var buckets: [BucketMount]
    var keyring: Keyring
    /// Under which the results rest; nil for plain files.
    var encryptionKeyARN: String?
    var slots: Int
    var python: String?

    /// Equal commands share it: that is how the second one finds what the first left unfinished.
    private var name: String {
        let essence = "\(models) \(options.promptFormat) \(options.budgetCalls) \(options.seed) \(options.rewriterModelID ?? "") \(options.judgeModelID ?? "") "
            + "\(options.preset) \(options.budgetDollars?.value ?? 0) \(options.holdoutThousandths ?? 0) \(encryptionKeyARN ?? "")"
        return String(ContentHash(of: input + Array(essence.utf8)).description.prefix(16))
    }

    var stateFolder: String { "\(outputFolder)/.advpo-\(name)" }

    /// The results have everything; the state of a job that has ended is of no use.
    func removeState() {
        do {
            try FileManager.default.removeItem(atPath: stateFolder)
        } catch {
            TerminalOutput.standardError.line("the job's state could not be removed from \(stateFolder): \(error.localizedDescription)")
        }
    }

    /// Submits the job, or takes up the unfinished one, and shows its progress until it ends or the second Ctrl-C.
    func follow(_ coordinator: Coordinator, silent: Bool) async throws -> (JobID, JobProgress?) {
        let id = try await begin(coordinator)
        return (id, try await watch(id, coordinator, silent: silent))
    }

    private func begin(_ coordinator: Coordinator) async throws(CommandFailure) -> JobID {
        if let unfinished = await coordinator.unfinishedJob {
            TerminalOutput.standardError.line("going on with job \(unfinished), which was left unfinished")
            return unfinished
        }
        let bucket = "s3://\(EmbeddedCluster.outputBucket)/"
        do {
            return try await coordinator.submit(
                CreateJobRequest(
                    jobName: "advpo-run", encryptionKeyArn: encryptionKeyARN, inputURI: bucket + "input.jsonl", outputURI: bucket, models: models),
                options: options, input: input)
        } catch {
            removeState()
            throw CommandFailure(.badInput, error.message)
        }
    }

    private func watch(_ id: JobID, _ coordinator: Coordinator, silent: Bool) async throws -> JobProgress? {
        try await withThrowingTaskGroup(of: JobProgress?.self) { group in
            group.addTask {
                var display = ProgressDisplay.standard(silent: silent)
                var last: JobProgress?
                for await progress in try await coordinator.progress(of: id) {
                    last = progress
                    display.update(progress)
                }
                display.finish()
                return last
            }
            group.addTask {
                var presses = 0
                for await _ in Interrupts.stream() {
                    presses += 1
                    guard presses == 1 else { return nil }
                    TerminalOutput.standardError.line("stopping: writing what there is; Ctrl-C again ends at once")
                    try await coordinator.stop(id)
                }
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }
}
