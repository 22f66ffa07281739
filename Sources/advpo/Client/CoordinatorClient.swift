import AdvPOBedrock
import AdvPOCommandLine
import AdvPOModel
import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOSSL
import OrderedCollections

/// The coordinator's HTTP API as the commands use it. Every failure is one message for the user and an exit code.
struct CoordinatorClient: Sendable {
    private let endpoint: Endpoint
    private let identity: ClientIdentity
    private let http: HTTPClient

    private static let timeout = TimeAmount.seconds(60)
    private static let maximumAnswerBytes = 16 * 1024 * 1024
    /// Results hold every answer to every sample.
    static let maximumFileBytes = 1024 * 1024 * 1024

    /// - Parameter caFile: certificates in PEM to trust in place of the system's.
    init(endpoint: Endpoint, identity: ClientIdentity, caFile: String?) throws(CommandFailure) {
        self.endpoint = endpoint
        self.identity = identity
        http = try HTTPClients.client(caFile: caFile)
    }

    func create(_ request: CreateJobRequest) async throws -> String {
        let answer = try await send(.POST, "/advanced-prompt-optimization-jobs", request.json)
        guard let arn = answer.objectValue?["jobArn"]?.stringValue else { throw unexpected("no jobArn") }
        return arn
    }

    func get(_ job: String) async throws -> JSONValue { try await send(.GET, "/advanced-prompt-optimization-jobs/\(PercentEncoding.encoded(job))") }

    func stop(_ job: String) async throws { _ = try await send(.POST, "/advanced-prompt-optimization-jobs/\(PercentEncoding.encoded(job))/stop") }

    func delete(_ jobs: [String]) async throws -> JSONValue {
        try await send(.POST, "/advanced-prompt-optimization-job/batch-delete", ["jobIdentifiers": .array(jobs.map(JSONValue.string))])
    }

    /// - Parameter workers: how many are described one by one.
    func cluster(workers: Int) async throws -> JSONValue { try await send(.GET, "/cluster?workers=\(workers)") }

    func stories(_ task: String) async throws -> JSONValue { try await send(.GET, "/cluster/tasks/\(PercentEncoding.encoded(task))") }

    func drain(_ worker: String) async throws -> JSONValue { try await send(.POST, "/cluster/drain", ["worker": .string(worker)]) }

    /// Summaries in order, from as many pages as it takes to have `limit` of them.
    func list(limit: Int, ascending: Bool) async throws -> [JSONValue] {
        var summaries: [JSONValue] = []
        var token: String?
        repeat {
            let next = token.map { "&nextToken=\(PercentEncoding.encoded($0))" } ?? ""
            let count = min(1000, limit - summaries.count)
            let order = ascending ? "Ascending" : "Descending"
            let page = try await send(.GET, "/advanced-prompt-optimization-jobs?maxResults=\(count)&sortOrder=\(order)\(next)")
            summaries += page.objectValue?["jobSummaries"]?.arrayValue ?? []
            token = page.objectValue?["nextToken"]?.stringValue
        } while token != nil && summaries.count < limit
        return summaries
    }

    func file(_ name: String, of job: String) async throws -> [UInt8] {
        let response = try await execute(.GET, "/jobs/\(PercentEncoding.encoded(job))/files/\(PercentEncoding.encoded(name))", deadline: .now() + .minutes(10))
        return try await body(response, limit: Self.maximumFileBytes)
    }

    /// Calls `onProgress` for a snapshot and each change, until the job ends or the connection does.
    func watch(_ job: String, _ onProgress: (JobProgress) async throws -> Void) async throws {
        let response = try await execute(.GET, "/jobs/\(PercentEncoding.encoded(job))/events", deadline: .distantFuture)
        var reader = EventStreamReader()
        do {
            for try await part in response.body {
                for data in try reader.append(part.readableBytesView) {
                    guard let progress = Self.progress(data) else { throw unexpected("an event that is no progress") }
                    try await onProgress(progress)
                }
            }
        } catch let failure as CommandFailure {
            throw failure
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw ConnectionLost(reason: "\(error)")
        }
    }

    /// An event stream broke off; the job is none the worse for it.
    struct ConnectionLost: Error {
        let reason: String
    }

    // MARK: One request

    private func send(_ method: HTTPMethod, _ path: String, _ content: JSONValue? = nil) async throws -> JSONValue {
        let response = try await execute(method, path, content, deadline: .now() + Self.timeout)
        let bytes = try await body(response, limit: Self.maximumAnswerBytes)
        do {
            return try JSONValue(parsing: bytes)
        } catch {
            throw unexpected("an answer that is no JSON")
        }
    }

    private func execute(_ method: HTTPMethod, _ path: String, _ content: JSONValue? = nil, deadline: NIODeadline) async throws -> HTTPClientResponse {
        let request = request(method, path, content)
        let response: HTTPClientResponse
        do {
            response = try await http.execute(request, deadline: deadline)
        } catch is CancellationError {
            throw CancellationError()
        } catch is NIOSSLError {
            throw untrusted()
        } catch {
            throw CommandFailure(
                .unreachable,
                "nothing answers at \(endpoint) (\(error)). Start a coordinator with 'advpo-coord serve --data DIR --models models.yaml', "
                    + "or say where one is with \(SettingKey.endpoint.flag) or \(SettingKey.endpoint.variable).")
        }
        guard (200..<300).contains(response.status.code) else { throw try await refusal(response) }
        return response
    }

    /// Signed where there is something to sign with; each time anew, since a signature is good for minutes only.
    private func request(_ method: HTTPMethod, _ path: String, _ content: JSONValue?) -> HTTPClientRequest {
        let body = content?.encoded() ?? []
        var headers = [(name: "Host", value: endpoint.authority)]
        if content != nil { headers.append(("Content-Type", "application/json")) }
        let plainPath = path.prefix { $0 != "?" }
        let target = SigV4Request(
            method: method.rawValue, path: endpoint.pathPrefix + plainPath, query: String(path.dropFirst(plainPath.count + 1)), headers: headers)
        headers += identity.headers(for: target, body: body, secondsSince1970: Identification.now())

        var request = HTTPClientRequest(url: endpoint.url + path)
        request.method = method
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if content != nil { request.body = .bytes(body) }
        return request
    }

    private func untrusted() -> CommandFailure {
        CommandFailure(
            .unreachable,
            "no secure connection to \(endpoint): its certificate is not trusted, or it does not speak TLS. For a certificate of your own, name the file of its authority with "
                + "\(SettingKey.caFile.flag) or \(SettingKey.caFile.variable).")
    }

    private func body(_ response: HTTPClientResponse, limit: Int) async throws -> [UInt8] {
        do {
            return Array(try await response.body.collect(upTo: limit).readableBytesView)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw CommandFailure(.unreachable, "the connection to \(endpoint) broke off in the middle of an answer: \(error)")
        }
    }

    /// The server's own words, when it is one of ours; the exit code tells whose fault it is.
    private func refusal(_ response: HTTPClientResponse) async throws -> CommandFailure {
        let status = response.status.code
        let bytes = try await body(response, limit: Self.maximumAnswerBytes)
        let answer = try? JSONValue(parsing: bytes)
        let word = response.headers.first(name: APIError.typeHeader)
        let type = word.map { " (\($0))" } ?? ""
        guard let message = answer?.objectValue?["message"]?.stringValue else {
            return CommandFailure(.failed, "\(endpoint) answered with HTTP status \(status) and no message: is that an advpo coordinator?")
        }
        let advice = status == 403 ? "\n\(identity.advice(onRefusal: word))" : ""
        return CommandFailure(status < 500 ? .badInput : .failed, "\(message)\(type)\(advice)")
    }

    private func unexpected(_ what: String) -> CommandFailure {
        CommandFailure(.failed, "\(endpoint) answered with \(what): is that an advpo coordinator of this version?")
    }

    private static func progress(_ data: [UInt8]) -> JobProgress? {
        // What cannot be parsed is no progress either way.
        (try? JSONValue(parsing: data)).flatMap { JobProgress(json: $0) }
    }
}
