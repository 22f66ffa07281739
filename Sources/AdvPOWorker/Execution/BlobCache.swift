package import AdvPOModel

/// Content by hash, the least recently used dropped first when the bound is reached.
///
/// A use is noted at the end of a list and older notes of the same content are passed over later, so that neither use nor drop depends on how much
/// is kept.
package struct BlobCache: Sendable {
    private struct Entry: Sendable {
        var bytes: [UInt8]
        /// Number of its latest use.
        var use: UInt64
    }

    /// What an entry takes beside its content, about: many small ones must not take more than the bound either.
    private static let overheadBytes = 128

    private let maximumBytes: Int
    private var content: [ContentHash: Entry] = [:]
    private var uses: [(hash: ContentHash, use: UInt64)] = []
    /// Uses before it are done with.
    private var firstUse = 0
    private var nextUse: UInt64 = 0
    package private(set) var bytes = 0

    package init(maximumBytes: Int) { self.maximumBytes = maximumBytes }

    package mutating func get(_ hash: ContentHash) -> [UInt8]? {
        guard let found = content[hash]?.bytes else { return nil }
        note(hash)
        return found
    }

    /// Content above the whole bound is not kept.
    package mutating func put(_ hash: ContentHash, _ value: [UInt8]) {
        let size = value.count + Self.overheadBytes
        guard size <= maximumBytes, content[hash] == nil else { return }
        content[hash] = Entry(bytes: value, use: nextUse)
        bytes += size
        note(hash)
        while bytes > maximumBytes, firstUse < uses.count { dropOldest() }
    }

    private mutating func note(_ hash: ContentHash) {
        nextUse += 1
        content[hash]?.use = nextUse
        uses.append((hash, nextUse))
        if uses.count > 64 + 4 * content.count { uses = uses[firstUse...].filter { content[$0.hash]?.use == $0.use }; firstUse = 0 }
    }

    private mutating func dropOldest() {
        let oldest = uses[firstUse]
        firstUse += 1
        guard let entry = content[oldest.hash], entry.use == oldest.use else { return }
        content.removeValue(forKey: oldest.hash)
        bytes -= entry.bytes.count + Self.overheadBytes
    }
}
