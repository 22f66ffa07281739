import AdvPOModel
import Foundation
import OrderedCollections
import Testing

extension ProcessTests {
    /// Every way to score, from the input file to the results, with one server as model and as judge.
    @Suite struct EvaluationMethodTests {
        private static let methods: OrderedDictionary<String, JSONObject> = [
            "standard": [:],
            "rubric": ["customLLMJConfig": ["customLLMJModelId": "test.judge", "customLLMJPrompt": "Is {{response}} one word? Answer 0 or 1."], "customEvaluationMetricLabel": "One word"],
            "steered": ["steeringCriteria": ["one word", "no doubts"]],
            "function": ["evaluationMetricLambdaArn": "arn:aws:lambda:us-east-1:000000000000:function:my-metric", "customEvaluationMetricLabel": "Mine"],
            "builtin": ["evaluationMetricLambdaArn": "builtin:contains", "customEvaluationMetricLabel": "Contains"],
        ]
        private static let garbage = "I would rather not say."

        /// Judges doubt as half the worth; says nonsense the first time for one sample, and always for another.
        private static func answer(_ call: ModelServer.Call) -> String {
            guard call.system.contains(KindTask.judgeSystem) else { return KindTask.answer(call) }
            if call.text.contains("(standard)"), call.text.contains("box3 "), call.json["seed"] == 0 { return garbage }
            if call.text.contains("(steered)"), call.text.contains("box4 ") { return garbage }
            return KindTask.verdict(overall: call.text.contains("I think") ? 1.5 : 3)
        }

        @Test("the default judge, a rubric, criteria, a Python function and a built-in metric each score a template of one job")
        func allMethods() async throws {
            try await ModelServer.run({ .answer(Self.answer($0)) }) { server in
                try await Laboratory.run { lab in
                    let example = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../docs/examples/metrics/my-metric").standardized.path
                    let judge = #"  - {id: test.judge, provider: openai, baseURL: "\#(server.baseURL)", model: scripted-judge}"#
                    let models = try lab.writeModels(server, rest: "\(judge)\nroles: {judge: \(Laboratory.model)}\nfunctions: {my-metric: \"\(example)\"}")
                    let input = try lab.write("input.jsonl", Self.methods.map { KindTask.line($0.key, samples: 8, method: $0.value) }.joined(separator: "\n"))
                    let python = Laboratory.python.map { ["--python", $0] } ?? []
                    let run = try await lab.start(
                        "advpo",
                        ["run", input, "--models", models, "--model", Laboratory.model, "--output", lab.path("out"), "--budget-calls", "90", "--prompt-format", "chat", "--json"] + python
                    ).finished()
                    #expect(run.status.code == 0, "\(run.errors)")
                    let end = try JSONValue(parsing: Array(run.output.utf8))
                    let written = try #require(end["results"]?.stringValue)
                    let lines = try lab.lines(written)
                    #expect(lines.map { $0["promptTemplateId"]?.stringValue } == Array(Self.methods.keys))
                    let byID = Dictionary(uniqueKeysWithValues: zip(Self.methods.keys, lines))
                    try Self.checkScores(byID)
                    try Self.checkJudging(byID, server)
                    #expect(server.repeated() == [])
                }
            }
        }

        private static func rows(_ line: JSONValue?) throws -> [(score: Double?, raw: String?, reason: String?)] {
            try #require(line?["promptOptimizationResults"]?[0]?["dataset"]?.arrayValue).map { row in
                let details = row["originalPromptDetails"]
                return (
                    details?["originalPromptMetrics"]?["score"]?.numberValue?.double, details?["llmjRawEvalOutputForOriginalPrompt"]?.stringValue,
                    details?["failureReason"]?.stringValue
                )
            }
        }

        /// The original answers with the right word among others.
        private static func checkScores(_ lines: [String: JSONValue]) throws {
            for (id, expected) in [("standard", 0.5), ("rubric", 0.5), ("function", 0.5), ("builtin", 1.0)] {
                #expect(try rows(lines[id]).map(\.score) == Array(repeating: expected, count: 8), "\(id)")
            }
            #expect(lines["standard"]?["customEvaluationMetricLabel"] == "Quality Score")
            #expect(lines["rubric"]?["customEvaluationMetricLabel"] == "One word")
            #expect(lines["steered"]?["steeringCriteria"] == ["one word", "no doubts"])
            #expect(try rows(lines["function"]).allSatisfy { $0.raw == nil })
            // The example's own score for a bare label.
            let optimized = lines["function"]?["promptOptimizationResults"]?[0]?["proof"]?["candidateMean"]?.numberValue?.double
            #expect(optimized == 1)
        }

        /// What cannot be read is asked for again; what never can be read is no score, and above all no 0.
        private static func checkJudging(_ lines: [String: JSONValue], _ server: ModelServer) throws {
            let judged = server.records.map(\.call).filter { $0.system.contains(KindTask.judgeSystem) }
            let asks = judged.filter { $0.text.contains("(standard)") && $0.text.contains("box3 ") && $0.text.contains("I think") }.map { $0.json["seed"] }
            #expect(asks == [0, 1])
            #expect(try rows(lines["standard"])[3].raw == KindTask.verdict(overall: 1.5), "the answer that counted is in the results")
            let steered = try rows(lines["steered"])
            #expect(steered.map(\.score) == [0.5, 0.5, 0.5, 0.5, nil, 0.5, 0.5, 0.5])
            #expect(steered[4].reason?.contains("no readable verdict") == true, "\(steered[4])")
            let average = lines["steered"]?["promptOptimizationResults"]?[0]?["originalPromptMetrics"]?["averageScore"]?.numberValue?.double
            #expect(average == 0.5, "the sample without a verdict does not count")
            for call in judged {
                let hasCriteria = call.text.contains("<CUSTOM_CRITERIA_DESCRIPTION>")
                #expect(hasCriteria != call.text.contains("(standard)"))
                #expect((call.json["model"] == "scripted-judge") == call.text.contains("(rubric)"), "a template's own judge judges it, and it alone")
                if call.text.contains("(steered)") { #expect(call.text.contains("1. one word\n2. no doubts")) }
            }
        }
    }
}
