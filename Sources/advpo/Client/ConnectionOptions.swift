import AdvPOCommandLine
import ArgumentParser

/// What every command that talks to a coordinator takes.
struct ConnectionOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Where the coordinator's API is. (default: \(Self.standardEndpoint))", valueName: "url"))
    var endpoint: String?

    @Option(help: ArgumentHelp("A YAML file with settings by their flags' names.", valueName: "file"))
    var config: String?

    @Flag(help: "Print JSON for scripts, and nothing else, on stdout.")
    var json = false

    static let standardEndpoint = "http://127.0.0.1:7700"

    func settings() async throws -> Settings { try await Settings(configFile: config) }

    func client() async throws -> CoordinatorClient { try client(await settings()) }

    func client(_ settings: Settings) throws -> CoordinatorClient {
        try CoordinatorClient(endpoint: settings.string(.endpoint, flag: endpoint, default: Self.standardEndpoint))
    }
}

/// The job that a command is about.
struct JobArgument: ParsableArguments {
    @Argument(help: ArgumentHelp("The job's id or ARN.", valueName: "job"))
    var job: String
}
