import AdvPOCommandLine
import AdvPOModel
import ArgumentParser

struct Stop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stops a job: what is in flight is cancelled, what there is is written.",
        discussion: """
            EXAMPLES
              advpo stop abc123def456
            """)

    @OptionGroup var argument: JobArgument
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await connection.client().stop(argument.job)
        if connection.json {
            TerminalOutput.standardOutput.line("{}")
        } else {
            TerminalOutput.standardError.line("Job \(argument.job) is being stopped. What it has found: 'advpo results \(argument.job)'.")
        }
    }
}
