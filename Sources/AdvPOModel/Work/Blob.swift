/// Content named by its SHA-256.
package struct Blob: Hashable, Sendable {
    package let hash: ContentHash
    package let bytes: [UInt8]
    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
        hash = ContentHash(of: bytes)
    }
}
