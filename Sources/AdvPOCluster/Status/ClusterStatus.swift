package import AdvPOModel

/// The cluster at one moment, for people and for metrics.
package struct ClusterStatus: Sendable {
    package var epoch: UInt64
    /// In order of joining; at most as many as were asked for.
    package var workers: [Worker]
    /// Workers beyond those.
    package var furtherWorkers: Int
    package var workerCount: Int
    package var disconnectedWorkers: Int
    package var drainingWorkers: Int
    package var slots: Int
    package var busySlots: Int
    /// Tasks that wait for a worker, by job, in the order in which the jobs will be served; resting ones are not among them.
    package var queued: [(job: JobID, tasks: Int)]
    package var queuedTasks: Int
    /// Given back with nothing finished, and waiting for their next try.
    package var restingTasks: Int
    package var leasedTasks: Int
    package var rates: [ModelRate]
    package var totals: ClusterTotals

    package struct Worker: Hashable, Sendable {
        package var session: SessionID
        package var name: String
        package var instance: String
        package var protocolVersion: String
        package var slots: Int
        package var models: [String]
        package var state: State
        package var millisecondsSinceHeard: Int64
        package var leases: [HeldLease]
    }

    package enum State: String, Hashable, Sendable {
        case present, draining
        /// Its connection broke, and it may come back within a moment.
        case disconnected
    }

    package struct HeldLease: Hashable, Sendable {
        package var lease: Lease
        package var run: RunID
        package var ageMilliseconds: Int64
    }

    /// What the cluster may send to one model.
    package struct ModelRate: Hashable, Sendable {
        package var model: String
        package var requestsPerMinute: Int?
        package var tokensPerMinute: Int?
        package var concurrency: Int?
        /// Workers that have a share.
        package var shares: Int
    }
}
