@testable import AdvPOAPI
import AdvPOBedrock
import AdvPOModel
import AdvPOObjects
import Foundation
import Testing

/// What a credentials file may hold, and who may read it.
struct CredentialsFileTests {
    private static let secret = "0123456789abcdef-and-more"
    private static let other = "fedcba9876543210-and-more"

    private func faults(_ text: String) -> String {
        do {
            _ = try CredentialsFile.parse(text, path: "people.yaml")
            return ""
        } catch {
            return error.description
        }
    }

    @Test("a file gives identities by key and by token, with what is allowed")
    func wellFormed() throws {
        let identities = try CredentialsFile.parse(People.yaml, path: "people.yaml")
        #expect(identities.all.map(\.name) == ["admin", "reader", "client"])
        let admin = try #require(identities.identity(accessKeyID: People.adminKey))
        #expect(admin.keyPair?.secretAccessKey == People.adminSecret)
        #expect(admin.allowed == Set(IAMAction.allCases.filter { !$0.isAboutCluster }))
        #expect(identities.identity(bearerToken: People.adminToken.utf8)?.name == "admin")
        #expect(identities.identity(bearerToken: People.clientToken.utf8)?.name == "client")
        #expect(identities.identity(bearerToken: (People.clientToken + "x").utf8) == nil)
        #expect(identities.identity(bearerToken: "".utf8) == nil)
        #expect(identities.identity(accessKeyID: "reader") == nil)
        #expect(identities.identity(accessKeyID: People.readerKey)?.allowed == [.get, .list])
    }

    @Test(
        "a faulty identity is named, with its field and how to mend it, and no secret",
        arguments: [
            ("{}", "'identities' must be a list"), ("", "has no 'identities'"), ("identities: []", "at least one"), ("identities: {}", "must be a list"),
            ("people: []\nidentities: [{name: a, bearerToken: SECRET, allow: ['bedrock:*']}]", "unknown key 'people'"),
            ("identities: [a]", "identity 1 is no mapping"), ("identities: [{bearerToken: SECRET, allow: ['bedrock:*']}]", "identity 1 has no name"),
            ("identities: [{name: 'a b', bearerToken: SECRET, allow: ['bedrock:*']}]", "name: is not"),
            ("identities: [{name: [], bearerToken: SECRET, allow: ['bedrock:*']}]", "name: must be a text"),
            ("identities: [{name: a, bearerToken: SECRET, allow: ['bedrock:*'], role: x}]", "unknown field 'role'"),
            ("identities: [{name: a, allow: ['bedrock:*']}]", "has no key and no token"),
            ("identities: [{name: a, accessKeyId: AKID, allow: ['bedrock:*']}]", "secretAccessKey: is missing"),
            ("identities: [{name: a, secretAccessKey: SECRET, allow: ['bedrock:*']}]", "accessKeyId: is missing"),
            ("identities: [{name: a, accessKeyId: 'A-B-C-D', secretAccessKey: SECRET, allow: ['bedrock:*']}]", "accessKeyId: is not"),
            ("identities: [{name: a, accessKeyId: AKID, secretAccessKey: shortshortshort, allow: ['bedrock:*']}]", "fewer than 16"),
            ("identities: [{name: a, bearerToken: shortshortshort, allow: ['bedrock:*']}]", "bearerToken: has fewer than 16"),
            ("identities: [{name: a, bearerToken: 'SECRET with blanks', allow: ['bedrock:*']}]", "blanks"),
            ("identities: [{name: a, bearerToken: null, allow: ['bedrock:*']}]", "bearerToken: must be a text"),
            ("identities: [{name: a, bearerToken: [SECRET], allow: ['bedrock:*']}]", "bearerToken: must be a text"),
            ("identities: [{name: a, bearerToken: SECRET}]", "allow: must be a list"), ("identities: [{name: a, bearerToken: SECRET, allow: []}]", "at least one action"),
            ("identities: [{name: a, bearerToken: SECRET, allow: ['bedrock:InvokeModel']}]", "'bedrock:InvokeModel' is no action"),
            ("identities: [{name: a, bearerToken: SECRET, allow: ['bedrock:*Job']}]", "'bedrock:*Job' is no action"),
            ("identities: [{name: a, bearerToken: SECRET, allow: [OTHER]}]", "entry 1 is no action"),
            ("identities: [{name: a, bearerToken: SECRET, allow: ['*']}, {name: a, bearerToken: OTHER, allow: ['*']}]", "another identity has this name"),
            ("identities: [{name: a, bearerToken: SECRET, allow: ['*']}, {name: b, bearerToken: SECRET, allow: ['*']}]", "another identity has this token"),
            (
                "identities: [{name: a, accessKeyId: AKID, secretAccessKey: SECRET, allow: ['*']}, {name: b, accessKeyId: AKID, secretAccessKey: OTHER, allow: ['*']}]",
                "another identity has this key"
            ),
            ("identities: [{name: a, name: b, bearerToken: SECRET}]", "key twice"), ("identities:\n  - name: a\n    bearerToken: SECRET: x\n  b", "line"),
            ("identities:\n\t- SECRET", "not YAML"),
        ])
    func faulty(_ text: String, _ expected: String) {
        let message = faults(text.replacing("SECRET", with: Self.secret).replacing("OTHER", with: Self.other))
        #expect(message.contains(expected), "\(message)")
        #expect(message.contains("people.yaml"))
        #expect(!message.contains(Self.secret) && !message.contains(Self.other) && !message.contains("short"))
    }

    @Test("all faults of a file are told at once")
    func allAtOnce() {
        let message = faults("identities: [{name: a, bearerToken: x, allow: []}, {name: a, bearerToken: y, allow: [z]}]")
        #expect(message.split(separator: "\n").count == 5, "\(message)")
    }

    @Test("a key or token that YAML takes for a number counts as it is written")
    func numbers() throws {
        let identities = try CredentialsFile.parse("identities: [{name: a, bearerToken: 00123456789012345, allow: ['*']}]", path: "people.yaml")
        #expect(identities.identity(bearerToken: "00123456789012345".utf8) != nil)
    }

    @Test("no description of an identity shows its secrets")
    func redaction() throws {
        let identities = try CredentialsFile.parse(People.yaml, path: "people.yaml")
        var dumped = ""
        for identity in identities.all { dump(identity, to: &dumped) }
        for text in ["\(identities.all)", String(reflecting: identities.all), "\(identities)", String(reflecting: identities), dumped] {
            for secret in People.secrets { #expect(!text.contains(secret)) }
        }
        #expect(dumped.contains("admin"))
    }

    @Test(
        "a file that its group or others may use, or that is another user's, is refused",
        arguments: [
            (0o600, 1, 1, nil), (0o400, 1, 1, nil), (0o700, 1, 1, nil), (0o600, 0, 1, nil), (0o640, 1, 1, "mode 0640"), (0o604, 1, 1, "mode 0604"),
            (0o620, 1, 1, "mode 0620"), (0o601, 1, 1, "mode 0601"), (0o600, 2, 1, "uid 2)"), (0o600, 2, 0, "uid 2)"),
        ] as [(UInt32, UInt32, UInt32, String?)])
    func modes(_ mode: UInt32, _ owner: UInt32, _ user: UInt32, _ problem: String?) {
        let fault = PrivateFile.fault(path: "f", mode: 0o100_000 | mode, owner: owner, user: user)
        if let problem { #expect(fault?.problem.contains(problem) == true) } else { #expect(fault == nil) }
    }

    @Test("a file is read from disk, and read again when asked; a bad one changes nothing")
    func reload() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "people.yaml").path
        func write(_ text: String, mode: Int = 0o600) throws {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        }
        #expect(throws: CredentialsFile.Faults.self) { try IdentityStore(path: path) }
        try write(People.yaml)
        let store = try IdentityStore(path: path)
        #expect(store.identities.all.count == 3)
        try write("identities: [{name: a, bearerToken: \(Self.secret), allow: ['*']}]", mode: 0o644)
        #expect(throws: CredentialsFile.Faults.self) { try store.reload() }
        #expect(store.identities.all.count == 3)
        try write("identities: [{name: a, bearerToken: \(Self.secret), allow: ['*']}]")
        try store.reload()
        #expect(store.identities.all.map(\.name) == ["a"])
        try write(String(repeating: "# much\n", count: 40_000))
        #expect(throws: CredentialsFile.Faults.self) { try store.reload() }
        #expect(throws: PrivateFile.Fault.self) { try PrivateFile.read(folder.path, maximumBytes: 10) }
        #expect(throws: PrivateFile.Fault.self) { try PrivateFile.read("/dev/zero", maximumBytes: 10, isPrivate: false) }
    }
}
