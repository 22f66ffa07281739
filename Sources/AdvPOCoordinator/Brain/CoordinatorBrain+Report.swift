package import AdvPOBedrock
import AdvPOCluster
package import AdvPOModel
import AdvPOOptimizer
import AdvPOWire
import OrderedCollections

extension CoordinatorBrain {
    /// What a watcher is shown; nil for an unknown job.
    package func progress(of id: JobID) -> JobProgress? {
        guard let job = jobs[id] else { return nil }
        let runs = job.runs.values.map { run in
            JobProgress.Run(
                templateID: job.plan.templates[run.id.template].id, modelID: job.plan.request.models[run.id.model].modelID, state: run.state,
                phase: run.progress?.phase.rawValue ?? "baseline", iteration: run.progress?.iteration ?? 0, callsSpent: callsSpent(run),
                callsBudget: run.progress?.callsBudget ?? job.plan.options.budgetCalls, unitsFinished: run.unitsAsked - run.unitsMissing,
                unitsAsked: run.unitsAsked, originalScore: run.progress?.originalScore, bestScore: run.progress?.bestScore,
                explanation: run.outcome?.explanation ?? waitingExplanation(run, job))
        }
        return JobProgress(jobID: id, status: job.status, failureMessage: job.failureMessage, workers: cluster.workerCount, runs: Array(runs))
    }

    /// What was sent, and what the request under way will send when nothing goes wrong.
    private func callsSpent(_ run: RunState) -> Int {
        run.outcome?.callsSpent ?? max(run.progress?.callsSpent ?? 0, cluster.budgets.spent(by: run.id)?.calls ?? 0)
    }

    /// Says so when nobody can do what the run waits for.
    private func waitingExplanation(_ run: RunState, _ job: JobState) -> String? {
        guard run.unitsMissing > 0 else { return nil }
        var models = [job.plan.request.models[run.id.model].modelID]
        let template = job.plan.templates[run.id.template]
        if let judge = job.plan.judge(of: template) { models.append(judge) }
        guard cluster.slots(serving: models, withAttachments: template.hasAttachments) == 0 else { return nil }
        let waiting = "waiting for a worker that serves \(models.joined(separator: " and "))"
        return cluster.slots(serving: models) == 0 ? waiting : waiting + " and sends images and documents: those that are here are too old, upgrade them"
    }

    /// What is to be written for a job whose every run has ended; nil for a job that is forgotten.
    package func report(of id: JobID) -> JobReport? {
        guard let job = jobs[id] else { return nil }
        let results = job.plan.templates.enumerated().map { index, template in
            TemplateResult(
                template: template,
                results: job.plan.request.models.indices.compactMap { model in
                    job.runs[RunID(job: job.plan.id, template: index, model: model)].map { modelResult($0, job) }
                })
        }
        let history = job.runs.values.flatMap { run in
            run.candidates.keys.sorted().compactMap { historyLine($0, of: run) } + run.rejections.map { rejectionLine($0, of: run) }
        }
        return JobReport(plan: job.plan, results: results, history: history)
    }

    private func modelResult(_ run: RunState, _ job: JobState) -> ModelResult {
        guard let outcome = run.outcome else { preconditionFailure("a report is made when every run has ended") }
        let template = job.plan.templates[run.id.template]
        let original = run.candidates[CandidateID(0)]?.document
        let rows = template.samples.map { sample in
            ResultRow(
                sample: sample, split: sample.index < outcome.splits.count ? outcome.splits[sample.index].rawValue : Split.pool.rawValue,
                original: original.flatMap { unit($0, sample, run, job) }, optimized: unit(outcome.returned.document, sample, run, job))
        }
        let status: ModelResult.Status =
            switch outcome.ending {
            case .improved, .kept: .success
            case .failed: .failed(reason: outcome.explanation)
            case .stopped: .stopped(reason: outcome.explanation)
            }
        return ModelResult(
            modelID: job.plan.request.models[run.id.model].modelID, status: status, returned: outcome.returned.document,
            promptFormat: job.plan.options.promptFormat, rows: rows, proof: outcome.proof.map(OutcomeRecord.json), explanation: outcome.explanation,
            callsSpent: outcome.callsSpent, costSpent: Self.cost(of: run))
    }

    /// Of every answered call of the run, judge and rewriter included; nil when one of their models has no price: part of a sum is no sum.
    private static func cost(of run: RunState) -> NanoDollars? {
        let costs = run.units.values.flatMap { [$0.usage, $0.judgeUsage] }.compactMap { $0.map(\.cost) }
        return costs.isEmpty || costs.contains(nil) ? nil : costs.compactMap(\.self).reduce(.zero, +)
    }

    private func unit(_ document: PromptDocument, _ sample: Sample, _ run: RunState, _ job: JobState) -> UnitRecord? {
        let name = UnitName.evaluation(
            run: run.id, model: job.modelHashes[run.id.model], candidate: ContentHash(of: BlobCodec.encode(document)), evaluation: run.evaluation.hash,
            sample: job.sampleBlobs[run.id.template][sample.index])
        return run.units[name]
    }

    /// One candidate as a line of `history.jsonl`.
    func historyLine(_ id: CandidateID, of run: RunState) -> JSONValue? {
        guard let candidate = run.candidates[id], let job = jobs[run.id.job] else { return nil }
        return .object([
            "templateId": .string(job.plan.templates[run.id.template].id),
            "modelId": .string(job.plan.request.models[run.id.model].modelID),
            "kind": "candidate",
            "candidate": .number(JSONNumber(id.rawValue)),
            "parents": .array(candidate.parents.map { .number(JSONNumber($0.rawValue)) }),
            "operator": .string(candidate.operatorName),
            "iteration": .number(JSONNumber(candidate.iteration)),
            "scores": .array((run.scores[id] ?? []).map { score in
                .object([
                    "split": .string(score.split.rawValue), "mean": .number(JSONNumber(score.mean)),
                    "scoredSamples": .number(JSONNumber(score.scoredSamples)), "missingSamples": .number(JSONNumber(score.missingSamples)),
                ])
            }),
            "prompt": OutcomeRecord.json(candidate.document),
        ])
    }

    private func rejectionLine(_ rejection: (iteration: Int, operatorName: String, reason: String), of run: RunState) -> JSONValue {
        .object([
            "templateId": (jobs[run.id.job]?.plan.templates[run.id.template].id).map { .string($0) } ?? .null,
            "modelId": (jobs[run.id.job]?.plan.request.models[run.id.model].modelID).map { .string($0) } ?? .null,
            "kind": "rejected",
            "operator": .string(rejection.operatorName),
            "iteration": .number(JSONNumber(rejection.iteration)),
            "reason": .string(rejection.reason),
        ])
    }
}
