/// Why a signature is refused, in AWS's words and with what the user can do.
package struct SigV4Rejection: Error, Equatable, CustomStringConvertible {
    /// AWS's word for the kind of refusal, by which an SDK picks its exception.
    package enum Code: String, Sendable, CaseIterable {
        /// There is no signature and no token.
        case missingAuthenticationToken = "MissingAuthenticationTokenException"
        /// A signature that does not have AWS's form, or of a kind that is not supported.
        case incompleteSignature = "IncompleteSignatureException"
        /// The signature is another, too old or too new, or for another service or region.
        case invalidSignature = "InvalidSignatureException"
        /// S3's word for another signature.
        case signatureDoesNotMatch = "SignatureDoesNotMatch"
        /// Nobody has this access key or token.
        case unrecognizedClient = "UnrecognizedClientException"
        /// Credentials that were valid for a time, and are not any more.
        case expiredToken = "ExpiredTokenException"
        /// A presigned request that is used after its time.
        case requestExpired = "RequestExpired"
    }

    package let code: Code
    /// Says what was wrong and how to mend it. Holds nothing that is secret: no key, no expected signature, no token.
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var httpStatus: Int {
        switch code {
        case .requestExpired: 400
        case .missingAuthenticationToken, .incompleteSignature, .invalidSignature, .signatureDoesNotMatch, .unrecognizedClient, .expiredToken: 403
        }
    }

    package var description: String { "\(code.rawValue): \(message)" }

    /// What came from the client, safe to print: bounded, and without control characters.
    static func quoted(_ text: some StringProtocol, limit: Int = 100) -> String {
        let shown = String(decoding: text.utf8.prefix(limit).map { (32...126).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
        return "'\(shown)\(text.utf8.count > limit ? "..." : "")'"
    }

    /// As `quoted`, for text of several lines.
    static func quoted(lines: [UInt8], limit: Int = 2_000) -> String {
        let newline = UInt8(ascii: "\n")
        let shown = String(decoding: lines.prefix(limit).map { (32...126).contains($0) || $0 == newline ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
        return lines.count > limit ? "\(shown)..." : shown
    }
}
