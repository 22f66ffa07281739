package import AdvPOObjects
package import ArgumentParser
import Foundation
package import Logging

/// The settings of objects in S3, the same for every program that reads or writes them.
package struct S3Options: ParsableArguments {
    @Option(help: ArgumentHelp(
        "Whether buckets that are not mounted are looked for in S3. (default: on when an endpoint, region or profile for S3 is set, AWS's own variables included)", valueName: "on|off"))
    package var s3: String?

    @Option(help: ArgumentHelp("Where S3 answers, e.g. http://127.0.0.1:9000. (default: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, else Amazon's in the region)", valueName: "url"))
    package var s3Endpoint: String?

    @Option(help: ArgumentHelp("The region of the buckets. (default: AWS_REGION, AWS_DEFAULT_REGION, the profile's, else us-east-1 with an endpoint of your own)", valueName: "region"))
    package var s3Region: String?

    @Option(help: ArgumentHelp("How a bucket is named in requests. (default: auto: virtual at Amazon's hosts, path elsewhere)", valueName: "auto|path|virtual"))
    package var s3Style: String?

    @Option(help: ArgumentHelp("The profile in AWS's shared files that holds the keys. (default: the environment's keys, then AWS_PROFILE, then 'default')", valueName: "name"))
    package var s3Profile: String?

    @Option(help: ArgumentHelp("Whether keys may come from the metadata endpoint of a container or instance. (default: off)", valueName: "on|off"))
    package var metadataCredentials: String?

    package init() {}

    private enum Switch: String, CaseIterable { case on, off }

    /// The keys for AWS, from where its own tools look for them.
    package func credentials(_ settings: Settings, environment: [String: String]) throws(SettingsError) -> AWSCredentialChain {
        AWSCredentialChain(
            environment: environment, homeFolder: environment["HOME"], profile: settings.string(.s3Profile, flag: s3Profile),
            metadata: try settings.choice(.metadataCredentials, flag: metadataCredentials, of: Switch.self) == .on,
            secondsSince1970: { Int64(Date().timeIntervalSince1970) })
    }

    /// S3 as the settings have it; nil when it is off.
    package func store(_ settings: Settings, environment: [String: String], logger: Logger) throws(SettingsError) -> S3Buckets? {
        let endpoint = settings.string(.s3Endpoint, flag: s3Endpoint)
        let region = settings.string(.s3Region, flag: s3Region)
        let profile = settings.string(.s3Profile, flag: s3Profile)
        let isMeant = endpoint != nil || region != nil || profile != nil || S3Settings.endpoint(in: environment) != nil || S3Settings.region(in: environment) != nil
        let chosen = try settings.choice(.s3, flag: s3, of: Switch.self)
        guard chosen == .on || (chosen == nil && isMeant) else { return nil }
        let style = try settings.choice(.s3Style, flag: s3Style, of: S3Endpoint.Style.self) ?? .auto
        let resolved: S3Settings
        do throws(S3SettingsError) {
            resolved = try S3Settings(
                endpoint: endpoint, region: region, style: style, environment: environment,
                profileRegion: AWSCredentialChain.region(environment: environment, homeFolder: environment["HOME"], profile: profile))
        } catch {
            throw SettingsError(message: error.description)
        }
        if resolved.endpoint.isExposed {
            logger.warning("what goes to and from S3 can be read on its way: use https://", metadata: ["endpoint": "\(resolved.endpoint.description)"])
        }
        let timing = S3Timing(
            secondsSince1970: { Int64(Date().timeIntervalSince1970) }, sleep: { try await Task.sleep(for: $0) }, chance: { Double.random(in: 0..<1) })
        return S3Buckets(settings: resolved, credentials: try credentials(settings, environment: environment), timing: timing)
    }

    /// All buckets of a program: the mounted ones, and S3 behind them when it is on.
    package func buckets(
        mounted: any ObjectStore, names: [String], _ settings: Settings, environment: [String: String] = ProcessInfo.processInfo.environment, logger: Logger
    ) throws(SettingsError) -> Buckets {
        Buckets(mounted: mounted, names: names, s3: try store(settings, environment: environment, logger: logger))
    }
}
