import AdvPOModel
import Subprocess
import Testing

extension ProcessTests {
    /// A cap on calls, counted where they arrive.
    @Suite struct BudgetTests {
        /// Every seventh request fails after it was taken.
        private static func answer(_ call: ModelServer.Call) -> ModelServer.Reply {
            call.number.isMultiple(of: 7) ? .failure(500, "{\"error\":{\"message\":\"overloaded\"}}") : .answer(KindTask.answer(call))
        }

        private static func callsSpent(_ lab: Laboratory, _ job: String) throws -> Int {
            try #require(try lab.lines(lab.results(of: job)).first?["promptOptimizationResults"]?[0]?["cost"]?["callsSpent"]?.numberValue?.int)
        }

        @Test("no more calls are served than the budget has, though calls fail, workers are killed and the coordinator is killed")
        func capHolds() async throws {
            let cap = 150
            try await ModelServer.run({ Self.answer($0) }) { server in
                try await Laboratory.run { lab in
                    let models = try lab.writeModels(server)
                    var coordinator = try await lab.startCoordinator(models: models)
                    var workers = [try await lab.startWorker(coordinator, models: models), try await lab.startWorker(coordinator, models: models)]
                    let job = try await lab.submit(KindTask.line(samples: 24), to: coordinator, "--budget-calls", "\(cap)", "--prompt-format", "chat")
                    for (kill, isCoordinator) in [(10, false), (25, false), (40, true), (55, false), (70, false)] {
                        try await server.wait { $0.count >= kill }
                        if isCoordinator {
                            try await coordinator.program.kill()
                            coordinator = try await lab.startCoordinator(models: models, in: coordinator)
                        } else {
                            try await workers.removeFirst().kill()
                            workers.append(try await lab.startWorker(coordinator, models: models))
                        }
                    }
                    let ended = try await lab.watch(job, coordinator).end()
                    let spent = try Self.callsSpent(lab, job)
                    #expect(server.records.count <= cap, "\(server.records.count) calls arrived")
                    #expect(server.records.count <= spent && spent <= cap, "\(server.records.count) arrived, \(spent) are counted")
                    #expect(server.count(.failed) > 0 && ended.code != nil)
                }
            }
        }

        @Test("calls that fail and are sent again count, and the results say so")
        func retriesCount() async throws {
            try await ModelServer.run({ Self.answer($0) }) { server in
                try await Laboratory.run { lab in
                    let models = try lab.writeModels(server)
                    let coordinator = try await lab.startCoordinator(models: models)
                    _ = try await lab.startWorker(coordinator, models: models)
                    let job = try await lab.submit(KindTask.line(samples: 24), to: coordinator, "--budget-calls", "150", "--prompt-format", "chat")
                    #expect(try await lab.watch(job, coordinator).end().code == 0)
                    #expect(try Self.callsSpent(lab, job) == server.records.count)
                    #expect(server.count(.failed) > 0 && server.records.count <= 150)
                }
            }
        }
    }
}
