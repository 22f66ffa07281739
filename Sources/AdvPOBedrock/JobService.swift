package import AdvPOModel

/// The five operations as the coordinator offers them, after the shapes were validated. The HTTP layer knows nothing else of it.
package protocol JobService: Sendable {
    func create(_ request: CreateJobRequest) async throws(APIError) -> CreateJobResponse
    func get(_ job: JobID) async throws(APIError) -> JobDescription
    func list(_ request: ListJobsRequest) async throws(APIError) -> ListJobsResponse
    func stop(_ job: JobID) async throws(APIError)
    func delete(_ jobs: [JobID]) async throws(APIError) -> [Result<DeletedJob, BatchDeleteFailure>]
    /// Ours: a snapshot at once, then every change, ending when the job has ended.
    func progress(of job: JobID) async throws(APIError) -> AsyncStream<JobProgress>
    /// Ours: a file of the job's output folder, by its plain name.
    func resultFile(_ name: String, of job: JobID) async throws(APIError) -> ByteChunks
}

package enum JobStatus: String, Hashable, Sendable, Codable, CaseIterable {
    case inProgress = "InProgress"
    case completed = "Completed"
    case failed = "Failed"
    case partiallyCompleted = "PartiallyCompleted"
    case stopping = "Stopping"
    case stopped = "Stopped"
    case deleting = "Deleting"

    package var isTerminal: Bool {
        switch self {
        case .completed, .failed, .partiallyCompleted, .stopped: true
        case .inProgress, .stopping, .deleting: false
        }
    }
}

package struct CreateJobRequest: Hashable, Sendable {
    package var jobName: String
    package var jobDescription: String?
    package var clientToken: String?
    package var encryptionKeyArn: String?
    package var inputURI: String
    package var outputURI: String
    package var models: [ModelConfiguration]
    package var tags: [Tag]

    package struct Tag: Hashable, Sendable {
        package var key: String
        package var value: String
        package init(key: String, value: String) {
            self.key = key
            self.value = value
        }
    }

    package init(
        jobName: String, jobDescription: String? = nil, clientToken: String? = nil, encryptionKeyArn: String? = nil, inputURI: String, outputURI: String,
        models: [ModelConfiguration], tags: [Tag] = []
    ) {
        self.jobName = jobName
        self.jobDescription = jobDescription
        self.clientToken = clientToken
        self.encryptionKeyArn = encryptionKeyArn
        self.inputURI = inputURI
        self.outputURI = outputURI
        self.models = models
        self.tags = tags
    }
}

package struct CreateJobResponse: Hashable, Sendable {
    package var jobARN: String
    package init(jobARN: String) { self.jobARN = jobARN }
}

package struct JobDescription: Hashable, Sendable {
    package var jobARN: String
    package var request: CreateJobRequest
    package var status: JobStatus
    package var failureMessage: String?
    package var createdMillisecondsSince1970: Int64
    package var modifiedMillisecondsSince1970: Int64
    package init(
        jobARN: String, request: CreateJobRequest, status: JobStatus, failureMessage: String?, createdMillisecondsSince1970: Int64,
        modifiedMillisecondsSince1970: Int64
    ) {
        self.jobARN = jobARN
        self.request = request
        self.status = status
        self.failureMessage = failureMessage
        self.createdMillisecondsSince1970 = createdMillisecondsSince1970
        self.modifiedMillisecondsSince1970 = modifiedMillisecondsSince1970
    }
}

package struct ListJobsRequest: Hashable, Sendable {
    /// 1 to 1000.
    package var maxResults: Int
    package var nextToken: String?
    package var ascending: Bool
    package init(maxResults: Int, nextToken: String?, ascending: Bool) {
        self.maxResults = maxResults
        self.nextToken = nextToken
        self.ascending = ascending
    }
}

package struct ListJobsResponse: Hashable, Sendable {
    package var jobs: [JobDescription]
    package var nextToken: String?
    package init(jobs: [JobDescription], nextToken: String?) {
        self.jobs = jobs
        self.nextToken = nextToken
    }
}

package struct DeletedJob: Hashable, Sendable {
    package var job: JobID
    package var status: JobStatus
    package init(job: JobID, status: JobStatus) {
        self.job = job
        self.status = status
    }
}

package struct BatchDeleteFailure: Error, Hashable, Sendable {
    package var job: JobID
    package var code: String
    package var message: String
    package init(job: JobID, code: String, message: String) {
        self.job = job
        self.code = code
        self.message = message
    }
}

/// An error of the published registry, with its HTTP status.
package struct APIError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: String, Hashable, Sendable, CaseIterable {
        case accessDenied = "AccessDeniedException"
        case conflict = "ConflictException"
        case internalServer = "InternalServerException"
        case resourceNotFound = "ResourceNotFoundException"
        case serviceQuotaExceeded = "ServiceQuotaExceededException"
        case throttling = "ThrottlingException"
        case tooManyTags = "TooManyTagsException"
        case validation = "ValidationException"
    }

    package var code: Code
    package var message: String
    /// What has too many tags; for `tooManyTags` only.
    package var resourceName: String?
    package init(code: Code, message: String, resourceName: String? = nil) {
        self.code = code
        self.message = message
        self.resourceName = resourceName
    }

    package var description: String { "\(code.rawValue): \(message)" }
}

/// What a watcher is shown of a job.
package struct JobProgress: Hashable, Sendable, Codable {
    package var jobID: JobID
    package var status: JobStatus
    package var failureMessage: String?
    package var workers: Int
    package var runs: [Run]

    package struct Run: Hashable, Sendable, Codable {
        package var templateID: String
        package var modelID: String
        /// `searching`, `improved`, `kept`, `failed` or `stopped`.
        package var state: String
        /// `baseline`, `screening`, `validation`, `proof`, `completion`.
        package var phase: String
        package var iteration: Int
        package var callsSpent: Int
        package var callsBudget: Int
        package var unitsFinished: Int
        package var unitsAsked: Int
        package var originalScore: Double?
        package var bestScore: Double?
        package var explanation: String?
        package init(
            templateID: String, modelID: String, state: String, phase: String, iteration: Int, callsSpent: Int, callsBudget: Int, unitsFinished: Int,
            unitsAsked: Int, originalScore: Double?, bestScore: Double?, explanation: String?
        ) {
            self.templateID = templateID
            self.modelID = modelID
            self.state = state
            self.phase = phase
            self.iteration = iteration
            self.callsSpent = callsSpent
            self.callsBudget = callsBudget
            self.unitsFinished = unitsFinished
            self.unitsAsked = unitsAsked
            self.originalScore = originalScore
            self.bestScore = bestScore
            self.explanation = explanation
        }
    }

    package init(jobID: JobID, status: JobStatus, failureMessage: String?, workers: Int, runs: [Run]) {
        self.jobID = jobID
        self.status = status
        self.failureMessage = failureMessage
        self.workers = workers
        self.runs = runs
    }
}
