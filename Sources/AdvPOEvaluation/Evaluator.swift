package import AdvPOModel
package import Logging
import OrderedCollections

/// Scores answers: by a judge, by the user's own code, or by a built-in metric.
///
/// Safe to use from many tasks at once; one metric's code is run for one answer at a time.
package final class Evaluator: Sendable {
    private let judge: Judge
    private let metrics: PythonMetrics

    package init(models: any ChatModels, python: PythonMetricSettings, logger: Logger) {
        judge = Judge(models: models, logger: logger)
        metrics = PythonMetrics(settings: python, logger: logger)
    }

    /// One answer's score, or why there is none; cancelling the surrounding task aborts the judge's call and kills the metric's process.
    ///
    /// - Parameter allowance: a judge's requests are taken from it.
    package func evaluate(_ item: EvaluationItem, within allowance: CallAllowance) async throws(EvaluationFailure) -> EvaluationResult {
        let specification = item.specification
        switch specification.method {
        case .builtin(let metric):
            return try metric.evaluate(response: item.response, reference: item.reference)
        case .function(_, let name):
            guard let bundle = item.functionBundle else {
                throw .metric(message: "the code of the metric \(name) is not there: name its folder under functions in the models file")
            }
            let hash = specification.functionBundle ?? bundle.contentHash
            return try await metrics.score(bundle, hash: hash, response: item.response, reference: item.reference ?? "")
        case .defaultJudge, .customJudge, .steering:
            guard let modelID = specification.judgeModelID else {
                throw .judge(message: "this evaluation needs a judge, and no model has the role: set roles.judge in the models file", providerCalls: 0, judgeUsage: nil)
            }
            let shown = item.files.filter { specification.judgeAttachments.contains($0.mediaType.kind) }
            let prompt = JudgePrompt(
                renderedPrompt: item.renderedPrompt, files: shown, hiddenFileCount: item.files.count - shown.count, response: item.response,
                reference: item.reference, criteria: JudgeCriteria(specification.method) ?? .none)
            return try await judge.evaluate(prompt, modelID: modelID, within: allowance)
        }
    }

    /// With no limit to a judge's requests.
    package func evaluate(_ item: EvaluationItem) async throws(EvaluationFailure) -> EvaluationResult {
        try await evaluate(item, within: .unlimited)
    }

    /// Starts a metric's code without asking it anything, so that a metric that cannot run is known before anything is spent.
    ///
    /// `hash` is the name by which specifications call the code, where it has one already.
    package func check(_ bundle: FunctionBundle, hash: ContentHash? = nil) async throws(EvaluationFailure) {
        try await metrics.load(bundle, hash: hash ?? bundle.contentHash)
    }

    /// Ends all processes and removes their folders. Evaluations under way end as cancelled.
    package func shutdown() async { await metrics.close() }
}

extension FunctionBundle {
    /// Of the names and contents of the files; the lengths keep one from passing for the other.
    var contentHash: ContentHash {
        var bytes: [UInt8] = []
        for (path, content) in files {
            bytes += Array("\(path.utf8.count) \(path) \(content.count) ".utf8)
            bytes += content
        }
        return ContentHash(of: bytes)
    }
}
