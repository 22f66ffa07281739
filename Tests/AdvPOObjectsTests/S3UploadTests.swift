import AdvPOObjects
import Hummingbird
import Testing

@Suite("An upload in parts", .timeLimit(.minutes(1)))
struct S3UploadTests {
    private static let bytes = (0..<((16 << 20) + 5)).map { UInt8(truncatingIfNeeded: $0 >> 12) }
    private static let keyARN = "arn:aws:kms:us-east-1:000000000000:key/1234"
    private let uri: ObjectURI

    init() throws { uri = try ObjectURI("s3://bucket/key") }

    private static func isPart(_ arrival: ScriptedS3.Arrival) -> Bool { arrival.method == "PUT" && arrival.query.hasPrefix("partNumber=") }

    private static func answer(_ arrival: ScriptedS3.Arrival) -> Response {
        switch (arrival.method, arrival.query) {
        case ("POST", "uploads="): .s3(.ok, "<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>")
        case ("POST", _): .s3(.ok, "   \n<?xml version=\"1.0\"?>\n<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>")
        case ("PUT", let query): .s3(.ok, "", [("etag", "\"<\(query.prefix(12).suffix(1))>\"")])
        default: .s3(.noContent)
        }
    }

    @Test("sends each part once, names them in order, and asks for the key where the upload begins")
    func sendsParts() async throws {
        let uri = uri
        try await ScriptedS3.run(Self.answer) { server in
            try await S3Buckets(server: server).write(uri, bytes: Self.bytes, encryptionKeyARN: Self.keyARN)
            let arrivals = server.arrivals
            #expect(arrivals.first?.header("x-amz-server-side-encryption") == "aws:kms")
            #expect(arrivals.first?.header("x-amz-server-side-encryption-aws-kms-key-id") == Self.keyARN)
            let parts = arrivals.filter(Self.isPart).sorted { $0.query < $1.query }
            #expect(parts.map(\.query) == ["partNumber=1&uploadId=u1", "partNumber=2&uploadId=u1", "partNumber=3&uploadId=u1"])
            #expect(parts.flatMap(\.body) == Self.bytes)
            #expect(parts.allSatisfy { $0.header("content-md5")?.count == 24 && $0.header("x-amz-server-side-encryption") == nil })
            let tags = (1...3).map { "<Part><PartNumber>\($0)</PartNumber><ETag>&quot;&lt;\($0)&gt;&quot;</ETag></Part>" }.joined()
            let end = try #require(arrivals.last)
            #expect(String(decoding: end.body, as: UTF8.self) == "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\(tags)</CompleteMultipartUpload>")
            #expect(arrivals.count == 5)
        }
    }

    @Test("of a small object is one request, with the key's headers")
    func sendsWhole() async throws {
        let uri = uri
        try await ScriptedS3.run(Self.answer) { server in
            try await S3Buckets(server: server).write(uri, bytes: [UInt8](repeating: 1, count: 8 << 20), encryptionKeyARN: Self.keyARN)
            #expect(server.arrivals.map(\.method) == ["PUT"])
            #expect(server.arrivals[0].query == "")
            #expect(server.arrivals[0].header("x-amz-server-side-encryption") == "aws:kms")
            #expect(server.arrivals[0].header("x-amz-server-side-encryption-aws-kms-key-id") == Self.keyARN)
        }
    }

    @Test("tries one part again without the others")
    func retriesPart() async throws {
        let uri = uri
        let failed = Shared(false)
        try await ScriptedS3.run { arrival in
            if arrival.query.hasPrefix("partNumber=2"), !failed.exchange(true) { return .s3Error(.serviceUnavailable, "SlowDown") }
            return Self.answer(arrival)
        } body: { server in
            try await S3Buckets(server: server).write(uri, bytes: Self.bytes, encryptionKeyARN: nil)
            #expect(server.arrivals.filter(Self.isPart).map(\.query.utf8.count).count == 4)
        }
    }

    @Test("that a part refuses is given up, and its parts removed")
    func abandons() async throws {
        let uri = uri
        try await ScriptedS3.run { arrival in
            arrival.query.hasPrefix("partNumber=2") ? .s3Error(.forbidden, "AccessDenied", "no") : Self.answer(arrival)
        } body: { server in
            let error = await #expect(throws: ObjectError.self) { try await S3Buckets(server: server).write(uri, bytes: Self.bytes, encryptionKeyARN: nil) }
            #expect(error?.description.contains("AccessDenied, HTTP status 403: no") == true)
            let last = try #require(server.arrivals.last)
            #expect(last.method == "DELETE" && last.query == "uploadId=u1")
            #expect(!server.arrivals.contains { $0.method == "POST" && $0.query == "uploadId=u1" })
        }
    }

    @Test("that is cancelled is given up too")
    func abandonsWhenCancelled() async throws {
        let uri = uri
        let (arrived, signal) = AsyncStream.makeStream(of: Void.self)
        let (removed, end) = AsyncStream.makeStream(of: Void.self)
        try await ScriptedS3.run { arrival in
            if Self.isPart(arrival) {
                signal.yield()
                // Held until the upload is removed.
                for await _ in removed { break }
            }
            if arrival.method == "DELETE" { end.finish() }
            return Self.answer(arrival)
        } body: { server in
            let store = try S3Buckets(server: server)
            let writing = Task { try await store.write(uri, bytes: Self.bytes, encryptionKeyARN: nil) }
            for await _ in arrived { break }
            writing.cancel()
            await #expect(throws: ObjectError.failed(uri, reason: "cancelled")) { try await writing.value }
            #expect(server.arrivals.last?.method == "DELETE")
        }
    }

    @Test("whose end is an error in an answer of success has failed", arguments: ["InternalError", "EntityTooSmall"])
    func readsErrorInSuccess(code: String) async throws {
        let uri = uri
        try await ScriptedS3.run { arrival in
            arrival.method == "POST" && arrival.query == "uploadId=u1" ? .s3Error(.ok, code, "late") : Self.answer(arrival)
        } body: { server in
            let error = await #expect(throws: ObjectError.self) { try await S3Buckets(server: server).write(uri, bytes: Self.bytes, encryptionKeyARN: nil) }
            #expect(error?.description.contains("\(code), HTTP status 200: late") == true)
            #expect(server.arrivals.count { $0.query == "uploadId=u1" && $0.method == "POST" } == (code == "InternalError" ? 6 : 1))
            #expect(server.arrivals.last?.method == "DELETE")
        }
    }

    @Test("whose end was done although its answer was lost has succeeded")
    func trustsLostEnd() async throws {
        let uri = uri
        let count = Self.bytes.count
        let ended = Shared(false)
        try await ScriptedS3.run { arrival in
            if arrival.method == "POST", arrival.query == "uploadId=u1" {
                return !ended.exchange(true) ? .broken("<Complete", announcing: 99) : .s3Error(.notFound, "NoSuchUpload")
            }
            if arrival.method == "HEAD" {
                var response = Response.s3(.ok)
                response.body = ResponseBody(contentLength: count) { writer in try await writer.finish(nil) }
                return response
            }
            return Self.answer(arrival)
        } body: { server in
            try await S3Buckets(server: server).write(uri, bytes: Self.bytes, encryptionKeyARN: nil)
            #expect(server.arrivals.map(\.method).suffix(3) == ["POST", "POST", "HEAD"])
        }
    }

    @Test("has no more than 10,000 parts", arguments: [(8 << 20, 1), ((8 << 20) + 1, 2), (80_000 << 20, 10_000), (90_000 << 20, 10_000)])
    func limitsParts(bytes: Int, parts: Int) {
        #expect((bytes + S3Sums.partBytes(of: bytes) - 1) / S3Sums.partBytes(of: bytes) == parts)
    }
}

@Suite("What S3 refuses", .timeLimit(.minutes(1)))
struct S3RefusalTests {
    @Test("becomes an error that says what to mend", arguments: [
        (404, "NoSuchKey", "there is no such object"),
        (404, "NoSuchBucket", "there is no bucket bucket at http://127.0.0.1"),
        (403, "AccessDenied", "Allow the access key s3:GetObject, s3:PutObject and s3:ListBucket there, and kms:GenerateDataKey"),
        (403, "InvalidAccessKeyId", "The access key is unknown at"),
        (403, "SignatureDoesNotMatch", "The secret access key does not belong to the access key"),
        (403, "RequestTimeTooSkewed", "Set this machine's clock"),
        (400, "ExpiredToken", "has expired: put a valid one"),
        (400, "KMS.NotFoundException", "S3 cannot encrypt under the key arn:aws:kms:x"),
        (400, "KMS.DisabledException", "S3 cannot encrypt under the key arn:aws:kms:x"),
        (409, "Odd", "refused it (Odd, HTTP status 409: some words)"),
    ])
    func words(status: Int, code: String, expected: String) async throws {
        let uri = try ObjectURI("s3://bucket/key")
        let more = "<AWSAccessKeyId>AKIDEXAMPLE</AWSAccessKeyId><StringToSign>token+EXAMPLE=</StringToSign>"
        try await ScriptedS3.run { _ in .s3Error(.init(code: status), code, "some words", more: more) } body: { server in
            let error = await #expect(throws: ObjectError.self) { try await S3Buckets(server: server).write(uri, bytes: [], encryptionKeyARN: "arn:aws:kms:x") }
            let text = "\(try #require(error))"
            #expect(text.hasPrefix("s3://bucket/key: ") && text.contains(expected), "\(text)")
            #expect(!text.contains("token+EXAMPLE="))
        }
    }

    @Test("a page that is no S3's is told apart from S3")
    func noS3() async throws {
        try await ScriptedS3.run { _ in .s3(.ok, "<html><body>Hello</body></html>") } body: { server in
            let error = await #expect(throws: ObjectError.self) { try await S3Buckets(server: server).list(ObjectURI("s3://bucket/"), maximumCount: 1) }
            #expect(error?.description.contains("does an S3 server answer at") == true)
        }
    }

    @Test("missing credentials are told with every place that was looked at")
    func noCredentials() async throws {
        let chain = AWSCredentialChain(environment: [:], homeFolder: "/nowhere", secondsSince1970: { VirtualTime.now })
        try await ScriptedS3.run { _ in .s3() } body: { server in
            let error = await #expect(throws: ObjectError.self) { try await S3Buckets(server: server, credentials: chain).read(ObjectURI("s3://bucket/key"), maximumBytes: 1) }
            #expect(error?.description.contains("the environment: AWS_ACCESS_KEY_ID is not set") == true)
            #expect(server.arrivals.isEmpty)
        }
    }

    @Test("a list that does not say where it goes on is refused, not asked for ever")
    func endlessList() async throws {
        try await ScriptedS3.run { _ in .s3(.ok, "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>same</NextContinuationToken></ListBucketResult>") } body: { server in
            await #expect(throws: ObjectError.self) { try await S3Buckets(server: server).list(ObjectURI("s3://bucket/"), maximumCount: 1) }
            #expect(server.arrivals.count == 2)
        }
    }
}

@Suite("Buckets, mounted and in S3", .timeLimit(.minutes(1)))
struct BucketsTests {
    @Test("a mounted name is the folder, every other is S3")
    func routes() async throws {
        let mounted = MemoryObjects(buckets: ["data"])
        let far = MemoryObjects(buckets: ["data", "far"])
        let buckets = Buckets(mounted: mounted, names: ["data"], s3: far)
        let near = try ObjectURI("s3://data/x")
        let away = try ObjectURI("s3://far/x")
        try await buckets.write(near, bytes: [1])
        try await buckets.write(away, bytes: [2])
        #expect(try await mounted.list(ObjectURI("s3://data/"), maximumCount: 9) == [near])
        #expect(try await far.list(ObjectURI("s3://data/"), maximumCount: 9) == [])
        #expect(try await buckets.read(away, maximumBytes: 1) == [2])
        #expect(try await buckets.exists(away))
        #expect(try await buckets.list(ObjectURI("s3://far/"), maximumCount: 9) == [away])
        try await buckets.checkWrite(away, encryptionKeyARN: nil)
    }

    @Test("with S3 off the error names both ways out")
    func unknown() async throws {
        let buckets = Buckets(mounted: MemoryObjects(buckets: ["data"]), names: ["data"], s3: nil)
        let uri = try ObjectURI("s3://far/x")
        let error = await #expect(throws: ObjectError.neitherMountedNorS3(uri, known: ["data"])) { try await buckets.read(uri, maximumBytes: 1) }
        #expect(error?.description == "s3://far/x: there is no bucket far. Mounted: data, and S3 is off. Mount a folder with --bucket far=DIR, "
            + "or turn S3 on with --s3-endpoint, --s3-region or --s3 on")
    }
}
