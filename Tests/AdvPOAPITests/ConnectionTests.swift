@testable import AdvPOAPI
import AdvPOBedrock
import AdvPOObjects
import Foundation
import NIOCore
import NIOSSL
import Testing

/// Clients that misbehave, over real sockets.
@Suite(.timeLimit(.minutes(5)))
struct ConnectionTests {
    /// A limit that a test need not wait for; all others stay as they are, so that a busy machine does not cut off who behaves well.
    private static func hasty(_ limit: WritableKeyPath<ServerLimits, TimeAmount>) -> ServerLimits {
        var limits = LiveServer.patient
        limits[keyPath: limit] = .milliseconds(300)
        return limits
    }

    @Test("who is slow to send a head is cut off, however the bytes come")
    func slowHead() async throws {
        try await LiveServer(limits: Self.hasty(\.headTime)).run { url in _ = try await LiveServer.drive("drive_connections.py", "slow-head", url) }
    }

    @Test("who is slow to send a body is cut off, and others are served")
    func slowBody() async throws {
        try await LiveServer(limits: Self.hasty(\.bodyTime)).run { url in _ = try await LiveServer.drive("drive_connections.py", "slow-body", url) }
    }

    @Test("who says nothing after an answer is cut off, and others are served")
    func idle() async throws {
        try await LiveServer(limits: Self.hasty(\.idleTime)).run { url in _ = try await LiveServer.drive("drive_connections.py", "idle", url) }
    }

    @Test("who does not read is cut off, and others are served")
    func noReader() async throws {
        // More than the system's buffers take in.
        let service = MemoryJobService(filePadding: 32 * 1024 * 1024)
        let request = CreateJobRequest(jobName: "large", inputURI: "s3://bucket/input.jsonl", outputURI: "s3://bucket/out/", models: [])
        let job = try #require(JobARN(parsing: try await service.create(request).jobARN)?.job)
        await service.end(job, as: .completed)
        try await LiveServer(service: service, limits: Self.hasty(\.writeTime)).run { url in
            _ = try await LiveServer.drive("drive_connections.py", "no-reader", url, "/jobs/\(job)/files/history.jsonl")
        }
    }

    @Test("a head that is too large, what is no HTTP, and TLS on a plain port end cleanly", arguments: ["large-head", "garbage", "wrong-protocol"])
    func malformed(_ mode: String) async throws {
        try await LiveServer().run { url in _ = try await LiveServer.drive("drive_connections.py", mode, url) }
    }

    @Test("who does not prove who he is gets his answer and the end of his connection")
    func stranger() async throws {
        try await LiveServer(access: try People.access(isEncrypted: false)).run { url in _ = try await LiveServer.drive("drive_connections.py", "stranger", url) }
    }

    @Test("one connection too many waits until another ends")
    func crowd() async throws {
        var limits = LiveServer.patient
        limits.connections = 3
        try await LiveServer(limits: limits).run { url in _ = try await LiveServer.drive("drive_connections.py", "crowd", url, "3") }
    }

    @Test("over TLS, boto3 trusts the server by its authority, and plain HTTP gets nothing")
    func tls() async throws {
        let files = try await Certificates()
        defer { files.remove() }
        var server = LiveServer(access: try People.access(isEncrypted: true))
        server.tls = try TLSFiles.configuration(certificatePath: files.certificate, keyPath: files.key)
        try await server.run { url in
            #expect(url.hasPrefix("https://"))
            _ = try await LiveServer.drive("drive_connections.py", "tls", url, files.authority, People.adminKey, People.adminSecret)
        }
    }

    @Test("a TLS handshake that is begun and not gone on with is cut off")
    func slowHandshake() async throws {
        let files = try await Certificates()
        defer { files.remove() }
        var server = LiveServer(limits: Self.hasty(\.headTime))
        server.tls = try TLSFiles.configuration(certificatePath: files.certificate, keyPath: files.key)
        try await server.run { url in _ = try await LiveServer.drive("drive_connections.py", "slow-handshake", url) }
    }

    @Test("files that make no TLS are named, with what is wrong and how to mend it")
    func badFiles() async throws {
        let files = try await Certificates()
        defer { files.remove() }
        func problem(_ certificate: String, _ key: String) -> String {
            do {
                _ = try TLSFiles.configuration(certificatePath: certificate, keyPath: key)
                return ""
            } catch {
                return error.description
            }
        }
        #expect(problem(files.certificate, files.key) == "")
        #expect(problem(files.folder.appending(path: "none").path, files.key).contains("none is not there"))
        #expect(problem(files.key, files.key).contains("\(files.key) holds no certificate"))
        #expect(problem(files.certificate, files.certificate).contains("\(files.certificate) holds"))
        #expect(problem(files.certificate, files.authorityKey).contains("\(files.authorityKey) is not the key of"))
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: files.key)
        #expect(problem(files.certificate, files.key).contains("mode 0644"))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: files.certificate)
        #expect(problem(files.certificate, files.certificate).contains("no private key"))
    }

    @Test("a key with a passphrase is refused, not asked for")
    func passphrase() async throws {
        let files = try await Certificates()
        defer { files.remove() }
        let locked = files.folder.appending(path: "locked.pem").path
        try await files.openssl("pkey", "-in", files.key, "-aes256", "-passout", "pass:secret", "-out", locked)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: locked)
        #expect(throws: PrivateFile.Fault.self) { try TLSFiles.configuration(certificatePath: files.certificate, keyPath: locked) }
    }

    @Test(
        "other addresses than loopback are listened on with a credentials file alone",
        arguments: [
            ("0.0.0.0:7700", true), ("[::]:7700", true), ("10.0.0.1:7700", true), ("advpo.example:443", true), ("[fe80::1%eth0]:1", true), ("127.0.0.1:0", true),
            ("*:7700", false), ("::1:7700", false), ("a b:1", false), ("[]:1", false), ("[x]:1", false), ("host:", false), ("http://host:1", false),
        ])
    func addresses(_ text: String, _ isAccepted: Bool) {
        let address = try? ListenAddress(parsing: text, isAuthenticated: true)
        #expect((address != nil) == isAccepted)
        if let address { #expect(address.description == text) }
    }
}

/// An authority and a certificate of 127.0.0.1, made by the `openssl` command for one test.
struct Certificates {
    let folder: URL
    var authority: String { folder.appending(path: "authority.pem").path }
    var authorityKey: String { folder.appending(path: "authority-key.pem").path }
    var certificate: String { folder.appending(path: "server.pem").path }
    var key: String { folder.appending(path: "server-key.pem").path }

    init() async throws {
        folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let request = folder.appending(path: "server.csr").path
        let kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        try await openssl(["req", "-x509"] + kind + ["-keyout", authorityKey, "-out", authority, "-subj", "/CN=authority of a test", "-days", "2"])
        try await openssl(["req"] + kind + ["-keyout", key, "-out", request, "-subj", "/CN=server of a test", "-addext", "subjectAltName=IP:127.0.0.1"])
        try await openssl([
            "x509", "-req", "-in", request, "-CA", authority, "-CAkey", authorityKey, "-CAcreateserial", "-copy_extensions", "copy", "-days", "2", "-out", certificate,
        ])
        for path in [key, authorityKey] { try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path) }
    }

    func openssl(_ arguments: String...) async throws { try await openssl(arguments) }

    private func openssl(_ arguments: [String]) async throws {
        let (output, succeeded) = try await LiveServer.execute("openssl", arguments)
        try #require(succeeded, "openssl \(arguments): \(output)")
    }

    func remove() { try? FileManager.default.removeItem(at: folder) }
}
