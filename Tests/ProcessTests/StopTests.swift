import AdvPOModel
import Testing

extension ProcessTests {
    /// Stopping a job on a cluster.
    @Suite struct StopTests {
        @Test("a stop reaches the worker at once, which closes its connections; what there is is written and marked as stopped")
        func stop() async throws {
            let (gate, answeredFirst) = (Gate(), 30)
            try await ModelServer.run({ call in
                if call.number > answeredFirst { try await gate.pass() }
                return .answer(KindTask.answer(call))
            }) { server in
                try await Laboratory.run { lab in
                    let models = try lab.writeModels(server)
                    let coordinator = try await lab.startCoordinator(models: models)
                    let worker = try await lab.startWorker(coordinator, models: models, slots: 4)
                    let job = try await lab.submit(KindTask.line(samples: 24), to: coordinator, "--budget-calls", "150", "--prompt-format", "chat")
                    let watch = lab.watch(job, coordinator)
                    try await server.wait(answered: answeredFirst, held: 4)

                    let began = ContinuousClock.now
                    let stop = lab.start("advpo", ["stop", job, "--endpoint", coordinator.http])
                    try await server.wait { records in records.count { $0.outcome == .abandoned } == 4 }
                    let elapsed = began.duration(to: .now)
                    // Most of it is the start of the command. A worker that waited for its next heartbeat would need 5 s, one that let its calls end for ever.
                    #expect(elapsed < .seconds(5))
                    #expect(try await stop.end().code == 0)
                    #expect(try await watch.end().code == 6)
                    let statuses = try watch.output.elements.map { try JSONValue(parsing: Array($0.utf8))["status"]?.stringValue ?? "" }
                    #expect(statuses.first == "InProgress" && statuses.last == "Stopped", "\(statuses)")
                    #expect(statuses.drop { $0 == "InProgress" }.drop { $0 == "Stopping" }.allSatisfy { $0 == "Stopped" }, "\(statuses)")
                    #expect(server.count(.underWay) == 0)
                    #expect(server.records.count == answeredFirst + 4, "no call was begun after the stop")

                    let result = try #require(try lab.lines(lab.results(of: job)).first?["promptOptimizationResults"]?[0])
                    #expect(result["status"] == "STOPPED")
                    #expect(result["failureReason"]?.stringValue?.isEmpty == false)
                    let answered = (result["dataset"]?.arrayValue ?? []).count { $0["originalPromptDetails"]?["originalPromptModelResponse"]?.stringValue != nil }
                    #expect(answered == 24, "the original's answers are there: they had been given before the stop")
                    try await Self.afterwards(lab, coordinator, worker, job, gate)
                }
            }
        }

        @Test("a stop while the coordinator is being restarted still stops: one that it had heard, and one that finds nobody at first")
        func stopDuringARestart() async throws {
            let (gate, answeredFirst) = (Gate(), 30)
            try await ModelServer.run({ call in
                if call.number > answeredFirst { try await gate.pass() }
                return .answer(KindTask.answer(call))
            }) { server in
                try await Laboratory.run { lab in
                    let models = try lab.writeModels(server)
                    var coordinator = try await lab.startCoordinator(models: models)
                    _ = try await lab.startWorker(coordinator, models: models, slots: 4)
                    let options = ["--budget-calls", "150", "--prompt-format", "chat"]
                    let heard = try await lab.submit(KindTask.line(samples: 24), to: coordinator, options)
                    try await server.wait(answered: answeredFirst, held: 4)
                    let stop = lab.start("advpo", ["stop", heard, "--endpoint", coordinator.http])
                    try await server.wait { records in records.contains { $0.outcome == .abandoned } }
                    try await coordinator.program.kill()
                    coordinator = try await lab.startCoordinator(models: models, in: coordinator)
                    #expect(try await stop.end().code == 0)
                    #expect(try await lab.watch(heard, coordinator).end().code == 6)
                    #expect(try lab.lines(lab.results(of: heard)).first?["promptOptimizationResults"]?[0]?["status"] == "STOPPED")
                    #expect(server.records.count == answeredFirst + 4, "no call was begun after the stop")

                    let unheard = try await lab.submit(KindTask.line("other", samples: 24), to: coordinator, options)
                    try await server.wait { records in records.count { $0.outcome == .underWay } == 4 }
                    try await coordinator.program.kill()
                    let early = lab.start("advpo", ["stop", unheard, "--endpoint", coordinator.http])
                    _ = try await early.errors.first("the first try's failure") { $0.contains("trying again") ? $0 : nil }
                    coordinator = try await lab.startCoordinator(models: models, in: coordinator)
                    #expect(try await early.end().code == 0)
                    #expect(try await lab.watch(unheard, coordinator).end().code == 6)
                }
            }
        }

        /// A stop of a stopped job changes nothing; the worker is well and takes the next job.
        private static func afterwards(
            _ lab: Laboratory, _ coordinator: RunningCoordinator, _ worker: Program, _ job: String, _ gate: Gate
        ) async throws {
            let results = try await lab.advpo("results", job, "--endpoint", coordinator.http)
            #expect(results.status.code == 0)
            #expect(results.output.lowercased().contains("stopped"), "\(results.output)")
            gate.open()
            let next = try await lab.submit(KindTask.line("other", samples: 20), to: coordinator, "--budget-calls", "120", "--prompt-format", "chat")
            #expect(try await lab.watch(next, coordinator).end().code == 0)
            let deleted = try await lab.advpo("delete", job, "--endpoint", coordinator.http)
            #expect(deleted.status.code == 0)
            #expect(try await lab.advpo("get", job, "--endpoint", coordinator.http).status.code == 3)
        }
    }
}
