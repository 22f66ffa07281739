package import AdvPOBedrock
import AdvPOCluster
package import AdvPOModel
import OrderedCollections

extension Coordinator {
    package func progress(of job: JobID) async throws(APIError) -> AsyncStream<JobProgress> {
        let snapshot = try currentProgress(of: job)
        let (stream, continuation) = AsyncStream.makeStream(of: JobProgress.self, bufferingPolicy: .bufferingNewest(1))
        guard !snapshot.status.isTerminal, snapshot.status != .deleting else {
            continuation.yield(snapshot)
            continuation.finish()
            return stream
        }
        nextWatcher += 1
        let watcher = nextWatcher
        watchers[job, default: [:]][watcher] = continuation
        continuation.onTermination = { _ in Task { await self.forgetWatcher(watcher, of: job) } }
        tellWatchersInTurn(of: job)
        return stream
    }

    private func forgetWatcher(_ watcher: UInt64, of job: JobID) {
        watchers[job]?.removeValue(forKey: watcher)
        if watchers[job]?.isEmpty == true { watchers.removeValue(forKey: job) }
    }

    private func currentProgress(of job: JobID) throws(APIError) -> JobProgress {
        let entry = try describe(job)
        return durableProgress(of: job)
            ?? JobProgress(jobID: job, status: entry.status, failureMessage: entry.failureMessage, workers: brain.workerCount, runs: [])
    }

    /// The brain may be ahead of the disk; a watcher is told no status that a crash could take back.
    private func durableProgress(of job: JobID) -> JobProgress? {
        guard let entry = directory[job], var progress = finalProgress[job] ?? brain.progress(of: job) else { return nil }
        progress.status = entry.status
        progress.failureMessage = entry.failureMessage
        return progress
    }

    func tellWatchers(of job: JobID) {
        guard let listening = watchers[job], let progress = durableProgress(of: job) else { return }
        for continuation in listening.values {
            continuation.yield(progress)
            if progress.status.isTerminal { continuation.finish() }
        }
        if progress.status.isTerminal { watchers.removeValue(forKey: job) }
    }
}
