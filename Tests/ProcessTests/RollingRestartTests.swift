import AdvPOModel
import Subprocess
import Testing

extension ProcessTests {
    /// An upgrade under load: every program is ended politely and replaced, one after the other.
    @Suite struct RollingRestartTests {
        @Test("all workers and the coordinator are replaced under load; nothing in a worker's hand is lost, nothing finished is asked for again")
        func rollingRestart() async throws {
            let quota = Quota(6)
            try await ModelServer.run({ call in
                try await quota.pass(call)
                return .answer(KindTask.answer(call))
            }) { server in
                try await Laboratory.run { lab in
                    let models = try lab.writeModels(server, keyVariable: "TEST_KEY")
                    var coordinator = try await lab.startCoordinator(models: models)
                    var workers: [Program] = []
                    for number in 1...3 { workers.append(try await Self.start(number, lab, coordinator, models)) }
                    let more = ["--budget-calls", "400", "--prompt-format", "chat", "--seed", "5"]
                    let job = try await lab.submit(KindTask.line(samples: 64), to: coordinator, more)
                    try await server.wait(answered: 6, held: 6)
                    try await lab.watch(job, coordinator).accepted(6)
                    coordinator.program.send(.terminate)
                    #expect(try await coordinator.program.end().code == 0)
                    coordinator = try await lab.startCoordinator(models: models, in: coordinator)
                    // What was under way then is let go, and asked for again by whoever has it now.
                    try await server.wait { records in records.count { $0.outcome == .abandoned } == 6 && records.contains { $0.outcome == .underWay } }

                    for number in 1...3 {
                        let old = workers[number - 1]
                        workers[number - 1] = try await Self.start(number + 3, lab, coordinator, models)
                        old.send(.terminate)
                        _ = try await old.errors.first("the worker's shutdown") { $0.contains("ignal") ? $0 : nil }
                        // The old one gets its answers, whatever the others wait for.
                        quota.free("Bearer \(number)")
                        #expect(try await old.end().code == 0)
                    }
                    #expect(server.count(.abandoned) == 6, "nothing that a drained worker had in hand was cut off")
                    quota.raise(to: .max)

                    #expect(try await lab.watch(job, coordinator).end().code == 0)
                    #expect(server.repeated { $0.outcome == .abandoned } == [])
                    #expect(server.count(.abandoned) == 6)
                    #expect(try lab.lines(lab.results(of: job)).first?["promptOptimizationResults"]?[0]?["status"] == "SUCCESS")
                }
            }
        }

        private static func start(_ number: Int, _ lab: Laboratory, _ coordinator: RunningCoordinator, _ models: String) async throws -> Program {
            try await lab.startWorker(coordinator, models: models, environment: ["TEST_KEY": "\(number)"], logLevel: "debug")
        }
    }
}
