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

    /// A coordinator that restarts is back within seconds.
    private static let retries = 15
    private static let pause = Duration.seconds(1)

    @OptionGroup var argument: JobArgument
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await stop(try connection.client())
        if connection.json {
            TerminalOutput.standardOutput.line("{}")
        } else {
            TerminalOutput.standardError.line("Job \(argument.job) is being stopped. What it has found: 'advpo results \(argument.job)'.")
        }
    }

    /// Asks again while nothing answers: a coordinator that is being restarted is back soon, and a stop may be sent twice.
    private func stop(_ client: CoordinatorClient) async throws {
        for attempt in 1... {
            do {
                return try await client.stop(argument.job)
            } catch let error as CommandFailure where error.status == .unreachable && attempt <= Self.retries {
                if attempt == 1 { TerminalOutput.standardError.line("nothing answers at the endpoint; trying again, in case the coordinator is being restarted") }
                try await Task.sleep(for: Self.pause)
            }
        }
    }
}
