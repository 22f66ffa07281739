import Foundation
import NIOHTTP1

/// The credentials of an EC2 instance's role, from its metadata service in version 2: a token first, then the role's name, then its keys.
struct InstanceCredentials: Sendable {
    let environment: [String: String]
    let client: MetadataClient

    private static let standardEndpoint = "http://169.254.169.254"
    private static let place = "the instance metadata endpoint"

    func find() async -> CredentialFinding {
        if environment["AWS_EC2_METADATA_DISABLED"]?.lowercased() == "true" {
            return .nothing(.init(place: Self.place, fault: "AWS_EC2_METADATA_DISABLED is true"))
        }
        var endpoint = environment.filled("AWS_EC2_METADATA_SERVICE_ENDPOINT") ?? Self.standardEndpoint
        while endpoint.hasSuffix("/") { endpoint.removeLast() }
        guard let url = URLComponents(string: endpoint), url.scheme == "http" || url.scheme == "https", url.host?.isEmpty == false else {
            return .unusable(.init(place: "AWS_EC2_METADATA_SERVICE_ENDPOINT", fault: "it is no http:// or https:// URL"))
        }
        let base = endpoint + "/latest"
        do throws(MetadataClient.Fault) {
            let token = try await client.text(.PUT, base + "/api/token", headers: [("x-aws-ec2-metadata-token-ttl-seconds", "21600")])
            guard !token.isEmpty, token.utf8.count <= 4_096, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { throw .init(reason: "its token is none") }
            let headers = [("x-aws-ec2-metadata-token", token)]
            let path = base + "/meta-data/iam/security-credentials/"
            let roles = try await client.text(.GET, path, headers: headers)
            guard let role = roles.split(whereSeparator: \.isNewline).first.map(String.init), Self.isRoleName(role) else {
                return .nothing(.init(place: Self.place, fault: "the instance has no role"))
            }
            return .found(try await client.credentials(path + role, headers: headers))
        } catch {
            let fault = error.status == 404 ? "the instance has no role" : error.reason
            return .nothing(.init(place: Self.place, fault: fault))
        }
    }

    /// IAM's alphabet for the names of roles.
    private static func isRoleName(_ name: String) -> Bool {
        (1...128).contains(name.utf8.count) && name.unicodeScalars.allSatisfy { $0.isASCII && ($0.properties.isAlphabetic || $0.properties.numericType != nil || "_+=,.@-".unicodeScalars.contains($0)) }
    }
}
