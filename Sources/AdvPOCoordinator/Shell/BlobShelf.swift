import AdvPOModel

/// Content that workers may fetch, kept while a job needs it.
struct BlobShelf: Sendable {
    enum Place: Sendable {
        case memory([UInt8])
        /// In the store, under its hash.
        case store
    }

    private var content: [ContentHash: (place: Place, jobs: Set<JobID>)] = [:]
    private var hashes: [JobID: Set<ContentHash>] = [:]

    subscript(hash: ContentHash) -> Place? { content[hash]?.place }

    mutating func put(_ blob: Blob, for job: JobID) { put(.memory(blob.bytes), blob.hash, job) }
    mutating func putStored(_ hash: ContentHash, for job: JobID) { put(.store, hash, job) }

    private mutating func put(_ place: Place, _ hash: ContentHash, _ job: JobID) {
        content[hash, default: (place, [])].jobs.insert(job)
        hashes[job, default: []].insert(hash)
    }

    mutating func removeAll(of job: JobID) {
        for hash in hashes.removeValue(forKey: job) ?? [] {
            content[hash]?.jobs.remove(job)
            if content[hash]?.jobs.isEmpty == true { content.removeValue(forKey: hash) }
        }
    }
}
