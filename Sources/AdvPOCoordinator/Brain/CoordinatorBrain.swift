import AdvPOBedrock
package import AdvPOCluster
package import AdvPOModel
import AdvPOOptimizer
package import AdvPOStore
import AdvPOWire
import OrderedCollections

/// Everything the coordinator decides: jobs, their runs' searches, and the cluster that works for them.
///
/// A job is **in progress** (a run of it still searches), **stopping** (the user asked; every search was told to finish with what it has),
/// **reporting** (every run has ended, the results are being written), then **ended** in one of the published ways, and at last deleted.
/// A run's search never sees units one by one: its request is answered when the last unit of it has a record.
///
/// Invalid events: ours (a job admitted twice, results of a job that was not reporting) trap; a user's (a stop of an unknown job) are
/// the shell's to answer before they get here; harmless ones (a unit of a run that has ended) are ignored.
package struct CoordinatorBrain: Sendable {
    var cluster: ClusterMachine
    var jobs: OrderedDictionary<JobID, JobState> = [:]
    /// How ticks are told to people; see `wallTime`.
    var wall: WallTime?
    /// Units of one task at most; a unit is one slot's work, one after the other.
    let unitsPerTask: Int

    struct JobState: Sendable {
        var plan: JobPlan
        var clientToken: String?
        var status: JobStatus
        var failureMessage: String?
        var modifiedMillisecondsSince1970: Int64
        var runs: OrderedDictionary<RunID, RunState> = [:]
        var sampleBlobs: [[ContentHash]] = []
        var modelHashes: [ContentHash] = []
        var isReporting = false
        var finalStatus: JobStatus?
    }

    /// The usual `unitsPerTask`.
    package static let unitsPerTask = 8

    package init(settings: ClusterSettings, epoch: UInt64, unitsPerTask: Int = Self.unitsPerTask) {
        cluster = ClusterMachine(settings: settings, epoch: epoch)
        self.unitsPerTask = unitsPerTask
    }

    package var activeJobCount: Int { jobs.values.count { !$0.status.isTerminal } }
    package var workerCount: Int { cluster.workerCount }

    package mutating func handle(_ event: BrainEvent, at now: Moment) -> [BrainEffect] {
        let effects = decide(event, now)
        return effects + news(now)
    }

    private mutating func decide(_ event: BrainEvent, _ now: Moment) -> [BrainEffect] {
        switch event {
        case .cluster(let event): return absorb(cluster.handle(event, at: now.tick), now)
        case .admitted(let plan, let token, let status, let units, let spending, let isNew):
            return admit(plan, token, status, units, spending, isNew, now)
        case .stop(let job): return stop(job, now)
        case .delete(let job):
            precondition(jobs[job] == nil, "a job is forgotten before it is deleted")
            return [.persist(.deleteJob(job))]
        case .forget(let job):
            precondition(jobs[job].map(\.status.isTerminal) ?? true, "only a job that has ended is forgotten")
            for run in jobs.removeValue(forKey: job)?.plan.runs ?? [] { cluster.closeBudget(of: run) }
            return []
        case .resultsWritten(let job, let failure): return resultsWritten(job, failure, now)
        }
    }

    /// What a cluster's decision means for the jobs: accepted units go to their runs, the rest to the workers.
    private mutating func absorb(_ clusterEffects: [ClusterEffect], _ now: Moment) -> [BrainEffect] {
        var replies: [BrainEffect] = []
        var consequences: [BrainEffect] = []
        var touched: OrderedSet<RunID> = []
        for effect in clusterEffects {
            switch effect {
            case .accepted(let run, let report, let lease):
                guard inPlace(run, { $0.accept(report) }) == true else { continue }
                replies.append(.persist(.unit(StoredUnit(run: run, unit: report.unit, record: report.record, lease: lease.description))))
                touched.append(run)
            // Said by the news.
            case .workerJoined, .workerLost: continue
            case .welcome, .unknownSession, .refuse, .instruct, .task, .nothing, .reportAccepted, .reportStale: replies.append(.reply(effect))
            }
        }
        for run in touched { consequences += advance(run, now) }
        return replies + consequences
    }

    /// Looks at a run, or changes it, where it is: even reading a part of it otherwise copies the whole. Nil for an unknown one.
    mutating func inPlace<Value>(_ run: RunID, _ body: (inout RunState) -> Value) -> Value? {
        // By position: to change a value by its key, an ordered dictionary swaps it with the last one.
        func visit(_ job: inout JobState) -> Value? { job.runs.index(forKey: run).map { body(&job.runs.values[$0]) } }
        return jobs.index(forKey: run.job).flatMap { visit(&jobs.values[$0]) }
    }
}

// MARK: - Jobs

extension CoordinatorBrain {
    private mutating func admit(
        _ plan: JobPlan, _ clientToken: String?, _ status: JobStatus, _ units: [StoredUnit], _ spending: [StoredSpending], _ isNew: Bool,
        _ now: Moment
    ) -> [BrainEffect] {
        precondition(jobs[plan.id] == nil, "a job is admitted once")
        var job = JobState(plan: plan, clientToken: clientToken, status: status, modifiedMillisecondsSince1970: max(plan.createdMillisecondsSince1970, now.millisecondsSince1970))
        precondition(!status.isTerminal, "a job that has ended is not admitted")
        var effects: [BrainEffect] = []
        job.modelHashes = plan.request.models.map { ContentHash(of: BlobCodec.encode($0)) }
        for template in plan.templates {
            let blobs = template.samples.map { Blob(BlobCodec.encode($0)) }
            effects += blobs.map { .publish(plan.id, $0) }
            job.sampleBlobs.append(blobs.map(\.hash))
        }
        effects += plan.attachmentHashes.map { .publishStored(plan.id, $0) }
        for (_, bundle) in plan.functions { effects.append(.publish(plan.id, Blob(BlobCodec.encode(bundle)))) }
        var recordsByRun: [RunID: [ContentHash: UnitRecord]] = [:]
        for unit in units { recordsByRun[unit.run, default: [:]][unit.unit] = unit.record }
        for id in plan.runs {
            let evaluation = Blob(BlobCodec.encode(evaluationSpecification(plan, plan.templates[id.template])))
            effects.append(.publish(plan.id, evaluation))
            var run = RunState(id: id, search: Search(configuration: plan.searchConfiguration(of: id)), evaluation: evaluation)
            run.units = recordsByRun.removeValue(forKey: id) ?? [:]
            run.isReplaying = !isNew
            openAccount(&run, plan, spending.first { $0.run == id })
            job.runs[id] = run
        }
        jobs[plan.id] = job
        if isNew {
            effects.append(.persist(.job(storedJob(job))))
            effects += plan.runs.map { .persist(.run(StoredRun(id: $0, state: "searching", outcome: nil))) }
            effects.append(journal(plan.id, "submitted: \(plan.templates.count) templates x \(plan.request.models.count) models", now))
        } else {
            effects.append(journal(plan.id, "resumed with \(units.count) finished units", now))
        }
        for id in plan.runs {
            guard var run = jobs[plan.id]?.runs[id] else { continue }
            let first = run.search.start()
            jobs[plan.id]?.runs[id] = run
            effects += carryOut(first, of: id, now)
            jobs[plan.id]?.runs[id]?.isReplaying = false
        }
        if status == .stopping { effects += tellSearchesToStop(plan.id, now) }
        return effects + finishIfDone(plan.id, now)
    }

    private func evaluationSpecification(_ plan: JobPlan, _ template: Template) -> EvaluationSpecification {
        var bundle: ContentHash?
        if case .function(_, let name) = template.method { bundle = plan.functions[name].map { ContentHash(of: BlobCodec.encode($0)) } }
        return EvaluationSpecification(
            method: template.method, judgeModelID: plan.judge(of: template), functionBundle: bundle, judgeAttachments: plan.judgeAttachments(of: template))
    }

    private mutating func stop(_ id: JobID, _ now: Moment) -> [BrainEffect] {
        guard let job = jobs[id], job.status == .inProgress, !job.isReporting else { return [] }
        var effects = setStatus(id, .stopping, now)
        effects.append(journal(id, "stop requested", now))
        effects.append(.log(.init("job is being stopped", level: .notice, job: id)))
        return effects + tellSearchesToStop(id, now) + finishIfDone(id, now)
    }

    private mutating func tellSearchesToStop(_ id: JobID, _ now: Moment) -> [BrainEffect] {
        var effects: [BrainEffect] = []
        for run in jobs[id]?.plan.runs ?? [] {
            guard var state = jobs[id]?.runs[run], state.outcome == nil else { continue }
            effects += absorbCancel(run, now)
            tellSpendingNow(to: &state)
            let consequences = state.search.handle(.stopRequested)
            state.waiting = [:]
            jobs[id]?.runs[run] = state
            effects += carryOut(consequences, of: run, now)
        }
        return effects
    }

    private mutating func absorbCancel(_ run: RunID, _ now: Moment) -> [BrainEffect] {
        cluster.handle(.cancel(run), at: now.tick).map { .reply($0) }
    }

    /// Once every run has ended, the results are to be written; the status follows them.
    private mutating func finishIfDone(_ id: JobID, _ now: Moment) -> [BrainEffect] {
        guard var job = jobs[id], !job.status.isTerminal, !job.isReporting, job.runs.values.allSatisfy({ $0.outcome != nil }) else { return [] }
        let failed = job.runs.values.count { $0.outcome?.ending == .failed }
        job.isReporting = true
        job.failureMessage = Self.failureMessage(of: job)
        switch (job.status == .stopping, failed) {
        case (true, _): job.finalStatus = .stopped
        case (false, 0): job.finalStatus = .completed
        case (false, job.runs.count): job.finalStatus = .failed
        case (false, _): job.finalStatus = .partiallyCompleted
        }
        jobs[id] = job
        return [.writeResults(id)]
    }

    private mutating func resultsWritten(_ id: JobID, _ failure: String?, _ now: Moment) -> [BrainEffect] {
        guard var job = jobs[id], let final = job.finalStatus else { preconditionFailure("results of a job that was not reporting") }
        job.isReporting = false
        if let failure {
            job.failureMessage = Self.bounded(
                "The results could not be written: \(failure.prefix(1_800)). Make the place of outputConfig.s3Uri writable and submit the job again.")
        }
        jobs[id] = job
        var effects = setStatus(id, failure == nil ? final : .failed, now)
        effects.append(journal(id, "ended: \(failure == nil ? final.rawValue : "results not written")", now))
        effects.append(.log(.init("job ended", level: .notice, job: id, details: [("status", (jobs[id]?.status ?? final).rawValue)])))
        return effects + [.ended(id)]
    }

    private mutating func setStatus(_ id: JobID, _ status: JobStatus, _ now: Moment) -> [BrainEffect] {
        guard var job = jobs[id] else { return [] }
        job.status = status
        // The wall clock may be set back: a job never looks changed before it was made, or before its last change.
        job.modifiedMillisecondsSince1970 = max(job.modifiedMillisecondsSince1970, now.millisecondsSince1970)
        jobs[id] = job
        return [.persist(.job(storedJob(job))), .changed(id)]
    }

    package func storedJob(_ id: JobID) -> StoredJob? { jobs[id].map(storedJob) }

    private func storedJob(_ job: JobState) -> StoredJob {
        StoredJob(
            id: job.plan.id, request: JobManifest(job.plan).encoded(), status: job.status.rawValue, failureMessage: job.failureMessage,
            clientToken: job.clientToken, createdMillisecondsSince1970: job.plan.createdMillisecondsSince1970,
            modifiedMillisecondsSince1970: job.modifiedMillisecondsSince1970,
            blobs: job.plan.blobHashes)
    }

    private func journal(_ job: JobID, _ text: String, _ now: Moment) -> BrainEffect {
        .persist(.journal(JournalEntry(job: job, atMillisecondsSince1970: now.millisecondsSince1970, text: text)))
    }
}

// MARK: - Runs

extension CoordinatorBrain {
    /// Answers every request of a run's search whose last unit has come, and carries out what follows.
    private mutating func advance(_ id: RunID, _ now: Moment) -> [BrainEffect] {
        var effects: [BrainEffect] = [.changed(id.job)]
        while let (request, answered) = inPlace(id, { $0.takeAnswered() }) ?? nil, var run = jobs[id.job]?.runs[id] {
            let records = answered.units.map { $0.map { unit in record(unit, of: run) } }
            let event: SearchEvent =
                switch answered.request {
                case .evaluation: .evaluated(requestID: request, records: records)
                case .generation: .generated(requestID: request, records: Array(records.joined()))
                }
            tellSpending(to: &run, at: request, units: Array(answered.units.joined()))
            let consequences = run.search.handle(event)
            jobs[id.job]?.runs[id] = run
            effects += carryOut(consequences, of: id, now)
        }
        return effects + finishIfDone(id.job, now)
    }

    private func record(_ unit: ContentHash, of run: RunState) -> UnitRecord {
        guard let record = run.units[unit] else { preconditionFailure("a request is answered when all its units are there") }
        return record
    }

    private mutating func carryOut(_ searchEffects: [SearchEffect], of id: RunID, _ now: Moment) -> [BrainEffect] {
        var effects: [BrainEffect] = []
        var mustAdvance = false
        for effect in searchEffects {
            switch effect {
            case .candidate(let candidate):
                jobs[id.job]?.runs[id]?.candidates[candidate.id] = candidate
                effects += persistCandidate(candidate.id, of: id)
            case .scored(let score):
                // Blocks of one split follow each other; the last score has all of them.
                jobs[id.job]?.runs[id]?.scores[score.candidate, default: []].removeAll { $0.split == score.split }
                jobs[id.job]?.runs[id]?.scores[score.candidate, default: []].append(score)
                effects += persistCandidate(score.candidate, of: id)
            case .rejectedProposal(let iteration, let operatorName, let reason):
                jobs[id.job]?.runs[id]?.rejections.append((iteration, operatorName, reason))
            case .progress(let progress):
                jobs[id.job]?.runs[id]?.progress = progress
                effects.append(.changed(id.job))
            case .evaluate(let request):
                effects += ask(request, of: id, now)
                mustAdvance = true
            case .generate(let request):
                effects += ask(request, of: id, now)
                mustAdvance = true
            case .finish(let outcome):
                jobs[id.job]?.runs[id]?.outcome = outcome
                jobs[id.job]?.runs[id]?.waiting = [:]
                effects.append(.persist(.run(StoredRun(id: id, state: outcome.ending.rawValue, outcome: OutcomeRecord.json(outcome).text))))
                effects.append(journal(id.job, "run \(id) ended \(outcome.ending.rawValue): \(outcome.explanation)", now))
                effects.append(.log(.init("run ended \(outcome.ending.rawValue): \(outcome.explanation)", job: id.job, run: id)))
                effects.append(.changed(id.job))
            }
        }
        // A request whose units are all stored already (a resumed run, an equal candidate) is answered at once.
        if mustAdvance { effects += advance(id, now) }
        return effects
    }

    private func persistCandidate(_ candidate: CandidateID, of id: RunID) -> [BrainEffect] {
        guard let run = jobs[id.job]?.runs[id], let line = historyLine(candidate, of: run) else { return [] }
        return [.persist(.candidate(StoredCandidate(run: id, position: candidate.rawValue, record: line.text)))]
    }

    private mutating func ask(_ request: EvaluationRequest, of id: RunID, _ now: Moment) -> [BrainEffect] {
        guard let job = jobs[id.job], var run = job.runs[id] else { return [] }
        var effects: [BrainEffect] = []
        var names: [[ContentHash]] = []
        var specifications: [TaskSpecification] = []
        var asked: Set<ContentHash> = []
        let template = job.plan.templates[id.template]
        let models = [job.plan.request.models[id.model].modelID] + (job.plan.judge(of: template).map { [$0] } ?? [])
        let total = request.items.reduce(0) { $0 + $1.samples.count }
        let hasAttachments = template.hasAttachments
        let urgency: TaskUrgency =
            switch request.purpose {
            case .baseline, .screening: .screening
            case .validation: .validation
            case .proof, .completion: .proof
            }
        let batch = max(1, min(unitsPerTask, total / max(1, cluster.slots(serving: models, withAttachments: hasAttachments))))
        for item in request.items {
            let candidate = Blob(BlobCodec.encode(item.document))
            var missing: [TaskOrder.UnitReference] = []
            names.append(item.samples.map { index in
                let sample = job.sampleBlobs[id.template][index]
                let name = UnitName.evaluation(
                    run: id, model: job.modelHashes[id.model], candidate: candidate.hash, evaluation: run.evaluation.hash, sample: sample)
                if run.units[name] == nil, asked.insert(name).inserted { missing.append(TaskOrder.UnitReference(unit: name, content: sample)) }
                return name
            })
            guard !missing.isEmpty else { continue }
            effects.append(.publish(id.job, candidate))
            let price = Self.price(run, item, usesJudge: template.method.usesJudge)
            for start in stride(from: 0, to: missing.count, by: batch) {
                let work = TaskOrder.EvaluateWork(
                    model: job.plan.request.models[id.model], candidate: candidate.hash, evaluation: run.evaluation.hash,
                    units: Array(missing[start..<min(start + batch, missing.count)]))
                specifications.append(TaskSpecification(
                    run: id, iteration: request.iteration, work: .evaluate(work), models: models, hasAttachments: hasAttachments, urgency: urgency, price: price))
            }
        }
        run.waiting[request.id] = RunState.Waiting(request: .evaluation(request), units: names, missing: asked)
        return effects + submit(specifications, of: &run, now)
    }

    private mutating func ask(_ request: GenerationRequest, of id: RunID, _ now: Moment) -> [BrainEffect] {
        guard let job = jobs[id.job], var run = job.runs[id], let rewriter = job.plan.rewriterModelID else {
            preconditionFailure("a search without a rewriter asked for rewrites")
        }
        var effects: [BrainEffect] = []
        var names: [ContentHash] = []
        var specifications: [TaskSpecification] = []
        for (position, chat) in request.chats.enumerated() {
            let content = Blob(BlobCodec.encode(ChatRequest(
                modelID: rewriter, messages: chat.messages,
                inference: InferenceConfiguration(maxTokens: chat.maxTokens, temperature: chat.temperature), seed: chat.seed)))
            let name = UnitName.generation(run: id, request: request.id, position: position, chat: content.hash)
            names.append(name)
            guard run.units[name] == nil else { continue }
            effects.append(.publish(id.job, content))
            let work = TaskOrder.GenerateWork(units: [TaskOrder.UnitReference(unit: name, content: content.hash)])
            specifications.append(TaskSpecification(
                run: id, iteration: request.iteration, work: .generate(work), models: [rewriter], price: Self.price(run, chat)))
        }
        run.waiting[request.id] = RunState.Waiting(
            request: .generation(request), units: [names], missing: Set(names.filter { run.units[$0] == nil }))
        return effects + submit(specifications, of: &run, now)
    }

    /// Hands the run's tasks to the cluster, with what is to be kept for later; units that the budget does not pay for come back as failed at once.
    private mutating func submit(_ specifications: [TaskSpecification], of run: inout RunState, _ now: Moment) -> [BrainEffect] {
        guard !specifications.isEmpty else {
            jobs[run.id.job]?.runs[run.id] = run
            return []
        }
        run.isReplaying = false
        let kept = run.search.kept()
        jobs[run.id.job]?.runs[run.id] = run
        cluster.keepOfBudget(of: run.id, calls: kept.calls, dollars: kept.dollars)
        return absorb(cluster.handle(.submit(specifications), at: now.tick), now)
    }
}
