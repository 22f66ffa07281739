/// The keys of structured log lines, each in one place: whoever reads logs searches by them.
package enum LogKey {
    /// A job's id.
    package static let job = "job"
    /// `job/template/model`.
    package static let run = "run"
    /// `epoch.task`; several with blanks between them.
    package static let task = "task"
    /// A worker's name.
    package static let worker = "worker"
    /// A worker's session, as a number.
    package static let session = "session"
    /// `epoch.task.attempt`.
    package static let lease = "lease"
    package static let reason = "reason"
    package static let error = "error"
}
