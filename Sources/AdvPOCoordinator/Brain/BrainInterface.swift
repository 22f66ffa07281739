package import AdvPOBedrock
package import AdvPOCluster
package import AdvPOModel
package import AdvPOStore

/// Now, on the machine's own clock and on the wall.
package struct Moment: Hashable, Sendable {
    package var tick: Tick
    package var millisecondsSince1970: Int64
    package init(tick: Tick, millisecondsSince1970: Int64) {
        self.tick = tick
        self.millisecondsSince1970 = millisecondsSince1970
    }
}

package enum BrainEvent: Sendable {
    case cluster(ClusterEvent)
    /// A job that was just submitted, or, with its units and accounts, one that an earlier life of the coordinator left unfinished.
    case admitted(JobPlan, clientToken: String?, status: JobStatus, units: [StoredUnit], spending: [StoredSpending] = [], isNew: Bool)
    case stop(JobID)
    /// Drop an ended job from memory: what it was is in the store.
    case forget(JobID)
    /// Remove a forgotten job and all it has.
    case delete(JobID)
    /// The results are where they belong, or they could not be written (then why).
    case resultsWritten(JobID, failure: String?)
}

package enum BrainEffect: Sendable {
    /// Durable before any later effect of the same list is carried out.
    case persist(StoreRecord)
    case reply(ClusterEffect)
    /// Content that workers may fetch while the job runs.
    case publish(JobID, Blob)
    /// Content of the store that workers may fetch while the job runs: too much for memory.
    case publishStored(JobID, ContentHash)
    /// `report(of:)` says what; it is made after what stands before this effect is on its way: it takes long for a large job.
    case writeResults(JobID)
    /// Something that a watcher sees has changed.
    case changed(JobID)
    /// No task of the job will be given out any more.
    case ended(JobID)
    case log(LogLine)

    package struct LogLine: Sendable {
        package var message: String
        package var level: Level
        package var job: JobID?
        package var run: RunID?
        /// Under `LogKey`'s names where it has one.
        package var details: [(key: String, value: String)]

        package enum Level: Hashable, Sendable {
            case info, notice, warning
        }

        package init(_ message: String, level: Level = .info, job: JobID? = nil, run: RunID? = nil, details: [(key: String, value: String)] = []) {
            self.message = message
            self.level = level
            self.job = job
            self.run = run
            self.details = details
        }
    }
}

/// What is to be written for a job that ended.
package struct JobReport: Sendable {
    package var plan: JobPlan
    package var results: [TemplateResult]
    /// Lines of `history.jsonl`.
    package var history: [JSONValue]
    package init(plan: JobPlan, results: [TemplateResult], history: [JSONValue]) {
        self.plan = plan
        self.results = results
        self.history = history
    }
}
