import AdvPOModel
import Testing

extension ProcessTests {
    /// The service model of botocore, walked: the real coordinator against what AWS publishes of the five operations.
    @Suite(.enabled(if: Laboratory.python != nil, "set ADVPO_PYTHON to a Python with boto3; ops/test does"))
    struct ConformanceTests {
        @Test("each constraint of the published model holds for a value inside and one outside, and each answer has the published shape")
        func everyConstraint() async throws {
            try await Laboratory.run { lab in
                let models = try lab.write(
                    "models.yaml", "models:\n" + "abcde".map { "  - {id: test.model-\($0), provider: simulated, model: learner}\n" }.joined())
                let coordinator = try await lab.startCoordinator(
                    models: models, logLevel: "notice",
                    more: ["--credentials", try Identities.write(lab), "--max-jobs", "1000", "--max-requests-per-second", "100000"])
                try lab.write("bucket/in.jsonl", KindTask.line(samples: 3))
                let walk = try await lab.startPython(file: "conformance.py", [coordinator.http, "1"], environment: Identities.adminEnvironment).finished()
                #expect(walk.status.code == 0, "\(walk.errors)")
                let counts = try #require(try JSONLines.parse(walk.output.split(separator: "\n").suffix(1).joined()).first, "\(walk.errors)")
                func count(_ name: String) -> Int { counts[name]?.numberValue?.int ?? 0 }
                // What botocore 1.44.5 has; an update may bring more, and a walk that finds less did not walk.
                #expect(count("constraints") >= 105 && count("inside") >= 380 && count("outside") >= 470, "\(counts)")
                #expect(count("answers") > count("inside") + count("outside") && count("jobs") >= 140, "\(counts)")
            }
        }
    }
}
