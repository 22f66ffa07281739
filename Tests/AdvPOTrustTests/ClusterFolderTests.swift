import AdvPOCluster
import AdvPOObjects
import AdvPOTrust
import Foundation
import Subprocess
import SystemPackage
import Testing

@Suite(.timeLimit(.minutes(1))) struct ClusterFolderTests {
    private func inFolder(_ body: (String) async throws -> Void) async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("advpo-trust-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await body(path)
    }

    private func make(_ path: String, _ hosts: [String] = ["head.example.org", "10.0.0.5"]) throws -> ClusterFolder {
        let folder = ClusterFolder(path)
        try folder.make(hosts: hosts, secret: (0..<32).map { UInt8($0) }, now: Date())
        return folder
    }

    private func openssl(_ arguments: String...) async throws -> (isSuccess: Bool, output: String) {
        let ended = try await Subprocess.run(.name("openssl"), arguments: Arguments(arguments), output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        return (ended.terminationStatus.isSuccess, ended.standardOutput + ended.standardError)
    }

    private func mode(_ path: String) throws -> Int { try #require(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int) }

    @Test("secrets are closed to others, folders too; certificates are open")
    func modes() async throws {
        try await inFolder { root in
            let path = "\(root)/cluster"
            let folder = try make(path)
            let worker = try folder.issue("node7", now: Date()).folder
            for secret in ["cluster-secret", "ca-key.pem", "coordinator-key.pem", "issued.yaml", "revoked.yaml"] { #expect(try mode("\(path)/\(secret)") == 0o600, "\(secret)") }
            for secret in ["worker-key", "worker-key.pem"] { #expect(try mode("\(worker)/\(secret)") == 0o600) }
            for open in ["ca.pem", "coordinator.pem", "workers/node7/ca.pem", "workers/node7/worker.pem"] { #expect(try mode("\(path)/\(open)") == 0o644) }
            for folder in [path, "\(path)/workers", worker] { #expect(try mode(folder) == 0o700) }
            let names = try FileManager.default.subpathsOfDirectory(atPath: path)
            #expect(!names.contains { $0.contains("~") }, "nothing is left of the writing: \(names)")
        }
    }

    @Test("openssl accepts both chains for what they are for, and the coordinator's names")
    func chains() async throws {
        try await inFolder { root in
            let path = "\(root)/cluster"
            let worker = try make(path).issue("node7", now: Date()).folder
            for (purpose, file) in [("sslserver", "\(path)/coordinator.pem"), ("sslclient", "\(worker)/worker.pem")] {
                let verified = try await openssl("verify", "-x509_strict", "-purpose", purpose, "-CAfile", "\(path)/ca.pem", file)
                #expect(verified.isSuccess, "\(verified.output)")
                let other = try await openssl("verify", "-purpose", purpose == "sslserver" ? "sslclient" : "sslserver", "-CAfile", "\(path)/ca.pem", file)
                #expect(!other.isSuccess, "a worker's certificate is none of a coordinator's, and the other way about")
            }
            for name in ["head.example.org", "localhost"] {
                #expect(try await openssl("verify", "-verify_hostname", name, "-CAfile", "\(path)/ca.pem", "\(path)/coordinator.pem").isSuccess)
            }
            for address in ["10.0.0.5", "127.0.0.1", "::1"] {
                #expect(try await openssl("verify", "-verify_ip", address, "-CAfile", "\(path)/ca.pem", "\(path)/coordinator.pem").isSuccess)
            }
            #expect(try await !openssl("verify", "-verify_hostname", "other.example.org", "-CAfile", "\(path)/ca.pem", "\(path)/coordinator.pem").isSuccess)
            for key in ["\(path)/coordinator-key.pem", "\(worker)/worker-key.pem"] { #expect(try await openssl("pkey", "-in", key, "-noout").isSuccess) }
        }
    }

    @Test("the coordinator's certificate is renewed under the same authority, for its names and more")
    func renewal() async throws {
        try await inFolder { root in
            let path = "\(root)/cluster"
            let folder = try make(path)
            let first = try folder.certificates(now: Date())
            try folder.renew(hosts: ["second.example.org", "10.0.0.5", "10.0.0.6"], now: Date().addingTimeInterval(86_400))
            let second = try folder.certificates(now: Date())
            #expect(second.ends > first.ends && second.key != first.key && second.authority == first.authority)
            for name in ["head.example.org", "second.example.org"] {
                #expect(try await openssl("verify", "-attime", "\(Int(Date().timeIntervalSince1970) + 90_000)", "-verify_hostname", name, "-CAfile", "\(path)/ca.pem", "\(path)/coordinator.pem").isSuccess)
            }
            for address in ["10.0.0.5", "10.0.0.6"] {
                #expect(try await openssl("verify", "-attime", "\(Int(Date().timeIntervalSince1970) + 90_000)", "-verify_ip", address, "-CAfile", "\(path)/ca.pem", "\(path)/coordinator.pem").isSuccess)
            }
            #expect(first.expiryWarning(now: Date()) == nil && first.expiryWarning(now: first.ends.addingTimeInterval(-86_400)) != nil)
        }
    }

    @Test("a worker's folder holds the key that the secret gives for its name and serial")
    func workerKeys() async throws {
        try await inFolder { root in
            let folder = try make("\(root)/cluster")
            for serial in 1...2 as ClosedRange<UInt32> {
                let issued = try folder.issue("node7", now: Date())
                let worker = try IdentityFolder(issued.folder)
                #expect(worker.identity == issued.identity && worker.identity.serial == serial)
                #expect(worker.key.revealed == (try folder.secret().key(of: issued.identity).revealed))
                #expect(try worker.certificates(now: Date()).ends > Date())
                #expect(throws: PrivateFile.Fault.self) { try worker.certificates(now: Date().addingTimeInterval(900 * 86_400)) }
            }
        }
    }

    @Test("revoking takes all keys of a name so far; a later issue is not touched by it")
    func revoking() async throws {
        try await inFolder { root in
            let folder = try make("\(root)/cluster")
            _ = try folder.issue("node7", now: Date())
            _ = try folder.issue("node8", now: Date())
            _ = try folder.issue("node7", now: Date())
            #expect(try folder.revoke("node7", now: Date()).serial == 2)
            #expect(try folder.revoke("node7", now: Date()).serial == 2)
            #expect(try folder.issue("node7", now: Date()).identity.serial == 3)
            #expect(try folder.issues().map { "\($0.identity) \($0.isRevoked)" } == ["node7#1 true", "node8#1 false", "node7#2 true", "node7#3 false"])
            let unknown = #expect(throws: PrivateFile.Fault.self) { try folder.revoke("nobody", now: Date()) }
            #expect(unknown?.description.contains("cluster list") == true)
        }
    }

    @Test("what is there is not written over, what others can read is not used, and what is damaged is said")
    func refusals() async throws {
        try await inFolder { root in
            let path = "\(root)/cluster"
            let folder = try make(path)
            #expect(throws: PrivateFile.Fault.self) { try make(path) }
            #expect(try folder.secret().key(of: folder.issue("a", now: Date()).identity).revealed.count == 32)
            for name in ["", "../x", "-x", "a b", "a/b", String(repeating: "a", count: 65)] { #expect(throws: PrivateFile.Fault.self) { try folder.issue(name, now: Date()) } }
            #expect(throws: PrivateFile.Fault.self) { try make("\(root)/other", ["https://x"]) }
            try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: "\(path)/cluster-secret")
            #expect(#expect(throws: PrivateFile.Fault.self) { try folder.secret() }?.description.contains("chmod 600") == true)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: "\(path)/cluster-secret")
            for text in ["", "keys", "keys: 3", "keys: [{name: a}]", "keys: [{name: a, serial: 0}]", "keys:\n  - {name: ../x, serial: 1}", "]["] {
                try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/revoked.yaml"))
                try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: "\(path)/revoked.yaml")
                #expect(throws: PrivateFile.Fault.self, "\(text)") { try folder.revocations() }
            }
            for text in ["", "advpo-cluster-secret-v1 abc\n", "advpo-worker-key-v1 a 1 AAAA\n"] {
                try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/cluster-secret"))
                try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: "\(path)/cluster-secret")
                #expect(throws: PrivateFile.Fault.self) { try folder.secret() }
            }
        }
    }
}
