package import AdvPOObjects
package import NIOSSL

/// The server's certificate and its key, from PEM files.
package enum TLSFiles {
    package static let maximumBytes = 1024 * 1024

    /// A configuration for TLS 1.2 and 1.3 with the certificate chain of one file (the server's own certificate first) and the key of another, which its owner alone may be able to use.
    package static func configuration(certificatePath: String, keyPath: String) throws(PrivateFile.Fault) -> TLSConfiguration {
        let certificateBytes = try PrivateFile.read(certificatePath, maximumBytes: maximumBytes, isPrivate: false)
        let keyBytes = try PrivateFile.read(keyPath, maximumBytes: maximumBytes)
        let chain: [NIOSSLCertificate]
        do {
            chain = try NIOSSLCertificate.fromPEMBytes(certificateBytes)
        } catch {
            throw notACertificate(certificatePath)
        }
        guard !chain.isEmpty else { throw notACertificate(certificatePath) }
        let key: NIOSSLPrivateKey
        do {
            // A key with a passphrase would have the terminal asked for it.
            key = try NIOSSLPrivateKey(bytes: keyBytes, format: .pem) { (answer: (ArraySlice<UInt8>) -> Void) in answer([]) }
        } catch {
            throw PrivateFile.Fault(
                path: keyPath, problem: "holds no private key without a passphrase in PEM form",
                remedy: "name the file that begins with -----BEGIN PRIVATE KEY-----; openssl pkey -in OLD -out NEW takes a passphrase off")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        do {
            _ = try NIOSSLContext(configuration: configuration)
        } catch {
            throw PrivateFile.Fault(
                path: keyPath, problem: "is not the key of the certificate in \(certificatePath)",
                remedy: "name the pair that was made together; the server's own certificate comes first in its file")
        }
        return configuration
    }

    private static func notACertificate(_ path: String) -> PrivateFile.Fault {
        PrivateFile.Fault(
            path: path, problem: "holds no certificate in PEM form", remedy: "name the file that begins with -----BEGIN CERTIFICATE-----, the server's own certificate first")
    }
}
