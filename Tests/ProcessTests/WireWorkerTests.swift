import AdvPOModel
import Foundation
import Subprocess
import Testing

extension ProcessTests {
    /// Workers of other versions and in another language: a Python one, written from `docs/wire-protocol.md` alone.
    @Suite struct WireWorkerTests {
        @Test("a worker of the first minor version and one of a minor version to come share a job with ours", arguments: [0, 99])
        func otherMinorVersions(minor: Int) async throws {
            try await ModelServer.run({ .answer(KindTask.answer($0)) }) { server in
                try await Laboratory.run { lab in
                    let models = try lab.writeModels(server)
                    let coordinator = try await lab.startCoordinator(models: models)
                    let other = try Self.start(lab, coordinator, ["--minor", "\(minor)"])
                    _ = try await lab.welcomes(of: other, 1)
                    _ = try await lab.startWorker(coordinator, models: models, slots: 1)
                    let job = try await lab.submit(KindTask.line(samples: 64), to: coordinator, "--budget-calls", "400", "--prompt-format", "chat")
                    #expect(try await lab.watch(job, coordinator).end().code == 0)
                    other.send(.terminate)
                    let ended = try await other.finished()
                    #expect(ended.status.code == 0, "\(ended.errors)")
                    let left = try #require(ended.errors.split(separator: "\n").last { $0.hasPrefix("left after ") })
                    let units = Int(left.split(separator: " ")[2]) ?? 0
                    #expect(units > 0 && !server.records.isEmpty, "both had a part: \(left), \(server.records.count) calls of ours")
                    #expect(server.repeated() == [])
                    let result = try lab.lines(lab.results(of: job)).first?["promptOptimizationResults"]?[0]
                    #expect(result?["status"] == "SUCCESS")
                    #expect(result?["proof"]?["verdict"] == "improved", "\(result?["explanation"]?.stringValue ?? "")")
                }
            }
        }

        @Test("a worker of another major version is refused, with a word on what to upgrade", arguments: [(2, "upgrade the coordinator"), (0, "upgrade the worker")])
        func otherMajorVersions(major: Int, remedy: String) async throws {
            try await Laboratory.run { lab in
                let models = try lab.write("models.yaml", "models: [{id: sim, provider: simulated, model: echo}]\n")
                let coordinator = try await lab.startCoordinator(models: models)
                let ended = try await Self.start(lab, coordinator, ["--major", "\(major)", "--minor", "0"]).finished()
                #expect(ended.status.code == 3)
                #expect(ended.errors.contains("refused: ") && ended.errors.contains(remedy), "\(ended.errors)")
            }
        }

        @Test("a coordinator killed and started again is found by the foreign worker too, which drops what it had")
        func foreignWorkerSurvivesTheCoordinator() async throws {
            try await ModelServer.run({ .answer(KindTask.answer($0)) }) { server in
                try await Laboratory.run { lab in
                    let models = try lab.writeModels(server)
                    var coordinator = try await lab.startCoordinator(models: models)
                    let other = try Self.start(lab, coordinator, [])
                    _ = try await lab.welcomes(of: other, 1)
                    let job = try await lab.submit(KindTask.line(samples: 64), to: coordinator, "--budget-calls", "400", "--prompt-format", "chat")
                    _ = try await lab.watch(job, coordinator).event("an accepted unit") { ($0["runs"]?[0]?["unitsFinished"]?.numberValue?.int ?? 0) > 0 }
                    try await coordinator.program.kill()
                    coordinator = try await lab.startCoordinator(models: models, in: coordinator)
                    _ = try await lab.welcomes(of: other, 2)
                    #expect(try await lab.watch(job, coordinator).end().code == 0)
                }
            }
        }

        private static func start(_ lab: Laboratory, _ coordinator: RunningCoordinator, _ more: [String]) throws -> Program {
            let top = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            return lab.startPython(
                file: "wire_worker.py",
                [
                    "--schema", top.appendingPathComponent("Sources/AdvPOWire/Schema/advpo.proto").path, "--folder", try lab.makeFolder("generated"),
                    "--control", coordinator.control, "--work", coordinator.work, "--model", Laboratory.model,
                ] + more)
        }
    }
}
