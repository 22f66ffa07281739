import AdvPOBedrock
import AdvPOObjects
import Foundation
import Hummingbird
import Testing

@Suite("What S3 refuses for the moment is asked again", .timeLimit(.minutes(1)))
struct S3RetryTests {
    private let uri: ObjectURI

    init() throws { uri = try ObjectURI("s3://bucket/key") }

    @Test("after waits that double, up to six times", arguments: [503, 500, 502, 504, 429, 400])
    func retries(status: Int) async throws {
        let time = VirtualTime()
        let uri = uri
        try await ScriptedS3.run { arrival in
            if arrival.number < 6 { return .s3Error(.init(code: status), status == 400 ? "RequestTimeout" : "SlowDown") }
            return .s3(.ok, "done")
        } body: { server in
            let store = try S3Buckets(server: server, time: time)
            let content = try await store.read(uri, maximumBytes: 4)
            #expect(content == Array("done".utf8))
            #expect(time.waits == [200, 400, 800, 1_600, 3_200].map { .milliseconds($0) })
        }
    }

    @Test("and no more than that")
    func givesUp() async throws {
        let uri = uri
        try await ScriptedS3.run { _ in .s3Error(.serviceUnavailable, "SlowDown", "Please reduce your request rate.") } body: { server in
            let store = try S3Buckets(server: server)
            let error = await #expect(throws: ObjectError.self) { try await store.write(uri, bytes: [1]) }
            #expect(error?.description.contains("SlowDown, HTTP status 503: Please reduce your request rate.") == true)
            #expect(server.arrivals.count == 6)
        }
    }

    @Test("what is refused for good is asked once", arguments: ["AccessDenied", "NoSuchKey", "InvalidRequest"])
    func refusesOnce(code: String) async throws {
        let uri = uri
        try await ScriptedS3.run { _ in .s3Error(code == "NoSuchKey" ? .notFound : .forbidden, code) } body: { server in
            let store = try S3Buckets(server: server)
            await #expect(throws: ObjectError.self) { try await store.read(uri, maximumBytes: 1) }
            #expect(server.arrivals.count == 1)
        }
    }

    @Test("a server that is not there is named, after all tries")
    func unreachable() async throws {
        let time = VirtualTime()
        // Port 1 is nobody's.
        let store = S3Buckets(settings: try .of(endpoint: "http://127.0.0.1:1"), credentials: .fixed(), timing: time.timing)
        let error = await #expect(throws: ObjectError.self) { try await store.read(uri, maximumBytes: 1) }
        #expect(error?.description.hasPrefix("s3://bucket/key: no answer from http://127.0.0.1:1 (") == true)
        #expect(error?.description.contains("tried 6 times") == true)
        #expect(time.waits.count == 5)
    }

    @Test("content that breaks off is asked for from there, if it is still the same")
    func resumes() async throws {
        let uri = uri
        try await ScriptedS3.run { arrival in
            switch arrival.header("range") {
            case nil: return .broken("0123", announcing: 10, [("etag", "\"one\"")])
            case let range?:
                #expect(range == "bytes=4-" && arrival.header("if-match") == "\"one\"")
                return .s3(.partialContent, "456789", [("content-range", "bytes 4-9/10"), ("etag", "\"one\"")])
            }
        } body: { server in
            let store = try S3Buckets(server: server)
            let content = try await store.read(uri, maximumBytes: 10)
            #expect(content == Array("0123456789".utf8))
            #expect(server.arrivals.count == 2)
        }
    }

    @Test("content that was replaced meanwhile is not sewn together")
    func refusesOtherContent() async throws {
        let uri = uri
        try await ScriptedS3.run { arrival in
            arrival.number == 1 ? .broken("0123", announcing: 10, [("etag", "\"one\"")]) : .s3Error(.preconditionFailed, "PreconditionFailed")
        } body: { server in
            await #expect(throws: ObjectError.failed(uri, reason: "the object was replaced while it was read; read it again")) {
                try await S3Buckets(server: server).read(uri, maximumBytes: 10)
            }
        }
    }

    @Test("an object above the limit is refused by its announced length, and by its bytes where none is announced")
    func limits() async throws {
        let uri = uri
        try await ScriptedS3.run { arrival in
            guard arrival.number > 1 else { return .s3(.ok, String(repeating: "x", count: 11)) }
            var response = Response.s3(.ok)
            response.body = ResponseBody { writer in
                for _ in 0..<11 { try await writer.write(ByteBuffer(string: "x")) }
                try await writer.finish(nil)
            }
            return response
        } body: { server in
            let store = try S3Buckets(server: server)
            for _ in 0..<2 { await #expect(throws: ObjectError.tooLarge(uri, maximumBytes: 10)) { try await store.read(uri, maximumBytes: 10) } }
        }
    }

    @Test("an expired token is replaced once, by what the shared files hold then")
    func renews() async throws {
        let uri = uri
        let directory = try TemporaryDirectory()
        let path = directory.appending("credentials")
        func profile(_ token: String) throws {
            try Data("[default]\naws_access_key_id = AKID\naws_secret_access_key = secret\naws_session_token = \(token)\n".utf8).write(to: URL(fileURLWithPath: path))
        }
        try profile("old")
        let chain = AWSCredentialChain(environment: ["AWS_SHARED_CREDENTIALS_FILE": path], homeFolder: nil, secondsSince1970: { VirtualTime.now })
        _ = try await chain.credentials()
        try profile("new")
        try await ScriptedS3.run { arrival in
            arrival.header("x-amz-security-token") == "new" ? .s3(.ok, "fresh") : .s3Error(.badRequest, "ExpiredToken")
        } body: { server in
            let store = try S3Buckets(server: server, credentials: chain)
            let content = try await store.read(uri, maximumBytes: 5)
            #expect(content == Array("fresh".utf8))
            #expect(server.arrivals.count == 2)
        }
    }

    @Test("a bucket of another region is asked for there, and from then on at once")
    func followsRegion() async throws {
        let uri = uri
        try await ScriptedS3.run { arrival in
            if arrival.header("authorization")?.contains("/eu-right-1/s3/") == true { return .s3(.ok, "here") }
            return .s3Error(.badRequest, "AuthorizationHeaderMalformed", "the region is wrong", more: "<Region>eu-right-1</Region>")
        } body: { server in
            let store = try S3Buckets(server: server)
            for _ in 0..<2 {
                let content = try await store.read(uri, maximumBytes: 4)
                #expect(content == Array("here".utf8))
            }
            #expect(server.arrivals.count == 3)
        }
    }

    @Test("a region that leads nowhere is named, and one that is no region is not used", arguments: ["eu-right-1", "evil.example/?"])
    func namesRegion(region: String) async throws {
        let uri = uri
        try await ScriptedS3.run { _ in .s3Error(.movedPermanently, "PermanentRedirect", "elsewhere", [("x-amz-bucket-region", region), ("location", "http://127.0.0.1:1/")]) } body: { server in
            let isRegion = region == "eu-right-1"
            let reason = "PermanentRedirect, HTTP status 301: elsewhere"
            await #expect(throws: ObjectError.wrongRegion(uri, region: isRegion ? region : nil, reason: reason)) { try await S3Buckets(server: server).read(uri, maximumBytes: 1) }
            #expect(server.arrivals.count == (isRegion ? 2 : 1))
        }
    }
}
