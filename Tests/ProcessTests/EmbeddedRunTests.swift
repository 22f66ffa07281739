import AdvPOModel
import Foundation
import OrderedCollections
import Subprocess
import Testing

extension ProcessTests {
    /// `advpo run`: everything in one process.
    @Suite struct EmbeddedRunTests {
        private static func arguments(_ lab: Laboratory, _ input: String, models: String, _ more: [String] = []) throws -> [String] {
            ["run", try lab.write("input.jsonl", input), "--models", models, "--model", Laboratory.model, "--output", lab.path("out"), "--budget-calls", "150"] + more
        }

        @Test("Ctrl-C stops the job: its calls are closed, what there is is written, and the exit code says so")
        func interruptedOnce() async throws {
            let gate = Gate()
            try await ModelServer.run({ call in
                if call.number > 30 { try await gate.pass() }
                return .answer(KindTask.answer(call))
            }) { server in
                try await Laboratory.run { lab in
                    let models = try lab.writeModels(server, concurrency: 3)
                    let run = lab.start("advpo", try Self.arguments(lab, KindTask.line(samples: 24), models: models, ["--prompt-format", "chat"]))
                    try await server.wait(answered: 30, held: 3)
                    run.send(.interrupt)
                    try await server.wait { records in records.count { $0.outcome == .abandoned } == 3 }
                    let ended = try await run.finished()
                    #expect(ended.status.code == 6, "\(ended.errors)")
                    #expect(ended.errors.contains("stopping: writing what there is"), "\(ended.errors)")
                    #expect(server.records.count == 33)
                    let written = try #require(lab.files(below: lab.path("out")).first { $0.hasSuffix("results.jsonl") })
                    #expect(try lab.lines(written).first?["promptOptimizationResults"]?[0]?["status"] == "STOPPED")
                    #expect(ended.output.contains(URL(fileURLWithPath: written).deletingLastPathComponent().lastPathComponent), "the table says where the files are")
                }
            }
        }

        @Test("a run that was killed goes on with the same job when the same command is given again; what was answered is not asked for again")
        func killedAndGoneOn() async throws {
            let (gate, samples) = (Gate(), 24)
            try await ModelServer.run({ call in
                // The first round begins when the whole baseline is kept.
                if call.number > samples { try await gate.pass() }
                return .answer(KindTask.answer(call))
            }) { server in
                try await Laboratory.run { lab in
                    let models = try lab.writeModels(server, concurrency: 3)
                    let arguments = try Self.arguments(lab, KindTask.line(samples: samples), models: models, ["--prompt-format", "chat"])
                    let first = lab.start("advpo", arguments)
                    _ = try await first.errors.first("the first round") { $0.contains("round 1, screening") ? $0 : nil }
                    try await server.wait(answered: samples, held: 3)
                    try await first.kill()
                    try await server.wait { records in records.count { $0.outcome == .abandoned } == 3 }
                    #expect(server.count(.answered) == samples)
                    gate.open()

                    let second = try await lab.start("advpo", arguments + ["--json"]).finished()
                    #expect(second.status.code == 0, "\(second.errors)")
                    let end = try JSONValue(parsing: Array(second.output.utf8))
                    let job = try #require(end["jobId"]?.stringValue)
                    #expect(second.errors.contains("going on with job \(job)"), "\(second.errors)")
                    #expect(server.repeated { $0.outcome == .abandoned } == [])
                    #expect(try lab.lines(lab.path("out/\(job)/advanced_prompt_optimization_results.jsonl")).count == 1)
                    #expect(!lab.files(below: lab.path("out")).contains { $0.contains("/.advpo-") }, "an ended job leaves no state behind")
                }
            }
        }

        @Test("a second Ctrl-C ends at once, and the same command ends the job properly")
        func interruptedTwice() async throws {
            // A server that never lets go: it answers only when the test says so.
            let gate = Gate()
            try await ModelServer.run({ call in
                try await gate.pass()
                return .answer(KindTask.answer(call))
            }) { server in
                try await Laboratory.run { lab in
                    let models = try lab.writeModels(server, concurrency: 2)
                    let arguments = try Self.arguments(lab, KindTask.line(samples: 24), models: models)
                    let run = lab.start("advpo", arguments)
                    try await server.wait(answered: 0, held: 2)
                    run.send(.interrupt)
                    run.send(.interrupt)
                    let code = try await run.end().code
                    // The stop may have been quicker than the second signal.
                    #expect(code == 130 || code == 6, "\(run.transcript)")
                    gate.open()
                    let again = try await lab.start("advpo", arguments).finished()
                    #expect([0, 6].contains(again.status.code), "\(again.errors)")
                }
            }
        }

        @Test("--json prints the end as one line and nothing else; chat format gives the messages that were measured")
        func chatAsJSON() async throws {
            try await ModelServer.run({ .answer(KindTask.answer($0)) }) { server in
                try await Laboratory.run { lab in
                    let models = try lab.writeModels(server, rest: "roles: {rewriter: \(Laboratory.model)}")
                    let arguments = try Self.arguments(
                        lab, KindTask.line(samples: 64), models: models, ["--prompt-format", "chat", "--budget-calls", "600", "--seed", "7", "--json"])
                    let run = lab.start("advpo", arguments)
                    let ended = try await run.finished()
                    #expect(ended.status.code == 0, "\(ended.errors)")
                    #expect(ended.errors == "")
                    #expect(run.output.elements.count == 1)
                    let end = try JSONValue(parsing: Array(ended.output.utf8))
                    #expect(end["status"] == "Completed")
                    let written = try #require(end["results"]?.stringValue)
                    let result = try #require(try lab.lines(written).first?["promptOptimizationResults"]?[0])
                    #expect(result["proof"]?["verdict"] == "improved", "\(result["explanation"]?.stringValue ?? "")")
                    #expect(result["optimizedPromptTemplateIsFlattened"] == true)
                    let messages = try #require(result["optimizedPromptMessages"]?.arrayValue)
                    #expect(messages.count >= 3 && messages.last?["content"]?[0]?["text"]?.stringValue?.contains("{{text}}") == true)
                    Self.checkMeasured(messages, system: result["optimizedPromptSystem"]?[0]?["text"]?.stringValue, server)
                    let history = try #require(end["history"]?.stringValue)
                    #expect(try lab.lines(history).contains { $0.text.contains("\"rewrite\"") }, "the rewriter's proposal is in the history")
                    #expect(server.repeated() == [])
                }
            }
        }

        /// What is returned is what was sent: with a sample's text in it, it is one of the requests.
        private static func checkMeasured(_ messages: [JSONValue], system: String?, _ server: ModelServer) {
            let returned = (system.map { [$0] } ?? []) + messages.map { $0["content"]?[0]?["text"]?.stringValue ?? "" }
            let text = "box1 row1 hand1 day1: carrots"
            #expect(server.records.contains { $0.call.messages.map(\.text) == returned.dropLast() + [returned.last?.replacingOccurrences(of: "{{text}}", with: text) ?? ""] })
        }

        @Test("a model that cannot be called fails its own run with the reason, and not the other model's")
        func oneModelFails() async throws {
            try await ModelServer.run({ call in
                call.json["model"] == "locked" ? .failure(401, #"{"error": {"message": "no such key"}}"#) : .answer(KindTask.answer(call))
            }) { server in
                try await Laboratory.run { lab in
                    let models = try lab.writeModels(server)
                    try lab.write("models.yaml", String(decoding: try lab.bytes(models), as: UTF8.self) + #"  - {id: test.locked, provider: openai, baseURL: "\#(server.baseURL)", model: locked}"#)
                    let arguments = try Self.arguments(lab, KindTask.line(samples: 24), models: models, ["--model", "test.locked", "--json"])
                    let ended = try await lab.start("advpo", arguments).finished()
                    #expect(ended.status.code == 5, "\(ended)")
                    let end = try JSONValue(parsing: Array(ended.output.utf8))
                    #expect(end["status"] == "PartiallyCompleted")
                    let written = try #require(end["results"]?.stringValue)
                    let results = try lab.lines(written).first?["promptOptimizationResults"]
                    #expect(results?[0]?["status"] == "SUCCESS")
                    #expect(results?[1]?["status"] == "FAILED" && results?[1]?["dataset"] == [])
                    let reason = results?[1]?["failureReason"]?.stringValue ?? ""
                    #expect(reason.contains("401") && reason.contains("no such key"), "\(reason)")
                    let refused = server.records.count { $0.outcome == .failed }
                    #expect(refused <= 24, "a key that is refused is not tried again, and the search is given up: \(refused) calls")
                }
            }
        }

        @Test("a bad input file is refused with every fault, by line, template and field, and no model is called")
        func badInput() async throws {
            try await ModelServer.run({ .answer(KindTask.answer($0)) }) { server in
                try await Laboratory.run { lab in
                    let models = try lab.writeModels(server)
                    let faulty = [
                        #"{"version": "bedrock-2026-05-14", "templateId": "one", "promptTemplate": "No placeholder", "evaluationMetricLambdaArn": "builtin:exact_macht", "evaluationSamples": [{"inputVariables": [{"text": "a"}], "referenceResponse": "b"}]}"#,
                        KindTask.line("two", samples: 3),
                        #"{"version": "bedrock-2026-05-14", "templateId": "three", "promptTemplate": "{{text}}", "evaluationMetricLambdaArn": "builtin:exact_match", "evaluationSamples": [{"inputVariables": [{"txet": "a"}]}]}"#,
                        "not JSON",
                    ].joined(separator: "\n")
                    let ended = try await lab.start("advpo", try Self.arguments(lab, faulty, models: models)).finished()
                    #expect(ended.status.code == 3)
                    #expect(ended.output == "")
                    for words in ["line 1, template \"one\", field promptTemplate", "line 1, template \"one\", field evaluationMetricLambdaArn", "exact_match", "line 3, template \"three\", field evaluationSamples[0]", "line 4"] {
                        #expect(ended.errors.contains(words), "\(words) in:\n\(ended.errors)")
                    }
                    #expect(!ended.errors.contains("\"two\""))
                    #expect(server.records.isEmpty)
                    #expect(lab.files(below: lab.path("out")) == [])
                }
            }
        }

        @Test("what is wrong with the command line is said in one message, with the exit code of its kind")
        func wrongUsage() async throws {
            try await ModelServer.run({ .answer(KindTask.answer($0)) }) { server in
                try await Laboratory.run { lab in
                    let models = try lab.writeModels(server)
                    let input = try lab.write("good.jsonl", KindTask.line(samples: 24))
                    let cases: [([String], Int32, String)] = [
                        (["--models", models, "--model", "test.modle"], 3, "test.modle is not in the models file; it has: test.model"),
                        (["--models", models], 2, "--model"),
                        (["--models", lab.path("nowhere.yaml"), "--model", Laboratory.model], 2, "nowhere.yaml"),
                        (["--models", models, "--model", Laboratory.model, "--budget-calls", "0"], 2, "--budget-calls"),
                        (["--models", models, "--model", Laboratory.model, "--budget-calls", "3"], 3, "raise it to at least"),
                        (["--models", models, "--model", Laboratory.model, "--preset", "quick"], 2, "--preset"),
                        (["--models", models, "--model", Laboratory.model, "--holdout", "0.7"], 2, "--holdout"),
                        (["--models", models, "--model", Laboratory.model, "--budget-dollars", "a lot"], 2, "--budget-dollars"),
                        (["--models", models, "--model", Laboratory.model, "--budget-dollars", "1"], 3, "set maxTokens"),
                        (["--models", models, "--model", Laboratory.model, "--budget-dollars", "1", "--max-tokens", "20"], 3, "has no price"),
                        (["--models", models, "--model", Laboratory.model, "--prompt-format", "xml"], 2, "--prompt-format"),
                    ]
                    for (more, code, words) in cases {
                        let ended = try await lab.start("advpo", ["run", input, "--output", lab.path("out")] + more).finished()
                        #expect(ended.status.code == code && ended.errors.contains(words), "\(more): \(ended)")
                    }
                    let missing = try await lab.advpo("run", lab.path("none.jsonl"), "--output", lab.path("out"), "--models", models, "--model", Laboratory.model)
                    #expect(missing.status.code == 3 && missing.errors.contains("none.jsonl"), "\(missing)")
                    #expect(server.records.isEmpty)
                }
            }
        }
    }
}
