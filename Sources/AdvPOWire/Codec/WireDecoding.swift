import AdvPOModel
// Protocol Buffers hand out byte fields as Foundation's Data.
import Foundation
import SwiftProtobuf

extension Message {
    /// Parses bytes that keep `shape`'s limits; fields that are not known here are dropped.
    init(checking bytes: [UInt8], as shape: WireShape, named name: String, limits: WireLimits) throws(WireError) {
        try WireScanner.check(bytes, as: shape, named: name, limits: limits)
        var options = BinaryDecodingOptions()
        options.discardUnknownFields = true
        // A JSON value inside an object is three messages deeper; a few messages hold the outermost one.
        options.messageDepthLimit = 3 * limits.jsonDepth + 16
        do {
            try self.init(serializedBytes: bytes, options: options)
        } catch {
            throw WireError(place: name, problem: "is not a valid protobuf message (\(error))")
        }
    }

    /// The canonical bytes: fields ascending, each once. Cannot fail for messages without required fields and under 2 GiB.
    func canonicalBytes() -> [UInt8] {
        do {
            return try serializedBytes()
        } catch {
            preconditionFailure("a message of ours cannot be encoded: \(error)")
        }
    }
}

/// The checks that conversions from parsed messages share; each names the place when it fails.
enum WireCheck {
    /// Tokens, microseconds, nano-dollars and calls of one unit: far above any real one, and a million of them still add up in 64 bits.
    static let largestQuantity: Int64 = 1 << 43

    static func hash(_ data: Data, _ place: String) throws(WireError) -> ContentHash {
        guard let hash = ContentHash(bytes: data) else {
            throw WireError(place: place, problem: "has \(data.count) bytes; a SHA-256 has \(ContentHash.byteCount)")
        }
        return hash
    }

    static func quantity(_ value: Int64, _ place: String) throws(WireError) -> Int64 {
        guard value >= 0 else { throw WireError(place: place, problem: "is negative (\(value))") }
        guard value <= largestQuantity else { throw WireError(place: place, problem: "is \(value), more than the \(largestQuantity) allowed") }
        return value
    }

    static func finite(_ value: Double, _ place: String) throws(WireError) -> Double {
        guard value.isFinite else { throw WireError(place: place, problem: "is \(value), not a finite number") }
        return value
    }

    static func unknownKind(_ place: String) -> WireError {
        WireError(place: place, problem: "is of no kind that is known here; the sender may be of a newer version")
    }

    static func missing(_ place: String) -> WireError { WireError(place: place, problem: "is missing") }
}
