import AdvPOCommandLine
import ArgumentParser
import Foundation

/// What every command that talks to a coordinator takes.
struct ConnectionOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Where the coordinator's API is. (default: \(Self.standardEndpoint))", valueName: "url"))
    var endpoint: String?

    @Option(help: ArgumentHelp("The profile of AWS's shared files to sign with. (default: AWS's variables, else the profile 'default')", valueName: "name"))
    var profile: String?

    @Option(help: ArgumentHelp("The region to sign for, which must be the coordinator's. (default: AWS_REGION, else us-east-1)", valueName: "region"))
    var region: String?

    @Option(help: ArgumentHelp("A PEM file of the certificates to trust, for an https endpoint. (default: AWS_CA_BUNDLE, else the system's)", valueName: "file"))
    var caFile: String?

    @Option(help: ArgumentHelp("A YAML file with settings by their flags' names.", valueName: "file"))
    var config: String?

    @Flag(help: "Print JSON for scripts, and nothing else, on stdout.")
    var json = false

    static let standardEndpoint = "http://127.0.0.1:7700"

    func settings() async throws -> Settings { try await Settings(configFile: config) }

    func client() async throws -> CoordinatorClient { try await client(await settings()) }

    func client(_ settings: Settings) async throws -> CoordinatorClient {
        let endpoint = try Endpoint(parsing: settings.string(.endpoint, flag: endpoint, default: Self.standardEndpoint))
        let identification = Identification(
            endpoint: endpoint, profile: settings.string(.profile, flag: profile), region: settings.string(.region, flag: region))
        let bundle = ProcessInfo.processInfo.environment["AWS_CA_BUNDLE"].flatMap { $0.isEmpty ? nil : $0 }
        return try CoordinatorClient(
            endpoint: endpoint, identity: await identification.identity(), caFile: settings.string(.caFile, flag: caFile) ?? bundle)
    }
}

/// The job that a command is about.
struct JobArgument: ParsableArguments {
    @Argument(help: ArgumentHelp("The job's id or ARN.", valueName: "job"))
    var job: String
}
