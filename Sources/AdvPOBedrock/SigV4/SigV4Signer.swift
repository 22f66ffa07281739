/// Signs requests by AWS Signature Version 4, in their headers or in their query.
package struct SigV4Signer: Sendable {
    private let credentials: SigningCredentials
    private let scope: SigV4Scope

    /// For the service `s3` the path is encoded once and not normalized, and `x-amz-content-sha256` is added; for all others it is normalized and encoded twice.
    package init(credentials: SigningCredentials, region: String, service: String) {
        self.credentials = credentials
        scope = SigV4Scope(region: region, service: service)
    }

    /// The headers to add: `x-amz-date`, `authorization`, `x-amz-security-token` with a session token, `x-amz-content-sha256` for S3.
    ///
    /// Every header of the request is signed but those that a proxy may change; the request must hold `Host`. Of a header that is returned the request's own value counts for nothing:
    /// replace it. An `x-amz-content-sha256` of a request to another service than S3 is signed as it stands and says what the payload is.
    package func sign(_ request: SigV4Request, payload: SigV4Payload, secondsSince1970: Int64) -> [(name: String, value: String)] {
        let time = Timestamp.basic(secondsSince1970: secondsSince1970)
        var added = [(name: SigV4.dateHeader, value: time)]
        if let token = credentials.sessionToken { added.append((SigV4.tokenHeader, token)) }
        if ASCII.areEqual(scope.service, SigV4.s3) { added.append((SigV4.payloadHeader, payload.line)) }

        var signed = request
        signed.headers.removeAll { header in added.contains { ASCII.lowercased(header.name).elementsEqual($0.name.utf8) } }
        signed.headers += added
        let names = Self.namesToSign(signed)
        let line = signed.values(ofHeader: SigV4.payloadHeader).first ?? payload.line
        let canonical = CanonicalRequest(signed, signedHeaders: names, payload: line, service: scope.service)
        let signature = signature(canonical, time: time)
        let credential = "\(credentials.accessKeyID)/\(scope.credentialScope(date: time.prefix(8)))"
        let authorization = "\(SigV4.algorithm) Credential=\(credential), SignedHeaders=\(names.joined(separator: ";")), Signature=\(signature)"
        return added + [(SigV4.authorizationHeader, authorization)]
    }

    /// The whole query string of a presigned URL: the request's own parameters, then those of the signature.
    ///
    /// Every header of the request is signed, so whoever uses the URL must send the same; as a rule `Host` alone. For S3 the payload is usually `.unsigned`.
    /// `expiresSeconds` is from 1 to 604,800 (seven days): servers refuse others.
    package func presignedQuery(_ request: SigV4Request, payload: SigV4Payload, secondsSince1970: Int64, expiresSeconds: Int) -> String {
        let time = Timestamp.basic(secondsSince1970: secondsSince1970)
        let names = Self.namesToSign(request)
        var parameters: [(SigV4.Parameter, String)] = [
            (.algorithm, SigV4.algorithm),
            (.credential, "\(credentials.accessKeyID)/\(scope.credentialScope(date: time.prefix(8)))"),
            (.date, time),
            (.expires, String(expiresSeconds)),
            (.signedHeaders, names.joined(separator: ";")),
        ]
        if let token = credentials.sessionToken { parameters.append((.securityToken, token)) }
        var signed = request
        let own = request.query.isEmpty ? [] : [request.query]
        signed.query = (own + parameters.map { "\($0.rawValue)=\(PercentEncoding.encoded($1))" }).joined(separator: "&")
        let canonical = CanonicalRequest(signed, signedHeaders: names, payload: payload.line, service: scope.service)
        return "\(signed.query)&\(SigV4.Parameter.signature.rawValue)=\(signature(canonical, time: time))"
    }

    private func signature(_ canonical: CanonicalRequest, time: String) -> String {
        let key = SigningKey(secretAccessKey: credentials.secretAccessKey, date: time.prefix(8), scope: scope)
        return key.signature(of: canonical.stringToSign(time: time, scope: scope))
    }

    /// The header that holds the signature, and those that proxies and HTTP clients change on the way, as botocore lists them.
    private static let unsignedNames = [
        "authorization", "baggage", "connection", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "traceparent", "tracestate",
        "trailer", "transfer-encoding", "upgrade", "user-agent", "x-amzn-trace-id",
    ].map { Array($0.utf8) }

    /// Lower-case, sorted by byte, each once.
    private static func namesToSign(_ request: SigV4Request) -> [String] {
        let names = Set(request.headers.map { ASCII.lowercased($0.name) }).subtracting(unsignedNames)
        return names.sorted { $0.lexicographicallyPrecedes($1) }.map { String(decoding: $0, as: UTF8.self) }
    }
}
