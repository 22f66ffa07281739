package import AdvPOCluster
package import AdvPOObjects
package import Foundation

/// One side's certificate with its key, and the authority whose certificates it believes: PEM, read and checked.
package struct CertificateFiles: Sendable {
    package let authority: [UInt8]
    package let certificate: [UInt8]
    package let key: [UInt8]
    /// From then on nobody takes the certificate.
    package let ends: Date

    init(authority: String, certificate: String, key: String, now: Date) throws(PrivateFile.Fault) {
        self.authority = try PrivateFile.read(authority, maximumBytes: ClusterFolder.maximumBytes, isPrivate: false)
        self.certificate = try PrivateFile.read(certificate, maximumBytes: ClusterFolder.maximumBytes, isPrivate: false)
        self.key = try PrivateFile.read(key, maximumBytes: ClusterFolder.maximumBytes)
        let remedy = "use the files that 'advpo-coord cluster init' or 'issue-certificate' made together, or make new ones"
        guard let found = CertificateMaker.check(self.certificate, authority: self.authority) else {
            throw PrivateFile.Fault(path: certificate, problem: "or \(authority) holds no certificate in PEM form", remedy: remedy)
        }
        guard found.isSigned else { throw PrivateFile.Fault(path: certificate, problem: "was not signed by the authority in \(authority)", remedy: remedy) }
        guard found.ends > now else { throw PrivateFile.Fault(path: certificate, problem: "expired on \(found.ends.formatted(.iso8601))", remedy: "have a new one issued") }
        ends = found.ends
    }

    /// What to say of a certificate that ends within 30 days of `now`.
    package func expiryWarning(now: Date) -> String? {
        guard ends.timeIntervalSince(now) < 30 * 86_400 else { return nil }
        return "the certificate ends on \(ends.formatted(.iso8601)), and nobody takes it then: have a new one made with 'advpo-coord cluster'"
    }
}

/// A worker's folder, as `issue-certificate` made it.
package struct IdentityFolder: Sendable {
    package let identity: WorkerIdentity
    package let key: WorkerKey
    private let path: String

    package init(_ path: String) throws(PrivateFile.Fault) {
        self.path = path
        (identity, key) = try SecretText.key("\(path)/worker-key")
    }

    /// For `tls+tcp`; a worker that dials plain addresses needs none.
    package func certificates(now: Date) throws(PrivateFile.Fault) -> CertificateFiles {
        try CertificateFiles(authority: "\(path)/ca.pem", certificate: "\(path)/worker.pem", key: "\(path)/worker-key.pem", now: now)
    }
}
