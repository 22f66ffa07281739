package import AdvPOBedrock
import AdvPOModel
import HTTPTypes
import Hummingbird

/// Finds out who sent a request: by a bearer token, or by an AWS signature (version 4) in a header or in the query.
package struct Authenticator: Sendable {
    private let store: IdentityStore
    private let namespace: JobNamespace
    private let isEncrypted: Bool
    private let secondsSince1970: @Sendable () -> Int64

    /// - Parameters:
    ///   - namespace: its region must be the one that signatures are made for.
    ///   - isEncrypted: whether requests come over TLS; without it a bearer token is taken from loopback alone.
    ///   - secondsSince1970: the clock by which signatures are fresh.
    package init(store: IdentityStore, namespace: JobNamespace, isEncrypted: Bool, secondsSince1970: @escaping @Sendable () -> Int64) {
        self.store = store
        self.namespace = namespace
        self.isEncrypted = isEncrypted
        self.secondsSince1970 = secondsSince1970
    }

    /// The service in the scope of signatures.
    private static let service = "bedrock"

    /// The sender of `request`, whose body is read for a signature and can be read again.
    func identity(of request: inout Request, _ context: APIRequestContext) async throws -> Identity {
        let identities = store.identities
        let values = request.headers[values: .authorization]
        if let token = values.lazy.compactMap(Self.bearerToken).first {
            guard values.count == 1, !Self.isPresigned(request) else { throw RefusedRequest.ambiguous }
            return try identity(bearerToken: token, in: identities, context)
        }
        let signed = SigV4Request(request)
        let claim: SigV4Claim?
        do {
            claim = try SigV4Claim(signed)
        } catch {
            throw RefusedRequest.rejected(error)
        }
        guard let claim else { throw RefusedRequest.missingAuthentication }
        // Access keys are no secrets. Nothing is held in memory for one that nobody has.
        guard let identity = identities.identity(accessKeyID: claim.accessKeyID), let secret = identity.keyPair?.secretAccessKey else {
            throw RefusedRequest.unrecognizedClient
        }
        let body = Array(buffer: try await request.collectBody(upTo: ProtocolError.maximumBodyBytes))
        do {
            try claim.verify(
                signed, secretAccessKey: secret, body: body, nowSecondsSince1970: secondsSince1970(), service: Self.service, region: namespace.region)
        } catch {
            throw RefusedRequest.rejected(error)
        }
        guard claim.sessionToken == nil else { throw RefusedRequest.foreignSessionToken }
        return identity
    }

    private func identity(bearerToken token: Substring, in identities: Identities, _ context: APIRequestContext) throws(RefusedRequest) -> Identity {
        guard isEncrypted || context.isFromLoopback else {
            throw .accessDenied("Bearer tokens are taken over TLS alone, since whoever reads one on the way can use it. Use https, or sign the request.")
        }
        guard let identity = identities.identity(bearerToken: token.utf8) else {
            throw .accessDenied("Authentication failed: Please make sure your API Key is valid.")
        }
        return identity
    }

    private static func bearerToken(_ value: String) -> Substring? {
        let scheme = "bearer "
        guard value.count > scheme.count, value.prefix(scheme.count).lowercased() == scheme else { return nil }
        return value.dropFirst(scheme.count).drop { $0 == " " }
    }

    private static func isPresigned(_ request: Request) -> Bool {
        request.uri.query?.split(separator: "&").contains { $0.prefix { $0 != "=" }.lowercased() == "x-amz-signature" } ?? false
    }
}

extension SigV4Request {
    /// The request as it was on the wire.
    fileprivate init(_ request: Request) {
        let target = request.head.path ?? "/"
        let path = target.prefix { $0 != "?" }
        var headers = request.headers.map { (name: $0.name.rawName, value: $0.value) }
        if let authority = request.head.authority { headers.append((name: "Host", value: authority)) }
        self.init(method: request.method.rawValue, path: path.isEmpty ? "/" : String(path), query: String(target.dropFirst(path.count + 1)), headers: headers)
    }
}

extension RefusedRequest {
    fileprivate static let missingAuthentication = RefusedRequest(
        type: "MissingAuthenticationTokenException", httpStatus: 403,
        message: "Missing Authentication Token: sign the request with a key of the server's credentials file (AWS signature version 4), or send a bearer token.")
    fileprivate static let unrecognizedClient = RefusedRequest(
        type: "UnrecognizedClientException", httpStatus: 403, message: "The security token included in the request is invalid: no identity here has this access key.")
    fileprivate static let foreignSessionToken = RefusedRequest(
        type: "UnrecognizedClientException", httpStatus: 403,
        message: "The security token included in the request is invalid: keys of this server have no session token. Unset AWS_SESSION_TOKEN, or aws_session_token in the profile.")
}
