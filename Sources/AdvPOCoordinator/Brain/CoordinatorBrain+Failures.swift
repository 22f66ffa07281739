import AdvPOBedrock
import AdvPOModel
import AdvPOOptimizer
import OrderedCollections

extension CoordinatorBrain {
    /// The published limit of `failureMessage`.
    static let failureMessageCharacters = 2_048

    static func bounded(_ message: String) -> String {
        message.count <= failureMessageCharacters ? message : message.prefix(failureMessageCharacters - 3) + "..."
    }

    /// Why runs failed: each cause once, with the first run that it befell and how many more; nil when none failed.
    static func failureMessage(of job: JobState) -> String? {
        var causes: OrderedDictionary<String, [RunID]> = [:]
        for run in job.runs.values {
            guard let outcome = run.outcome, outcome.ending == .failed else { continue }
            causes[outcome.explanation, default: []].append(run.id)
        }
        let failed = causes.values.reduce(0) { $0 + $1.count }
        guard failed > 0 else { return nil }
        let total = job.runs.count
        let count = failed < total ? "\(failed) of \(total) runs failed." : total == 1 ? "The run failed." : "All \(total) runs failed."
        // Long causes are cut, so that each gets its say.
        let room = max(150, (failureMessageCharacters - 100) / causes.count - 150)
        let sentences = causes.map { explanation, runs in
            let template = job.plan.templates[runs[0].template]
            let others = runs.count > 1 ? " and \(runs.count - 1) more" : ""
            let cut = explanation.count <= room ? explanation : explanation.prefix(room) + "..."
            return "Template \"\(template.id.prefix(64))\" with model \(job.plan.request.models[runs[0].model].modelID.prefix(64))\(others): \(cut)"
        }
        return bounded(([count] + sentences).joined(separator: " "))
    }
}
