import AdvPOCluster
import Crypto
import Foundation
import SwiftASN1
import X509

/// Makes the certificates of a cluster: one authority, which signs the coordinator's and each worker's. All keys are P-256.
struct CertificateMaker {
    /// A certificate and its private key, as PEM.
    struct Pair {
        var certificate: String
        var key: String
    }

    static let authorityDays = 3_650.0
    static let certificateDays = 825.0
    /// Clocks of hosts differ.
    private static let leewaySeconds = 3_600.0

    private let authority: Certificate
    private let key: P256.Signing.PrivateKey

    /// The authority that another call made.
    init(authority: Pair) throws {
        self.authority = try Certificate(pemEncoded: authority.certificate)
        key = try P256.Signing.PrivateKey(pemRepresentation: authority.key)
    }

    /// A new authority, which signs itself.
    static func authority(named name: String, now: Date) throws -> Pair {
        let key = P256.Signing.PrivateKey()
        let subject = try DistinguishedName {
            OrganizationName("AdvPO")
            CommonName(name)
        }
        let certificate = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(key.publicKey), notValidBefore: now.addingTimeInterval(-leewaySeconds),
            notValidAfter: now.addingTimeInterval(authorityDays * 86_400), issuer: subject, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                SubjectKeyIdentifier(hash: .init(key.publicKey))
            }, issuerPrivateKey: .init(key))
        return Pair(certificate: try pem(certificate), key: key.pemRepresentation + "\n")
    }

    /// For the coordinator, under each name and address by which workers may dial it.
    func coordinator(hosts: [String], now: Date) throws -> Pair {
        try issue("coordinator", .serverAuth, names: hosts.flatMap(Self.names), days: Self.certificateDays, now)
    }

    func worker(_ identity: WorkerIdentity, now: Date, days: Double = certificateDays) throws -> Pair {
        try issue(identity.name, .clientAuth, names: [], days: days, now)
    }

    private func issue(_ name: String, _ usage: ExtendedKeyUsage.Usage, names: [GeneralName], days: Double, _ now: Date) throws -> Pair {
        let own = P256.Signing.PrivateKey()
        let subject = try DistinguishedName {
            OrganizationName("AdvPO")
            CommonName(name)
        }
        let certificate = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(own.publicKey), notValidBefore: now.addingTimeInterval(min(-Self.leewaySeconds, days * 86_400 - 60)),
            notValidAfter: now.addingTimeInterval(days * 86_400), issuer: authority.subject, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([usage])
                SubjectKeyIdentifier(hash: .init(own.publicKey))
                AuthorityKeyIdentifier(keyIdentifier: try authority.extensions.subjectKeyIdentifier?.keyIdentifier)
                if !names.isEmpty { SubjectAlternativeNames(names) }
            }, issuerPrivateKey: .init(key))
        return Pair(certificate: try Self.pem(certificate), key: own.pemRepresentation + "\n")
    }

    private static func pem(_ certificate: Certificate) throws -> String { try certificate.serializeAsPEM().pemString + "\n" }

    /// An address stands as such and, since mbed TLS 2.28 compares names alone, as a name too.
    private static func names(_ host: String) -> [GeneralName] {
        if let address = addressBytes(host) { return [.ipAddress(ASN1OctetString(contentBytes: address[...])), .dnsName(host)] }
        return [.dnsName(host)]
    }

    private static func addressBytes(_ host: String) -> [UInt8]? {
        var four = in_addr()
        if inet_pton(AF_INET, host, &four) == 1 { return withUnsafeBytes(of: &four) { Array($0) } }
        var six = in6_addr()
        if inet_pton(AF_INET6, host, &six) == 1 { return withUnsafeBytes(of: &six) { Array($0) } }
        return nil
    }

    /// The names for which a certificate in PEM holds; addresses stand among them.
    static func names(in certificate: [UInt8]) throws -> [String] {
        let names = try Certificate(pemEncoded: String(decoding: certificate, as: UTF8.self)).extensions.subjectAlternativeNames
        return (names.map(Array.init) ?? []).compactMap { if case .dnsName(let name) = $0 { name } else { nil } }
    }

    /// When a certificate in PEM ends, and whether `authority` signed it.
    static func check(_ certificate: [UInt8], authority: [UInt8]) -> (ends: Date, isSigned: Bool)? {
        guard let own = try? Certificate(pemEncoded: String(decoding: certificate, as: UTF8.self)),
            let signer = try? Certificate(pemEncoded: String(decoding: authority, as: UTF8.self))
        else { return nil }
        return (own.notValidAfter, signer.publicKey.isValidSignature(own.signature, for: own))
    }
}
