import AdvPOModel

/// The fixed words of Signature Version 4.
///
/// Source: AWS, "Create a signed AWS API request" (IAM User Guide), and "Authenticating Requests (AWS Signature Version 4)" (Amazon S3 API Reference).
enum SigV4 {
    static let algorithm = "AWS4-HMAC-SHA256"
    static let asymmetricAlgorithm = "AWS4-ECDSA-P256-SHA256"
    static let terminator = "aws4_request"
    static let unsignedPayload = "UNSIGNED-PAYLOAD"
    static let streamingPrefix = "STREAMING-"

    /// The one service whose paths are encoded once, not twice, and are not normalized.
    static let s3 = "s3"

    static let dateHeader = "x-amz-date"
    static let payloadHeader = "x-amz-content-sha256"
    static let tokenHeader = "x-amz-security-token"
    static let authorizationHeader = "authorization"

    /// The parameters of a presigned request's query.
    enum Parameter: String, CaseIterable {
        case algorithm = "X-Amz-Algorithm"
        case credential = "X-Amz-Credential"
        case date = "X-Amz-Date"
        case expires = "X-Amz-Expires"
        case signedHeaders = "X-Amz-SignedHeaders"
        case securityToken = "X-Amz-Security-Token"
        case payload = "X-Amz-Content-Sha256"
        case signature = "X-Amz-Signature"
    }

    /// The SHA-256 in lower-case hexadecimal.
    static func hash(of bytes: some Sequence<UInt8>) -> String { "\(ContentHash(of: bytes))" }
}
