import AdvPOBedrock
import AdvPOCoordinator
import AdvPOModel
import OrderedCollections

/// Jobs to try things on.
enum Plans {
    static let id = JobID("aaaaaaaaaaaa")!

    static func samples(_ count: Int) -> [Sample] {
        (0..<count).map { Sample(index: $0, variables: ["text": "headline \($0)"], referenceResponse: ["sports", "business", "health"][$0 % 3]) }
    }

    static func template(_ id: String = "t", samples count: Int = 24, method: EvaluationMethod = .builtin(.exactMatch)) -> Template {
        Template(
            line: 1, id: id, promptTemplate: "Which label?\n\n{{text}}", method: method, metricLabel: nil, samples: samples(count), shortenPrompt: false)
    }

    static func job(
        id: JobID = id, templates: [Template] = [template()], models: [String] = ["m"], rewriter: String? = "m", budgetCalls: Int = 250
    ) -> JobPlan {
        JobPlan(
            id: id,
            request: CreateJobRequest(
                jobName: "job", inputURI: "s3://bucket/input.jsonl", outputURI: "s3://bucket/out/", models: models.map { ModelConfiguration(modelID: $0) }),
            options: JobOptions(promptFormat: .chat, budgetCalls: budgetCalls, seed: 7), templates: templates, judgeModelID: nil, rewriterModelID: rewriter,
            functions: [:], input: ContentHash(of: Array("input".utf8)), createdMillisecondsSince1970: 1_000)
    }

    /// The same templates as lines of an input file.
    static func input(_ templates: [Template] = [template()]) -> [UInt8] {
        templates.flatMap { template -> [UInt8] in
            let samples = template.samples.map { sample -> JSONValue in
                .object([
                    "inputVariables": .array(sample.variables.map { .object([$0.key: .string($0.value)]) }),
                    "referenceResponse": sample.referenceResponse.map { .string($0) } ?? .null,
                ])
            }
            let line: JSONValue = .object([
                "version": "bedrock-2026-05-14", "templateId": .string(template.id), "promptTemplate": .string(template.promptTemplate),
                "evaluationMetricLambdaArn": "builtin:exact_match", "customEvaluationMetricLabel": "exact", "evaluationSamples": .array(samples),
            ])
            return line.encoded() + [UInt8(ascii: "\n")]
        }
    }
}
