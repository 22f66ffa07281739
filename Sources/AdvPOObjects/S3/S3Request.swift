import AdvPOBedrock
import Crypto
import Foundation
import NIOHTTP1

/// One request to S3, before it is signed.
struct S3Request: Sendable {
    var method: HTTPMethod
    var bucket: String
    /// Empty for the bucket itself.
    var key: String
    /// Decoded; they are sent sorted by name.
    var query: [(String, String)] = []
    var headers: [(String, String)] = []
    var body = S3Body([])
    /// Whether sending it twice does no harm, so that it may be sent again when nothing is known of the first time.
    var isRepeatable = true
    /// The longest that the head of its answer may take, the sending included.
    var seconds: Int64 = 120

    init(_ method: HTTPMethod, _ uri: ObjectURI) {
        self.init(method, bucket: uri.bucket, key: uri.key)
    }

    init(_ method: HTTPMethod, bucket: String, key: String = "") {
        self.method = method
        self.bucket = bucket
        self.key = key
    }

    /// As on the wire.
    var encodedQuery: String {
        query.map { (PercentEncoding.encoded($0.0), PercentEncoding.encoded($0.1)) }
            .sorted { $0 < $1 }.map { $0.1.isEmpty ? "\($0.0)=" : "\($0.0)=\($0.1)" }.joined(separator: "&")
    }

    mutating func attach(_ body: S3Body) {
        self.body = body
        headers.append(("Content-MD5", body.md5))
        // 8 MiB over 100 kbit/s take eleven minutes.
        seconds = 900
    }
}

/// What a request carries, with its sums: computed once, though it may be sent several times.
struct S3Body: Sendable {
    let bytes: [UInt8]
    /// Lower-case hexadecimal.
    let sha256: String

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        sha256 = SHA256.hash(data: bytes).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// In base 64. The signature covers the content already; buckets with object locks ask for this beside it, and old servers check nothing else.
    var md5: String { Data(Insecure.MD5.hash(data: bytes)).base64EncodedString() }
}
