package import AdvPOModel
import OrderedCollections

/// Content by hash, the least recently used dropped first when the bound is reached.
package struct BlobCache: Sendable {
    private let maximumBytes: Int
    private var content: OrderedDictionary<ContentHash, [UInt8]> = [:]
    package private(set) var bytes = 0

    package init(maximumBytes: Int) { self.maximumBytes = maximumBytes }

    package mutating func get(_ hash: ContentHash) -> [UInt8]? {
        guard let found = content.removeValue(forKey: hash) else { return nil }
        content[hash] = found
        return found
    }

    /// Content above the whole bound is not kept.
    package mutating func put(_ hash: ContentHash, _ value: [UInt8]) {
        guard value.count <= maximumBytes, content[hash] == nil else { return }
        content[hash] = value
        bytes += value.count
        while bytes > maximumBytes, let oldest = content.elements.first {
            content.removeFirst()
            bytes -= oldest.value.count
        }
    }
}
