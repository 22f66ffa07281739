@testable import AdvPOAPI
import AdvPOBedrock
import AdvPOMetrics
import AdvPOModel
import AdvPOTestSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Testing

/// Who is let in, and what each may do; the clock stands still.
@Suite(.timeLimit(.minutes(5)))
struct AuthenticationTests {
    private static let now: Int64 = 1_790_000_000
    private static let jobs = "/advanced-prompt-optimization-jobs"

    private func run(isEncrypted: Bool = false, _ setup: TestingSetup = .router, _ body: @Sendable (any TestClientProtocol) async throws -> Void) async throws {
        let authenticator = try People.authenticator(isEncrypted: isEncrypted) { Self.now }
        try await Application(router: makeRouter(service: MemoryJobService(), access: .authenticated(authenticator)), logger: .silent).test(setup, body)
    }

    /// The headers of a signed request.
    private func signed(
        _ method: HTTPRequest.Method, _ target: String, _ body: String = "", key: String = People.adminKey, secret: String = People.adminSecret,
        token: String? = nil, at seconds: Int64 = now, region: String = "us-east-1", service: String = "bedrock"
    ) throws -> HTTPFields {
        let path = target.prefix { $0 != "?" }
        let request = SigV4Request(method: method.rawValue, path: String(path), query: String(target.dropFirst(path.count + 1)), headers: [(name: "Host", value: "localhost")])
        let signer = SigV4Signer(credentials: SigningCredentials(accessKeyID: key, secretAccessKey: secret, sessionToken: token), region: region, service: service)
        var fields = HTTPFields()
        for (name, value) in signer.sign(request, payload: .bytes(Array(body.utf8)), secondsSince1970: seconds) {
            fields.append(HTTPField(name: try #require(HTTPField.Name(name)), value: value))
        }
        return fields
    }

    @Test("a signed request is served: without a body, with one, and with a query")
    func signatures() async throws {
        try await run { client in
            let created = try await client.send(.post, Self.jobs, Requests.create, headers: signed(.post, Self.jobs, Requests.create))
            #expect(created.status == .ok, "\(created.text)")
            let target = Self.jobs + "?maxResults=5&sortOrder=Ascending"
            let listed = try await client.send(.get, target, headers: signed(.get, target))
            #expect(listed.json["jobSummaries"]?.arrayValue?.count == 1)
        }
    }

    @Test("whoever does not prove who he is gets nowhere, not even to what is no operation; health is for all")
    func missing() async throws {
        try await run { client in
            for path in [Self.jobs, "/nowhere", "/jobs/aaaaaaaaaaaa/events", "/healthz/", "/healthz/x"] {
                let refused = try await client.send(.get, path)
                #expect((refused.status, refused.errorType) == (.forbidden, "MissingAuthenticationTokenException"))
                #expect(refused.requestID != nil)
            }
            #expect(try await client.send(.put, Self.jobs, "{}").errorType == "MissingAuthenticationTokenException")
            #expect(try await client.send(.get, "/healthz").status == .ok)
            #expect(try await client.send(.get, "/nowhere", headers: signed(.get, "/nowhere")).errorType == "UnknownOperationException")
        }
    }

    @Test("each wrong signature has AWS's word")
    func wrongSignatures() async throws {
        try await run { client in
            let wrong: [(HTTPFields, String, String)] = [
                (try signed(.get, Self.jobs, secret: People.readerSecret), Self.jobs, "InvalidSignatureException"),
                (try signed(.get, Self.jobs, key: "AKIDNOBODY"), Self.jobs, "UnrecognizedClientException"),
                (try signed(.get, Self.jobs), Self.jobs + "?maxResults=1", "InvalidSignatureException"),
                (try signed(.get, Self.jobs, at: Self.now - 901), Self.jobs, "InvalidSignatureException"),
                (try signed(.get, Self.jobs, at: Self.now + 901), Self.jobs, "InvalidSignatureException"),
                (try signed(.get, Self.jobs, region: "eu-west-1"), Self.jobs, "InvalidSignatureException"),
                (try signed(.get, Self.jobs, service: "execute-api"), Self.jobs, "InvalidSignatureException"),
                (try signed(.get, Self.jobs, token: "a-session-token"), Self.jobs, "UnrecognizedClientException"),
                // An identity with a token alone has no key to sign with, and its name is none.
                (try signed(.get, Self.jobs, key: "client", secret: People.clientToken), Self.jobs, "UnrecognizedClientException"),
                ([.authorization: "AWS4-HMAC-SHA256 Credential=x"], Self.jobs, "IncompleteSignatureException"),
            ]
            for (headers, target, expected) in wrong {
                let response = try await client.send(.get, target, headers: headers)
                #expect((response.status, response.errorType) == (.forbidden, expected), "\(response.text)")
                for secret in People.secrets { #expect(!response.text.contains(secret)) }
            }
            #expect(try await client.send(.get, Self.jobs, headers: signed(.get, Self.jobs, at: Self.now - 899)).status == .ok)
        }
    }

    @Test("a body that was changed on its way is refused, and one that is too large too")
    func bodies() async throws {
        try await run { client in
            let headers = try signed(.post, Self.jobs, Requests.create)
            let changed = try await client.send(.post, Self.jobs, Requests.create + " ", headers: headers)
            #expect((changed.status, changed.errorType) == (.forbidden, "InvalidSignatureException"))
            let large = try await client.send(.post, Self.jobs, String(repeating: " ", count: 1024 * 1024 + 1), headers: headers)
            #expect(large.status == .contentTooLarge)
        }
    }

    @Test("a bearer token is taken over TLS and from loopback, and nowhere else")
    func bearerTokens() async throws {
        try await run(isEncrypted: true) { client in
            for scheme in ["Bearer ", "bearer ", "BEARER  "] {
                #expect(try await client.send(.get, Self.jobs, headers: [.authorization: scheme + People.clientToken]).status == .ok)
            }
            for wrong in [People.clientToken + "x", String(People.clientToken.dropLast()), "", " ", People.readerSecret] {
                let refused = try await client.send(.get, Self.jobs, headers: [.authorization: "Bearer " + wrong])
                #expect(refused.status == .forbidden)
                #expect(["AccessDeniedException", "MissingAuthenticationTokenException"].contains(refused.errorType))
            }
        }
        try await run(.live) { client in
            let served = try await client.send(.get, Self.jobs, headers: [.authorization: "Bearer " + People.clientToken])
            #expect(served.status == .ok)
        }
        // Without a connection there is no address, and what is not known to be loopback is not.
        try await run { client in
            let refused = try await client.send(.get, Self.jobs, headers: [.authorization: "Bearer " + People.clientToken])
            #expect((refused.status, refused.errorType) == (.forbidden, "AccessDeniedException"))
            #expect(refused.text.contains("TLS"))
        }
    }

    @Test("two proofs at once are refused, whatever they are")
    func ambiguous() async throws {
        try await run(isEncrypted: true) { client in
            var twice = try signed(.get, Self.jobs)
            twice.append(HTTPField(name: .authorization, value: "Bearer " + People.clientToken))
            #expect(try await client.send(.get, Self.jobs, headers: twice).errorType == "IncompleteSignatureException")
            let target = Self.jobs + "?X-Amz-Signature=0"
            #expect(try await client.send(.get, target, headers: [.authorization: "Bearer " + People.clientToken]).errorType == "IncompleteSignatureException")
            var signedTwice = try signed(.get, Self.jobs)
            signedTwice.append(contentsOf: try signed(.get, Self.jobs))
            #expect(try await client.send(.get, Self.jobs, headers: signedTwice).status == .forbidden)
        }
    }

    @Test("a limited identity does what is allowed, and is told in AWS's words what is not")
    func actions() async throws {
        try await run { client in
            func send(_ method: HTTPRequest.Method, _ target: String, _ body: String? = nil) async throws -> TestResponse {
                try await client.send(method, target, body, headers: signed(method, target, body ?? "", key: People.readerKey, secret: People.readerSecret))
            }
            #expect(try await send(.get, Self.jobs).status == .ok)
            for path in ["\(Self.jobs)/aaaaaaaaaaaa", "/jobs/aaaaaaaaaaaa/events", "/jobs/aaaaaaaaaaaa/files/history.jsonl"] {
                #expect(try await send(.get, path).status == .notFound)
            }
            let denied = try await send(.post, "\(Self.jobs)/aaaaaaaaaaaa/stop")
            #expect((denied.status, denied.errorType) == (.forbidden, "AccessDeniedException"))
            #expect(
                denied.json["message"]?.stringValue
                    == "User: arn:aws:iam::000000000000:user/reader is not authorized to perform: bedrock:StopAdvancedPromptOptimizationJob on resource: "
                    + "arn:aws:bedrock:us-east-1:000000000000:advanced-prompt-optimization-job/aaaaaaaaaaaa because no identity-based policy allows the "
                    + "bedrock:StopAdvancedPromptOptimizationJob action")
            for (path, body) in [(Self.jobs, Requests.create), ("/advanced-prompt-optimization-job/batch-delete", "{}")] {
                let denied = try await send(.post, path, body)
                #expect((denied.status, denied.errorType) == (.forbidden, "AccessDeniedException"))
                #expect(denied.text.contains(":advanced-prompt-optimization-job/*"))
            }
        }
    }

    @Test("every operation and extension needs its action, and no other does")
    func oneActionEach() async throws {
        let routes: [(IAMAction, HTTPRequest.Method, String)] = [
            (.create, .post, Self.jobs), (.list, .get, Self.jobs), (.get, .get, "\(Self.jobs)/aaaaaaaaaaaa"), (.stop, .post, "\(Self.jobs)/aaaaaaaaaaaa/stop"),
            (.batchDelete, .post, "/advanced-prompt-optimization-job/batch-delete"), (.get, .get, "/jobs/aaaaaaaaaaaa/events"),
            (.get, .get, "/jobs/aaaaaaaaaaaa/files/history.jsonl"), (.describeCluster, .get, "/cluster"), (.describeCluster, .get, "/cluster/tasks/1.1"),
            (.drainWorker, .post, "/cluster/drain"), (.getMetrics, .get, "/metrics"),
        ]
        let token = "the-token-of-the-one-identity"
        for allowed in IAMAction.allCases {
            let identity = Identity(name: "one", keyPair: nil, tokenDigest: ContentHash(of: token.utf8), allowed: [allowed])
            let authenticator = Authenticator(store: IdentityStore(Identities([identity])), namespace: .standard, isEncrypted: true) { Self.now }
            let router = makeRouter(
                service: MemoryJobService(), access: .authenticated(authenticator), cluster: SmallCluster(),
                metrics: MetricsSource(factory: PrometheusRegistry()) { "advpo_workers 0\n" })
            try await Application(router: router, logger: .silent).test(.router) { client in
                for (action, method, path) in routes {
                    let response = try await client.send(method, path, method == .post ? "{}" : nil, headers: [.authorization: "Bearer " + token])
                    #expect((response.errorType == "AccessDeniedException") == (action != allowed), "\(action) \(allowed) \(response.text)")
                }
            }
        }
    }

    @Test(
        "with keys, a page of another host is kept out",
        arguments: [("http://localhost", true), ("HTTP://LOCALHOST", true), ("http://127.0.0.1", false), ("https://evil.example", false), ("null", false)])
    func origins(_ origin: String, _ isServed: Bool) async throws {
        try await run { client in
            var headers = try signed(.get, Self.jobs)
            headers[.origin] = origin
            #expect(try await client.send(.get, Self.jobs, headers: headers).errorType == (isServed ? nil : "AccessDeniedException"))
        }
    }

    @Test("no Authorization header and no query makes the server fail, or lets anybody in", .longRunning, arguments: 1...3)
    func hostileInput(_ seed: UInt64) async throws {
        let valid = try signed(.get, Self.jobs)
        try await run(isEncrypted: true) { client in
            var generator = SeededGenerator(seed: seed)
            for _ in 0..<1_000 {
                var headers = valid
                var target = Self.jobs
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: headers[.authorization] = Hostile.mutated(valid[.authorization] ?? "", using: &generator)
                case 1: headers[.authorization] = "Bearer " + Hostile.text(using: &generator)
                case 2: headers = [.authorization: Hostile.text(using: &generator)]
                default:
                    target += "?" + Hostile.query(using: &generator)
                    headers = Bool.random(using: &generator) ? valid : [:]
                }
                let response = try await client.send(.get, target, headers: headers)
                let isUnchanged = target == Self.jobs && Hostile.meaning(headers[.authorization]) == Hostile.meaning(valid[.authorization])
                #expect([400, 403].contains(response.status.code) || (isUnchanged && response.status == .ok), "\(target) \(headers) \(response.text)")
            }
        }
    }

    /// Pieces of what a signature is made of, in the wrong places.
    private enum Hostile {
        static let pieces = [
            "AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256", "AWS", "Credential=", "SignedHeaders=", "Signature=", "host;x-amz-date", ";", ",", " ", "/", "=", "%00", "%",
            "us-east-1", "bedrock", "aws4_request", People.adminKey, "20260921", "20260921T130000Z", "Bearer", "\u{e9}", "\u{1F600}", "0", "ffffffff", "Basic YTpi", "\t", "\"",
        ]
        static let parameters = [
            "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature", "X-Amz-Security-Token", "maxResults",
            "x-amz-signature", "%58-Amz-Signature",
        ]

        /// What counts in a header: its parts, not the blanks and commas between them.
        static func meaning(_ header: String?) -> [Substring]? { header?.split { ", \t".contains($0) } }

        static func text(using generator: inout SeededGenerator) -> String {
            (0..<Int.random(in: 0...12, using: &generator)).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
        }

        static func query(using generator: inout SeededGenerator) -> String {
            (0..<Int.random(in: 1...9, using: &generator)).map { _ in
                let value = (pieces.randomElement(using: &generator) ?? "").filter { $0.isASCII && $0 != " " && $0 != "\t" && $0 != "\"" }
                return "\(parameters.randomElement(using: &generator) ?? "")=\(value)"
            }.joined(separator: "&")
        }

        static func mutated(_ text: String, using generator: inout SeededGenerator) -> String {
            var characters = Array(text)
            for _ in 0..<Int.random(in: 1...3, using: &generator) where !characters.isEmpty {
                let index = characters.indices.randomElement(using: &generator) ?? 0
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: characters.remove(at: index)
                case 1: characters.insert(contentsOf: pieces.randomElement(using: &generator) ?? "", at: index)
                default: characters[index] = "x"
                }
            }
            return String(characters)
        }
    }
}
