package import AdvPOBedrock
import Dispatch

/// Local folders mounted as buckets, so that `s3://` works with no S3 at all.
///
/// `s3://name/a/b.jsonl` is the file `a/b.jsonl` in the folder that stands for the bucket `name`. No name leads out of its folder: `ObjectURI` has neither
/// `..` nor empty parts, and every part below the folder is opened relative to its opened parent, links refused, so that nobody who may write inside
/// the bucket can turn a checked path into another between the check and the use (`OpenFolder`). The path of the folder itself is its owner's word and may
/// run over links. Hard links and mounts inside a bucket are its owner's business too.
///
/// A plain output folder (`advpo run --output DIR`) is a bucket like any other: `LocalBuckets(["output": DIR], creatingFolders: true)`, written as `s3://output/…`.
package struct LocalBuckets: ObjectStore {
    /// Of one part of a key, on Linux's file systems.
    static let maximumNameBytes = 255

    private let folders: [String: String]
    private let maximumObjectBytes: Int
    private let keyring: Keyring

    /// - Parameter folders: by the bucket's name.
    /// - Parameter creatingFolders: whether a folder that is not there is made, and not refused.
    /// - Parameter maximumObjectBytes: of one object's content that is written.
    /// - Parameter keyring: the keys under which objects may rest; what is written under none of them rests plain.
    /// - Throws: `bucketFolder`; `invalidBucketFlag` for what is no bucket's name.
    package init(_ folders: [String: String], creatingFolders: Bool = false, maximumObjectBytes: Int = 1 << 30, keyring: Keyring = .empty) throws(ObjectError) {
        for (bucket, folder) in folders.sorted(by: { $0.key < $1.key }) {
            if let reason = ObjectURI.fault(ofBucket: bucket) { throw .invalidBucketFlag("\(bucket)=\(folder)".visible, reason: reason) }
            try OpenFolder.check(bucket: bucket, folder: folder, creating: creatingFolders)
        }
        self.folders = folders
        self.maximumObjectBytes = maximumObjectBytes
        self.keyring = keyring
    }

    package func open(_ uri: ObjectURI, maximumBytes: Int) async throws(ObjectError) -> ByteChunks {
        let file = try await atObject(uri) { folder throws(ObjectError) in
            guard let parent = try OpenFolder.parent(of: uri, in: folder, creating: false) else { throw .missing(uri) }
            return try parent.open(uri)
        }
        return try await StoredContent.chunks(of: uri, size: file.byteCount, maximumBytes: maximumBytes, keyring: keyring) { offset, count throws(ObjectError) in
            try await onQueue { () throws(ObjectError) in try file.read(at: offset, count: count) }
        }
    }

    package func checkWrite(_ uri: ObjectURI, encryptionKeyARN: String?) async throws(ObjectError) {
        _ = try await exists(uri)
        if let encryptionKeyARN { _ = try keyring.key(encryptionKeyARN, for: uri) }
    }

    package func write(_ uri: ObjectURI, bytes: [UInt8], encryptionKeyARN: String?) async throws(ObjectError) {
        let maximum = maximumObjectBytes
        let key: (arn: String, material: KeyMaterial)?
        if let encryptionKeyARN { key = (encryptionKeyARN, try keyring.key(encryptionKeyARN, for: uri)) } else { key = nil }
        try await atObject(uri) { folder throws(ObjectError) in
            guard bytes.count <= maximum else { throw .tooLarge(uri, maximumBytes: maximum) }
            guard let parent = try OpenFolder.parent(of: uri, in: folder, creating: true) else { throw .missing(uri) }
            guard let key else { return try parent.replace(uri, with: CollectionOfOne(bytes)) }
            var generator = SystemRandomNumberGenerator()
            try parent.replace(uri, with: SealedPieces(bytes, key: key.material, arn: key.arn, using: &generator))
        }
    }

    package func exists(_ uri: ObjectURI) async throws(ObjectError) -> Bool {
        try await atObject(uri) { folder throws(ObjectError) in
            guard let parent = try OpenFolder.parent(of: uri, in: folder, creating: false) else { return false }
            return try parent.holds(uri)
        }
    }

    package func list(_ folder: ObjectURI, maximumCount: Int) async throws(ObjectError) -> [ObjectURI] {
        let path = try mounted(folder)
        guard folder.isFolder else { throw .namesObject(folder) }
        return try await onQueue { () throws(ObjectError) in try FolderListing(of: folder, in: path, maximumCount: maximumCount).objects }
    }

    private func mounted(_ uri: ObjectURI) throws(ObjectError) -> String {
        guard let folder = folders[uri.bucket] else { throw .unknownBucket(uri, known: folders.keys.sorted()) }
        return folder
    }

    private func atObject<Value: Sendable>(_ uri: ObjectURI, _ body: @escaping @Sendable (String) throws(ObjectError) -> Value) async throws(ObjectError) -> Value {
        let folder = try mounted(uri)
        if uri.isFolder { throw .namesFolder(uri) }
        return try await onQueue { () throws(ObjectError) in try body(folder) }
    }

    /// Files block, and a sync may take a tenth of a second: not on the few threads that run everybody's tasks.
    private func onQueue<Value: Sendable>(_ body: @escaping @Sendable () throws(ObjectError) -> Value) async throws(ObjectError) -> Value {
        let result: Result<Value, ObjectError> = await withCheckedContinuation { continuation in
            Self.queue.async {
                do throws(ObjectError) { continuation.resume(returning: .success(try body())) } catch { continuation.resume(returning: .failure(error)) }
            }
        }
        return try result.get()
    }

    private static let queue = DispatchQueue(label: "advpo.objects", attributes: .concurrent)
}
