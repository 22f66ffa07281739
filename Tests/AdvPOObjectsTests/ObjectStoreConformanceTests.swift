import AdvPOObjects
import AdvPOTestSupport
import Testing

/// What every object store does, run on each of them.
@Suite("Every object store", .moto, .timeLimit(.minutes(2)))
struct ObjectStoreConformanceTests {
    private let file: ObjectURI
    private let folder: ObjectURI

    init() throws {
        file = try ObjectURI("s3://data/in/deep/file.jsonl")
        folder = try ObjectURI("s3://data/in/")
    }

    @Test("reads what was written", arguments: ObjectStoreKind.allCases, [0, 1, 65_536, 200_001])
    func roundTrips(kind: ObjectStoreKind, size: Int) async throws {
        try await kind.run { store in
            let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            try await store.write(file, bytes: bytes)
            #expect(try await store.read(file, maximumBytes: size) == bytes)
            #expect(try await store.exists(file))
        }
    }

    @Test("replaces an object whole", arguments: ObjectStoreKind.allCases)
    func replaces(kind: ObjectStoreKind) async throws {
        try await kind.run { store in
            try await store.write(file, bytes: Array("a long first content".utf8))
            try await store.write(file, bytes: Array("short".utf8))
            #expect(try await store.read(file, maximumBytes: 100) == Array("short".utf8))
        }
    }

    @Test("says which object is missing", arguments: ObjectStoreKind.allCases)
    func reportsMissing(kind: ObjectStoreKind) async throws {
        try await kind.run { store in
            await #expect(throws: ObjectError.missing(file)) { try await store.read(file, maximumBytes: 10) }
            let absent = try await store.exists(file)
            #expect(!absent)
            // A folder of that name is no object; an object of that name is no folder.
            try await store.write(file, bytes: [1])
            for text in ["s3://data/in", "s3://data/in/deep", "s3://data/in/deep/file.jsonl/x", "s3://other/in/deep/file.jsonl"] {
                let uri = try ObjectURI(text)
                await #expect(throws: ObjectError.missing(uri)) { try await store.read(uri, maximumBytes: 10) }
                let exists = try await store.exists(uri)
                #expect(!exists, "\(uri)")
            }
        }
    }

    @Test("refuses an object above the limit, and takes one at it", arguments: ObjectStoreKind.allCases)
    func limitsSize(kind: ObjectStoreKind) async throws {
        try await kind.run { store in
            try await store.write(file, bytes: [UInt8](repeating: 1, count: 100))
            await #expect(throws: ObjectError.tooLarge(file, maximumBytes: 99)) { try await store.read(file, maximumBytes: 99) }
            #expect(try await store.read(file, maximumBytes: 100).count == 100)
        }
    }

    @Test("names the buckets that there are when one is unknown", arguments: ObjectStoreKind.folders)
    func reportsUnknownBucket(kind: ObjectStoreKind) async throws {
        try await kind.run { store in
            let uri = try ObjectURI("s3://nowhere/x")
            let unknown = ObjectError.unknownBucket(uri, known: ["data", "other"])
            await #expect(throws: unknown) { try await store.read(uri, maximumBytes: 1) }
            await #expect(throws: unknown) { try await store.write(uri, bytes: []) }
            await #expect(throws: unknown) { try await store.exists(uri) }
            let folder = try ObjectURI("s3://nowhere/")
            await #expect(throws: ObjectError.unknownBucket(folder, known: ["data", "other"])) { try await store.list(folder, maximumCount: 1) }
            #expect(unknown.description == "s3://nowhere/x: there is no bucket nowhere. Mounted: data, other. Mount a folder with --bucket nowhere=DIR")
        }
    }

    @Test("wants an object's name for objects and a folder's for folders", arguments: ObjectStoreKind.allCases)
    func wantsTheRightName(kind: ObjectStoreKind) async throws {
        try await kind.run { store in
            let root = try ObjectURI("s3://data")
            for uri in [folder, root] {
                await #expect(throws: ObjectError.namesFolder(uri)) { try await store.read(uri, maximumBytes: 1) }
                await #expect(throws: ObjectError.namesFolder(uri)) { try await store.write(uri, bytes: []) }
                await #expect(throws: ObjectError.namesFolder(uri)) { try await store.exists(uri) }
            }
            await #expect(throws: ObjectError.namesObject(file)) { try await store.list(file, maximumCount: 1) }
        }
    }

    @Test("lists a folder at every depth, sorted by bytes", arguments: ObjectStoreKind.allCases)
    func lists(kind: ObjectStoreKind) async throws {
        try await kind.run { store in
            let keys = ["b", "in/B", "in/a", "in/a-b/c", "in/a.b", "in/deep/er/x", "in2/y"]
            for key in keys.reversed() { try await store.write(ObjectURI("s3://data/" + key), bytes: [1]) }
            try await store.write(ObjectURI("s3://other/in/z"), bytes: [])
            #expect(try await store.list(ObjectURI("s3://data"), maximumCount: 7).map(\.key) == keys)
            #expect(try await store.list(folder, maximumCount: 5).map(\.key) == Array(keys[1...5]))
            #expect(try await store.list(ObjectURI("s3://data/nothing/"), maximumCount: 1) == [])
            await #expect(throws: ObjectError.tooMany(folder, maximumCount: 4)) { try await store.list(folder, maximumCount: 4) }
        }
    }

    @Test("keeps a name from being both an object and a folder", arguments: ObjectStoreKind.folders)
    func keepsNamesApart(kind: ObjectStoreKind) async throws {
        try await kind.run { store in
            try await store.write(file, bytes: [1])
            let above = try ObjectURI("s3://data/in/deep")
            await #expect(throws: ObjectError.blocked(above, part: "deep")) { try await store.write(above, bytes: []) }
            let below = try ObjectURI("s3://data/in/deep/file.jsonl/x/y")
            await #expect(throws: ObjectError.blocked(below, part: "file.jsonl")) { try await store.write(below, bytes: []) }
            #expect(try await store.list(folder, maximumCount: 9) == [file])
        }
    }

    @Test("takes names of 255 bytes, and refuses longer ones by name", arguments: ObjectStoreKind.folders)
    func limitsNames(kind: ObjectStoreKind) async throws {
        try await kind.run { store in
            let longest = try ObjectURI("s3://data/" + String(repeating: "n", count: 255))
            try await store.write(longest, bytes: [1])
            #expect(try await store.read(longest, maximumBytes: 1) == [1])
            let name = String(repeating: "n", count: 256)
            for key in [name, name + "/x"] {
                let uri = try ObjectURI("s3://data/" + key)
                await #expect(throws: ObjectError.nameTooLong(uri, part: name)) { try await store.write(uri, bytes: []) }
                await #expect(throws: ObjectError.missing(uri)) { try await store.read(uri, maximumBytes: 1) }
                let exists = try await store.exists(uri)
                #expect(!exists)
            }
        }
    }

    @Test("takes the deepest key that a URI can have", arguments: ObjectStoreKind.allCases)
    func takesDeepKeys(kind: ObjectStoreKind) async throws {
        try await kind.run { store in
            let uri = try ObjectURI("s3://data/" + String(repeating: "d/", count: 506) + "xy")
            try await store.write(uri, bytes: [9])
            #expect(try await store.read(uri, maximumBytes: 1) == [9])
            #expect(try await store.list(ObjectURI("s3://data/"), maximumCount: 1) == [uri])
        }
    }

    @Test("shows a reader the old content or the new, never a part", arguments: ObjectStoreKind.allCases)
    func replacesAtOnce(kind: ObjectStoreKind) async throws {
        try await kind.run { store in
            let uri = file
            try await store.write(uri, bytes: [UInt8](repeating: 0, count: 50_000))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for value in UInt8(1)...2 {
                    group.addTask { for _ in 0..<10 { try await store.write(uri, bytes: [UInt8](repeating: value, count: 50_000)) } }
                }
                group.addTask {
                    for _ in 0..<50 {
                        let bytes = try await store.read(uri, maximumBytes: 50_000)
                        #expect(bytes.count == 50_000 && Set(bytes).count == 1)
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
