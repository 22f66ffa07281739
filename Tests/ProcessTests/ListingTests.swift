import AdvPOModel
import Testing

extension ProcessTests {
    /// A long list of jobs, read in pages while it changes.
    @Suite(.enabled(if: Laboratory.python != nil, "set ADVPO_PYTHON to a Python with boto3; ops/test does"))
    struct ListingTests {
        @Test("a thousand jobs are listed in pages while twenty are under way: none is lost and none comes twice")
        func thousandJobs() async throws {
            try await Laboratory.run { lab in
                let served = """
                    models:
                      - {id: sim.quick, provider: simulated, model: learner}
                      - {id: sim.slow, provider: simulated, model: "learner delay:60s"}

                    """
                let models = try lab.write("models.yaml", served + "  - {id: sim.unserved, provider: simulated, model: learner}\n")
                let coordinator = try await lab.startCoordinator(models: models, logLevel: "notice", more: ["--max-jobs", "1040", "--max-requests-per-second", "100000"])
                _ = try await lab.startWorker(coordinator, models: try lab.write("served.yaml", served), slots: 4)
                try lab.write("bucket/in.jsonl", KindTask.line(samples: 3))
                let walk = try await lab.startPython(file: "listing.py", [coordinator.http, "1000"]).finished()
                #expect(walk.status.code == 0, "\(walk.errors)")
                let counts = try #require(try JSONLines.parse(walk.output).last, "\(walk.errors)")
                // Enough happened between the pages; the script itself looks for what was lost or doubled.
                for kind in ["created", "stopped", "completed", "deleted"] { #expect(counts[kind]?.numberValue?.int ?? 0 >= 10, "\(counts)") }
                #expect(counts["pages"]?.numberValue?.int ?? 0 >= 200, "\(counts)")
            }
        }
    }
}
