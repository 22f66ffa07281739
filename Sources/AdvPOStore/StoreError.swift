package import AdvPOModel

/// Why the coordinator's store could not do what was asked. Whatever is thrown by a commit, nothing of its batch was kept.
package enum StoreError: Error, Hashable, Sendable {
    /// Another coordinator holds the data directory; its process id where it could be read.
    case directoryInUse(directory: String, holder: Int32?)
    case notWritable(directory: String, reason: String)
    /// The data was written by a newer program.
    case newerSchema(directory: String, found: Int, known: Int)
    case corrupt(directory: String, reason: String)
    /// The store works again as soon as there is space.
    case diskFull(directory: String)
    case closed
    /// A record names a job that is not stored. `record` counts from 1 within the batch, here and below.
    case unknownJob(JobID, record: Int)
    case unknownRun(RunID, record: Int)
    case unknownBlob(ContentHash, job: JobID, record: Int)
    /// A record breaks a limit, or holds what cannot be stored.
    case invalidRecord(record: Int, reason: String)
    /// Any other failure of the database, in SQLite's words.
    case database(directory: String, reason: String)
}

extension StoreError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .directoryInUse(let directory, let holder):
            let process = holder.map { "the process with id \($0)" } ?? "another process"
            return """
                the data directory \(directory) is in use by \(process): one coordinator per data directory. \
                Stop that process, or start this one with another directory (--data)
                """
        case .notWritable(let directory, let reason):
            return "cannot write to the data directory \(directory): \(reason). Give this user the right to write there, or choose another directory (--data)"
        case .newerSchema(let directory, let found, let known):
            return """
                the data directory \(directory) has schema \(found), and this program knows schemas up to \(known): a newer advpo-coord wrote it. \
                Upgrade this program, or choose another directory (--data)
                """
        case .corrupt(let directory, let reason):
            return """
                the database in \(directory) is damaged: \(reason). \
                Keep a copy of the directory, then try sqlite3's .recover, or put back a backup
                """
        case .diskFull(let directory):
            return "the disk of the data directory \(directory) is full: nothing of this batch was kept. Free some space; the store goes on without a restart"
        case .closed:
            return "the store is closed"
        case .unknownJob(let job, let record):
            return "record \(record) of the batch names the job \(job), which is not stored: commit the job first"
        case .unknownRun(let run, let record):
            return "record \(record) of the batch names the run \(run), which is not stored: commit the run first"
        case .unknownBlob(let blob, let job, let record):
            return "record \(record) of the batch, the job \(job), names the blob \(blob), which is not stored: commit the blob first"
        case .invalidRecord(let record, let reason):
            return "record \(record) of the batch cannot be stored: \(reason)"
        case .database(let directory, let reason):
            return "the database in \(directory) failed: \(reason)"
        }
    }
}
