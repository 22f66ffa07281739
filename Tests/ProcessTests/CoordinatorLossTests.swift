import AdvPOModel
import Subprocess
import Testing

extension ProcessTests {
    /// The coordinator dies, comes back, or is started twice.
    @Suite struct CoordinatorLossTests {
        @Test("a coordinator killed in mid-job and started again goes on; the worker finds it by itself; no finished unit is run again")
        func killedCoordinator() async throws {
            let (gate, answeredFirst) = (Gate(), 9)
            try await ModelServer.run({ call in
                if call.number > answeredFirst { try await gate.pass() }
                return .answer(KindTask.answer(call))
            }) { server in
                try await Laboratory.run { lab in
                    let models = try lab.writeModels(server)
                    let coordinator = try await lab.startCoordinator(models: models)
                    let worker = try await lab.startWorker(coordinator, models: models, slots: 3)
                    let job = try await lab.submit(KindTask.line(samples: 24), to: coordinator, "--budget-calls", "150", "--prompt-format", "chat")
                    let watch = lab.watch(job, coordinator)
                    try await server.wait(answered: answeredFirst, held: 3)
                    try await watch.accepted(answeredFirst)
                    let finished = Set(server.records.filter { $0.outcome == .answered }.map(\.call.body))

                    try await coordinator.program.kill()
                    let restarted = try await lab.startCoordinator(models: models, in: coordinator)
                    let resumed = try await restarted.program.errors.first("the job's resumption") { $0.contains("job goes on where it was") ? $0 : nil }
                    #expect(resumed.contains(job) && resumed.contains("units=\(answeredFirst)"), "\(resumed)")
                    // The worker learns that its session is over, lets go of the calls and asks again.
                    try await server.wait { records in records.count { $0.outcome == .abandoned } == 3 }
                    gate.open()

                    let ended = lab.watch(job, restarted)
                    #expect(try await ended.end().code == 0)
                    // The one that watched all along came back by itself too.
                    #expect(try await watch.end().code == 0)
                    #expect(worker.errors.elements.count { $0.contains("welcomed") } == 2)
                    #expect(server.repeated { $0.outcome == .abandoned } == [])
                    #expect(finished.count == answeredFirst)
                    for body in finished { #expect(server.records.count { $0.call.body == body } == 1) }
                    #expect(try lab.lines(lab.results(of: job)).first?["promptOptimizationResults"]?[0]?["status"] == "SUCCESS")
                }
            }
        }

        @Test("a job whose coordinator is killed again and again ends exactly as one that nobody disturbed")
        func killedAgainAndAgain() async throws {
            try await ModelServer.run({ .answer(KindTask.answer($0)) }) { server in
                try await Laboratory.run { lab in
                    let models = try lab.writeModels(server)
                    var coordinator = try await lab.startCoordinator(models: models)
                    _ = try await lab.startWorker(coordinator, models: models, slots: 3)
                    let more = ["--budget-calls", "400", "--prompt-format", "chat", "--seed", "5"]
                    let calm = try await lab.submit(KindTask.line(samples: 64), to: coordinator, more)
                    #expect(try await lab.watch(calm, coordinator).end().code == 0)
                    let calls = server.records.count
                    #expect(server.repeated() == [])

                    // At moments that nobody chose: before, within and between rounds.
                    let stormy = try await lab.submit(KindTask.line(samples: 64), to: coordinator, more)
                    let kills = [1, calls / 4, calls / 2, calls * 4 / 5]
                    for kill in kills {
                        try await server.wait { records in records.count { $0.outcome == .answered } >= calls + kill }
                        try await coordinator.program.kill()
                        coordinator = try await lab.startCoordinator(models: models, in: coordinator)
                    }
                    #expect(try await lab.watch(stormy, coordinator).end().code == 0)
                    #expect(try Self.essence(lab, stormy) == (try Self.essence(lab, calm)))
                    // What was answered while nobody could take the answer is asked for again; nothing is asked that the calm job did not ask.
                    let bodies = server.records.map(\.call.body)
                    #expect(Set(bodies[calls...]) == Set(bodies[..<calls]))
                }
            }
        }

        /// What a job found, without what depends on the clock.
        private static func essence(_ lab: Laboratory, _ job: String) throws -> [String] {
            let result = try #require(try lab.lines(lab.results(of: job)).first?["promptOptimizationResults"]?[0])
            let rows = (result["dataset"]?.arrayValue ?? []).map { row in
                ["original", "optimized"].map { row["\($0)PromptDetails"]?["\($0)PromptMetrics"]?["score"]?.numberValue?.literal ?? "none" }.joined(separator: " ")
            }
            let history = try lab.lines(lab.history(of: job)).map { $0["prompt"]?.text ?? "" }
            return [result["proof"]?.text ?? "", result["optimizedPromptTemplate"]?.text ?? ""] + rows + history
        }

        @Test("SIGTERM ends a coordinator with 0; the next one on its data goes on with the job")
        func politelyEnded() async throws {
            let (gate, answeredFirst) = (Gate(), 4)
            try await ModelServer.run({ call in
                if call.number > answeredFirst { try await gate.pass() }
                return .answer(KindTask.answer(call))
            }) { server in
                try await Laboratory.run { lab in
                    let models = try lab.writeModels(server)
                    let coordinator = try await lab.startCoordinator(models: models)
                    _ = try await lab.startWorker(coordinator, models: models)
                    let job = try await lab.submit(KindTask.line(samples: 24), to: coordinator, "--budget-calls", "150", "--prompt-format", "chat")
                    let watch = lab.watch(job, coordinator)
                    try await server.wait(answered: answeredFirst, held: 2)
                    try await watch.accepted(answeredFirst)
                    coordinator.program.send(.terminate)
                    #expect(try await coordinator.program.end().code == 0)
                    let restarted = try await lab.startCoordinator(models: models, in: coordinator)
                    try await server.wait { records in records.count { $0.outcome == .abandoned } == 2 }
                    gate.open()
                    #expect(try await lab.watch(job, restarted).end().code == 0)
                    #expect(server.repeated { $0.outcome == .abandoned } == [])
                }
            }
        }

        @Test("a second coordinator on the same data is refused, and the first one is none the worse for it")
        func secondCoordinator() async throws {
            try await Laboratory.run { lab in
                let models = try lab.write("models.yaml", "models: [{id: sim, provider: simulated, model: echo}]\n")
                let coordinator = try await lab.startCoordinator(models: models)
                let second = try await lab.start(
                    "advpo-coord",
                    ["serve", "--data", lab.path("state"), "--work", "tcp://127.0.0.1:0", "--control", "tcp://127.0.0.1:0", "--http", "127.0.0.1:0", "--models", models]
                ).finished()
                #expect(second.status.code == 1)
                #expect(second.errors.contains(lab.path("state")) && second.errors.contains("one coordinator per data directory"), "\(second.errors)")
                #expect(try await lab.advpo("list", "--endpoint", coordinator.http).status.code == 0)
            }
        }
    }
}
