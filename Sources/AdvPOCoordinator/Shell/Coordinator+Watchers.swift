package import AdvPOBedrock
import AdvPOCluster
package import AdvPOModel

extension Coordinator {
    package func progress(of job: JobID) async throws(APIError) -> AsyncStream<JobProgress> {
        let snapshot = try currentProgress(of: job)
        let (stream, continuation) = AsyncStream.makeStream(of: JobProgress.self, bufferingPolicy: .bufferingNewest(1))
        guard !snapshot.status.isTerminal else {
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
        if let progress = finalProgress[job] ?? brain.progress(of: job) { return progress }
        let entry = try describe(job)
        return JobProgress(jobID: job, status: entry.status, failureMessage: entry.failureMessage, workers: brain.workerCount, runs: [])
    }

    func tellWatchers(of job: JobID) {
        guard let listening = watchers[job], let progress = finalProgress[job] ?? brain.progress(of: job) else { return }
        for continuation in listening.values {
            continuation.yield(progress)
            if progress.status.isTerminal { continuation.finish() }
        }
        if progress.status.isTerminal { watchers.removeValue(forKey: job) }
    }
}
