package import AdvPOModel

/// What whoever runs a cluster asks of it; ours, with no counterpart in AWS. The answers are documents ready to be sent.
package protocol ClusterService: Sendable {
    /// The cluster now; at most so many workers one by one.
    func clusterStatus(workerLimit: Int) async -> JSONValue
    /// Stories of tasks: of one, named `epoch.task`, of those that had a unit, named by the first characters of its name, or of a job's, named by its id.
    func taskStories(_ name: String) async throws(APIError) -> JSONValue
    /// Has a worker finish what it has and leave; it is named by its name, its session, or the beginning of its instance.
    func drainWorker(_ name: String) async throws(APIError) -> JSONValue
}
