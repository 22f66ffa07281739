import AdvPOBedrock
import AdvPOCommandLine
import AdvPOObjects
import Foundation

/// Finds out who the user is to the coordinator, where boto3 would look.
struct Identification {
    let endpoint: Endpoint
    /// Nil unless the user named one for this program.
    let profile: String?
    let region: String?

    /// A bearer token, else AWS credentials, else nobody.
    ///
    /// Credentials that cannot be used end the command only when their profile was named for it: many a user's standard profile is for AWS itself, and a coordinator on loopback
    /// may need none. The instance's and the container's endpoints are not asked: what they give is for AWS, and its session token would be of no use to a coordinator.
    func identity() async throws -> ClientIdentity {
        let environment = ProcessInfo.processInfo.environment
        if let bearer = try ClientIdentity.bearer(environment: environment, endpoint: endpoint) { return bearer }
        let chain = AWSCredentialChain(environment: environment, homeFolder: environment["HOME"] ?? NSHomeDirectory(), profile: profile, metadata: false) { Self.now() }
        do throws(CredentialError) {
            let credentials = try await chain.credentials()
            return .signing(credentials, region: ClientIdentity.region(setting: region, environment: environment))
        } catch {
            let reason = error.attempts.filter { !$0.place.contains("metadata") }.map { "\($0.place) (\($0.fault))" }.joined(separator: ", ")
            if profile != nil { throw CommandFailure(.badUsage, "\(SettingKey.profile.places) cannot be used: \(reason)") }
            return .nobody(reason: reason)
        }
    }

    static func now() -> Int64 { Int64(Date().timeIntervalSince1970.rounded(.down)) }
}
