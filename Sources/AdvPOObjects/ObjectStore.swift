package import AdvPOBedrock

/// Where inputs are read and results are written, by `s3://` names.
///
/// Implementations pass one conformance suite. An object is written whole or not at all: a reader sees the old content or the new one. Folders are
/// nothing but the shared beginnings of keys; they come with the first object inside.
package protocol ObjectStore: Sendable {
    /// The content, decrypted where the store holds the key, in pieces as the reader asks for them.
    /// - Throws: at once `missing`, `tooLarge` for more than `maximumBytes`, `namesFolder`, and what the place itself may refuse; while reading, an `ObjectError` too.
    func open(_ uri: ObjectURI, maximumBytes: Int) async throws(ObjectError) -> ByteChunks
    /// Creates or replaces; durable when it returns.
    /// - Parameter encryptionKeyARN: the key under which the content rests; nil for the place's own way.
    func write(_ uri: ObjectURI, bytes: [UInt8], encryptionKeyARN: String?) async throws(ObjectError)
    /// Refuses what `write` would refuse before there is anything to write: an unknown bucket or key, a folder that may not be written to. Writes nothing.
    func checkWrite(_ uri: ObjectURI, encryptionKeyARN: String?) async throws(ObjectError)
    /// Whether there is such an object; a folder's name is refused with `namesFolder`.
    func exists(_ uri: ObjectURI) async throws(ObjectError) -> Bool
    /// All objects under a folder, at any depth, sorted; empty when there is none.
    /// - Throws: `namesObject` unless `folder` is one; `tooMany` beyond `maximumCount`.
    func list(_ folder: ObjectURI, maximumCount: Int) async throws(ObjectError) -> [ObjectURI]
}

extension ObjectStore {
    /// The whole content at once.
    package func read(_ uri: ObjectURI, maximumBytes: Int) async throws(ObjectError) -> [UInt8] {
        let chunks = try await open(uri, maximumBytes: maximumBytes)
        var bytes: [UInt8] = []
        if let count = chunks.byteCount { bytes.reserveCapacity(min(count, maximumBytes)) }
        do {
            for try await chunk in chunks {
                bytes += chunk
                // What grows while it is read.
                if bytes.count > maximumBytes { throw ObjectError.tooLarge(uri, maximumBytes: maximumBytes) }
            }
        } catch let error as ObjectError {
            throw error
        } catch {
            throw .failed(uri, reason: "\(error)")
        }
        return bytes
    }

    package func write(_ uri: ObjectURI, bytes: [UInt8]) async throws(ObjectError) { try await write(uri, bytes: bytes, encryptionKeyARN: nil) }
}
