import AdvPOModel
import Subprocess
import Testing

extension ProcessTests {
    /// Work that kills whoever takes it.
    @Suite struct PoisonTests {
        @Test("a sample that kills three workers fails as a sample; the job goes on without it and ends well")
        func poison() async throws {
            let never = Gate()
            // All but the poisoned sample and those behind it in its task of eight.
            let answeredBefore = 19
            let poison = "Which kind is it? (kind)\n\nbox3 row3 hand3 day3: carrots"
            try await ModelServer.run({ call in
                if call.text == poison, call.messages.count == 1 { try await never.pass() }
                return .answer(KindTask.answer(call))
            }) { server in
                try await Laboratory.run { lab in
                    let models = try lab.writeModels(server, keyVariable: "TEST_KEY")
                    let coordinator = try await lab.startCoordinator(models: models)
                    let job = try await lab.submit(KindTask.line(samples: 24), to: coordinator, "--budget-calls", "150", "--prompt-format", "chat")
                    let watch = lab.watch(job, coordinator)
                    for number in 1...3 {
                        let victim = try await lab.startWorker(coordinator, models: models, environment: ["TEST_KEY": "victim-\(number)"])
                        try await server.wait { records in
                            records.contains { $0.call.text == poison && $0.outcome == .underWay && $0.call.authorization == "Bearer victim-\(number)" }
                                && records.count { $0.outcome == .answered } == answeredBefore
                        }
                        // Else a unit before it would be reported by the next one, and the task had gone on.
                        if number == 1 { try await watch.accepted(answeredBefore) }
                        try await victim.kill()
                    }
                    _ = try await lab.startWorker(coordinator, models: models, environment: ["TEST_KEY": "survivor"])
                    #expect(try await watch.end().code == 0)
                    #expect(server.records.count { $0.call.text == poison && $0.call.messages.count == 1 } == 3, "nobody was given it a fourth time")
                    let result = try #require(try lab.lines(lab.results(of: job)).first?["promptOptimizationResults"]?[0])
                    #expect(result["status"] == "SUCCESS")
                    let unanswered = (result["dataset"]?.arrayValue ?? []).filter { $0["originalPromptDetails"]?["originalPromptModelResponse"]?.stringValue == nil }
                    #expect(unanswered.count <= 1, "\(unanswered)")
                    #expect(unanswered.allSatisfy { $0["inputVariables"]?[0]?["text"]?.stringValue?.hasPrefix("box3 ") == true })
                }
            }
        }
    }
}
