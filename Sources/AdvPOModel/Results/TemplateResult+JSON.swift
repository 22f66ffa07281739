import OrderedCollections

/// The published result file, with keys of our own after the published ones of each object.
///
/// Published, in this order: `promptTemplateId`, `promptTemplate` (as submitted, tags kept), the method's field, `customEvaluationMetricLabel`,
/// `promptOptimizationResults`. Texts are written as they are: the published service doubles literal braces, this one touches none.
extension TemplateResult {
    /// The label of every metric that the built-in judge makes.
    package static let judgeLabel = "Quality Score"

    package var jsonLine: JSONValue {
        var object: JSONObject = ["promptTemplateId": .string(template.id), "promptTemplate": .string(template.promptTemplate)]
        if let (field, value) = template.method.inputField { object[field] = value }
        object["customEvaluationMetricLabel"] = .string(label)
        object["promptOptimizationResults"] = .array(results.map { $0.json(of: template) })
        return .object(object)
    }

    private var label: String {
        if let label = template.metricLabel { return label }
        switch template.method {
        case .builtin(let metric): return metric.rawValue
        case .function(_, let name): return name
        case .defaultJudge, .steering, .customJudge: return Self.judgeLabel
        }
    }
}

extension ModelResult {
    /// One entry of `promptOptimizationResults`.
    ///
    /// Published: `status` (`SUCCESS`, `FAILED`), `optimizedPromptTemplate`, `dataset`, `modelId`, `optimizedPromptTemplateId`, `originalPromptMetrics`,
    /// `optimizedPromptMetrics`. Ours:
    /// - `status` may be `STOPPED`; with that and with `FAILED`, `failureReason` says why. A failed entry has an empty `dataset` and zeros for metrics.
    /// - `optimizedPromptSystem`, `optimizedPromptMessages`, `optimizedPromptTemplateIsFlattened`: in chat format only. The first two are what was
    ///   measured, as the Converse API writes `system` and `messages`; with the third true, `optimizedPromptTemplate` is their text
    ///   joined by `PromptDocument.flattened`, which was not measured.
    /// - `metricsScope`: `holdout` or `all`, the rows that the aggregate metrics cover; `metricsRowCount`: how many of them count (`measuredRows`).
    /// - `cost`, in dollars, null where unpriced: `originalAveragePerRequest` and `optimizedAveragePerRequest` of the target model over the same rows,
    ///   `totalSpent` for the whole run, and `callsSpent`.
    /// - `proof`: the evidence for the verdict, or null; `explanation`: why this prompt was returned.
    func json(of template: Template) -> JSONValue {
        var object: JSONObject = [
            "status": .string(statusName),
            "optimizedPromptTemplate": .string(returned.flattened),
            "dataset": .array(isFailed ? [] : rows.map { $0.json(method: template.method) }),
            "modelId": .string(modelID),
            "optimizedPromptTemplateId": .string("\(template.id)-optimized-for-\(modelID)"),
            "originalPromptMetrics": isFailed ? Self.zeroMetrics : originalMetrics.json,
            "optimizedPromptMetrics": isFailed ? Self.zeroMetrics : optimizedMetrics.json,
        ]
        switch status {
        case .success: break
        case .failed(let reason), .stopped(let reason): object["failureReason"] = .string(reason)
        }
        // Several messages in text format would be a bug of the search; what was measured is written all the same.
        if promptFormat == .chat || returned.hasSeveralMessages {
            object["optimizedPromptSystem"] = .array(returned.messages.filter { $0.role == .system }.map { ["text": .string($0.text)] })
            object["optimizedPromptMessages"] = .array(
                returned.messages.filter { $0.role != .system }.map { ["role": .string($0.role.rawValue), "content": [["text": .string($0.text)]]] })
            object["optimizedPromptTemplateIsFlattened"] = .bool(returned.hasSeveralMessages)
        }
        object["metricsScope"] = .string(metricsScope.rawValue)
        object["metricsRowCount"] = .number(JSONNumber(isFailed ? 0 : measuredRows.count))
        object["cost"] = [
            "originalAveragePerRequest": JSONValue(isFailed ? nil : originalMetrics.averageCostDollars),
            "optimizedAveragePerRequest": JSONValue(isFailed ? nil : optimizedMetrics.averageCostDollars),
            "totalSpent": JSONValue(costSpent?.dollars),
            "callsSpent": .number(JSONNumber(callsSpent)),
        ]
        object["proof"] = proof ?? .null
        object["explanation"] = .string(explanation)
        return .object(object)
    }

    private var isFailed: Bool { if case .failed = status { true } else { false } }

    private var statusName: String {
        switch status {
        case .success: "SUCCESS"
        case .failed: "FAILED"
        case .stopped: "STOPPED"
        }
    }

    private static let zeroMetrics: JSONValue = [
        "averageInputTokens": 0, "averageOutputTokens": 0, "averageScore": 0.0, "averageTtftInSec": 0.0, "averageLatencyInSec": 0.0, "medianTtftInSec": 0.0,
        "medianLatencyInSec": 0.0,
    ]
}

extension RunMetrics {
    /// Token averages are cut to integers, times rounded to four decimals, the score left as it is; null where nothing was measured.
    var json: JSONValue {
        [
            "averageInputTokens": Self.truncated(averageInputTokens),
            "averageOutputTokens": Self.truncated(averageOutputTokens),
            "averageScore": JSONValue(averageScore),
            "averageTtftInSec": Self.rounded(averageTimeToFirstTokenSeconds),
            "averageLatencyInSec": Self.rounded(averageLatencySeconds),
            "medianTtftInSec": Self.rounded(medianTimeToFirstTokenSeconds),
            "medianLatencyInSec": Self.rounded(medianLatencySeconds),
        ]
    }

    private static func truncated(_ value: Double?) -> JSONValue { value.map { .number(JSONNumber(Int($0))) } ?? .null }

    private static func rounded(_ seconds: Double?) -> JSONValue {
        JSONValue(seconds.map { ($0 * 10_000).rounded(.toNearestOrEven) / 10_000 })
    }
}

extension ResultRow {
    /// One entry of `dataset`.
    ///
    /// Published: `inputVariables` (one key per object), `referenceResponse` (null when the input has none), `originalPromptDetails`,
    /// `optimizedPromptDetails`, `inputVariablesMultimodal` only when there are files. Ours: `split`, and in the details `failureReason` for a unit that
    /// failed: of a model failure the score is 0, of an infrastructure failure it is null. A sample that was never run has nulls.
    func json(method: EvaluationMethod) -> JSONValue {
        var object: JSONObject = [
            "inputVariables": sample.variablesValue,
            "referenceResponse": sample.referenceResponse.map { .string($0) } ?? .null,
            "originalPromptDetails": Self.details(of: original, prompt: "original", title: "Original", method: method),
            "optimizedPromptDetails": Self.details(of: optimized, prompt: "optimized", title: "Optimized", method: method),
        ]
        if !sample.attachments.isEmpty {
            object["inputVariablesMultimodal"] = .array(
                sample.attachments.map { [$0.name: ["type": .string($0.kind.rawValue), "s3Uri": .string($0.uri)]] })
        }
        object["split"] = .string(split)
        return .object(object)
    }

    private static func details(of record: UnitRecord?, prompt: String, title: String, method: EvaluationMethod) -> JSONValue {
        var object: JSONObject = ["\(prompt)PromptModelResponse": record.map { .string($0.output) } ?? .null]
        if method.usesJudge { object["llmjRawEvalOutputFor\(title)Prompt"] = record?.judgeOutput.map { .string($0) } ?? .null }
        let usage = record?.usage
        object["\(prompt)PromptMetrics"] = [
            "inputTokens": usage.map { .number(JSONNumber($0.inputTokens)) } ?? .null,
            "outputTokens": usage.map { .number(JSONNumber($0.outputTokens)) } ?? .null,
            "score": JSONValue(record?.score),
            "ttftInSec": JSONValue(usage.map { Double($0.timeToFirstTokenMicroseconds) / 1e6 }),
            "latencyInSec": JSONValue(usage.map { Double($0.latencyMicroseconds) / 1e6 }),
        ]
        if let reason = record?.failureReason { object["failureReason"] = .string(reason) }
        return .object(object)
    }
}

extension JSONValue {
    /// A number, or null for what is absent or has no place in JSON.
    fileprivate init(_ value: Double?) {
        if let value, value.isFinite { self = .number(JSONNumber(value)) } else { self = .null }
    }
}
