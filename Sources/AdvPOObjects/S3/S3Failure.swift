import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// Why a request to S3 came to nothing.
enum S3Failure: Error, Sendable {
    case refused(S3Refusal)
    case credentials(CredentialError)
    /// No answer, or a part of one, after all tries.
    case broken(String)
    case cancelled
}

/// An answer of S3 that is an error. Of its document only what is named here is kept: others of its parts repeat the request's headers.
struct S3Refusal: Error, Hashable, Sendable {
    var status: Int
    /// S3's word, such as `NoSuchKey`; empty where the answer has no body, as to HEAD.
    var code: String
    /// One line.
    var message: String
    /// The bucket's region, where the answer tells it.
    var region: String?

    private static let maximumBytes = 64 * 1024

    init(status: Int, code: String, message: String, region: String? = nil) {
        self.status = status
        self.code = code
        self.message = message
        self.region = region
    }

    /// Of an `<Error>` document.
    init(status: Int, document: S3XML, region: String?) {
        self.init(
            status: status, code: String((document["Code"] ?? "").prefix(80)).visible, message: String((document["Message"] ?? "").prefix(300)).visible,
            region: region ?? document["Region"])
    }

    static func read(_ response: HTTPClientResponse) async throws -> S3Refusal {
        let status = Int(response.status.code)
        let region = response.headers.first(name: "x-amz-bucket-region")
        var bytes: [UInt8] = []
        for try await piece in response.body {
            bytes += piece.readableBytesView.prefix(maximumBytes - bytes.count)
            if bytes.count == maximumBytes { break }
        }
        do throws(S3XML.Fault) {
            return S3Refusal(status: status, document: try S3XML.parse(bytes), region: region)
        } catch {
            // A proxy's page or nothing: the status speaks for itself.
            return S3Refusal(status: status, code: "", message: "", region: region)
        }
    }

    /// Worth another try: the server is busy, or something broke on its side.
    var isTransient: Bool {
        [429, 500, 502, 503, 504].contains(status)
            || ["SlowDown", "RequestTimeout", "RequestTimeoutException", "InternalError", "ServiceUnavailable", "Throttling", "ThrottlingException", "OperationAborted"].contains(code)
    }

    /// Other credentials may do; to HEAD an expired token is a bare 400.
    var meansStaleCredentials: Bool {
        ["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "InvalidToken", "InvalidAccessKeyId"].contains(code) || (status == 400 && code.isEmpty && region == nil)
    }

    /// Where the bucket is, when the request went elsewhere. The text becomes a part of a host's name, so it is looked at first.
    func region(otherThan asked: String) -> String? {
        guard let region, region != asked, S3Endpoint.isRegion(region) else { return nil }
        let isRedirect = [301, 307, 308].contains(status)
        let isMalformed = status == 400 && (code.isEmpty || code == "AuthorizationHeaderMalformed" || code == "IllegalLocationConstraintException")
        return isRedirect || isMalformed ? region : nil
    }

    /// For messages: the word, the status and what S3 says.
    var summary: String {
        let head = code.isEmpty ? "HTTP status \(status)" : "\(code), HTTP status \(status)"
        return message.isEmpty ? head : "\(head): \(message)"
    }
}

extension S3Failure {
    /// The error for the caller, with what to mend.
    func objectError(_ uri: ObjectURI, endpoint: S3Endpoint, encryptionKeyARN: String? = nil) -> ObjectError {
        switch self {
        case .credentials(let error): .noCredentials(uri, reason: error.description)
        case .broken(let reason): .unreachable(uri, endpoint: endpoint.description, reason: reason)
        case .cancelled: .failed(uri, reason: "cancelled")
        case .refused(let refusal): refusal.objectError(uri, endpoint: endpoint, encryptionKeyARN: encryptionKeyARN)
        }
    }
}

extension S3Refusal {
    fileprivate func objectError(_ uri: ObjectURI, endpoint: S3Endpoint, encryptionKeyARN: String?) -> ObjectError {
        if let encryptionKeyARN, code.hasPrefix("KMS.") || code.hasPrefix("Kms") || (status == 400 && message.contains("KMS")) {
            return .encryptionKeyRefused(uri, key: encryptionKeyARN, reason: summary)
        }
        switch code {
        case "NoSuchKey": return .missing(uri)
        case "NoSuchBucket": return .noSuchBucket(uri, endpoint: endpoint.description)
        case "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "TemporaryRedirect":
            return .wrongRegion(uri, region: region.flatMap { S3Endpoint.isRegion($0) ? $0 : nil }, reason: summary)
        case "RequestTimeTooSkewed":
            return .accessDenied(uri, reason: summary, remedy: "Set this machine's clock: signatures hold for 15 minutes")
        case "SignatureDoesNotMatch":
            return .accessDenied(uri, reason: summary, remedy: "The secret access key does not belong to the access key, or --s3-region is not the one that the server signs with")
        case "InvalidAccessKeyId", "InvalidToken", "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired":
            return .accessDenied(uri, reason: summary, remedy: "The access key is unknown at \(endpoint.description) or has expired: put a valid one into the environment or the profile")
        case "KeyTooLongError": return .nameTooLong(uri, part: uri.key)
        case "EntityTooLarge": return .failed(uri, reason: "S3 takes no object of that size (\(summary))")
        default: break
        }
        if [301, 307, 308].contains(status) { return .wrongRegion(uri, region: region.flatMap { S3Endpoint.isRegion($0) ? $0 : nil }, reason: summary) }
        if status == 401 || status == 403 {
            let keyRights = encryptionKeyARN == nil ? "" : ", and kms:GenerateDataKey and kms:Decrypt on the key"
            return .accessDenied(
                uri, reason: summary,
                remedy: "Allow the access key s3:GetObject, s3:PutObject and s3:ListBucket there\(keyRights); without s3:ListBucket S3 also answers so for an object that does not exist")
        }
        if status == 404, code.isEmpty { return .missing(uri) }
        return .failed(uri, reason: "\(endpoint.description) refused it (\(summary))")
    }
}
