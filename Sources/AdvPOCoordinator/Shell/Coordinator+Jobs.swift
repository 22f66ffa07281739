package import AdvPOBedrock
import AdvPOCluster
package import AdvPOModel
import AdvPOObjects
import AdvPOStore
import AdvPOWire
import Logging
import OrderedCollections

extension Coordinator: JobService {
    package static let resultsFileName = "advanced_prompt_optimization_results.jsonl"
    package static let historyFileName = "history.jsonl"

    package func create(_ request: CreateJobRequest) async throws(APIError) -> CreateJobResponse {
        if let existing = try await earlierJob(request) { return CreateJobResponse(jobARN: JobARN(namespace: namespace, job: existing).description) }
        let options = try JobOptions(tags: request.tags, defaults: JobOptions())
        let input: [UInt8]
        do {
            input = try await objects.read(try ObjectURI(request.inputURI), maximumBytes: admission.limits.fileBytes)
        } catch {
            throw APIError(code: .validation, message: "inputConfig.s3Uri: \(error)")
        }
        let job = try await submit(request, options: options, input: input)
        return CreateJobResponse(jobARN: JobARN(namespace: namespace, job: job).description)
    }

    /// Admits a job whose input is at hand.
    ///
    /// - Throws: `ValidationException` with every fault of the input; then nothing was kept.
    package func submit(_ request: CreateJobRequest, options: JobOptions, input: [UInt8]) async throws(APIError) -> JobID {
        var generator = SystemRandomNumberGenerator()
        let now = clock.now()
        let admission = admission
        let id = JobID(using: &generator)
        do {
            // What could not be written at the end is refused before anything is spent.
            try await objects.checkWrite(
                try ObjectURI(request.outputURI).appending("\(id)/\(Self.resultsFileName)"), encryptionKeyARN: request.encryptionKeyArn)
        } catch {
            if case .unknownKey = error { throw APIError(code: .validation, message: "encryptionKeyArn: \(error)") }
            throw APIError(code: .validation, message: "outputConfig.s3Uri: \(error)")
        }
        let outcome = await Task.detached { () -> Result<JobPlan, AdmissionFault> in
            do throws(AdmissionFault) {
                return .success(try admission.plan(
                    id: id, request: request, options: options, input: input, createdMillisecondsSince1970: now.millisecondsSince1970))
            } catch {
                return .failure(error)
            }
        }.value
        let hasFiles = if case .success(let admitted) = outcome { admitted.templates.contains(where: \.hasAttachments) } else { false }
        if hasFiles { try beginReadingFiles() }
        defer { if hasFiles { submissionsWithFiles -= 1 } }
        var plan: JobPlan
        let files: [Blob]
        do throws(AdmissionFault) {
            plan = try outcome.get()
            (plan.templates, files) = try await AttachmentReader(objects: objects, limits: admission.limits).read(plan.templates)
        } catch {
            throw APIError(code: .validation, message: error.message)
        }
        // Two equal requests may have come this far together.
        if let existing = try await earlierJob(request) { return existing }
        let unended = directory.values.count { $0.status.isUnderWay } + arriving.count { directory[$0] == nil }
        guard unended < admission.concurrentJobs else {
            throw APIError(
                code: .serviceQuotaExceeded, message: "\(unended) jobs are under way, at most \(admission.concurrentJobs) are allowed; wait for one to end or stop one")
        }
        arriving.insert(id)
        defer { arriving.remove(id) }
        if let token = request.clientToken { jobsByToken[token] = TokenOwner(job: id, request: request) }
        let blobs = [Blob(input)] + plan.functions.values.map { Blob(BlobCodec.encode($0)) } + files
        logger.notice("job submitted", metadata: [LogKey.job: "\(id)", "templates": "\(plan.templates.count)", "models": "\(request.models.count)"])
        guard await post(
            .admitted(plan, clientToken: request.clientToken, status: .inProgress, units: [], isNew: true), records: blobs.map { .blob($0) })
        else { throw Self.closing }
        guard directory[id] != nil else {
            if let token = request.clientToken { jobsByToken.removeValue(forKey: token) }
            postWithoutWaiting(.stop(id))
            throw APIError(code: .internalServer, message: "the job could not be stored; the coordinator's log says why")
        }
        return id
    }

    /// Their files are in memory until they are stored.
    private func beginReadingFiles() throws(APIError) {
        guard submissionsWithFiles < Self.concurrentSubmissionsWithFiles else {
            throw APIError(
                code: .throttling, message: "\(submissionsWithFiles) jobs with images or documents are being submitted, the most at a time; try again when one of them is in")
        }
        submissionsWithFiles += 1
    }

    static let concurrentSubmissionsWithFiles = 4

    static let closing = APIError(code: .internalServer, message: "the coordinator is ending; try again when it is up")

    /// The job that the same token made before, once it is durable; a conflict when it came with another request.
    private func earlierJob(_ request: CreateJobRequest) async throws(APIError) -> JobID? {
        guard let token = request.clientToken, let owner = jobsByToken[token] else { return nil }
        guard owner.request.isSame(as: request) else {
            throw APIError(code: .conflict, message: "clientToken was used before with another request; use a new token")
        }
        // Its submission may be on its way to the disk still: what comes behind it in the mailbox is handled after it.
        if directory[owner.job] == nil {
            await post(.cluster(.tick))
            guard directory[owner.job] != nil else { throw Self.closing }
        }
        return owner.job
    }

    package func get(_ job: JobID) async throws(APIError) -> JobDescription { try describe(job) }

    func describe(_ job: JobID) throws(APIError) -> JobDescription {
        guard let entry = directory[job] else {
            throw APIError(code: .resourceNotFound, message: "there is no job \(job); advpo list shows the jobs")
        }
        return JobDescription(
            jobARN: JobARN(namespace: namespace, job: job).description, request: entry.manifest.request, status: entry.status, failureMessage: entry.failureMessage,
            createdMillisecondsSince1970: entry.manifest.createdMillisecondsSince1970, modifiedMillisecondsSince1970: entry.modifiedMillisecondsSince1970)
    }

    package func list(_ request: ListJobsRequest) async throws(APIError) -> ListJobsResponse {
        // A page goes on after the last job seen: jobs that come or go between two pages neither repeat nor hide others.
        let after = try request.nextToken.map { token throws(APIError) in
            let place = try PaginationToken(parsing: token, ascending: request.ascending)
            return JobIndex.Position(createdMillisecondsSince1970: place.createdMillisecondsSince1970, job: place.job)
        }
        let (page, hasMore) = index.page(after: after, ascending: request.ascending, count: request.maxResults)
        var jobs: [JobDescription] = []
        for position in page { jobs.append(try describe(position.job)) }
        guard hasMore, let last = page.last else { return ListJobsResponse(jobs: jobs, nextToken: nil) }
        let next = PaginationToken(createdMillisecondsSince1970: last.createdMillisecondsSince1970, job: last.job, ascending: request.ascending)
        return ListJobsResponse(jobs: jobs, nextToken: next.encoded)
    }

    package func stop(_ job: JobID) async throws(APIError) {
        let entry = try describe(job)
        switch entry.status {
        case .inProgress: guard await post(.stop(job)) else { throw Self.closing }
        case .stopping, .stopped: return
        case .completed, .failed, .partiallyCompleted, .deleting:
            throw APIError(code: .conflict, message: "job \(job) is \(entry.status.rawValue); only a job in progress can be stopped")
        }
    }

    /// A job is `Deleting` for everybody from the first look on, and gone once its removal is durable; until then its client token stays taken.
    package func delete(_ jobs: [JobID]) async throws(APIError) -> [Result<DeletedJob, BatchDeleteFailure>] {
        var results: [Result<DeletedJob, BatchDeleteFailure>] = []
        var marked: OrderedDictionary<JobID, JobStatus> = [:]
        for job in jobs {
            switch directory[job]?.status {
            case nil: results.append(.failure(.init(job: job, code: APIError.Code.resourceNotFound.rawValue, message: "there is no job \(job)")))
            case .inProgress?, .stopping?:
                let message = "job \(job) is \(directory[job]?.status.rawValue ?? ""); stop it and wait until it is Stopped, then delete it"
                results.append(.failure(.init(job: job, code: APIError.Code.conflict.rawValue, message: message)))
            case .deleting?: results.append(.success(DeletedJob(job: job, status: .deleting)))
            case .completed?, .failed?, .partiallyCompleted?, .stopped?:
                marked[job] = directory[job]?.status
                mark(job, as: .deleting)
                results.append(.success(DeletedJob(job: job, status: .deleting)))
            }
        }
        guard !marked.isEmpty else { return results }
        let isDone = await post(marked.keys.flatMap { [.forget($0), .delete($0)] })
        for (job, status) in marked { if isDone { removeFromDirectory(job) } else { mark(job, as: status) } }
        guard !isDone else { return results }
        return results.map { result in
            guard case .success(let deleted) = result, marked[deleted.job] != nil else { return result }
            return .failure(.init(job: deleted.job, code: Self.closing.code.rawValue, message: Self.closing.message))
        }
    }

    package func resultFile(_ name: String, of job: JobID) async throws(APIError) -> ByteChunks {
        let entry = try describe(job)
        guard [Self.resultsFileName, Self.historyFileName].contains(name) else {
            throw APIError(code: .resourceNotFound, message: "a job has the files \(Self.resultsFileName) and \(Self.historyFileName), not \(name)")
        }
        do {
            return try await objects.open(try ObjectURI(entry.request.outputURI).appending("\(job)/\(name)"), maximumBytes: 1 << 30)
        } catch {
            if error.mayPass {
                logger.error("a result file could not be read", metadata: [LogKey.job: "\(job)", "file": "\(name)", LogKey.error: "\(error)"])
                throw APIError(code: .internalServer, message: "\(name) of job \(job) cannot be read now; the log says why")
            }
            throw APIError(code: .resourceNotFound, message: "\(name) of job \(job) (\(entry.status.rawValue)) cannot be read: \(error)")
        }
    }

    /// The first job that has not ended.
    package var unfinishedJob: JobID? { directory.values.first { $0.status.isUnderWay }?.manifest.id }

    func updateDirectory(_ job: StoredJob) {
        guard let status = JobStatus(rawValue: job.status) else { preconditionFailure("the brain writes published statuses") }
        if var entry = directory[job.id] {
            entry.status = status
            entry.failureMessage = job.failureMessage
            entry.modifiedMillisecondsSince1970 = job.modifiedMillisecondsSince1970
            enter(entry)
        } else {
            guard let manifest = try? JobManifest(decoding: job.request) else { preconditionFailure("the brain writes manifests that can be read") }
            enter(DirectoryEntry(
                manifest: manifest, status: status, failureMessage: job.failureMessage, modifiedMillisecondsSince1970: job.modifiedMillisecondsSince1970))
        }
    }

    /// How long a place that may come back is waited for: what the job has cost is worth ten minutes.
    private static let longestWaitMilliseconds = 600_000
    private static let longestPauseMilliseconds = 60_000

    /// Writes the result files; the job ends when they are there, and fails when they cannot be.
    ///
    /// A full disk or an endpoint that does not answer may pass: the files are tried again, with growing pauses. A coordinator that closes leaves them to the next start.
    func writeResults(of job: JobID) async {
        guard let report = brain.report(of: job) else { return }
        // Encoding takes long for a large job, and workers wait for this actor.
        let (history, results) = await Task.detached {
            (Self.lines(report.history), Self.lines(report.results.map(\.jsonLine)))
        }.value
        let key = report.plan.request.encryptionKeyArn
        var pause = 1_000
        var waited = 0
        while true {
            do {
                let output = try ObjectURI(report.plan.request.outputURI)
                try await objects.write(try output.appending("\(job)/\(Self.historyFileName)"), bytes: history, encryptionKeyARN: key)
                try await objects.write(try output.appending("\(job)/\(Self.resultsFileName)"), bytes: results, encryptionKeyARN: key)
                await post(.resultsWritten(job, failure: nil))
                return
            } catch {
                guard error.mayPass, waited < Self.longestWaitMilliseconds else {
                    logger.error("results could not be written", metadata: [LogKey.job: "\(job)", LogKey.error: "\(error)"])
                    await post(.resultsWritten(job, failure: "\(error)"))
                    return
                }
                logger.warning("results could not be written, trying again", metadata: [LogKey.job: "\(job)", LogKey.error: "\(error)", "seconds": "\(pause / 1_000)"])
            }
            await clock.pause(milliseconds: pause)
            guard !isClosed else { return }
            waited += pause
            pause = min(pause * 2, Self.longestPauseMilliseconds)
        }
    }

    private static func lines(_ values: [JSONValue]) -> [UInt8] { values.flatMap { $0.encoded() + [UInt8(ascii: "\n")] } }
}

extension JobStatus {
    /// Calls may be made for the job, or its results be written.
    fileprivate var isUnderWay: Bool {
        switch self {
        case .inProgress, .stopping: true
        case .completed, .failed, .partiallyCompleted, .stopped, .deleting: false
        }
    }
}
