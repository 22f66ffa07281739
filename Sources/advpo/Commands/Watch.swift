import AdvPOCommandLine
import ArgumentParser

struct Watch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Follows a job until it ends, and ends as it did.",
        discussion: """
            Ctrl-C only detaches: the job goes on. The exit code tells how the job ended.
            With --json each change is one line.

            EXAMPLES
              advpo watch abc123def456
              advpo watch abc123def456 && advpo results abc123def456
            """)

    @OptionGroup var argument: JobArgument
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        let watcher = JobWatcher(client: try await connection.client(), job: argument.job, json: connection.json)
        try JobWatcher.conclude(try await watcher.run(), json: connection.json)
    }
}
