import Subprocess
import Testing

extension ProcessTests {
    /// Short forms of the fault scripts, which have their long forms in `ops/`.
    @Suite struct ChaosTests {
        @Test("ten kills at random over workers and coordinator change nothing of a job's results, and nothing finished is asked for again")
        func tenKills() async throws {
            try await Laboratory.run { lab in
                let chaos = try await lab.startScript(
                    "ops/chaos",
                    ["--kills", "10", "--seed", "3", "--workers", "3", "--slots", "2", "--templates", "1", "--samples", "60", "--delay", "0.02"]
                ).finished()
                #expect(chaos.status.code == 0, "\(chaos.output)\n\(chaos.errors)")
                #expect(chaos.output.contains("results equal"))
            }
        }

        @Test("a stop reaches sixteen workers of one slot each, whose calls are closed and whose results are written")
        func stopLatency() async throws {
            try await Laboratory.run { lab in
                // Most of the bound is for a machine that does other things too; what a stop takes is measured by the script's long form.
                let bench = try await lab.startScript("ops/bench/stop-latency", ["--rounds", "2", "--workers", "16", "--limit", "3000"]).finished()
                #expect(bench.status.code == 0, "\(bench.output)\n\(bench.errors)")
            }
        }
    }
}
