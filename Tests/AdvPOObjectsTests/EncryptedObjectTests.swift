import AdvPOBedrock
import AdvPOObjects
import Foundation
import OrderedCollections
import Testing

/// Objects under keys, on every store that has a keyring.
@Suite("Every object store with a keyring", .timeLimit(.minutes(1)))
struct EncryptedObjectTests {
    private typealias Fixtures = EnvelopeFixtures
    private let file: ObjectURI

    init() throws { file = try ObjectURI("s3://data/in/deep/file.jsonl") }

    @Test("reads what was written under a key, and counts its content", arguments: ObjectStoreKind.allCases, [0, 1, 65_535, 65_536, 65_537, 1_500_000])
    func roundTrips(kind: ObjectStoreKind, size: Int) async throws {
        try await kind.run(keyring: Fixtures.bothKeys) { store in
            let content = Fixtures.content(size)
            try await store.checkWrite(file, encryptionKeyARN: Fixtures.otherARN)
            try await store.write(file, bytes: content, encryptionKeyARN: Fixtures.otherARN)
            let chunks = try await store.open(file, maximumBytes: size)
            #expect(chunks.byteCount == size)
            #expect(try await chunks.collected() == content)
            if size > 0 { await #expect(throws: ObjectError.tooLarge(file, maximumBytes: size - 1)) { try await store.open(file, maximumBytes: size - 1) } }
            #expect(try await store.list(ObjectURI("s3://data/"), maximumCount: 2) == [file])
        }
    }

    @Test("refuses a key that it does not have, before and at the writing, and names those that it has", arguments: ObjectStoreKind.allCases)
    func refusesUnknownKeys(kind: ObjectStoreKind) async throws {
        for (keyring, known) in [(Keyring.empty, []), (Fixtures.keyring, [Fixtures.arn])] {
            try await kind.run(keyring: keyring) { store in
                let unknown = ObjectError.unknownKey(file, key: Fixtures.otherARN, known: known)
                await #expect(throws: unknown) { try await store.checkWrite(file, encryptionKeyARN: Fixtures.otherARN) }
                await #expect(throws: unknown) { try await store.write(file, bytes: [1], encryptionKeyARN: Fixtures.otherARN) }
                let exists = try await store.exists(file)
                #expect(!exists)
                #expect(unknown.description.contains(known.first ?? "It has none"))
            }
        }
    }

    @Test("says which key an object needs", arguments: ObjectStoreKind.allCases)
    func namesTheMissingKey(kind: ObjectStoreKind) async throws {
        try await kind.run(keyring: Keyring([Fixtures.otherARN: Fixtures.key])) { store in
            try await store.write(file, bytes: Fixtures.seal([1]))
            await #expect(throws: ObjectError.unknownKey(file, key: Fixtures.arn, known: [Fixtures.otherARN])) { try await store.read(file, maximumBytes: 10) }
        }
    }

    @Test("keeps a plain object and an encrypted one side by side, and lets the one replace the other", arguments: ObjectStoreKind.allCases)
    func keepsPlainObjects(kind: ObjectStoreKind) async throws {
        try await kind.run(keyring: Fixtures.keyring) { store in
            for key in [Fixtures.arn, nil, Fixtures.arn] {
                try await store.write(file, bytes: Array("text \(key ?? "")".utf8), encryptionKeyARN: key)
                #expect(try await store.read(file, maximumBytes: 100) == Array("text \(key ?? "")".utf8))
            }
        }
    }

    @Test("opens an envelope that was copied there as it is", arguments: ObjectStoreKind.allCases)
    func opensCopies(kind: ObjectStoreKind) async throws {
        try await kind.run(keyring: Fixtures.keyring) { store in
            try await store.write(file, bytes: Fixtures.seal(Fixtures.content(200_000)))
            #expect(try await store.read(file, maximumBytes: 200_000) == Fixtures.content(200_000))
        }
    }

    @Test("gives of a damaged object only what is authentic, then an error and no end", arguments: ObjectStoreKind.allCases)
    func refusesDamage(kind: ObjectStoreKind) async throws {
        let content = Fixtures.content(400_000)
        let envelope = Fixtures.seal(content)
        var late = envelope
        late[Fixtures.headerBytes + 5 * Fixtures.sealedChunkBytes] ^= 1
        try await kind.run(keyring: Fixtures.keyring) { store in
            for (damaged, authentic) in [
                (late, 5 * 65_536), (Array(envelope.dropLast()), 6 * 65_536), (Array(envelope.dropLast(16 + 400_000 % 65_536)), 5 * 65_536),
            ] {
                try await store.write(file, bytes: damaged)
                var received: [UInt8] = []
                await #expect { for try await piece in try await store.open(file, maximumBytes: 2_000_000) { received += piece } } throws: {
                    if case .damagedEnvelope(file, _) = $0 as? ObjectError { true } else { false }
                }
                #expect(received.count <= authentic && content.starts(with: received) && received.count > 100_000, "\(received.count) of \(authentic)")
            }
            // What is damaged at its beginning is refused before anything is given.
            for damaged in [Array(envelope.prefix(8)), Array(envelope.prefix(100)), Array(envelope.prefix(Fixtures.headerBytes)), Array(envelope.prefix(Fixtures.headerBytes + 70_000))] {
                try await store.write(file, bytes: damaged)
                await #expect { try await store.open(file, maximumBytes: 2_000_000) } throws: {
                    if case .damagedEnvelope(file, _) = $0 as? ObjectError { true } else { false }
                }
            }
        }
    }
}

/// What is on the disk behind an encrypted object, and how a large one is read.
@Suite("Encrypted local files", .timeLimit(.minutes(1)))
struct EncryptedFileTests {
    private typealias Fixtures = EnvelopeFixtures

    @Test("rest as envelopes without a word of the content, and leave nothing beside")
    func restSealed() async throws {
        let directory = try TemporaryDirectory()
        let store = try LocalBuckets(["data": directory.path], keyring: Fixtures.keyring)
        let uri = try ObjectURI("s3://data/x")
        try await store.write(uri, bytes: Array(String(repeating: "the secret word ", count: 10_000).utf8), encryptionKeyARN: Fixtures.arn)
        let stored = try #require(FileManager.default.contents(atPath: directory.appending("x")))
        #expect(stored.starts(with: Array("ADVPOENC".utf8)))
        #expect(stored.range(of: Data("secret".utf8)) == nil)
        #expect(try directory.names() == ["x"])
        #expect(try SealedFile.read(path: directory.appending("x"), maximumBytes: 160_000, keyring: Fixtures.keyring).count == 160_000)
        #expect(throws: SealedFileFault.self) { try SealedFile.read(path: directory.appending("x"), maximumBytes: 159_999, keyring: Fixtures.keyring) }
        let fault = #expect(throws: SealedFileFault.self) { try SealedFile.read(path: directory.appending("x"), maximumBytes: 160_000, keyring: .empty) }
        #expect(fault?.description.contains("is encrypted under the key \(Fixtures.arn), and no keyring was given") == true)
    }

    @Test("are read piece by piece from the file that was opened, whatever becomes of its name meanwhile", arguments: [nil, EnvelopeFixtures.arn])
    func readInPieces(key: String?) async throws {
        let directory = try TemporaryDirectory()
        let store = try LocalBuckets(["data": directory.path], keyring: Fixtures.keyring)
        let uri = try ObjectURI("s3://data/x")
        let content = Fixtures.content(1_000_000)
        try await store.write(uri, bytes: content, encryptionKeyARN: key)
        let chunks = try await store.open(uri, maximumBytes: content.count)
        try await store.write(uri, bytes: [1, 2, 3], encryptionKeyARN: key)
        var received: [UInt8] = []
        for try await piece in chunks {
            #expect(piece.count <= 512 * 1024, "a piece is small, however large the object is")
            received += piece
        }
        #expect(received == content)
        #expect(try await store.read(uri, maximumBytes: 3) == [1, 2, 3])
    }

    @Test("that become shorter while they are read end with an error; what is added to them is left out", arguments: [nil, EnvelopeFixtures.arn])
    func noticeChanges(key: String?) async throws {
        let directory = try TemporaryDirectory()
        let store = try LocalBuckets(["data": directory.path], keyring: Fixtures.keyring)
        let uri = try ObjectURI("s3://data/x")
        let content = Fixtures.content(1_000_000)
        try await store.write(uri, bytes: content, encryptionKeyARN: key)
        let grown = try await store.open(uri, maximumBytes: content.count)
        let handle = try #require(FileHandle(forWritingAtPath: directory.appending("x")))
        defer { handle.closeFile() }
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(repeating: 7, count: 300_000))
        #expect(try await grown.collected() == content)

        try await store.write(uri, bytes: content, encryptionKeyARN: key)
        let cut = try await store.open(uri, maximumBytes: content.count)
        let second = try #require(FileHandle(forWritingAtPath: directory.appending("x")))
        defer { second.closeFile() }
        try second.truncate(atOffset: 600_000)
        await #expect(throws: ObjectError.failed(uri, reason: "it became shorter while it was read; read it again")) { try await cut.collected() }
    }
}
