import AdvPOModel
import Subprocess
import Testing

extension ProcessTests {
    /// Workers that die or leave in the midst of a job.
    @Suite struct WorkerLossTests {
        @Test("a worker killed in mid-task loses only what it had in flight; no accepted answer is asked for again")
        func killedWorker() async throws {
            let (gate, answeredFirst) = (Gate(), 7)
            try await ModelServer.run({ call in
                if call.number > answeredFirst { try await gate.pass() }
                return .answer(KindTask.answer(call))
            }) { server in
                try await Laboratory.run { lab in
                    let models = try lab.writeModels(server, keyVariable: "TEST_KEY")
                    let coordinator = try await lab.startCoordinator(models: models)
                    let doomed = try await lab.startWorker(coordinator, models: models, environment: ["TEST_KEY": "doomed"])
                    _ = try await lab.startWorker(coordinator, models: models, environment: ["TEST_KEY": "survivor"])
                    let job = try await lab.submit(KindTask.line(samples: 24), to: coordinator, "--budget-calls", "150", "--prompt-format", "chat")
                    let watch = lab.watch(job, coordinator)

                    // Both workers have both slots in a call, and every answer given so far is kept.
                    try await server.wait { records in records.count { $0.outcome == .underWay } == 4 }
                    try await watch.accepted(answeredFirst)
                    let lost = server.records.filter { $0.outcome == .underWay && $0.call.authorization == "Bearer doomed" }
                    #expect(lost.count == 2)
                    try await doomed.kill()
                    // The kernel closes a dead worker's connections; the server sees it.
                    try await server.wait { records in records.count { $0.outcome == .abandoned } == 2 }
                    gate.open()

                    #expect(try await watch.end().code == 0)
                    #expect(server.repeated { $0.outcome == .abandoned } == [])
                    let again = lost.map { record in server.records.count { $0.call.body == record.call.body && $0.outcome == .answered } }
                    #expect(again == [1, 1], "what the dead worker had in flight was answered to the other one, once")
                    #expect(try lab.lines(lab.results(of: job)).first?["promptOptimizationResults"]?[0]?["status"] == "SUCCESS")
                }
            }
        }

        @Test("SIGTERM to a worker: it finishes what it has in hand, takes no more and ends with 0; another one takes the rest")
        func drainedWorker() async throws {
            let (gate, answeredFirst) = (Gate(), 5)
            try await ModelServer.run({ call in
                if call.number > answeredFirst { try await gate.pass() }
                return .answer(KindTask.answer(call))
            }) { server in
                try await Laboratory.run { lab in
                    let models = try lab.writeModels(server, keyVariable: "TEST_KEY")
                    let coordinator = try await lab.startCoordinator(models: models)
                    let leaving = try await lab.startWorker(coordinator, models: models, environment: ["TEST_KEY": "leaving"], logLevel: "debug")
                    _ = try await lab.startWorker(coordinator, models: models, environment: ["TEST_KEY": "staying"])
                    let job = try await lab.submit(KindTask.line(samples: 24), to: coordinator, "--budget-calls", "150", "--prompt-format", "chat")
                    let watch = lab.watch(job, coordinator)
                    try await server.wait { records in records.count { $0.outcome == .underWay } == 4 }
                    try await watch.accepted(answeredFirst)

                    leaving.send(.terminate)
                    _ = try await leaving.errors.first("the worker's shutdown") { $0.contains("ignal") ? $0 : nil }
                    gate.open()
                    #expect(try await leaving.end().code == 0)
                    let served = server.records.count { $0.call.authorization == "Bearer leaving" }
                    #expect(try await watch.end().code == 0)
                    #expect(served == server.records.count { $0.call.authorization == "Bearer leaving" })
                    #expect(server.repeated() == [], "nothing was cut off, so nothing was asked for twice")
                    #expect(server.count(.abandoned) == 0)
                }
            }
        }
    }
}
