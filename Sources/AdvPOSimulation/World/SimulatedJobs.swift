import AdvPOBedrock
import AdvPOCoordinator
import AdvPOModel
import OrderedCollections

/// Jobs that follow from a seed.
enum SimulatedJobs {
    static func plans(_ configuration: SimulationConfiguration) -> OrderedDictionary<JobID, JobPlan> {
        let plans = configuration.jobs.enumerated().map { number, size in
            var dice = SeededGenerator(seed: configuration.seed &+ UInt64(number) &* 7_777)
            let templates = (0..<size.templates).map { template(number, $0, size.samplesPerTemplate, &dice) }
            let id = JobID(using: &dice)
            let request = CreateJobRequest(
                jobName: "simulated", inputURI: "s3://simulated/input.jsonl", outputURI: "s3://simulated/out/",
                models: Simulator.models.prefix(configuration.modelsPerJob).map { ModelConfiguration(modelID: $0) })
            return JobPlan(
                id: id, request: request, options: JobOptions(promptFormat: .chat, preset: .light, budgetCalls: size.budgetCalls, seed: dice.next()), templates: templates,
                judgeModelID: nil, rewriterModelID: Simulator.models[0], functions: [:], input: ContentHash(of: Array(id.rawValue.utf8)),
                createdMillisecondsSince1970: 0)
        }
        return OrderedDictionary(uniqueKeysWithValues: plans.map { ($0.id, $0) })
    }

    private static func template(_ job: Int, _ position: Int, _ samples: Int, _ dice: inout SeededGenerator) -> Template {
        let labels = ["sports", "business", "health"]
        let samples = (0..<samples).map { index in
            Sample(
                index: index, variables: ["text": "headline \(job) \(position) \(index) \(dice.next() % 100_000)"],
                referenceResponse: labels[Int(dice.next() % UInt64(labels.count))])
        }
        return Template(
            line: position + 1, id: "t\(job).\(position)", promptTemplate: "Which label?\n\n{{text}}", method: .builtin(.exactMatch), metricLabel: nil,
            samples: samples, shortenPrompt: false)
    }
}
