import AdvPOBedrock
import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Synchronization

/// Signs requests, sends them, and sends them again where that helps.
struct S3Client: Sendable {
    let endpoint: S3Endpoint
    let region: String
    let credentials: AWSCredentialChain
    let timing: S3Timing
    private let regions = BucketRegions()

    init(settings: S3Settings, credentials: AWSCredentialChain, timing: S3Timing) {
        endpoint = settings.endpoint
        region = settings.region
        self.credentials = credentials
        self.timing = timing
    }

    /// Redirects are not followed: a signature is for one host. Retries are ours: the client's own know nothing of what may be repeated.
    private static let http = {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .seconds(10)
        configuration.timeout.read = .seconds(60)
        configuration.timeout.write = .seconds(60)
        configuration.httpVersion = .http1Only
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 32
        // Common servers close idle connections after 5 s; a request sent on one just then would be lost.
        configuration.connectionPool.idleTimeout = .seconds(4)
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    /// Sends until an answer of success has been read by `read`.
    ///
    /// Sent again, up to six times in all and after a wait: what was refused for the moment, and, when it may be repeated, what broke. At once, and once each: with the
    /// bucket's own region when the answer names it, and with other credentials when those in hand are stale.
    /// - Parameter read: of an answer in 200...299; may throw `S3Refusal`; any other error is a broken connection.
    func send<Value: Sendable>(
        _ request: S3Request, _ read: @Sendable (HTTPClientResponse) async throws -> Value
    ) async throws(S3Failure) -> Value {
        var attempt = 0
        var isRelocated = false
        var isRenewed = false
        var signing = try await signingCredentials()
        while true {
            attempt += 1
            let region = regions[request.bucket] ?? self.region
            switch await once(request, signing, region: region, read) {
            case .success(let value):
                return value
            case .failure(.refused(let refusal)):
                if !isRelocated, let right = refusal.region(otherThan: region) {
                    isRelocated = true
                    regions[request.bucket] = right
                    continue
                }
                if !isRenewed, refusal.meansStaleCredentials {
                    isRenewed = true
                    await credentials.forget(signing)
                    let renewed = try await signingCredentials()
                    if renewed != signing {
                        signing = renewed
                        continue
                    }
                }
                guard refusal.isTransient, attempt < S3Timing.maximumAttempts else { throw .refused(refusal) }
            case .failure(.broken(let reason)):
                guard request.isRepeatable else { throw .broken(reason) }
                guard attempt < S3Timing.maximumAttempts else { throw .broken("\(reason); tried \(attempt) times") }
            case .failure(let failure):
                throw failure
            }
            do { try await timing.sleep(timing.wait(afterAttempt: attempt)) } catch { throw .cancelled }
        }
    }

    private func signingCredentials() async throws(S3Failure) -> SigningCredentials {
        do throws(CredentialError) { return try await credentials.credentials() } catch { throw .credentials(error) }
    }

    private func once<Value: Sendable>(
        _ request: S3Request, _ signing: SigningCredentials, region: String, _ read: @Sendable (HTTPClientResponse) async throws -> Value
    ) async -> Result<Value, S3Failure> {
        do {
            let response = try await Self.http.execute(signed(request, signing, region: region), deadline: .now() + .seconds(request.seconds))
            guard (200..<300).contains(response.status.code) else { return .failure(.refused(try await S3Refusal.read(response))) }
            return .success(try await read(response))
        } catch let refusal as S3Refusal {
            return .failure(.refused(refusal))
        } catch {
            return .failure(Self.isCancellation(error) || Task.isCancelled ? .cancelled : .broken("\(error)"))
        }
    }

    private func signed(_ request: S3Request, _ signing: SigningCredentials, region: String) -> HTTPClientRequest {
        let location = endpoint.location(bucket: request.bucket, key: request.key, region: region)
        let query = request.encodedQuery
        let headers = [("Host", location.host)] + request.headers
        let signer = SigV4Signer(credentials: signing, region: region, service: "s3")
        let covered = SigV4Request(method: request.method.rawValue, path: location.path, query: query, headers: headers.map { (name: $0.0, value: $0.1) })
        let added = signer.sign(covered, payload: .sha256(request.body.sha256), secondsSince1970: timing.secondsSince1970())
        var sent = HTTPClientRequest(url: location.origin + location.path + (query.isEmpty ? "" : "?" + query))
        sent.method = request.method
        for (name, value) in headers { sent.headers.add(name: name, value: value) }
        for (name, value) in added { sent.headers.add(name: name, value: value) }
        if request.method == .PUT || request.method == .POST { sent.body = .bytes(ByteBuffer(bytes: request.body.bytes)) }
        return sent
    }

    static func isCancellation(_ error: any Error) -> Bool { error is CancellationError || error as? HTTPClientError == .cancelled }
}

/// In which region each bucket turned out to be, other than the one that is set.
private final class BucketRegions: Sendable {
    private static let maximumCount = 1_000
    private let regions = Mutex([String: String]())

    subscript(_ bucket: String) -> String? {
        get { regions.withLock { $0[bucket] } }
        set {
            regions.withLock {
                if $0.count >= Self.maximumCount { $0 = [:] }
                $0[bucket] = newValue
            }
        }
    }
}
