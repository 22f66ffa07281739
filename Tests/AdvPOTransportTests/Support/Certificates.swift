import AdvPOCluster
import AdvPOTransport
@testable import AdvPOTrust
import Foundation
import Testing

/// The certificates of a cluster that is made for the tests, and of those who are none of it.
struct Certificates: Sendable {
    let coordinator: TLSIdentity
    let worker: TLSIdentity
    /// Signed by the right authority, and past its end.
    let expired: TLSIdentity

    /// Made once: the keys take a while.
    static let shared = Result { try Certificates() }
    static let strangers = Result { try Certificates() }

    private init() throws {
        let now = Date()
        let authority = try CertificateMaker.authority(named: "tests", now: now)
        let maker = try CertificateMaker(authority: authority)
        func identity(_ pair: CertificateMaker.Pair) -> TLSIdentity {
            TLSIdentity(authorities: Array(authority.certificate.utf8), certificate: Array(pair.certificate.utf8), key: Array(pair.key.utf8))
        }
        coordinator = identity(try maker.coordinator(hosts: ["127.0.0.1", "localhost"], now: now))
        worker = identity(try maker.worker(#require(WorkerIdentity(name: "node7", serial: 1)), now: now))
        expired = identity(try maker.worker(#require(WorkerIdentity(name: "node8", serial: 1)), now: now, days: -1))
    }
}
