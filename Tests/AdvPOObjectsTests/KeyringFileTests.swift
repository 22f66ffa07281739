@testable import AdvPOObjects
import Foundation
import Glibc
import Testing

/// The keyring file: who may read it, what stands in it, and that no fault shows a key.
@Suite("The keyring file")
struct KeyringFileTests {
    private typealias Fixtures = EnvelopeFixtures
    /// Not a key that any test uses.
    private static let material = Data((0..<32).map { UInt8($0 &* 7 &+ 3) }).base64EncodedString()
    private static let entry = "  - arn: \(EnvelopeFixtures.arn)\n    material: \(material)\n"

    private func fault(_ body: () throws -> Void) -> String {
        do {
            try body()
            Issue.record("nothing was refused")
            return ""
        } catch {
            // Neither the key nor a part of it, however the error is shown.
            for text in ["\(error)", String(reflecting: error), String(describing: Mirror(reflecting: error).children.map { "\($0)" })] {
                #expect(!text.contains(Self.material.prefix(8)) && !text.contains(Self.material.suffix(8)), "\(text)")
            }
            return "\(error)"
        }
    }

    @Test("gives its keys by their ARNs, and shows only these")
    func reads() throws {
        let keyring = try KeyringFile.parse("keys:\n" + Self.entry + "    created: 2026-05-14T09:30:00Z\n", path: "k")
        #expect(keyring.arns == [Fixtures.arn])
        let material = try #require(keyring.key(Fixtures.arn))
        #expect(Data(material.revealed).base64EncodedString() == Self.material)
        var dumped = ""
        dump(keyring, to: &dumped)
        dump(material, to: &dumped)
        for text in ["\(keyring)", String(reflecting: keyring), "\(material)", String(reflecting: material), dumped] {
            #expect(!text.contains(Self.material.prefix(8)) && !text.contains("\(material.revealed[0]), \(material.revealed[1])"), "\(text)")
        }
        #expect(try KeyringFile.parse("keys: []", path: "k").arns == [])
    }

    @Test("is refused with the line and what to do, and never with what stands there", arguments: [
        ("", "is empty"), ("keys", "'keys'"), ("keys: 3", "has no list under 'keys'"), ("other: []", "line 1 has an unknown field: known here: 'keys'"),
        ("keys:\n  - \(material)", "line 2 has something else where a mapping is needed"), ("keys:\n  - {\(material): x}", "line 2 has an unknown field"),
        ("keys:\n  - arn: \(material)\n    material: \(material)", "line 2 has a key without an 'arn'"),
        ("keys:\n  - arn: \(EnvelopeFixtures.arn)\n", "line 2, key \(EnvelopeFixtures.arn) has no 'material'"),
        ("keys:\n  - arn: \(EnvelopeFixtures.arn)\n    material: \(material)AAAA\n", "has a 'material' that is not the BASE64 of 32 bytes"),
        ("keys:\n  - arn: \(EnvelopeFixtures.arn)\n    material: [\(material)]\n", "has no 'material'"),
        ("keys:\n\(entry)\(entry)", "line 4, key \(EnvelopeFixtures.arn) is there twice"),
        ("keys:\n\(entry)    material: \(material)\n", "is not YAML"), ("keys:\n  - arn: \"\(material)\n", "is not YAML"), ("\(material): \(material): x", "is not YAML"),
        ("\(material): 1\n\(material): 1", "is not YAML"), ("keys: [\(material)", "is not YAML"),
    ])
    func refuses(text: String, words: String) {
        let message = fault { _ = try KeyringFile.parse(text, path: "ring.yaml") }
        #expect(message.hasPrefix("the keyring ring.yaml") && message.contains(words), "\(message)")
    }

    @Test("is refused when group or others may read or write it", arguments: [0o640, 0o604, 0o620, 0o602, 0o777] as [mode_t])
    func refusesOpenModes(mode: mode_t) throws {
        let directory = try TemporaryDirectory()
        try directory.makeFile("ring", "keys:\n" + Self.entry)
        let path = directory.appending("ring")
        #expect(chmod(path, mode) == 0)
        let octal = String(mode, radix: 8)
        #expect(fault { _ = try KeyringFile.load(path: path) }.contains("is open to others (mode 0\(octal)): run chmod 600"))
        #expect(fault { try KeyringFile.add(Fixtures.key, arn: Fixtures.otherARN, created: "x", to: path) }.contains("is open to others"))
        #expect(chmod(path, 0o600) == 0)
        #expect(try KeyringFile.load(path: path).arns == [Fixtures.arn])
        #expect(chmod(path, 0o400) == 0)
        #expect(try KeyringFile.load(path: path).arns == [Fixtures.arn])
    }

    @Test("is refused when another user owns it", .enabled(if: geteuid() == 0, "only root can give a file away"))
    func refusesOtherOwner() throws {
        let directory = try TemporaryDirectory()
        try directory.makeFile("ring", "keys:\n" + Self.entry)
        #expect(chmod(directory.appending("ring"), 0o600) == 0 && chown(directory.appending("ring"), 12_345, 12_345) == 0)
        #expect(fault { _ = try KeyringFile.load(path: directory.appending("ring")) }.contains("belongs to another user (uid 12345)"))
    }

    @Test("is refused when it is missing, no file, a pipe, too long or no text")
    func refusesOtherThings() throws {
        let directory = try TemporaryDirectory()
        #expect(fault { _ = try KeyringFile.load(path: directory.appending("none")) }.contains("is not there: make one with 'advpo-coord keyring add FILE'"))
        #expect(fault { _ = try KeyringFile.load(path: directory.path) }.contains("is not a regular file"))
        #expect(mkfifo(directory.appending("pipe"), 0o600) == 0)
        #expect(fault { _ = try KeyringFile.load(path: directory.appending("pipe")) }.contains("is not a regular file"))
        for (name, bytes) in [("long", Data(repeating: UInt8(ascii: "#"), count: KeyringFile.largestFileBytes + 1)), ("odd", Data([0xFF, 0xFE]))] {
            try bytes.write(to: URL(fileURLWithPath: directory.appending(name)))
            #expect(chmod(directory.appending(name), 0o600) == 0)
        }
        #expect(fault { _ = try KeyringFile.load(path: directory.appending("long")) }.contains("has more than 1048576 bytes"))
        #expect(fault { _ = try KeyringFile.load(path: directory.appending("odd")) }.contains("is not UTF-8"))
    }

    @Test("is made with mode 0600 and grows without a change to what is there")
    func adds() throws {
        let directory = try TemporaryDirectory()
        let path = directory.appending("ring")
        try KeyringFile.add(Fixtures.key, arn: Fixtures.arn, created: "2026-05-14T09:30:00Z", to: path)
        var info = stat()
        #expect(stat(path, &info) == 0 && info.st_mode & 0o777 == 0o600)
        let text = directory.text("ring")
        let first = try #require(text)
        try KeyringFile.add(Fixtures.material(1), arn: Fixtures.otherARN, created: "2026-05-15T09:30:00Z", to: path)
        #expect(directory.text("ring")?.hasPrefix(first) == true)
        let keyring = try KeyringFile.load(path: path)
        #expect(keyring.arns == [Fixtures.arn, Fixtures.otherARN])
        #expect(keyring.key(Fixtures.arn)?.revealed == Fixtures.key.revealed)
        #expect(stat(path, &info) == 0 && info.st_mode & 0o777 == 0o600)
        #expect(try directory.names() == ["ring"])
    }

    @Test("takes a key into what was written by hand: any indent, comments, no newline, an empty list; and over a link", arguments: [
        "keys:\n- arn: \(EnvelopeFixtures.arn)\n  material: \(material)", "# mine\nkeys:\n    - arn: \(EnvelopeFixtures.arn)\n      material: \(material) # old\n\n", "keys: []\n", "keys: [ ]",
    ])
    func addsToHandwritten(text: String) throws {
        let directory = try TemporaryDirectory()
        try directory.makeFile("real", text)
        #expect(chmod(directory.appending("real"), 0o600) == 0)
        try directory.makeLink("ring", to: "real")
        let old = try KeyringFile.load(path: directory.appending("ring")).arns
        try KeyringFile.add(Fixtures.key, arn: Fixtures.otherARN, created: "x", to: directory.appending("ring"))
        #expect(try KeyringFile.load(path: directory.appending("real")).arns == old + [Fixtures.otherARN])
        #expect(try directory.names() == ["real", "ring"])
    }

    @Test("replaces no key, and is left as it was when a key cannot be added")
    func destroysNothing() throws {
        let directory = try TemporaryDirectory()
        let block = "keys:\n" + Self.entry
        for (text, words) in [
            (block, "has that key already"), ("keys: [{arn: \(Fixtures.otherARN), material: \(Self.material)}]\n", "has a form that cannot be added to"), ("keys: {", "is not YAML"),
        ] {
            try directory.makeFile("ring", text)
            #expect(chmod(directory.appending("ring"), 0o600) == 0)
            let message = fault { try KeyringFile.add(Fixtures.material(9), arn: Fixtures.arn, created: "x", to: directory.appending("ring")) }
            #expect(message.contains(words), "\(message)")
            let left = directory.text("ring")
            #expect(left == text)
        }
        #expect(fault { try KeyringFile.add(Fixtures.key, arn: "mine", created: "x", to: directory.appending("new")) }.contains("cannot take that ARN"))
        #expect(fault { try KeyringFile.add(Fixtures.key, arn: Fixtures.arn, created: "x", to: directory.appending("no/where")) }.contains("cannot be written"))
        #expect(try directory.names() == ["ring"])
    }

    @Test("loses no key when many are added at once", .timeLimit(.minutes(1)))
    func addsTogether() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.appending("ring")
        let arns = (10..<34).map { "arn:aws:kms:us-east-1:000000000000:key/00000000-0000-0000-0000-0000000000\($0)" }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for arn in arns { group.addTask { try KeyringFile.add(EnvelopeFixtures.key, arn: arn, created: "x", to: path) } }
            try await group.waitForAll()
        }
        #expect(try KeyringFile.load(path: path).arns.sorted() == arns)
        #expect(try directory.names() == ["ring"])
    }
}
