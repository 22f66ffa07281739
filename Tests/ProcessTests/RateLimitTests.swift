import AdvPOModel
import Subprocess
import Synchronization
import Testing

extension ProcessTests {
    /// A provider that turns calls away.
    @Suite struct RateLimitTests {
        /// A token bucket: so many requests per second, and a few at once.
        private final class Limit: Sendable {
            private let state: Mutex<(level: Double, filled: ContinuousClock.Instant)>
            private let perSecond: Double
            private let burst: Double

            init(perSecond: Double, burst: Double) {
                self.perSecond = perSecond
                self.burst = burst
                state = Mutex((burst, .now))
            }

            func takes() -> Bool {
                state.withLock { state in
                    let now = ContinuousClock.now
                    state.level = min(burst, state.level + state.filled.duration(to: now) / .seconds(1) * perSecond)
                    state.filled = now
                    guard state.level >= 1 else { return false }
                    state.level -= 1
                    return true
                }
            }
        }

        @Test("two workers against a provider with a hidden limit: the job ends well, nothing fails because it was refused")
        func hiddenLimit() async throws {
            let limit = Limit(perSecond: 40, burst: 4)
            try await ModelServer.run({ call in
                limit.takes() ? .answer(KindTask.answer(call)) : .failure(429, "slow down")
            }) { server in
                try await Laboratory.run { lab in
                    let models = try lab.writeModels(server, retries: 0)
                    let coordinator = try await lab.startCoordinator(models: models)
                    for _ in 0..<2 { _ = try await lab.startWorker(coordinator, models: models, slots: 8) }
                    let job = try await lab.submit(KindTask.line(samples: 60), to: coordinator, "--budget-calls", "400", "--prompt-format", "chat")
                    #expect(try await lab.watch(job, coordinator).end().code == 0)
                    let result = try #require(try lab.lines(lab.results(of: job)).first?["promptOptimizationResults"]?[0])
                    #expect(result["status"] == "SUCCESS")
                    // No call was given up: whatever was refused was sent again until it was answered.
                    let refused = Set(server.records.filter { $0.outcome == .failed }.map(\.call.body))
                    let answered = Set(server.records.filter { $0.outcome == .answered }.map(\.call.body))
                    #expect(!refused.isEmpty, "the limit was found by meeting it")
                    #expect(refused.subtracting(answered).isEmpty)
                    #expect(server.count(.failed) < server.count(.answered) / 2, "\(server.count(.failed)) of \(server.records.count) were refused")
                }
            }
        }
    }
}
