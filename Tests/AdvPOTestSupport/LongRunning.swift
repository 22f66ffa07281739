import Dispatch
package import Testing

/// Runs a test that computes for long, and waits for nothing, on one thread that such tests share.
///
/// Swift's own threads are as few as the processors. Tests that wait on sockets, processes and time limits need them, and would see their
/// limits pass while a loop over many seeds holds a thread.
package struct LongRunning: TestTrait, SuiteTrait, TestScoping {
    package var isRecursive: Bool { true }

    package func provideScope(for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void) async throws {
        try await withTaskExecutorPreference(OneThread.shared) { try await function() }
    }
}

extension Trait where Self == LongRunning {
    /// For a test that computes for half a second or more.
    package static var longRunning: Self { Self() }
}

/// One job after the other, on a thread outside of Swift's pool.
private final class OneThread: TaskExecutor {
    static let shared = OneThread()
    private let queue = DispatchQueue(label: "long-running tests")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
