import AdvPOBedrock
import AdvPOCluster
import AdvPOCoordinator
import AdvPOModel
import AdvPOStore
import Synchronization
import Testing

/// A machine whose wall clock is set to and fro, years at a time, while its monotonic one goes on.
private final class SteppedClock: CoordinatorClock {
    private let real = WallClock()
    private let reads = Mutex(0)
    private static let year: Int64 = 31_536_000_000
    static let start: Int64 = 1_700_000_000_000

    func now() -> Moment {
        let reads = self.reads.withLock { reads in
            reads += 1
            return reads
        }
        let step = [0, -3, 20, -20, 1][reads % 5]
        return Moment(tick: real.now().tick, millisecondsSince1970: Self.start + Int64(step) * Self.year + Int64(reads))
    }

    func pause(milliseconds: Int) async { await real.pause(milliseconds: milliseconds) }
}

@Suite("A wall clock that is set to and fro", .timeLimit(.minutes(1))) struct ClockStepTests {
    @Test("disturbs no job and no worker: jobs end as ever, none is changed before it was made, and a listing holds each once, in order")
    func steps() async throws {
        let store = MemoryStore()
        let cluster = try await Cluster(store: store, clock: SteppedClock())
        try await Cluster.putInput(cluster.objects)
        let jobs = try await cluster.serve(workers: 2) { coordinator in
            var jobs: [JobID] = []
            for number in 0..<4 {
                let job = try await coordinator.job(try await coordinator.create(Cluster.request(name: "job-\(number)")))
                #expect(try await coordinator.untilEnded(job)?.status == .completed)
                jobs.append(job)
            }
            var listed: [JobID] = []
            var token: String?
            repeat {
                let page = try await coordinator.list(ListJobsRequest(maxResults: 1, nextToken: token, ascending: true))
                listed += page.jobs.compactMap { JobID(String($0.jobARN.suffix(JobID.length))) }
                token = page.nextToken
            } while token != nil
            #expect(listed.count == 4 && Set(listed) == Set(jobs))
            return jobs
        }
        let stored = try await store.load().jobs
        #expect(Set(stored.map(\.id)) == Set(jobs))
        for job in stored { #expect(job.modifiedMillisecondsSince1970 >= job.createdMillisecondsSince1970) }
        // Not one worker was taken for silent, whatever the wall said: no unit failed.
        for job in jobs {
            let units = try await store.units(of: RunID(job: job, template: 0, model: 0))
            #expect(!units.isEmpty && units.allSatisfy { $0.record.status != .infrastructureFailure })
        }
    }
}
