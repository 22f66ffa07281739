package import AdvPOBedrock

/// Buckets without a disk, for tests and the simulator; they refuse what `LocalBuckets` refuses.
package actor MemoryObjects: ObjectStore {
    private let buckets: [String]
    private let keyring: Keyring
    private var objects: [ObjectURI: [UInt8]] = [:]

    /// - Precondition: `buckets` are names of buckets.
    package init(buckets: [String], keyring: Keyring = .empty) {
        precondition(buckets.allSatisfy { ObjectURI.fault(ofBucket: $0) == nil }, "not the name of a bucket")
        self.buckets = buckets.sorted()
        self.keyring = keyring
    }

    package func open(_ uri: ObjectURI, maximumBytes: Int) async throws(ObjectError) -> ByteChunks {
        try check(uri)
        guard let bytes = objects[uri] else { throw .missing(uri) }
        return try await StoredContent.chunks(of: uri, size: bytes.count, maximumBytes: maximumBytes, keyring: keyring) { offset, count in
            Array(bytes[offset..<min(offset + count, bytes.count)])
        }
    }

    package func checkWrite(_ uri: ObjectURI, encryptionKeyARN: String?) throws(ObjectError) {
        try check(uri)
        if let encryptionKeyARN { _ = try keyring.key(encryptionKeyARN, for: uri) }
    }

    package func write(_ uri: ObjectURI, bytes: [UInt8], encryptionKeyARN: String?) throws(ObjectError) {
        let stored: [UInt8]
        if let encryptionKeyARN {
            var generator = SystemRandomNumberGenerator()
            stored = Envelope.seal(bytes, key: try keyring.key(encryptionKeyARN, for: uri), arn: encryptionKeyARN, using: &generator)
        } else {
            stored = bytes
        }
        try check(uri)
        let names = uri.segments
        if let long = names.first(where: { $0.utf8.count > LocalBuckets.maximumNameBytes }) { throw .nameTooLong(uri, part: long) }
        // On a disk a name is a file or a folder, never both.
        for (index, name) in names.enumerated().dropLast() where objects.keys.contains(where: { $0.bucket == uri.bucket && $0.segments == Array(names[...index]) }) {
            throw .blocked(uri, part: name)
        }
        if let last = names.last, objects.keys.contains(where: { $0.bucket == uri.bucket && $0.key.hasPrefix(uri.key + "/") }) {
            throw .blocked(uri, part: last)
        }
        objects[uri] = stored
    }

    package func exists(_ uri: ObjectURI) throws(ObjectError) -> Bool {
        try check(uri)
        return objects[uri] != nil
    }

    package func list(_ folder: ObjectURI, maximumCount: Int) throws(ObjectError) -> [ObjectURI] {
        try checkBucket(folder)
        guard folder.isFolder else { throw .namesObject(folder) }
        let found = objects.keys.filter { $0.bucket == folder.bucket && $0.key.hasPrefix(folder.key) }.sorted()
        guard found.count <= maximumCount else { throw .tooMany(folder, maximumCount: maximumCount) }
        return found
    }

    private func check(_ uri: ObjectURI) throws(ObjectError) {
        try checkBucket(uri)
        if uri.isFolder { throw .namesFolder(uri) }
    }

    private func checkBucket(_ uri: ObjectURI) throws(ObjectError) {
        guard buckets.contains(uri.bucket) else { throw .unknownBucket(uri, known: buckets) }
    }
}
