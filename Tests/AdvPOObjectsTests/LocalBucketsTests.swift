import AdvPOObjects
import Foundation
import Glibc
import Testing

/// The folders behind local buckets: no way out of them, and nothing left lying about.
@Suite("Local buckets", .timeLimit(.minutes(1)))
struct LocalBucketsTests {
    /// `inside` is the bucket's folder; `outside` holds a secret.
    private func withBucket(_ body: (borrowing TemporaryDirectory, LocalBuckets) async throws -> Void) async throws {
        let directory = try TemporaryDirectory()
        let inside = try directory.makeFolder("inside")
        _ = try directory.makeFolder("outside")
        try directory.makeFile("outside/secret", "keep me")
        try await body(directory, LocalBuckets(["data": inside]))
    }

    @Test("follow no link to a file, neither reading nor writing nor looking")
    func refuseLinkedFile() async throws {
        try await withBucket { directory, store in
            try directory.makeLink("inside/link", to: "../outside/secret")
            try directory.makeLink("inside/dangling", to: "../outside/new")
            for name in ["link", "dangling"] {
                let uri = try ObjectURI("s3://data/\(name)")
                let refusal = ObjectError.symbolicLink(uri, part: name)
                await #expect(throws: refusal) { try await store.read(uri, maximumBytes: 100) }
                await #expect(throws: refusal) { try await store.write(uri, bytes: [1]) }
                await #expect(throws: refusal) { try await store.exists(uri) }
            }
            #expect(directory.text("outside/secret") == "keep me")
            #expect(try directory.names("outside") == ["secret"])
            #expect(try directory.names("inside") == ["dangling", "link"])
        }
    }

    @Test("follow no link to a folder, wherever in the key it stands")
    func refuseLinkedFolder() async throws {
        try await withBucket { directory, store in
            _ = try directory.makeFolder("inside/a")
            try directory.makeLink("inside/out", to: directory.appending("outside"))
            try directory.makeLink("inside/a/out", to: "../../outside")
            try directory.makeLink("inside/self", to: ".")
            for (key, part) in [("out/secret", "out"), ("a/out/secret", "out"), ("out/new/x", "out"), ("self/self/out/secret", "self")] {
                let uri = try ObjectURI("s3://data/\(key)")
                let refusal = ObjectError.symbolicLink(uri, part: part)
                await #expect(throws: refusal) { try await store.read(uri, maximumBytes: 100) }
                await #expect(throws: refusal) { try await store.write(uri, bytes: [1]) }
                await #expect(throws: refusal) { try await store.exists(uri) }
            }
            let folder = try ObjectURI("s3://data/out/")
            await #expect(throws: ObjectError.symbolicLink(folder, part: "out")) { try await store.list(folder, maximumCount: 10) }
            #expect(try directory.names("outside") == ["secret"])
        }
    }

    @Test("list neither links nor what no URI can name")
    func listObjectsOnly() async throws {
        try await withBucket { directory, store in
            try directory.makeLink("inside/link", to: "../outside/secret")
            try directory.makeLink("inside/out", to: "../outside")
            try directory.makeFile("inside/.advpo~0123", "half")
            try directory.makeFile("inside/a blank", "x")
            try directory.makeFile("inside/line\nbreak", "x")
            try directory.makeFile("inside/good", "x")
            #expect(mkfifo(directory.appending("inside/pipe"), 0o600) == 0)
            #expect(try await store.list(ObjectURI("s3://data/"), maximumCount: 1).map(\.key) == ["good"])
        }
    }

    @Test("hold no way out while folders and links change places")
    func withstandRace() async throws {
        try await withBucket { directory, store in
            _ = try directory.makeFolder("inside/door")
            try directory.makeFile("inside/door/secret", "harmless")
            try directory.makeLink("inside/trap", to: "../outside")
            let (door, trap, spare) = (directory.appending("inside/door"), directory.appending("inside/trap"), directory.appending("inside/spare"))
            let uri = try ObjectURI("s3://data/door/secret")
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    while !Task.isCancelled {
                        for (from, to) in [(door, spare), (trap, door), (door, trap), (spare, door)] {
                            #expect(rename(from, to) == 0)
                            await Task.yield()
                        }
                    }
                }
                // Until both sides of the door were met often enough.
                var (reads, refusals) = (0, 0)
                while reads < 15 || refusals < 15 {
                    do {
                        let bytes = try await store.read(uri, maximumBytes: 100)
                        try #require(bytes == Array("harmless".utf8))
                        reads += 1
                    } catch ObjectError.symbolicLink {
                        refusals += 1
                    } catch ObjectError.missing {
                        continue
                    }
                }
                group.cancelAll()
            }
        }
    }

    @Test("do not wait on a pipe, and read no device")
    func refusePipe() async throws {
        try await withBucket { directory, store in
            #expect(mkfifo(directory.appending("inside/pipe"), 0o600) == 0)
            let uri = try ObjectURI("s3://data/pipe")
            await #expect(throws: ObjectError.notAFile(uri)) { try await store.read(uri, maximumBytes: 100) }
            await #expect(throws: ObjectError.notAFile(uri)) { try await store.write(uri, bytes: []) }
        }
    }

    @Test("leave nothing beside the object, whether the write succeeded or not")
    func leaveNothingBeside() async throws {
        try await withBucket { directory, store in
            try await store.write(ObjectURI("s3://data/a/x"), bytes: [1])
            await #expect(throws: ObjectError.self) { try await store.write(ObjectURI("s3://data/a"), bytes: [1]) }
            #expect(try directory.names("inside") == ["a"])
            #expect(try directory.names("inside/a") == ["x"])
        }
    }

    @Test("refuse to write beyond their limit")
    func limitWrites() async throws {
        let directory = try TemporaryDirectory()
        let store = try LocalBuckets(["data": directory.path], maximumObjectBytes: 3)
        let uri = try ObjectURI("s3://data/x")
        await #expect(throws: ObjectError.tooLarge(uri, maximumBytes: 3)) { try await store.write(uri, bytes: [1, 2, 3, 4]) }
        try await store.write(uri, bytes: [1, 2, 3])
    }

    @Test("need their folder, unless told to make it")
    func needTheirFolder() async throws {
        let directory = try TemporaryDirectory()
        let folder = directory.appending("a/b")
        let refusal = ObjectError.bucketFolder(bucket: "data", folder: folder, reason: "No such file or directory")
        #expect(throws: refusal) { try LocalBuckets(["data": folder]) }
        let store = try LocalBuckets(["data": folder], creatingFolders: true)
        try await store.write(ObjectURI("s3://data/x"), bytes: Array("y".utf8))
        #expect(directory.text("a/b/x") == "y")
        try directory.makeFile("file", "")
        let file = directory.appending("file")
        #expect(throws: ObjectError.bucketFolder(bucket: "data", folder: file, reason: "Not a directory")) { try LocalBuckets(["data": file], creatingFolders: true) }
    }

    @Test("may have a folder that is reached over a link: its path is the owner's word")
    func takeLinkedRoot() async throws {
        let directory = try TemporaryDirectory()
        _ = try directory.makeFolder("real")
        try directory.makeLink("link", to: "real")
        let store = try LocalBuckets(["data": directory.appending("link")])
        try await store.write(ObjectURI("s3://data/x"), bytes: Array("y".utf8))
        #expect(directory.text("real/x") == "y")
    }

    @Test("say when their folder has gone")
    func reportLostFolder() async throws {
        let directory = try TemporaryDirectory()
        let folder = try directory.makeFolder("gone")
        let store = try LocalBuckets(["data": folder])
        try FileManager.default.removeItem(atPath: folder)
        await #expect(throws: ObjectError.bucketFolder(bucket: "data", folder: folder, reason: "No such file or directory")) {
            try await store.read(ObjectURI("s3://data/x"), maximumBytes: 1)
        }
    }
}

@Suite("The --bucket flag")
struct BucketFlagTests {
    @Test("is NAME=DIR, and the folder may hold anything", arguments: [
        ("data=/srv/data", "data", "/srv/data"), ("a-b.c=x", "a-b.c", "x"), ("data=/a=b/c d", "data", "/a=b/c d"),
    ])
    func parses(flag: String, bucket: String, folder: String) throws {
        let parsed = try LocalBuckets.parse(flag: flag)
        #expect(parsed.bucket == bucket)
        #expect(parsed.folder == folder)
    }

    @Test("is refused with what is wrong", arguments: [
        Refused(text: "data", reason: "there is no '='"), Refused(text: "", reason: "there is no '='"), Refused(text: "data=", reason: "the folder is missing"),
        Refused(text: "=x", reason: "the bucket's name has 0 characters; 3 to 63 are allowed"),
        Refused(text: "My=x", reason: "the bucket's name has 2 characters; 3 to 63 are allowed"),
        Refused(text: "my_data=x", reason: "the bucket's name holds '_' (U+005F); a-z, 0-9, '-' and '.' are allowed"),
        Refused(text: "data=\0", reason: "the folder holds a NUL character"),
    ])
    func refuses(case refused: Refused) {
        let error = #expect(throws: ObjectError.self) { try LocalBuckets.parse(flag: refused.text) }
        guard case .invalidBucketFlag(_, let found) = error else { return #expect(Bool(false), "\(String(describing: error))") }
        #expect(found == refused.reason)
        #expect(error?.description.hasSuffix("Write --bucket NAME=DIR, e.g. --bucket data=/srv/data") == true)
    }

    @Test("gives each bucket one folder")
    func refusesRepeats() throws {
        #expect(try LocalBuckets.parse(flags: ["abc=/x", "abd=/x"]) == ["abc": "/x", "abd": "/x"])
        #expect(throws: ObjectError.repeatedBucket("abc")) { try LocalBuckets.parse(flags: ["abc=/x", "abc=/y"]) }
    }
}
