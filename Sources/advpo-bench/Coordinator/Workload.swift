import AdvPOBedrock
import AdvPOModel
import OrderedCollections

/// Jobs whose searches ask for a given number of units at their start, and for none after them.
///
/// Every answer is right, so a run is over when the original has been scored on all samples. Below the least number of samples that forms a holdout all of
/// them are asked for at once. The same samples stand in every template and every model gets its own runs, so content repeats as it does in a search:
/// samples and prompts travel once to each worker.
struct Workload {
    static let answer = "ok"
    /// Below `Splits.holdoutMinimum`.
    static let samplesPerRun = 50
    static let largestModelCount = 100
    private static let templatesPerJob = 20

    let modelCount: Int
    private let templateCount: Int
    private let contentBytes: Int
    private let samples: Int

    /// - Parameter units: rounded up to whole runs, unless it is less than one run.
    init(units: Int, contentBytes: Int) {
        samples = min(units, Self.samplesPerRun)
        let runs = (units + samples - 1) / samples
        modelCount = min(runs, Self.largestModelCount)
        templateCount = (runs + modelCount - 1) / modelCount
        self.contentBytes = contentBytes
    }

    var unitCount: Int { templateCount * modelCount * samples }
    var jobCount: Int { (templateCount + Self.templatesPerJob - 1) / Self.templatesPerJob }

    static func modelID(_ number: Int) -> String { "bench-\(number)" }

    static func catalog(modelCount: Int) -> ModelCatalog {
        ModelCatalog(models: OrderedDictionary(uniqueKeysWithValues: (0..<modelCount).map { number in
            (modelID(number), CatalogModel(id: modelID(number), provider: .simulated, baseURL: "", model: modelID(number)))
        }))
    }

    var request: CreateJobRequest {
        CreateJobRequest(
            jobName: "bench", clientToken: nil, inputURI: "s3://bench/input.jsonl", outputURI: "s3://bench/output/",
            models: (0..<modelCount).map { ModelConfiguration(modelID: Self.modelID($0)) })
    }

    /// The input file of one job.
    func input(job: Int) -> [UInt8] {
        let templates = job * Self.templatesPerJob..<min((job + 1) * Self.templatesPerJob, templateCount)
        return templates.flatMap { line(template: $0).encoded() + [UInt8(ascii: "\n")] }
    }

    private func line(template: Int) -> JSONValue {
        [
            "version": "bedrock-2026-05-14",
            "templateId": .string("template-\(template)"),
            "promptTemplate": .string(text(template: template) + "\n\nQuestion: {{question}}"),
            "customEvaluationMetricLabel": "Exact match",
            "evaluationMetricLambdaArn": "builtin:exact_match",
            "evaluationSamples": .array((0..<samples).map { number in
                [
                    "inputVariables": [["question": .string("Which word of list w\(number * 7_919) comes after entry e\(number * 104_729)?")]],
                    "referenceResponse": .string(Self.answer),
                ]
            }),
        ]
    }

    private static let words = [
        "the", "coordinator", "hands", "a", "task", "to", "worker", "that", "pulls", "answer", "each", "customer", "message", "with", "one", "label", "and",
        "give", "reasons", "only", "when", "asked", "billing", "shipping", "returns", "account", "technical", "refund", "delivery", "invoice", "password",
        "address", "warranty", "exchange", "late", "broken", "missing", "charge", "card", "login",
    ]

    /// Prose-like text of `contentBytes`, another for each template.
    private func text(template: Int) -> String {
        var generator = SeededGenerator(seed: UInt64(template))
        var text = "Instructions \(template):"
        while text.utf8.count < contentBytes { text += " " + Self.words[Int(generator.next() % UInt64(Self.words.count))] }
        return text
    }
}
