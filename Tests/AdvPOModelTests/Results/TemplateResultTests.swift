import AdvPOModel
import OrderedCollections
import Testing

@Suite struct TemplateResultTests {
    private func record(
        _ output: String, score: Double?, judge: String? = nil, input: Int = 10, outputTokens: Int = 3, ttft: Int64 = 250_000, latency: Int64 = 1_000_000, cost: Int64? = nil
    ) -> UnitRecord {
        UnitRecord(
            status: .scored, output: output, score: score, judgeOutput: judge,
            usage: Usage(
                inputTokens: input, outputTokens: outputTokens, timeToFirstTokenMicroseconds: ttft, latencyMicroseconds: latency, cost: cost.map { NanoDollars($0) }),
            providerCalls: 1)
    }

    private func template(_ method: EvaluationMethod, label: String? = nil, samples: [Sample]) -> Template {
        Template(line: 1, id: "t1", promptTemplate: "Answer <advpo:optimize>{{q}}</advpo:optimize>", method: method, metricLabel: label, samples: samples, shortenPrompt: false)
    }

    private func run(
        _ rows: [ResultRow], status: ModelResult.Status = .success, returned: PromptDocument = PromptDocument(user: "Reply {{q}}"), format: JobOptions.PromptFormat = .text,
        proof: JSONValue? = nil, cost: NanoDollars? = nil
    ) -> ModelResult {
        ModelResult(
            modelID: "local.m", status: status, returned: returned, promptFormat: format, rows: rows, proof: proof, explanation: "why", callsSpent: 12, costSpent: cost)
    }

    @Test("a steered result is written in the published shape, our keys after the published ones") func steeredShape() throws {
        let sample = Sample(
            index: 0, variables: ["q": "2+2", "r": "{x}"], referenceResponse: "4", attachments: [Attachment(name: "f", kind: .document, uri: "s3://bucket/f.pdf")])
        let row = ResultRow(
            sample: sample, split: "holdout", original: record("four", score: 0.5, judge: "<Overall>1.5</Overall>", cost: 2_000),
            optimized: record("4", score: 1, judge: "<Overall>3</Overall>", input: 20, outputTokens: 1, ttft: 123_456, latency: 654_321, cost: 4_000))
        let result = TemplateResult(
            template: template(.steering(criteria: ["short"]), samples: [sample]), results: [run([row], proof: ["difference": 0.5], cost: NanoDollars(1_000_000))])
        let expected = #"""
            {"promptTemplateId":"t1","promptTemplate":"Answer <advpo:optimize>{{q}}</advpo:optimize>","steeringCriteria":["short"],"customEvaluationMetricLabel":"Quality Score",
            "promptOptimizationResults":[{"status":"SUCCESS","optimizedPromptTemplate":"Reply {{q}}","dataset":[{"inputVariables":[{"q":"2+2"},{"r":"{x}"}],"referenceResponse":"4",
            "originalPromptDetails":{"originalPromptModelResponse":"four","llmjRawEvalOutputForOriginalPrompt":"<Overall>1.5</Overall>",
            "originalPromptMetrics":{"inputTokens":10,"outputTokens":3,"score":0.5,"ttftInSec":0.25,"latencyInSec":1.0}},
            "optimizedPromptDetails":{"optimizedPromptModelResponse":"4","llmjRawEvalOutputForOptimizedPrompt":"<Overall>3</Overall>",
            "optimizedPromptMetrics":{"inputTokens":20,"outputTokens":1,"score":1.0,"ttftInSec":0.123456,"latencyInSec":0.654321}},
            "inputVariablesMultimodal":[{"f":{"type":"DOCUMENT","s3Uri":"s3://bucket/f.pdf"}}],"split":"holdout"}],
            "modelId":"local.m","optimizedPromptTemplateId":"t1-optimized-for-local.m",
            "originalPromptMetrics":{"averageInputTokens":10,"averageOutputTokens":3,"averageScore":0.5,"averageTtftInSec":0.25,"averageLatencyInSec":1.0,"medianTtftInSec":0.25,"medianLatencyInSec":1.0},
            "optimizedPromptMetrics":{"averageInputTokens":20,"averageOutputTokens":1,"averageScore":1.0,"averageTtftInSec":0.1235,"averageLatencyInSec":0.6543,"medianTtftInSec":0.1235,"medianLatencyInSec":0.6543},
            "metricsScope":"holdout","metricsRowCount":1,
            "cost":{"originalAveragePerRequest":2e-06,"optimizedAveragePerRequest":4e-06,"totalSpent":0.001,"callsSpent":12},"proof":{"difference":0.5},"explanation":"why"}]}
            """#
        #expect(result.jsonLine.text == expected.split(separator: "\n").joined())
    }

    @Test("a function's result echoes its ARN and has no judge's texts") func functionShape() {
        let arn = "arn:aws:lambda:us-west-2:123456789012:function:m"
        let sample = Sample(index: 0, variables: ["q": "a"], referenceResponse: "b")
        let row = ResultRow(sample: sample, split: "all", original: record("x", score: 0), optimized: record("y", score: 0.25))
        let line = TemplateResult(template: template(.function(arn: arn, name: "m"), label: "match", samples: [sample]), results: [run([row])]).jsonLine
        #expect(line["evaluationMetricLambdaArn"] == .string(arn))
        #expect(line["customEvaluationMetricLabel"] == "match")
        let dataset = line["promptOptimizationResults"]?[0]?["dataset"]?[0]
        #expect(dataset?["originalPromptDetails"]?.objectValue?.keys.elements == ["originalPromptModelResponse", "originalPromptMetrics"])
        #expect(dataset?["inputVariablesMultimodal"] == nil)
        #expect(line["promptOptimizationResults"]?[0]?["metricsScope"] == "all")
        #expect(line["promptOptimizationResults"]?[0]?["optimizedPromptMessages"] == nil)
        #expect(line["promptOptimizationResults"]?[0]?["cost"]?["originalAveragePerRequest"] == .null)
        #expect(line["promptOptimizationResults"]?[0]?["cost"]?["totalSpent"] == .null)
    }

    @Test(
        "every method has a label",
        arguments: [
            (EvaluationMethod.defaultJudge, nil, "Quality Score"), (.steering(criteria: ["a"]), nil, "Quality Score"), (.builtin(.rouge2), nil, "rouge_2"),
            (.builtin(.rouge2), "Mine", "Mine"), (.customJudge(prompt: "p", modelID: "m"), "Tone", "Tone"),
        ] as [(EvaluationMethod, String?, String)])
    func labels(method: EvaluationMethod, label: String?, expected: String) {
        #expect(TemplateResult(template: template(method, label: label, samples: []), results: []).jsonLine["customEvaluationMetricLabel"] == .string(expected))
    }

    @Test("literal braces come through input, rendering and result byte for byte") func braceSurvival() throws {
        let prompt = #"Use \frac{2200}{3200} and [{"name": "f", "arguments": {"a": "1"}, "label": "$var_1"}] and {{{q}}} and {{ "k": {} }}: {{q}}"#
        let value = #"{"q": "{{q}}", "n": {"m": [{}]}} \sqrt{2}"#
        let line: JSONValue = [
            "version": "bedrock-2026-05-14", "templateId": "t", "promptTemplate": .string(prompt),
            "evaluationSamples": [["inputVariables": [["q": .string(value)]], "referenceResponse": .string(value)]],
        ]
        let read = try #require(try InputFile.read(line.encoded()).first)
        #expect(Array(read.promptTemplate.utf8) == Array(prompt.utf8))
        let document = PromptDocument(user: read.promptTemplate)
        let rendered = try #require(document.rendered(variables: read.samples[0].values).first)
        #expect(rendered.text == #"Use \frac{2200}{3200} and [{"name": "f", "arguments": {"a": "1"}, "label": "$var_1"}] and {\#(value)} and {{ "k": {} }}: \#(value)"#)
        let row = ResultRow(sample: read.samples[0], split: "all", original: record(value, score: 0), optimized: record(value, score: 1))
        let written = TemplateResult(template: read, results: [run([row], returned: document)]).jsonLine.encoded()
        let back = try JSONValue(parsing: written)
        let model = back["promptOptimizationResults"]?[0]
        #expect(back["promptTemplate"] == .string(prompt))
        #expect(model?["optimizedPromptTemplate"] == .string(prompt))
        #expect(model?["dataset"]?[0]?["inputVariables"]?[0]?["q"] == .string(value))
        #expect(model?["dataset"]?[0]?["referenceResponse"] == .string(value))
        #expect(model?["dataset"]?[0]?["optimizedPromptDetails"]?["optimizedPromptModelResponse"] == .string(value))
    }

    @Test("a chat result has the messages that were measured, and their text marked as flattened") func chatShape() {
        let document = PromptDocument(system: "Be {brief}.", examples: [.init(user: "1+1 {{q}}", assistant: "2")], user: "Q: {{q}}")
        let line = TemplateResult(template: template(.defaultJudge, samples: []), results: [run([], returned: document, format: .chat)]).jsonLine
        let model = line["promptOptimizationResults"]?[0]
        #expect(model?["optimizedPromptSystem"] == [["text": "Be {brief}."]])
        #expect(
            model?["optimizedPromptMessages"] == [
                ["role": "user", "content": [["text": "1+1 {{q}}"]]], ["role": "assistant", "content": [["text": "2"]]], ["role": "user", "content": [["text": "Q: {{q}}"]]],
            ])
        #expect(model?["optimizedPromptTemplateIsFlattened"] == true)
        #expect(model?["optimizedPromptTemplate"] == "Be {brief}.\n\nExample input:\n1+1 {{q}}\n\nExample output:\n2\n\nQ: {{q}}")
    }

    @Test("a chat result of one user message is not marked as flattened: the template is what was measured") func chatOfOneMessage() {
        let line = TemplateResult(template: template(.defaultJudge, samples: []), results: [run([], format: .chat)]).jsonLine
        let model = line["promptOptimizationResults"]?[0]
        #expect(model?["optimizedPromptTemplateIsFlattened"] == false)
        #expect(model?["optimizedPromptSystem"] == [])
        #expect(model?["optimizedPromptTemplate"] == "Reply {{q}}")
    }

    @Test("a failed result has a reason, no data and zeros") func failedShape() {
        let sample = Sample(index: 0, variables: ["q": "a"], referenceResponse: nil)
        let row = ResultRow(sample: sample, split: "all", original: record("x", score: 1), optimized: nil)
        let line = TemplateResult(template: template(.defaultJudge, samples: [sample]), results: [run([row], status: .failed(reason: "no model answered"))]).jsonLine
        let model = line["promptOptimizationResults"]?[0]
        #expect(model?["status"] == "FAILED")
        #expect(model?["failureReason"] == "no model answered")
        #expect(model?["dataset"] == [])
        #expect(model?["originalPromptMetrics"]?["averageInputTokens"] == 0)
        #expect(model?["optimizedPromptMetrics"]?["averageScore"] == 0.0)
        #expect(model?["metricsRowCount"] == 0)
    }

    @Test("a stopped result keeps what there is, and nulls where nothing was run") func stoppedShape() {
        let sample = Sample(index: 0, variables: ["q": "a"], referenceResponse: nil)
        let row = ResultRow(sample: sample, split: "all", original: record("x", score: 1, judge: "j"), optimized: nil)
        let line = TemplateResult(template: template(.defaultJudge, samples: [sample]), results: [run([row], status: .stopped(reason: "a user stopped the job"))]).jsonLine
        let model = line["promptOptimizationResults"]?[0]
        #expect(model?["status"] == "STOPPED")
        #expect(model?["failureReason"] == "a user stopped the job")
        #expect(model?["originalPromptMetrics"]?["averageScore"] == 1.0)
        #expect(model?["optimizedPromptMetrics"]?["averageScore"] == .null)
        #expect(model?["optimizedPromptMetrics"]?["averageInputTokens"] == .null)
        #expect(
            model?["dataset"]?[0]?["optimizedPromptDetails"]?.text
                == #"{"optimizedPromptModelResponse":null,"llmjRawEvalOutputForOptimizedPrompt":null,"optimizedPromptMetrics":{"inputTokens":null,"outputTokens":null,"score":null,"ttftInSec":null,"latencyInSec":null}}"#
        )
        #expect(model?["dataset"]?[0]?["referenceResponse"] == .null)
    }

    @Test("a failed unit says why: no score for the infrastructure's failure, 0 for the model's") func failedUnits() {
        let sample = Sample(index: 0, variables: ["q": "a"], referenceResponse: "b")
        let lost = UnitRecord(status: .infrastructureFailure, output: "", score: nil, failureReason: "timed out", providerCalls: 3)
        let empty = UnitRecord(status: .modelFailure, output: "", score: 0, failureReason: "the answer is empty", providerCalls: 1)
        let line = TemplateResult(
            template: template(.builtin(.exactMatch), samples: [sample]), results: [run([ResultRow(sample: sample, split: "all", original: lost, optimized: empty)])]
        ).jsonLine
        let row = line["promptOptimizationResults"]?[0]?["dataset"]?[0]
        #expect(row?["originalPromptDetails"]?["originalPromptMetrics"]?["score"] == .null)
        #expect(row?["originalPromptDetails"]?["failureReason"] == "timed out")
        #expect(row?["optimizedPromptDetails"]?["optimizedPromptMetrics"]?["score"] == 0.0)
        #expect(row?["optimizedPromptDetails"]?["failureReason"] == "the answer is empty")
    }

    @Test("the aggregates cover the holdout where there is one") func holdoutScope() {
        let rows = (0..<4).map { index in
            ResultRow(
                sample: Sample(index: index, variables: [:], referenceResponse: nil), split: index < 2 ? "train" : "holdout",
                original: record("", score: index < 2 ? 0 : 0.5), optimized: record("", score: index < 2 ? 0 : 0.75))
        }
        let result = run(rows)
        #expect(result.metricsScope == .holdout)
        #expect(result.originalMetrics.averageScore == 0.5)
        #expect(result.optimizedMetrics.averageScore == 0.75)
        #expect(run(Array(rows[..<2])).metricsScope == .all)
    }

    @Test("a row that lacks a score on one side counts on neither") func pairwiseExclusion() {
        let lost = UnitRecord(status: .infrastructureFailure, output: "", score: nil, providerCalls: 1)
        let rows = [(record("", score: 1), lost), (record("", score: 0.25), record("", score: 0.5))].enumerated().map { index, pair in
            ResultRow(sample: Sample(index: index, variables: [:], referenceResponse: nil), split: "all", original: pair.0, optimized: pair.1)
        }
        let result = run(rows)
        #expect(result.measuredRows.map(\.sample.index) == [1])
        #expect(result.originalMetrics.averageScore == 0.25)
        #expect(result.optimizedMetrics.averageScore == 0.5)
    }

    @Test("token averages are cut, times rounded to four decimals, scores left alone, medians between the middles") func aggregation() {
        let records = [
            record("", score: 0.1, input: 1, outputTokens: 2, ttft: 100_000, latency: 1_000_000), record("", score: 0.2, input: 2, outputTokens: 2, ttft: 200_010, latency: 3_000_000),
            record("", score: 0.7, input: 2, outputTokens: 4, ttft: 900_000, latency: 2_000_000),
        ]
        let rows = records.enumerated().map { index, item in
            ResultRow(sample: Sample(index: index, variables: [:], referenceResponse: nil), split: "all", original: item, optimized: item)
        }
        let line = TemplateResult(template: template(.builtin(.contains), samples: []), results: [run(rows)]).jsonLine
        #expect(
            line["promptOptimizationResults"]?[0]?["originalPromptMetrics"]?.text
                == "{\"averageInputTokens\":1,\"averageOutputTokens\":2,\"averageScore\":\((0.1 + 0.2 + 0.7) / 3),\"averageTtftInSec\":0.4,\"averageLatencyInSec\":2.0,\"medianTtftInSec\":0.2,\"medianLatencyInSec\":2.0}"
        )
        #expect(RunMetrics(over: Array(records[..<2])).medianLatencySeconds == 2)
    }

    @Test("a score that no JSON number can hold is null, and in no average") func notANumber() {
        let sample = Sample(index: 0, variables: [:], referenceResponse: nil)
        let line = TemplateResult(
            template: template(.builtin(.contains), samples: []),
            results: [run([ResultRow(sample: sample, split: "all", original: record("", score: .nan), optimized: record("", score: .infinity))])]
        ).jsonLine
        let model = line["promptOptimizationResults"]?[0]
        #expect(model?["dataset"]?[0]?["originalPromptDetails"]?["originalPromptMetrics"]?["score"] == .null)
        #expect(model?["optimizedPromptMetrics"]?["averageScore"] == .null)
    }
}
