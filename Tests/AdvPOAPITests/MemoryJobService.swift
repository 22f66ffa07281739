import AdvPOBedrock
import AdvPOModel

/// A small job service that keeps everything in memory. Jobs end when a test says so.
actor MemoryJobService: JobService {
    private struct Job {
        var description: JobDescription
        var watchers: [AsyncStream<JobProgress>.Continuation] = []
    }

    private let namespace: JobNamespace
    private var jobs: [JobID: Job] = [:]
    private var order: [JobID] = []
    private var tokens: [String: (request: CreateJobRequest, job: JobID)] = [:]
    private var generator = SeededGenerator(seed: 7)
    private var clock: Int64 = 1_780_000_000_123
    /// Set to make the service fail in a way that no operation has a word for.
    private var internalFault: APIError?
    private let activeJobs: Int
    /// Bytes behind the line of every result file.
    private let filePadding: Int

    init(namespace: JobNamespace = .standard, activeJobs: Int = 20, filePadding: Int = 0) {
        self.namespace = namespace
        self.activeJobs = activeJobs
        self.filePadding = filePadding
    }

    func create(_ request: CreateJobRequest) async throws(APIError) -> CreateJobResponse {
        if let internalFault { throw internalFault }
        _ = try JobOptions(tags: request.tags, defaults: JobOptions())
        if let token = request.clientToken, let known = tokens[token] {
            guard known.request.isSame(as: request) else {
                throw APIError(code: .conflict, message: "The clientToken was used for another request.")
            }
            return CreateJobResponse(jobARN: arn(known.job))
        }
        guard jobs.values.count(where: { !$0.description.status.isTerminal }) < activeJobs else {
            throw APIError(code: .serviceQuotaExceeded, message: "\(activeJobs) jobs are under way; that is the quota.")
        }
        guard !request.inputURI.contains("missing") else {
            throw APIError(code: .resourceNotFound, message: "There is no input file \(request.inputURI).")
        }
        let id = JobID(using: &generator)
        clock += 1
        let description = JobDescription(
            jobARN: arn(id), request: request, status: .inProgress, failureMessage: nil, createdMillisecondsSince1970: clock,
            modifiedMillisecondsSince1970: clock)
        jobs[id] = Job(description: description)
        order.append(id)
        if let token = request.clientToken { tokens[token] = (request, id) }
        return CreateJobResponse(jobARN: arn(id))
    }

    func get(_ job: JobID) async throws(APIError) -> JobDescription { try known(job).description }

    func list(_ request: ListJobsRequest) async throws(APIError) -> ListJobsResponse {
        let sorted = request.ascending ? order : order.reversed()
        var start = 0
        if let text = request.nextToken {
            let token = try PaginationToken(parsing: text, ascending: request.ascending)
            guard let index = sorted.firstIndex(of: token.job) else { throw APIError(code: .validation, message: "The nextToken's job is gone.") }
            start = index + 1
        }
        let page = sorted.dropFirst(start).prefix(request.maxResults).compactMap { jobs[$0]?.description }
        var next: String?
        if start + page.count < sorted.count, let last = page.last, let id = JobARN(parsing: last.jobARN)?.job {
            next = PaginationToken(createdMillisecondsSince1970: last.createdMillisecondsSince1970, job: id, ascending: request.ascending).encoded
        }
        return ListJobsResponse(jobs: page, nextToken: next)
    }

    func stop(_ job: JobID) async throws(APIError) {
        let status = try known(job).description.status
        guard status == .inProgress else { throw APIError(code: .conflict, message: "Job \(job) is \(status.rawValue); only a job in progress can be stopped.") }
        set(job, .stopped)
    }

    func delete(_ jobs: [JobID]) async throws(APIError) -> [Result<DeletedJob, BatchDeleteFailure>] {
        jobs.map { job in
            guard let status = self.jobs[job]?.description.status else {
                return .failure(BatchDeleteFailure(job: job, code: APIError.Code.resourceNotFound.rawValue, message: "There is no job \(job)."))
            }
            guard status.isTerminal else {
                return .failure(BatchDeleteFailure(job: job, code: APIError.Code.conflict.rawValue, message: "Job \(job) is in progress. Stop it first."))
            }
            self.jobs[job] = nil
            order.removeAll { $0 == job }
            return .success(DeletedJob(job: job, status: .deleting))
        }
    }

    func progress(of job: JobID) async throws(APIError) -> AsyncStream<JobProgress> {
        let description = try known(job).description
        let (stream, continuation) = AsyncStream<JobProgress>.makeStream()
        continuation.yield(snapshot(job, description.status))
        if description.status.isTerminal { continuation.finish() } else { jobs[job]?.watchers.append(continuation) }
        return stream
    }

    func resultFile(_ name: String, of job: JobID) async throws(APIError) -> ByteChunks {
        guard try known(job).description.status.isTerminal else {
            throw APIError(code: .resourceNotFound, message: "Job \(job) has not ended; its files are written at its end.")
        }
        return ByteChunks(Array("{\"file\":\"\(name)\"}\n".utf8) + [UInt8](repeating: UInt8(ascii: " "), count: filePadding))
    }

    // What tests do to it.

    func end(_ job: JobID, as status: JobStatus) { set(job, status) }
    func failFromNow(with error: APIError) { internalFault = error }

    private func set(_ job: JobID, _ status: JobStatus) {
        clock += 1
        jobs[job]?.description.status = status
        jobs[job]?.description.modifiedMillisecondsSince1970 = clock
        if status == .failed { jobs[job]?.description.failureMessage = "every run failed" }
        for watcher in jobs[job]?.watchers ?? [] {
            watcher.yield(snapshot(job, status))
            if status.isTerminal { watcher.finish() }
        }
    }

    private func snapshot(_ job: JobID, _ status: JobStatus) -> JobProgress {
        JobProgress(jobID: job, status: status, failureMessage: nil, workers: 1, runs: [])
    }

    private func known(_ job: JobID) throws(APIError) -> Job {
        guard let found = jobs[job] else { throw APIError(code: .resourceNotFound, message: "There is no job \(job).") }
        return found
    }

    private func arn(_ job: JobID) -> String { JobARN(namespace: namespace, job: job).description }
}
