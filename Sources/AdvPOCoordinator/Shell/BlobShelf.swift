import AdvPOModel

/// Content that workers may fetch, kept while a job needs it.
struct BlobShelf: Sendable {
    private var content: [ContentHash: (bytes: [UInt8], jobs: Set<JobID>)] = [:]
    private var hashes: [JobID: Set<ContentHash>] = [:]

    subscript(hash: ContentHash) -> [UInt8]? { content[hash]?.bytes }

    mutating func put(_ blob: Blob, for job: JobID) {
        content[blob.hash, default: (blob.bytes, [])].jobs.insert(job)
        hashes[job, default: []].insert(blob.hash)
    }

    mutating func removeAll(of job: JobID) {
        for hash in hashes.removeValue(forKey: job) ?? [] {
            content[hash]?.jobs.remove(job)
            if content[hash]?.jobs.isEmpty == true { content.removeValue(forKey: hash) }
        }
    }
}
