package import AdvPOBedrock

/// All buckets of one program: those that are mounted stand for local folders, every other name is looked for in S3 when S3 is on.
package struct Buckets: ObjectStore {
    private let mounted: any ObjectStore
    private let names: Set<String>
    private let s3: (any ObjectStore)?

    /// - Parameter names: of the buckets in `mounted`; they hide buckets of the same names in S3.
    package init(mounted: any ObjectStore, names: some Sequence<String>, s3: (any ObjectStore)?) {
        self.mounted = mounted
        self.names = Set(names)
        self.s3 = s3
    }

    package func open(_ uri: ObjectURI, maximumBytes: Int) async throws(ObjectError) -> ByteChunks { try await place(of: uri).open(uri, maximumBytes: maximumBytes) }
    package func exists(_ uri: ObjectURI) async throws(ObjectError) -> Bool { try await place(of: uri).exists(uri) }

    package func write(_ uri: ObjectURI, bytes: [UInt8], encryptionKeyARN: String?) async throws(ObjectError) {
        try await place(of: uri).write(uri, bytes: bytes, encryptionKeyARN: encryptionKeyARN)
    }

    package func checkWrite(_ uri: ObjectURI, encryptionKeyARN: String?) async throws(ObjectError) {
        try await place(of: uri).checkWrite(uri, encryptionKeyARN: encryptionKeyARN)
    }

    package func list(_ folder: ObjectURI, maximumCount: Int) async throws(ObjectError) -> [ObjectURI] {
        try await place(of: folder).list(folder, maximumCount: maximumCount)
    }

    private func place(of uri: ObjectURI) throws(ObjectError) -> any ObjectStore {
        if names.contains(uri.bucket) { return mounted }
        guard let s3 else { throw .neitherMountedNorS3(uri, known: names.sorted()) }
        return s3
    }
}
