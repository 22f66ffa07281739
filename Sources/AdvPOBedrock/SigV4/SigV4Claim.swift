/// The claim that a request makes by its signature: who sent it, when and for which service. Parsed and bounded; `verify` says whether it is true.
///
/// What a signature proves: whoever made it held the secret, and method, path, query, signed headers and (unless `UNSIGNED-PAYLOAD` is declared) body are as they were.
///
/// Replay: a signature holds no number that is used once, so whoever captures a request can send it again, unchanged, until 15 minutes after its time (a presigned one until it
/// expires). TLS keeps requests from being captured. Those that only read do no harm twice; a job is created once per `clientToken`, which is part of the signed body; to stop or
/// delete what is stopped or deleted changes nothing. The window is AWS's own, and no list of seen signatures is kept: it would refuse an SDK's honest retry, which is the same request.
package struct SigV4Claim: Sendable {
    package let accessKeyID: String
    package let scope: SigV4Scope
    /// When the request was signed.
    package let secondsSince1970: Int64
    /// From `X-Amz-Expires`; nil for a signature in the headers.
    package let expiresSeconds: Int?
    package let declaredPayload: SigV4DeclaredPayload
    /// Of credentials that are valid for a time; whether there is such a thing is for the caller to say.
    package let sessionToken: String?
    /// Lower-case, sorted, each once.
    let signedHeaders: [String]
    /// 32 bytes.
    let signature: [UInt8]

    package var region: String { scope.region }
    package var service: String { scope.service }
    package var isPresigned: Bool { expiresSeconds != nil }

    /// How far a signer's clock may be from ours.
    package static let clockSkewSeconds: Int64 = 15 * 60

    /// Checks that the signature is right for the request, now and here.
    ///
    /// The time: within 15 minutes of ours; presigned, from 15 minutes before its date until it expires. The scope: `service`, and `region` unless that is nil. The headers: `host` and every
    /// `x-amz-*` must be signed. The body: its hash is signed, or `UNSIGNED-PAYLOAD` is. Signatures are compared in constant time.
    package func verify(
        _ request: SigV4Request, secretAccessKey: String, body: [UInt8], nowSecondsSince1970 now: Int64, service: String, region: String?
    ) throws(SigV4Rejection) {
        try checkScope(service: service, region: region)
        try checkTime(now)
        try checkSignedHeaders(request)
        let canonical = CanonicalRequest(
            request, signedHeaders: signedHeaders, payload: try payloadLine(body), service: scope.service, leavingOut: isPresigned ? .signature : nil)
        let time = Timestamp.basic(secondsSince1970: secondsSince1970)
        let stringToSign = canonical.stringToSign(time: time, scope: scope)
        let key = SigningKey(secretAccessKey: secretAccessKey, date: time.prefix(8), scope: scope)
        guard key.isSignature(signature, of: stringToSign) else { throw mismatch(canonical, stringToSign) }
    }

    private var mismatchCode: SigV4Rejection.Code { ASCII.areEqual(scope.service, SigV4.s3) ? .signatureDoesNotMatch : .invalidSignature }

    private func checkScope(service: String, region: String?) throws(SigV4Rejection) {
        guard ASCII.areEqual(scope.service, service) else {
            throw SigV4Rejection(
                mismatchCode, "Credential should be scoped to correct service: '\(service)', found \(SigV4Rejection.quoted(scope.service)). Sign with that service's name.")
        }
        guard let region, !ASCII.areEqual(scope.region, region) else { return }
        throw SigV4Rejection(
            mismatchCode, "Credential should be scoped to a valid region: '\(region)', found \(SigV4Rejection.quoted(scope.region)). Set the client's region (AWS_REGION) to '\(region)'.")
    }

    private func checkTime(_ now: Int64) throws(SigV4Rejection) {
        let signed = "signed at \(Timestamp.basic(secondsSince1970: secondsSince1970)), arrived at \(Timestamp.basic(secondsSince1970: now))"
        if secondsSince1970 - now > Self.clockSkewSeconds {
            throw SigV4Rejection(mismatchCode, "Signature not yet current: \(signed), more than 15 minutes before its time. Set the client's clock, or the server's.")
        }
        if let expiresSeconds {
            guard now - secondsSince1970 > Int64(expiresSeconds) else { return }
            throw SigV4Rejection(.requestExpired, "Request has expired: \(signed), valid for \(expiresSeconds) seconds. Make a new presigned URL.")
        }
        guard now - secondsSince1970 > Self.clockSkewSeconds else { return }
        throw SigV4Rejection(mismatchCode, "Signature expired: \(signed), more than 15 minutes later. Set the client's clock, or the server's.")
    }

    private func checkSignedHeaders(_ request: SigV4Request) throws(SigV4Rejection) {
        let signed = Set(signedHeaders.map { Array($0.utf8) })
        let present = Set(request.headers.map { ASCII.lowercased($0.name) })
        let demanded = present.filter { $0.starts(with: "x-amz-".utf8) }.union([Array("host".utf8)])
        let unsigned = demanded.subtracting(signed).sorted { $0.lexicographicallyPrecedes($1) }.map { String(decoding: $0, as: UTF8.self) }
        guard unsigned.isEmpty else {
            let names = unsigned.prefix(10).map { SigV4Rejection.quoted($0) }.joined(separator: ", ")
            throw SigV4Rejection(mismatchCode, "There were headers present in the request which were not signed: \(names). 'host' and every 'x-amz-*' header must be signed.")
        }
        guard let missing = signedHeaders.first(where: { !present.contains(Array($0.utf8)) }) else { return }
        throw SigV4Rejection(
            mismatchCode, "The header \(SigV4Rejection.quoted(missing)) is signed but did not arrive. A proxy on the way may have removed it: let it pass, or do not sign it.")
    }

    /// The canonical request's last line.
    private func payloadLine(_ body: [UInt8]) throws(SigV4Rejection) -> String {
        switch declaredPayload {
        case .unsigned: return SigV4.unsignedPayload
        case .none: return isPresigned && ASCII.areEqual(scope.service, SigV4.s3) ? SigV4.unsignedPayload : SigV4.hash(of: body)
        case .sha256(let declared):
            let actual = SigV4.hash(of: body)
            guard ASCII.areEqual(actual, declared) else {
                throw SigV4Rejection(
                    mismatchCode, "The provided '\(SigV4.payloadHeader)' header does not match what was computed: '\(declared)', but the \(body.count) bytes that arrived have '\(actual)'.")
            }
            return declared
        }
    }

    /// Shows what was signed here, so that it can be compared with what the client signed. All of it came from the client; tokens and cookies are left out all the same.
    private func mismatch(_ canonical: CanonicalRequest, _ stringToSign: String) -> SigV4Rejection {
        let secret = [SigV4.tokenHeader, "cookie", SigV4.authorizationHeader].map { Array("\($0):".utf8) }
        let lines = canonical.bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated().map { index, line in
            if let prefix = secret.first(where: line.starts(with:)) { return prefix + Array("(not shown)".utf8) }
            return index == 2 ? Self.withoutToken(line) : Array(line)
        }
        let shown = SigV4Rejection.quoted(lines: Array(lines.joined(separator: [UInt8(ascii: "\n")])))
        return SigV4Rejection(
            mismatchCode,
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. "
                + "The Canonical String for this request should have been '\(shown)' and the String-to-Sign '\(SigV4Rejection.quoted(lines: Array(stringToSign.utf8)))'.")
    }

    private static func withoutToken(_ query: ArraySlice<UInt8>) -> [UInt8] {
        let name = Array("\(SigV4.Parameter.securityToken.rawValue)=".utf8)
        let pairs = query.split(separator: UInt8(ascii: "&")).map { $0.starts(with: name) ? name + Array("(not-shown)".utf8) : Array($0) }
        return Array(pairs.joined(separator: [UInt8(ascii: "&")]))
    }
}
