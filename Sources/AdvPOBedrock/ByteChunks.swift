/// Bytes that come in pieces as their reader asks for them, so that a file of any size passes through little memory. Read once.
package struct ByteChunks: AsyncSequence, Sendable {
    package typealias Element = [UInt8]
    package typealias Failure = any Error

    /// The sum of all pieces, where it is known beforehand.
    package let byteCount: Int?
    private let next: @Sendable () async throws -> [UInt8]?

    /// - Parameter next: the next piece; nil after the last. Called by one reader, one call at a time.
    package init(byteCount: Int?, next: @escaping @Sendable () async throws -> [UInt8]?) {
        self.byteCount = byteCount
        self.next = next
    }

    /// All of `bytes`, in pieces of at most 256 KiB.
    package init(_ bytes: [UInt8]) {
        let position = Position()
        self.init(byteCount: bytes.count) { await position.advance(in: bytes) }
    }

    /// All pieces as one; for content that is known to be small.
    package func collected() async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await chunk in self { bytes += chunk }
        return bytes
    }

    package func makeAsyncIterator() -> Iterator { Iterator(pull: next) }

    package struct Iterator: AsyncIteratorProtocol {
        fileprivate let pull: @Sendable () async throws -> [UInt8]?
        package mutating func next() async throws -> [UInt8]? { try await pull() }
    }

    private actor Position {
        private var offset = 0

        func advance(in bytes: [UInt8]) -> [UInt8]? {
            guard offset < bytes.count else { return nil }
            let end = Swift.min(offset + 262_144, bytes.count)
            defer { offset = end }
            return Array(bytes[offset..<end])
        }
    }
}
