import AdvPOCommandLine
import AdvPOModel
import ArgumentParser
import OrderedCollections

struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Deletes jobs that have ended. Their result files stay.",
        discussion: """
            EXAMPLES
              advpo delete abc123def456
              advpo delete abc123def456 uvw123xyz456 --json
            """)

    @Argument(help: ArgumentHelp("The jobs' ids or ARNs.", valueName: "job"))
    var jobs: [String]

    @OptionGroup var connection: ConnectionOptions

    /// What one request may name.
    private static let batch = 25

    func run() async throws {
        let client = try await connection.client()
        var deleted: [JSONValue] = []
        var errors: [JSONValue] = []
        for start in stride(from: 0, to: jobs.count, by: Self.batch) {
            let answer = try await client.delete(Array(jobs[start..<min(start + Self.batch, jobs.count)]))
            deleted += answer.objectValue?["advancedPromptOptimizationJobs"]?.arrayValue ?? []
            errors += answer.objectValue?["errors"]?.arrayValue ?? []
        }
        if connection.json {
            let answer: JSONValue = ["errors": .array(errors), "advancedPromptOptimizationJobs": .array(deleted)]
            TerminalOutput.standardOutput.line(String(decoding: answer.encoded(), as: UTF8.self))
        } else {
            for job in deleted { TerminalOutput.standardError.line("Deleted \(text(job, "jobIdentifier")).") }
            for error in errors { TerminalOutput.standardError.line("\(text(error, "jobIdentifier")): \(text(error, "message")) (\(text(error, "code")))") }
        }
        if !errors.isEmpty { throw CommandFailure(.badInput) }
    }

    private func text(_ value: JSONValue, _ key: String) -> String {
        TerminalText.harmless(value.objectValue?[key]?.stringValue ?? "?", keepingLines: false)
    }
}
