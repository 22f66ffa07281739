@testable import AdvPOObjects

/// Sums and sizes as requests have them.
enum S3Sums {
    static func sha256(_ bytes: [UInt8]) -> String { S3Body(bytes).sha256 }
    static func partBytes(of count: Int) -> Int { S3Buckets.partBytes(of: count) }
}
