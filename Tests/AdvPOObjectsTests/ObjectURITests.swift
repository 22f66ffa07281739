import AdvPOObjects
import Testing

@Suite("An object's URI")
struct ObjectURITests {
    @Test("is taken apart into bucket and key", arguments: [
        ("s3://bucket/input.jsonl", "bucket", "input.jsonl", false),
        ("s3://my-bucket.eu/a/b/c.pdf", "my-bucket.eu", "a/b/c.pdf", false),
        ("s3://abc/out/", "abc", "out/", true),
        ("s3://abc/", "abc", "", true),
        ("s3://abc", "abc", "", true),
        ("s3://0-9/!_*'().a-zA-Z0-9", "0-9", "!_*'().a-zA-Z0-9", false),
        ("s3://abc/.../.hidden/..x", "abc", ".../.hidden/..x", false),
    ])
    func parses(text: String, bucket: String, key: String, isFolder: Bool) throws {
        let uri = try ObjectURI(text)
        #expect(uri.bucket == bucket)
        #expect(uri.key == key)
        #expect(uri.isFolder == isFolder)
        #expect(try ObjectURI(uri.description) == uri)
    }

    @Test("is refused with what is wrong and where", arguments: [
        Refused(text: "", reason: "it does not begin with s3://"),
        Refused(text: "bucket/key", reason: "it does not begin with s3://"),
        Refused(text: "S3://bucket/key", reason: "it does not begin with s3://"),
        Refused(text: "https://bucket/key", reason: "it does not begin with s3://"),
        Refused(text: "s3://", reason: "the bucket's name has 0 characters; 3 to 63 are allowed"),
        Refused(text: "s3:///key", reason: "the bucket's name has 0 characters; 3 to 63 are allowed"),
        Refused(text: "s3://ab/key", reason: "the bucket's name has 2 characters; 3 to 63 are allowed"),
        Refused(text: "s3://-ab/key", reason: "the bucket's name must begin and end with a-z or 0-9"),
        Refused(text: "s3://ab./key", reason: "the bucket's name must begin and end with a-z or 0-9"),
        Refused(text: "s3://Bucket/key", reason: "the bucket's name must begin and end with a-z or 0-9"),
        Refused(text: "s3://bu_cket/key", reason: "the bucket's name holds '_' (U+005F); a-z, 0-9, '-' and '.' are allowed"),
        Refused(text: "s3://bucket/a b", reason: "the key holds U+0020; letters, digits and -!_*'(). are allowed"),
        Refused(text: "s3://bucket/a\nb", reason: "the key holds U+000A; letters, digits and -!_*'(). are allowed"),
        Refused(text: "s3://bucket/a\0", reason: "the key holds U+0000; letters, digits and -!_*'(). are allowed"),
        Refused(text: "s3://bucket/%2e%2e/x", reason: "the key holds '%' (U+0025); letters, digits and -!_*'(). are allowed"),
        Refused(text: "s3://bucket/a\\..\\b", reason: "the key holds '\\' (U+005C); letters, digits and -!_*'(). are allowed"),
        Refused(text: "s3://bucket/~", reason: "the key holds '~' (U+007E); letters, digits and -!_*'(). are allowed"),
        Refused(text: "s3://bucket/\u{2025}/x", reason: "the key holds '\u{2025}' (U+2025); letters, digits and -!_*'(). are allowed"),
        Refused(text: "s3://bucket/a\u{301}", reason: "the key holds '\u{301}' (U+0301); letters, digits and -!_*'(). are allowed"),
        Refused(text: "s3://bucket/é", reason: "the key holds 'é' (U+00E9); letters, digits and -!_*'(). are allowed"),
        Refused(text: "s3://bucket//x", reason: "part 1 of the key is empty: two slashes in a row, or one too many"),
        Refused(text: "s3://bucket/a//b", reason: "part 2 of the key is empty: two slashes in a row, or one too many"),
        Refused(text: "s3://bucket/a//", reason: "part 2 of the key is empty: two slashes in a row, or one too many"),
        Refused(text: "s3://bucket/..", reason: "part 1 of the key is '..', which would lead out of its folder"),
        Refused(text: "s3://bucket/../x", reason: "part 1 of the key is '..', which would lead out of its folder"),
        Refused(text: "s3://bucket/a/../", reason: "part 2 of the key is '..', which would lead out of its folder"),
        Refused(text: "s3://bucket/./x", reason: "part 1 of the key is '.', which names no object"),
        Refused(text: "s3://bucket/" + String(repeating: "k", count: 1_013), reason: "it has 1025 bytes, more than 1024"),
        Refused(text: "s3://" + String(repeating: "b", count: 64) + "/k", reason: "the bucket's name has 64 characters; 3 to 63 are allowed"),
    ])
    func refuses(case refused: Refused) {
        let error = #expect(throws: ObjectError.self) { try ObjectURI(refused.text) }
        guard case .invalidURI(let shown, let found) = error else { return #expect(Bool(false), "\(String(describing: error))") }
        #expect(found == refused.reason)
        #expect(!shown.contains("\n") && !shown.contains("\0"))
    }

    @Test("is as long as 1,024 bytes")
    func takesTheLongest() throws {
        #expect(try ObjectURI("s3://bucket/" + String(repeating: "k", count: 1_012)).key.utf8.count == 1_012)
    }

    @Test("of a folder takes a name, and checks it like any other")
    func appends() throws {
        let folder = try ObjectURI("s3://bucket/out/")
        #expect(try folder.appending("job1/results.jsonl").description == "s3://bucket/out/job1/results.jsonl")
        #expect(try ObjectURI("s3://bucket").appending("x/").description == "s3://bucket/x/")
        #expect(throws: ObjectError.self) { try folder.appending("../x") }
        #expect(throws: ObjectError.self) { try folder.appending("/x") }
        let object = try ObjectURI("s3://bucket/out")
        #expect(throws: ObjectError.namesObject(object)) { try object.appending("x") }
    }

    @Test("says in one line how to mend it")
    func describes() {
        let error = #expect(throws: ObjectError.self) { try ObjectURI("bucket\n/x") }
        #expect(error?.description == #"'bucket\n/x' is not an S3 URI: it does not begin with s3://. Write s3://bucket/key"#)
    }
}
