import AdvPOBedrock
import AdvPOObjects
import Hummingbird
import Testing

@Suite("Requests to S3 are signed as they are on the wire", .timeLimit(.minutes(1)))
struct S3SigningTests {
    private static let part = "<InitiateMultipartUploadResult><UploadId>up/load+1=</UploadId></InitiateMultipartUploadResult>"

    /// Answers as S3 does, after looking at the signature with the secret.
    private static func answer(_ arrival: ScriptedS3.Arrival) throws -> Response {
        let request = arrival.signed
        guard let claim = try SigV4Claim(request) else { return .s3Error(.forbidden, "AccessDenied") }
        #expect(claim.accessKeyID == AWSCredentialChain.test.accessKeyID && claim.region == "eu-test-1" && claim.service == "s3" && !claim.isPresigned)
        do throws(SigV4Rejection) {
            try claim.verify(
                request, secretAccessKey: AWSCredentialChain.test.secretAccessKey, body: arrival.body, nowSecondsSince1970: VirtualTime.now, service: "s3", region: nil)
        } catch {
            return .s3Error(.forbidden, "SignatureDoesNotMatch", error.message)
        }
        #expect(arrival.header("x-amz-security-token") == AWSCredentialChain.test.sessionToken)
        switch (arrival.method, arrival.query) {
        case ("GET", let query) where query.contains("list-type"): return .s3(.ok, "<ListBucketResult><Contents><Key>a%21/b</Key></Contents></ListBucketResult>")
        case ("POST", "uploads="): return .s3(.ok, part)
        case ("POST", _): return .s3(.ok, "<CompleteMultipartUploadResult/>")
        case ("PUT", let query) where query.contains("partNumber"): return .s3(.ok, "", [("etag", "\"tag\"")])
        default: return .s3(.ok, arrival.method == "GET" ? "content" : "")
        }
    }

    @Test("objects, lists, writes and parts, with odd names")
    func everyShape() async throws {
        try await ScriptedS3.run(Self.answer) { server in
            let store = try S3Buckets(server: server, region: "eu-test-1")
            for key in ["plain.jsonl", "a/b/c", "it's(odd)!*_-.x", "..x/.../y"] {
                let uri = try ObjectURI("s3://bucket/" + key)
                let content = try await store.read(uri, maximumBytes: 7)
                #expect(content == Array("content".utf8))
                let exists = try await store.exists(uri)
                #expect(exists)
                try await store.write(uri, bytes: Array("some content".utf8), encryptionKeyARN: "arn:aws:kms:eu-test-1:000000000000:key/1")
                try await store.write(uri, bytes: [])
            }
            let list = try await store.list(ObjectURI("s3://bucket/a!/"), maximumCount: 9)
            #expect(list.map(\.key) == ["a!/b"])
            try await store.checkWrite(ObjectURI("s3://bucket/x"), encryptionKeyARN: nil)
            try await store.write(ObjectURI("s3://bucket/lar'ge"), bytes: [UInt8](repeating: 7, count: (8 << 20) + 1))
            #expect(Set(server.arrivals.map(\.method)) == ["GET", "HEAD", "PUT", "POST", "DELETE"])
            #expect(server.arrivals.contains { $0.path == "/bucket/it%27s%28odd%29%21%2A_-.x" })
        }
    }

    @Test("a wrong secret is refused, with what to look at")
    func wrongSecret() async throws {
        try await ScriptedS3.run(Self.answer) { server in
            let wrong = SigningCredentials(accessKeyID: AWSCredentialChain.test.accessKeyID, secretAccessKey: "another")
            let store = try S3Buckets(server: server, region: "eu-test-1", credentials: .fixed(wrong))
            let error = await #expect(throws: ObjectError.self) { try await store.read(ObjectURI("s3://bucket/x"), maximumBytes: 1) }
            #expect(error?.description.contains("The secret access key does not belong to the access key") == true)
            #expect(error?.description.contains("another") == false)
            #expect(server.arrivals.count == 1)
        }
    }
}
