import AdvPOBedrock
import AdvPOModel
import Foundation

/// The credentials of a container: ECS (by a relative address) and EKS Pod Identity or any other agent (by a full one).
struct ContainerCredentials: Sendable {
    let environment: [String: String]
    let client: MetadataClient

    /// Where ECS's agent listens, whatever the container.
    static let agent = "http://169.254.170.2"
    /// Hosts that may be asked without TLS: the token goes no farther than this machine.
    private static let plainHosts: Set = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"]
    private static let maximumTokenBytes = 16 * 1024

    /// Whether the environment names such an endpoint at all.
    var isNamed: Bool { environment.filled("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") != nil || environment.filled("AWS_CONTAINER_CREDENTIALS_FULL_URI") != nil }

    func find() async -> CredentialFinding {
        let url: String
        let variable: String
        if let relative = environment.filled("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
            variable = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
            guard relative.hasPrefix("/"), Self.isAddress(relative) else { return unusable(variable, "it is no path that begins with '/'") }
            url = Self.agent + relative
        } else if let full = environment.filled("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
            variable = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
            if let fault = Self.fault(ofURL: full) { return unusable(variable, fault) }
            url = full
        } else {
            return .nothing(.init(place: "the container's endpoint", fault: "the environment names none"))
        }
        do throws(MetadataClient.Fault) {
            return .found(try await client.credentials(url, headers: try authorization()))
        } catch {
            return unusable("the container's endpoint (\(variable))", error.reason)
        }
    }

    private func unusable(_ place: String, _ fault: String) -> CredentialFinding { .unusable(.init(place: place, fault: fault)) }

    private func authorization() throws(MetadataClient.Fault) -> [(String, String)] {
        var token = environment.filled("AWS_CONTAINER_AUTHORIZATION_TOKEN")
        if let path = environment.filled("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
            // Read anew each time: the agent replaces it.
            guard let bytes = FileManager.default.contents(atPath: path), bytes.count <= Self.maximumTokenBytes, let text = String(validating: bytes, as: UTF8.self) else {
                throw .init(reason: "the file of AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE cannot be read, or is no text of up to \(Self.maximumTokenBytes) bytes")
            }
            token = text.trimmingCharacters(in: .whitespacesAndNewlines)
        }
        guard let token else { return [] }
        guard !token.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { throw .init(reason: "its authorization token holds a line break or control character") }
        return [("Authorization", token)]
    }

    /// Nil for an address that the token may be sent to.
    static func fault(ofURL text: String) -> String? {
        guard isAddress(text), let url = URLComponents(string: text), let scheme = url.scheme?.lowercased(), let host = url.host?.lowercased(), !host.isEmpty, url.user == nil else {
            return "it is no http:// or https:// URL"
        }
        if scheme == "https" { return nil }
        guard scheme == "http" else { return "it is no http:// or https:// URL" }
        let bare = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        if LoopbackHost.contains(bare) || plainHosts.contains(bare) { return nil }
        return "its host is neither this machine nor a container agent's (169.254.170.2, 169.254.170.23, fd00:ec2::23); use https:// for any other"
    }

    private static func isAddress(_ text: String) -> Bool { text.utf8.count <= 2_048 && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } }
}
