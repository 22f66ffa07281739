import AdvPOModel

/// What one record may hold; the same for every implementation, checked before anything is written.
package struct StoreLimits: Hashable, Sendable {
    /// Of one blob: what travels to workers, and whole input files.
    package var blobBytes = 64 * 1024 * 1024
    /// Of one job's encoded request.
    package var requestBytes = 512 * 1024 * 1024
    /// Of one text: an outcome, a candidate's record, a line of the journal.
    package var textBytes = 16 * 1024 * 1024
    /// Of all texts of one unit together.
    package var unitTextBytes = 8 * 1024 * 1024
    /// Blobs that one job names.
    package var blobsPerJob = 1_000_000
    package init() {}
}

extension StoreLimits {
    /// Refuses a record that breaks a limit or that SQLite could not give back as it was.
    ///
    /// A text for machines holds no NUL, because SQLite's text ends there.
    /// - Parameter position: the record's place in its batch, from 1; for the error.
    func check(_ record: StoreRecord, position: Int) throws(StoreError) {
        if let reason = fault(of: record) { throw .invalidRecord(record: position, reason: reason) }
    }

    private func fault(of record: StoreRecord) -> String? {
        switch record {
        case .job(let job): fault(of: job)
        case .run(let run): fault(text: run.state, named: "state of run \(run.id)") ?? fault(text: run.outcome, named: "outcome of run \(run.id)")
        case .candidate(let candidate): fault(text: candidate.record, named: "candidate \(candidate.position) of run \(candidate.run)")
        case .unit(let unit): fault(of: unit)
        case .spending(let spending): fault(text: spending.record, named: "spending of run \(spending.run)")
        case .blob(let blob): fault(size: blob.bytes.count, limit: blobBytes, named: "blob \(blob.hash)")
        case .epoch(let epoch): epoch > UInt64(Int64.max) ? "the epoch \(epoch) is beyond \(Int64.max)" : nil
        case .journal(let entry): fault(size: entry.text.utf8.count, limit: textBytes, named: "journal entry of job \(entry.job)")
        case .story(let story): fault(of: story)
        case .deleteJob: nil
        }
    }

    private func fault(of job: StoredJob) -> String? {
        let name = "job \(job.id)"
        return fault(size: job.request.count, limit: requestBytes, named: "request of \(name)")
            ?? fault(text: job.status, named: "status of \(name)")
            ?? fault(text: job.clientToken, named: "client token of \(name)")
            ?? job.failureMessage.flatMap { fault(size: $0.utf8.count, limit: textBytes, named: "failure message of \(name)") }
            ?? (job.blobs.count > blobsPerJob ? "\(name) names \(job.blobs.count) blobs, more than \(blobsPerJob)" : nil)
    }

    private func fault(of story: StoredStory) -> String? {
        let name = "story of task \(story.epoch).\(story.task)"
        if story.epoch > UInt64(Int64.max) || story.task > UInt64(Int64.max) { return "the \(name) has a number beyond \(Int64.max)" }
        return fault(text: story.record, named: name)
    }

    private func fault(of unit: StoredUnit) -> String? {
        let name = "unit \(unit.unit) of run \(unit.run)"
        let record = unit.record
        let texts = [record.output, record.feedback, record.judgeOutput, record.failureReason].compactMap { $0 }
        if let score = record.score, !score.isFinite { return "the score of \(name) is \(score), not a finite number" }
        return fault(size: texts.reduce(0) { $0 + $1.utf8.count }, limit: unitTextBytes, named: "text of \(name)")
            ?? fault(text: unit.lease, named: "lease of \(name)")
    }

    private func fault(text: String?, named name: String) -> String? {
        guard let text else { return nil }
        if text.utf8.contains(0) { return "the \(name) holds a NUL character" }
        return fault(size: text.utf8.count, limit: textBytes, named: name)
    }

    private func fault(size: Int, limit: Int, named name: String) -> String? {
        size > limit ? "the \(name) has \(size) bytes, more than \(limit)" : nil
    }
}

extension String {
    /// Text for people as it is stored: NUL, which SQLite's text cannot hold, becomes its picture U+2400, so that an odd byte in a provider's
    /// error never stops a commit.
    var withoutNUL: String { utf8.contains(0) ? String(map { $0 == "\0" ? "\u{2400}" : $0 }) : self }
}

extension StoreRecord {
    /// The record as every implementation stores it.
    var asStored: StoreRecord {
        switch self {
        case .job(var job):
            job.failureMessage = job.failureMessage?.withoutNUL
            return .job(job)
        case .journal(var entry):
            entry.text = entry.text.withoutNUL
            return .journal(entry)
        case .run, .candidate, .unit, .spending, .blob, .epoch, .story, .deleteJob:
            return self
        }
    }
}
