import AdvPOBedrock
import AdvPOObjects
import AdvPOTestSupport
import Testing

@Suite("S3 buckets on moto's server", .enabled(if: MotoServer.isAvailable, "set ADVPO_PYTHON to a Python with moto; ops/test does"), .moto, .timeLimit(.minutes(3)))
struct S3BucketsTests {
    @Test("an object of 20 MiB goes up in parts, and boto3 reads it back as it was")
    func writesInParts() async throws {
        let server = try MotoServer.required()
        try await server.makeBucket("large")
        let store = try S3Buckets(server: server)
        let bytes = (0..<(20 << 20)).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 13) }
        let uri = try ObjectURI("s3://large/results/it's(odd)!*.jsonl")
        try await store.write(uri, bytes: bytes)
        let seen = try await server.boto(
            """
            import hashlib
            answer = s3.get_object(Bucket='large', Key=sys.argv[2])
            content = answer['Body'].read()
            print(len(content), hashlib.sha256(content).hexdigest(), answer['ETag'].strip('"').split('-')[1], len(s3.list_multipart_uploads(Bucket='large').get('Uploads', [])))
            """, [uri.key])
        #expect(seen == "\(bytes.count) \(S3Sums.sha256(bytes)) 3 0")
        #expect(try await store.read(uri, maximumBytes: bytes.count) == bytes)
    }

    @Test("what boto3 wrote is read, listed page by page and sorted")
    func readsAndLists() async throws {
        let server = try MotoServer.required()
        try await server.makeBucket("listed")
        let store = try S3Buckets(server: server)
        _ = try await server.boto(
            """
            for i in range(1100):
                s3.put_object(Bucket='listed', Key=f'in/{i:04}', Body=str(i))
            for key in ['in/', 'in/with blank', 'in/plus+', 'in/ümlaut', 'in/a&b<c>', 'in/~', 'other']:
                s3.put_object(Bucket='listed', Key=key, Body='x')
            """)
        let folder = try ObjectURI("s3://listed/in/")
        let found = try await store.list(folder, maximumCount: 1_100)
        // A folder's marker and names that no URI can have are left out.
        let expected: [String] = (10_000..<11_100).map { (number: Int) -> String in "in/\(String(number).dropFirst())" }
        #expect(found.map(\.key) == expected)
        await #expect(throws: ObjectError.tooMany(folder, maximumCount: 1_099)) { try await store.list(folder, maximumCount: 1_099) }
        let content = try await store.read(ObjectURI("s3://listed/in/0042"), maximumBytes: 2)
        #expect(content == Array("42".utf8))
    }

    @Test("a missing bucket is named with the endpoint, whatever is asked")
    func namesMissingBucket() async throws {
        let server = try MotoServer.required()
        let store = try S3Buckets(server: server)
        let uri = try ObjectURI("s3://nowhere/x")
        let missing = ObjectError.noSuchBucket(uri, endpoint: server.endpoint)
        await #expect(throws: missing) { try await store.read(uri, maximumBytes: 1) }
        await #expect(throws: missing) { try await store.write(uri, bytes: [1]) }
        await #expect(throws: missing) { try await store.exists(uri) }
        await #expect(throws: missing) { try await store.checkWrite(uri, encryptionKeyARN: nil) }
        let folder = try ObjectURI("s3://nowhere/")
        await #expect(throws: ObjectError.noSuchBucket(folder, endpoint: server.endpoint)) { try await store.list(folder, maximumCount: 1) }
        #expect(missing.description == "s3://nowhere/x: there is no bucket nowhere at \(server.endpoint). Create it there, mend the name, or set --s3-endpoint to where it is")
    }

    @Test("a name is an object and a folder at once, and may be 1,000 bytes long")
    func takesWhatFoldersCannot() async throws {
        let server = try MotoServer.required()
        try await server.makeBucket("names")
        let store = try S3Buckets(server: server)
        let uris = try ["a", "a/b", String(repeating: "n", count: 1_000)].map { try ObjectURI("s3://names/\($0)") }
        for uri in uris { try await store.write(uri, bytes: Array(uri.key.utf8)) }
        for uri in uris { #expect(try await store.read(uri, maximumBytes: 1_000) == Array(uri.key.utf8)) }
        #expect(try await store.list(ObjectURI("s3://names"), maximumCount: 3) == uris)
    }

    @Test("looking whether a write would do leaves neither object nor upload")
    func checksWithoutTrace() async throws {
        let server = try MotoServer.required()
        try await server.makeBucket("checked")
        try await S3Buckets(server: server).checkWrite(ObjectURI("s3://checked/out/x"), encryptionKeyARN: nil)
        let seen = try await server.boto(
            "print(len(s3.list_multipart_uploads(Bucket='checked').get('Uploads', [])), s3.list_objects_v2(Bucket='checked')['KeyCount'])")
        #expect(seen == "0 0")
    }
}
