import Crypto

/// The SHA-256 of some content, by which blobs and units are named.
///
/// Kept as four words: a coordinator compares and copies hundreds of thousands of them in a second, and an array would be an allocation each.
package struct ContentHash: Hashable, Sendable, Comparable, CustomStringConvertible {
    package static let byteCount = 32

    /// Each of the most significant byte first, so that they compare as the bytes do.
    private let first, second, third, fourth: UInt64

    package init(of content: some Sequence<UInt8>) {
        var hasher = SHA256()
        let array = Array(content)
        array.withUnsafeBytes { hasher.update(bufferPointer: $0) }
        self = hasher.finalize().withUnsafeBytes { ContentHash(exactly: $0) }
    }

    /// Nil unless there are exactly 32 bytes.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        self = Array(bytes).withUnsafeBytes { ContentHash(exactly: $0) }
    }

    /// Nil unless the text is 64 hexadecimal digits.
    package init?(hex: String) {
        let digits = Array(hex.utf8)
        guard digits.count == 2 * Self.byteCount else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let byte = UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16) else { return nil }
            bytes.append(byte)
        }
        self.init(bytes: bytes)
    }

    /// Precondition: exactly 32.
    private init(exactly bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count == Self.byteCount, "a SHA-256 has 32 bytes")
        func word(_ position: Int) -> UInt64 { UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8 * position, as: UInt64.self)) }
        (first, second, third, fourth) = (word(0), word(1), word(2), word(3))
    }

    package var bytes: [UInt8] {
        Array(unsafeUninitializedCapacity: Self.byteCount) { buffer, count in
            for (position, word) in [first, second, third, fourth].enumerated() {
                UnsafeMutableRawBufferPointer(buffer).storeBytes(of: word.bigEndian, toByteOffset: 8 * position, as: UInt64.self)
            }
            count = Self.byteCount
        }
    }

    package var description: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    package static func < (lhs: ContentHash, rhs: ContentHash) -> Bool {
        (lhs.first, lhs.second, lhs.third, lhs.fourth) < (rhs.first, rhs.second, rhs.third, rhs.fourth)
    }
}

extension ContentHash: Codable {
    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let hash = ContentHash(hex: text) else {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "not a SHA-256 in hexadecimal: \(text.prefix(80))"))
        }
        self = hash
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
