package import AdvPOBedrock

/// Who a command is to the coordinator: what it adds to each request, and what it tells the user when that is refused.
///
/// No description of it shows a secret or a token.
package enum ClientIdentity: Sendable {
    /// The token of `AWS_BEARER_TOKEN_BEDROCK`.
    case bearer(BearerToken)
    case signing(SigningCredentials, region: String)
    /// Requests go out as they are; `reason` says where credentials were looked for.
    case nobody(reason: String)

    package static let bearerVariable = "AWS_BEARER_TOKEN_BEDROCK"
    /// The service in the scope of signatures.
    private static let service = "bedrock"

    /// Whose token is set and not empty, if any. Throws where sending it would show it to whoever listens.
    package static func bearer(environment: [String: String], endpoint: Endpoint) throws(CommandFailure) -> ClientIdentity? {
        guard let token = environment[bearerVariable], !token.isEmpty else { return nil }
        guard token.utf8.allSatisfy({ (33...126).contains($0) }) else {
            throw CommandFailure(.badUsage, "the token in \(bearerVariable) has blanks or characters beyond ASCII; set it anew")
        }
        guard endpoint.isEncrypted || endpoint.isLoopback else {
            throw CommandFailure(
                .badUsage,
                "\(bearerVariable) is set, and \(endpoint) is neither https nor on this machine: whoever reads the token on its way could use it. "
                    + "Use https, or unset \(bearerVariable) and sign with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.")
        }
        return .bearer(BearerToken(token))
    }

    /// The region that signatures are for: the setting's, else that of AWS's variables, else us-east-1.
    package static func region(setting: String?, environment: [String: String]) -> String {
        [setting, environment["AWS_REGION"], environment["AWS_DEFAULT_REGION"]].lazy.compactMap { $0 }.first { !$0.isEmpty } ?? "us-east-1"
    }

    /// What to add to a request, in which `Host` already stands.
    package func headers(for request: SigV4Request, body: [UInt8], secondsSince1970: Int64) -> [(name: String, value: String)] {
        switch self {
        case .bearer(let token): [("authorization", "Bearer \(token.text)")]
        case .signing(let credentials, let region):
            SigV4Signer(credentials: credentials, region: region, service: Self.service).sign(request, payload: .bytes(body), secondsSince1970: secondsSince1970)
        case .nobody: []
        }
    }

    /// What the user can do about a refusal with HTTP status 403. `type` is AWS's word for it.
    package func advice(onRefusal type: String?) -> String {
        if type == "AccessDeniedException", case .nobody = self {} else if type == "AccessDeniedException" {
            return "\(account) To allow more, extend this identity's 'allow' in the coordinator's credentials file."
        }
        switch self {
        case .bearer:
            return "\(account) Compare it with the bearerToken of an identity in the coordinator's credentials file, or unset the variable to sign requests instead."
        case .signing:
            return "\(account) The coordinator's credentials file must have this access key with this secret, its region must be the same (set AWS_REGION), "
                + "and both clocks must be right."
        case .nobody(let reason):
            return "\(account) Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile with \(SettingKey.profile.flag), or set \(Self.bearerVariable). "
                + "Looked at: \(reason)."
        }
    }

    /// Of the access key the last four characters alone.
    private var account: String {
        switch self {
        case .bearer: "The request was sent with the token in \(Self.bearerVariable)."
        case .signing(let credentials, let region):
            "The request was signed with the access key that ends in '\(credentials.accessKeyID.suffix(min(4, credentials.accessKeyID.count / 2)))', for the region '\(region)'."
        case .nobody: "The request was not signed."
        }
    }
}

/// A token that no description shows.
package struct BearerToken: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    fileprivate let text: String

    init(_ text: String) { self.text = text }

    package var description: String { "BearerToken(not shown)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: [], displayStyle: .struct) }
}
