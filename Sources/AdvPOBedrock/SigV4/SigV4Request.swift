/// One HTTP request as it is on the wire: what a signature covers, the body apart.
package struct SigV4Request: Sendable {
    /// Upper-case, as in `GET`.
    package var method: String
    /// Percent-encoded as on the wire, without the query; at least `/`.
    package var path: String
    /// Raw as on the wire, without the `?`; may be empty.
    package var query: String
    /// In the order of the wire, `Host` included; HTTP/2's `:authority` stands here as `Host`.
    package var headers: [(name: String, value: String)]

    package init(method: String, path: String, query: String, headers: [(name: String, value: String)]) {
        self.method = method
        self.path = path.isEmpty ? "/" : path
        self.query = query
        self.headers = headers
    }

    /// The values of all headers of this name (in lower case), in the order of the wire.
    func values(ofHeader name: String) -> [String] {
        headers.filter { ASCII.lowercased($0.name).elementsEqual(name.utf8) }.map(\.value)
    }
}

/// What a signer says of the body.
package enum SigV4Payload: Sendable {
    case bytes([UInt8])
    /// The body's SHA-256 in lower-case hexadecimal, for bodies that are not in memory.
    case sha256(String)
    /// The signature does not cover the body: `UNSIGNED-PAYLOAD`. Only TLS protects such a body on its way.
    case unsigned

    /// The last line of the canonical request.
    var line: String {
        switch self {
        case .bytes(let bytes): SigV4.hash(of: bytes)
        case .sha256(let hexadecimal): hexadecimal
        case .unsigned: SigV4.unsignedPayload
        }
    }
}

/// What a request's `x-amz-content-sha256` says of its body.
package enum SigV4DeclaredPayload: Sendable, Equatable {
    /// Nothing: the signature covers the hash of the body that arrived (for presigned S3 requests: `UNSIGNED-PAYLOAD`).
    case none
    /// 64 lower-case hexadecimal digits.
    case sha256(String)
    /// The signature does not cover the body: whoever can change bytes on the way can change it unseen. Only TLS protects it.
    case unsigned
}

/// Where a signing key is good: a key for one day, region and service is of no use for another.
package struct SigV4Scope: Sendable, Equatable {
    package let region: String
    package let service: String

    package init(region: String, service: String) {
        self.region = region
        self.service = service
    }

    /// `20150830/us-east-1/service/aws4_request`. `date` is `yyyyMMdd`.
    func credentialScope(date: some StringProtocol) -> String { "\(date)/\(region)/\(service)/\(SigV4.terminator)" }
}
