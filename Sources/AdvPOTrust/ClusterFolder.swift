package import AdvPOCluster
package import AdvPOObjects
package import Foundation

/// The folder that `advpo-coord cluster init` makes: all that a cluster's programs know each other by.
///
///     ca.pem, ca-key.pem                    the authority that signs every certificate
///     coordinator.pem, coordinator-key.pem  for tls+tcp
///     cluster-secret                        32 random bytes, from which the workers' keys are derived
///     issued.yaml, revoked.yaml             which keys were given out, and which count no more
///     workers/NAME/                         one folder for each worker, to be copied to its host
///
/// Whoever can read the folder can let workers in and pose as the coordinator. The coordinator needs neither `ca-key.pem` nor `workers`.
package struct ClusterFolder: Sendable {
    package typealias Fault = PrivateFile.Fault

    package let path: String

    package init(_ path: String) { self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path }

    static let maximumBytes = 1024 * 1024

    private func file(_ name: String) -> String { "\(path)/\(name)" }

    // MARK: Making

    /// Makes the folder and its files; where there is a cluster already, nothing is changed.
    ///
    /// - Parameters:
    ///   - hosts: names and addresses by which workers dial the coordinator; this machine's loopback ones are added.
    ///   - secret: 32 bytes of a generator that is fit for cryptography.
    package func make(hosts: [String], secret: [UInt8], now: Date) throws(Fault) {
        try checkHosts(hosts)
        try TrustFile.makeFolder(path)
        let names = hosts + Self.loopbackHosts.filter { !hosts.contains($0) }
        let pairs: (authority: CertificateMaker.Pair, coordinator: CertificateMaker.Pair)
        do {
            let authority = try CertificateMaker.authority(named: "AdvPO cluster of \(names.first ?? "localhost")", now: now)
            pairs = (authority, try CertificateMaker(authority: authority).coordinator(hosts: names, now: now))
        } catch {
            throw Fault(path: path, problem: "cannot have certificates made: \(error)", remedy: "check the hosts' names")
        }
        // The secret first: it is what tells that there is a cluster.
        try TrustFile.create(file("cluster-secret"), SecretText.write(secret: secret))
        try TrustFile.create(file("ca-key.pem"), pairs.authority.key)
        try TrustFile.create(file("ca.pem"), pairs.authority.certificate, mode: TrustFile.openMode)
        try TrustFile.create(file("coordinator-key.pem"), pairs.coordinator.key)
        try TrustFile.create(file("coordinator.pem"), pairs.coordinator.certificate, mode: TrustFile.openMode)
        try TrustFile.create(file("issued.yaml"), KeyList().text(comment: Self.issuedComment))
        try TrustFile.create(file("revoked.yaml"), KeyList().text(comment: Self.revokedComment))
        try TrustFile.makeFolder(file("workers"))
    }

    private func checkHosts(_ hosts: [String]) throws(Fault) {
        for host in hosts where !Self.isHost(host) {
            throw Fault(path: path, problem: "takes no host '\(host.prefix(100))'", remedy: "name hosts like head.example.org or 10.0.0.5, without scheme and port")
        }
    }

    /// Makes the coordinator a new certificate and key in place of the old ones. Workers notice nothing.
    ///
    /// - Parameter hosts: added to the names of the old certificate.
    package func renew(hosts: [String], now: Date) throws(Fault) {
        try checkHosts(hosts)
        let lock = try lock()
        defer { _ = lock }
        let pair: CertificateMaker.Pair
        do {
            let names = try CertificateMaker.names(in: try PrivateFile.read(file("coordinator.pem"), maximumBytes: Self.maximumBytes, isPrivate: false))
            pair = try CertificateMaker(authority: try signer()).coordinator(hosts: names + hosts.filter { !names.contains($0) }, now: now)
        } catch let fault as Fault {
            throw fault
        } catch {
            throw Fault(path: path, problem: "cannot sign a certificate: \(error)", remedy: "restore ca.pem, ca-key.pem and coordinator.pem from a copy")
        }
        try TrustFile.replace(file("coordinator-key.pem"), pair.key)
        try TrustFile.replace(file("coordinator.pem"), pair.certificate, mode: TrustFile.openMode)
    }

    private func signer() throws(Fault) -> CertificateMaker.Pair {
        CertificateMaker.Pair(
            certificate: String(decoding: try PrivateFile.read(file("ca.pem"), maximumBytes: Self.maximumBytes, isPrivate: false), as: UTF8.self),
            key: String(decoding: try PrivateFile.read(file("ca-key.pem"), maximumBytes: Self.maximumBytes), as: UTF8.self))
    }

    private static let loopbackHosts = ["localhost", "127.0.0.1", "::1"]
    private static let issuedComment = "Worker keys that were given out, by advpo-coord cluster issue-certificate."
    private static let revokedComment = "Worker keys that count no more: of each name all up to the serial. SIGHUP has the coordinator read this file again."

    /// Whether it can stand in a certificate: a name, or an address without brackets.
    package static func isHost(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 253 && !text.hasPrefix("-")
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) || ".-:_".utf8.contains($0) }
    }

    /// Makes `workers/NAME` with the next key of the name, and gives the folder's path.
    package func issue(_ name: String, now: Date) throws(Fault) -> (identity: WorkerIdentity, folder: String) {
        guard WorkerIdentity.isName(name) else { throw Fault(path: path, problem: "takes no worker named '\(name.prefix(100))'", remedy: "a name has \(WorkerIdentity.nameRule)") }
        let secret = try SecretText.secret(file("cluster-secret"))
        let lock = try lock()
        defer { _ = lock }
        var issued = try KeyList.load(file("issued.yaml"))
        let last = max(issued.lastSerial(of: name), try KeyList.load(file("revoked.yaml")).lastSerial(of: name))
        guard let identity = WorkerIdentity(name: name, serial: last + 1) else { throw Fault(path: path, problem: "has no serial left for \(name)", remedy: "choose another name") }
        let signer = try signer()
        let pair: CertificateMaker.Pair
        do {
            pair = try CertificateMaker(authority: signer).worker(identity, now: now)
        } catch {
            throw Fault(path: path, problem: "cannot sign a certificate: \(error)", remedy: "restore ca.pem and ca-key.pem from a copy")
        }
        // Written down first: no two keys have one serial, whatever happens now.
        issued.add(identity, date: now.formatted(.iso8601))
        try TrustFile.replace(file("issued.yaml"), issued.text(comment: Self.issuedComment))
        let folder = file("workers/\(name)")
        try TrustFile.makeFolder(file("workers"))
        try TrustFile.makeFolder(folder)
        try TrustFile.replace("\(folder)/ca.pem", signer.certificate, mode: TrustFile.openMode)
        try TrustFile.replace("\(folder)/worker.pem", pair.certificate, mode: TrustFile.openMode)
        try TrustFile.replace("\(folder)/worker-key.pem", pair.key)
        try TrustFile.replace("\(folder)/worker-key", SecretText.write(secret.key(of: identity), of: identity))
        return (identity, folder)
    }

    /// Adds the latest key of the name, and with it all earlier ones, to those that count no more.
    package func revoke(_ name: String, now: Date) throws(Fault) -> WorkerIdentity {
        let lock = try lock()
        defer { _ = lock }
        let last = try KeyList.load(file("issued.yaml")).lastSerial(of: name)
        guard let identity = WorkerIdentity(name: name, serial: last) else {
            throw Fault(path: path, problem: "never gave a key to '\(name.prefix(100))'", remedy: "'advpo-coord cluster list \(path)' shows the names")
        }
        var revoked = try KeyList.load(file("revoked.yaml"))
        guard revoked.lastSerial(of: name) < last else { return identity }
        revoked.add(identity, date: now.formatted(.iso8601))
        try TrustFile.replace(file("revoked.yaml"), revoked.text(comment: Self.revokedComment))
        return identity
    }

    /// One key that was issued.
    package struct Issue: Hashable, Sendable {
        package var identity: WorkerIdentity
        package var date: String
        package var isRevoked: Bool
    }

    package func issues() throws(Fault) -> [Issue] {
        let revocations = try revocations()
        return try KeyList.load(file("issued.yaml")).entries.map { Issue(identity: $0.identity, date: $0.date, isRevoked: revocations.contains($0.identity)) }
    }

    /// Two commands at a time would give one serial twice.
    private func lock() throws(Fault) -> FileLock { try FileLock(file("cluster-secret")) }

    // MARK: Reading

    package func secret() throws(Fault) -> ClusterSecret { try SecretText.secret(file("cluster-secret")) }

    package func revocations() throws(Fault) -> Revocations {
        var revocations = Revocations()
        for entry in try KeyList.load(file("revoked.yaml")).entries { revocations.revoke(entry.identity) }
        return revocations
    }

    /// What the coordinator shows and believes.
    package func certificates(now: Date) throws(Fault) -> CertificateFiles {
        try CertificateFiles(authority: file("ca.pem"), certificate: file("coordinator.pem"), key: file("coordinator-key.pem"), now: now)
    }
}

/// Held until it goes away.
private final class FileLock {
    private let file: PrivateFile

    init(_ path: String) throws(PrivateFile.Fault) {
        guard let file = try PrivateFile.open(path) else {
            throw PrivateFile.Fault(path: path, problem: "is not there", remedy: "make the cluster's folder with 'advpo-coord cluster init', or check the path")
        }
        _ = try file.lock()
        self.file = file
    }
}
