import AdvPOCommandLine
import AsyncHTTPClient
import NIOSSL
import Synchronization

/// The HTTP clients of this process, one for each set of certificates that it trusts; they live as long as the process.
enum HTTPClients {
    private static let byCAFile = Mutex<[String: HTTPClient]>([:])

    /// - Parameter caFile: PEM; replaces the system's own authorities. Nil trusts those.
    static func client(caFile: String?) throws(CommandFailure) -> HTTPClient {
        // The library's shared client would knock at a closed port again until the request's deadline; a user wants to hear at once that nobody is there.
        var configuration = HTTPClient.Configuration.singletonConfiguration
        configuration.connectionPool.retryConnectionEstablishment = false
        // A coordinator never redirects; who does would be sent a request that was signed or tokened for another.
        configuration.redirectConfiguration = .disallow
        if let caFile {
            do {
                guard try !NIOSSLCertificate.fromPEMFile(caFile).isEmpty else { throw NIOSSLError.failedToLoadCertificate }
            } catch {
                throw CommandFailure(.badUsage, "\(SettingKey.caFile.places), or AWS_CA_BUNDLE, names '\(caFile)', which is no readable file with certificates in PEM")
            }
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = .file(caFile)
            configuration.tlsConfiguration = tls
        }
        return byCAFile.withLock { [configuration] clients in
            if let client = clients[caFile ?? ""] { return client }
            let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
            clients[caFile ?? ""] = client
            return client
        }
    }
}
