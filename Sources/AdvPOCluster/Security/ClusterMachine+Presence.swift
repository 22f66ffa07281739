extension ClusterMachine {
    /// Whether the session goes on; one that is merely silent for a while does.
    package func isPresent(_ session: SessionID) -> Bool { workers[session] != nil }
}
