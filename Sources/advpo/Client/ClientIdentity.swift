import AdvPOBedrock
import AdvPOCommandLine
import Foundation

/// How the commands prove to a coordinator who the user is: with nothing, a bearer token, or AWS's signature.
///
/// The token comes from `ADVPO_BEARER_TOKEN` alone: one for Amazon's own service, in `AWS_BEARER_TOKEN_BEDROCK`, is never sent to a coordinator. Keys come from AWS's variables, since a signature tells
/// nobody the secret; a coordinator without a credentials file does not look at it.
enum ClientIdentity: Sendable {
    case nobody
    case bearer(String)
    case key(SigningCredentials, region: String)

    static let current = ClientIdentity(environment: ProcessInfo.processInfo.environment)

    init(environment: [String: String]) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        if let token = value("ADVPO_BEARER_TOKEN") {
            self = .bearer(token)
        } else if let key = value("AWS_ACCESS_KEY_ID"), let secret = value("AWS_SECRET_ACCESS_KEY") {
            let region = value("ADVPO_REGION") ?? value("AWS_REGION") ?? value("AWS_DEFAULT_REGION") ?? "us-east-1"
            self = .key(SigningCredentials(accessKeyID: key, secretAccessKey: secret), region: region)
        } else {
            self = .nobody
        }
    }

    /// The headers to add to a request for `url`, which is a whole one with scheme and host.
    func headers(_ method: String, url: String, body: [UInt8], secondsSince1970: Int64) throws(CommandFailure) -> [(name: String, value: String)] {
        switch self {
        case .nobody: return []
        case .bearer(let token):
            guard url.hasPrefix("https://") || Self.isLoopback(url) else {
                throw CommandFailure(.badUsage, "ADVPO_BEARER_TOKEN is not sent over plain http to another machine, where it could be read on the way: use https, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
            }
            return [(name: "Authorization", value: "Bearer \(token)")]
        case .key(let credentials, let region):
            let target = url.dropFirst(Self.scheme(url).count + Self.authority(url).count)
            let path = target.prefix { $0 != "?" }
            let host = (name: "Host", value: String(Self.authority(url)))
            let request = SigV4Request(method: method, path: String(path), query: String(target.dropFirst(path.count + 1)), headers: [host])
            let signer = SigV4Signer(credentials: credentials, region: region, service: "bedrock")
            return [host] + signer.sign(request, payload: .bytes(body), secondsSince1970: secondsSince1970)
        }
    }

    private static func scheme(_ url: String) -> String { url.hasPrefix("https://") ? "https://" : "http://" }

    private static func authority(_ url: String) -> Substring { url.dropFirst(scheme(url).count).prefix { $0 != "/" && $0 != "?" } }

    private static func isLoopback(_ url: String) -> Bool {
        let authority = authority(url)
        return SocketAddress.isLocal("tcp://\(authority.contains(":") && !authority.hasSuffix("]") ? String(authority) : "\(authority):80")")
    }
}

extension ClientIdentity: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    var description: String {
        switch self {
        case .nobody: "nobody"
        case .bearer: "a bearer token"
        case .key(let credentials, _): "access key \(credentials.accessKeyID)"
        }
    }
    var debugDescription: String { description }
    var customMirror: Mirror { Mirror(self, children: []) }
}
