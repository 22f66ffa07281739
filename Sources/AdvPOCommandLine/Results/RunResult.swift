package import AdvPOModel
import OrderedCollections

/// What one result of a results file says of one run: one template for one model.
package struct RunResult: Hashable, Sendable {
    package var templateID: String
    package var modelID: String
    /// `improved`, `kept` or what else the proof says; `failed` and the like where there is none.
    package var verdict: String
    package var explanation: String?
    /// On the holdout where there is a proof, else over all samples.
    package var originalScore: Double?
    package var optimizedScore: Double?
    package var proof: Proof?
    package var original: Metrics
    package var optimized: Metrics
    /// Dollars that the whole run cost; nil when a model was unpriced.
    package var dollarsSpent: Double?
    package var callsSpent: Int?
    package var originalPrompt: String
    /// What was scored: the messages in chat format, else the template.
    package var optimizedPrompt: [PromptPart]

    /// True when what is returned is what was submitted, its tags removed.
    package var returnsOriginal: Bool {
        guard optimizedPrompt.count == 1, let returned = optimizedPrompt.first, returned.role == nil || returned.role == "user" else { return verdict == "kept" }
        do {
            return returned.text == (try TaggedTemplate(originalPrompt).text)
        } catch {
            return false
        }
    }

    package struct Proof: Hashable, Sendable {
        package var split: String?
        package var pairs: Int?
        package var difference: ClosedRange<Double>?
    }

    package struct Metrics: Hashable, Sendable {
        package var inputTokens: Int?
        package var outputTokens: Int?
        package var latencySeconds: Double?
        /// Dollars for one request as users will send it; nil when the model is unpriced.
        package var dollarsPerRequest: Double?
    }

    package struct PromptPart: Hashable, Sendable {
        /// `system`, `user`, `assistant`; nil for a bare template.
        package var role: String?
        package var text: String
    }
}

extension RunResult {
    /// The runs of one line of `advanced_prompt_optimization_results.jsonl`; a member that is missing is shown as unknown, never a reason to fail.
    package static func runs(ofLine line: JSONValue) -> [RunResult] {
        let template = line["promptTemplateId"]?.stringValue ?? "?"
        let prompt = line["promptTemplate"]?.stringValue ?? ""
        return (line["promptOptimizationResults"]?.arrayValue ?? []).map { RunResult(templateID: template, originalPrompt: prompt, result: $0) }
    }

    private init(templateID: String, originalPrompt: String, result: JSONValue) {
        let proofJSON = result["proof"]
        self.templateID = templateID
        self.originalPrompt = originalPrompt
        modelID = result["modelId"]?.stringValue ?? "?"
        verdict = proofJSON?["verdict"]?.stringValue ?? (result["status"]?.stringValue ?? "unknown").lowercased()
        explanation = result["explanation"]?.stringValue ?? result["failureReason"]?.stringValue
        originalScore = proofJSON?["originalMean"]?.double ?? result["originalPromptMetrics"]?["averageScore"]?.double
        optimizedScore = proofJSON?["candidateMean"]?.double ?? result["optimizedPromptMetrics"]?["averageScore"]?.double
        proof = proofJSON.flatMap(Proof.init)
        let cost = result["cost"]
        original = Metrics(result["originalPromptMetrics"], dollarsPerRequest: cost?["originalAveragePerRequest"]?.double)
        optimized = Metrics(result["optimizedPromptMetrics"], dollarsPerRequest: cost?["optimizedAveragePerRequest"]?.double)
        dollarsSpent = cost?["totalSpent"]?.double
        callsSpent = cost?["callsSpent"]?.numberValue?.int
        optimizedPrompt = Self.prompt(result)
    }

    private static func prompt(_ result: JSONValue) -> [PromptPart] {
        var parts = texts(result["optimizedPromptSystem"]).map { PromptPart(role: "system", text: $0) }
        for message in result["optimizedPromptMessages"]?.arrayValue ?? [] {
            let text = texts(message["content"]).joined(separator: "\n")
            parts.append(PromptPart(role: message["role"]?.stringValue ?? "user", text: text))
        }
        if parts.isEmpty, let template = result["optimizedPromptTemplate"]?.stringValue { parts = [PromptPart(role: nil, text: template)] }
        return parts
    }

    /// A bare string, or a list of content blocks with `text` as the Converse API writes them.
    private static func texts(_ value: JSONValue?) -> [String] {
        guard let value else { return [] }
        if let text = value.stringValue { return [text] }
        if let text = value["text"]?.stringValue { return [text] }
        return (value.arrayValue ?? []).compactMap { $0.stringValue ?? $0["text"]?.stringValue }
    }
}

extension RunResult.Proof {
    init?(_ json: JSONValue) {
        guard json.objectValue != nil else { return nil }
        split = json["split"]?.stringValue
        pairs = json["pairs"]?.numberValue?.int
        if let lower = json["differenceInterval"]?["lower"]?.double, let upper = json["differenceInterval"]?["upper"]?.double, lower <= upper {
            difference = lower...upper
        }
    }
}

extension RunResult.Metrics {
    init(_ json: JSONValue?, dollarsPerRequest: Double?) {
        inputTokens = json?["averageInputTokens"]?.numberValue?.int
        outputTokens = json?["averageOutputTokens"]?.numberValue?.int
        latencySeconds = json?["averageLatencyInSec"]?.double
        self.dollarsPerRequest = dollarsPerRequest
    }
}

extension JSONValue {
    fileprivate subscript(_ key: String) -> JSONValue? { objectValue?[key] }
    fileprivate var double: Double? { numberValue?.double }
}
