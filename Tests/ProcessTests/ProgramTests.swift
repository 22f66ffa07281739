import AdvPOModel
import Subprocess
import Testing

extension ProcessTests {
    /// How the programs start, find each other and end.
    @Suite struct ProgramTests {
        private static let simulated = "models: [{id: \(Laboratory.model), provider: simulated, model: learner}]\n"

        @Test("a worker may be started before its coordinator, and be ended while it waits or after its coordinator is gone")
        func workerAlone() async throws {
            try await Laboratory.run { lab in
                let models = try lab.write("models.yaml", Self.simulated)
                let first = try await lab.startCoordinator(models: models)
                try await first.program.kill()
                let arguments = ["--work", first.work, "--control", first.control, "--models", models, "--log-level", "debug"]
                let (early, impatient) = (lab.start("advpo-worker", arguments), lab.start("advpo-worker", arguments))
                // By then signals are listened to.
                for worker in [early, impatient] { _ = try await worker.errors.first("a worker's start") { $0.hasSuffix("Starting service") ? $0 : nil } }
                impatient.send(.terminate)
                let ended = try await impatient.finished()
                #expect(ended.status.code == 0, "\(ended)")

                let second = try await lab.startCoordinator(models: models, in: first)
                _ = try await early.errors.first("the early worker's welcome") { $0.contains("welcomed") ? $0 : nil }
                let job = try await lab.submit(KindTask.line(samples: 24), to: second, "--budget-calls", "150")
                #expect(try await lab.watch(job, second).end().code == 0)

                try await second.program.kill()
                let began = ContinuousClock.now
                early.send(.terminate)
                #expect(try await early.end().code == 0)
                // Nobody answers its goodbye; it waits 2 s for that, not for the 12 s of other requests.
                #expect(began.duration(to: .now) < .seconds(8))
            }
        }

        @Test("settings may come from a file and from the environment; a flag goes before them")
        func settings() async throws {
            try await Laboratory.run { lab in
                let models = try lab.write("models.yaml", Self.simulated)
                let config = try lab.write(
                    "coordinator.yaml",
                    """
                    data: \(lab.path("state"))
                    work: tcp://127.0.0.1:0
                    control: tcp://127.0.0.1:0
                    http: 0.0.0.0:0
                    models: \(models)
                    log-level: info
                    """)
                let coordinator = lab.start("advpo-coord", ["serve", "--config", config, "--http", "127.0.0.1:0"])
                let line = try await coordinator.errors.first("the coordinator's sockets") { $0.contains("listening for workers") ? $0 : nil }
                let addresses = line.split(separator: " ").filter { $0.contains("=tcp://") }.map { String($0.split(separator: "=")[1]) }
                try #require(addresses.count == 2, "\(line)")
                // Log metadata is sorted by its keys: control, then work.
                let environment = ["ADVPO_CONTROL": addresses[0], "ADVPO_WORK": addresses[1], "ADVPO_MODELS": models, "ADVPO_SLOTS": "3", "ADVPO_LOG_LEVEL": "info"]
                let worker = lab.start("advpo-worker", [], environment: environment)
                let start = try await worker.errors.first("the worker's start") { $0.contains("worker starts") ? $0 : nil }
                #expect(start.contains("slots=3"))
                _ = try await worker.errors.first("the worker's welcome") { $0.contains("welcomed") ? $0 : nil }
            }
        }

        @Test("a coordinator that other machines could reach, or without what it needs, does not start")
        func refusedStarts() async throws {
            try await Laboratory.run { lab in
                let models = try lab.write("models.yaml", Self.simulated)
                let broken = try lab.write("broken.yaml", "models:\n  - {id: a, provider: simulated, model: learner, colour: red}\n  - {id: a, provider: nobody}\n")
                let good = ["--data", lab.path("state"), "--control", "tcp://127.0.0.1:0", "--models", models]
                let cases: [([String], Int32, [String])] = [
                    (good + ["--work", "tcp://0.0.0.0:0", "--http", "127.0.0.1:0"], 2, ["tcp://0.0.0.0:0", "--work", "127.0.0.1"]),
                    (good + ["--work", "tcp://127.0.0.1:0", "--http", "0.0.0.0:0"], 2, ["0.0.0.0"]),
                    (["--data", lab.path("state")], 2, ["--models", "ADVPO_MODELS"]),
                    (["--models", models], 2, ["--data"]),
                    (["--data", lab.path("state"), "--models", broken], 2, ["colour", "nobody"]),
                ]
                for (arguments, code, words) in cases {
                    let ended = try await lab.start("advpo-coord", ["serve"] + arguments).finished()
                    #expect(ended.status.code == code, "\(arguments): \(ended)")
                    for word in words { #expect(ended.errors.contains(word), "\(word) in: \(ended.errors)") }
                }
                let worker = try await lab.start("advpo-worker", ["--models", broken]).finished()
                #expect(worker.status.code == 2 && worker.errors.contains("colour") && worker.errors.contains("nobody"), "\(worker)")
            }
        }

        @Test("every command explains itself")
        func help() async throws {
            try await Laboratory.run { lab in
                let commands = ["run", "submit", "list", "get", "watch", "stop", "delete", "results", "cluster", "story"].map { ("advpo", [$0, "--help"]) }
                for (program, arguments) in commands + [("advpo", ["--help"]), ("advpo-coord", ["serve", "--help"]), ("advpo-coord", ["backup", "--help"]), ("advpo-coord", ["restore", "--help"]), ("advpo", ["cluster", "status", "--help"]), ("advpo-worker", ["--help"])] {
                    let help = try await lab.start(program, arguments).finished()
                    #expect(help.status.code == 0 && help.errors == "", "\(program) \(arguments)")
                    #expect(help.output.contains("OVERVIEW") && help.output.contains("EXAMPLE"), "\(program) \(arguments): \(help.output)")
                }
                let unknown = try await lab.advpo("optimise")
                #expect(unknown.status.code == 2 && unknown.errors.contains("optimise"), "\(unknown)")
            }
        }
    }
}
