import AdvPOAPI
import AdvPOBedrock
import AdvPOCommandLine
import ArgumentParser
import Dispatch
import Foundation
import Logging
import NIOSSL
import ServiceLifecycle
import UnixSignals

/// The flags of the HTTP API: where it listens, who may use it, how much.
struct APIOptions: ParsableArguments {
    @Option(help: "Where users reach the API (default 127.0.0.1:7700). Another address than loopback needs --credentials.") var http: String?
    @Option(help: "A YAML file of who may use the API; nobody else may be able to read it. SIGHUP has it read again.") var credentials: String?
    @Option(help: "The server's certificate and its chain, PEM; with --tls-key the API is https.") var tlsCertificate: String?
    @Option(help: "The certificate's private key, PEM; nobody else may be able to read it.") var tlsKey: String?
    @Option(help: "Requests a second of one identity, five times as many after a pause (default 200).") var maxRequestsPerSecond: Int?
    @Option(help: "Connections at one time (default 1024).") var maxConnections: Int?

    /// Reads and checks the files; opens no port.
    func door(_ settings: Settings, _ namespace: JobNamespace, _ logger: Logger) throws -> APIDoor {
        let store = try settings.string(.credentials, flag: credentials).map { path in try usage { try IdentityStore(path: path) } }
        let address = try usage { try ListenAddress(parsing: settings.string(.http, flag: http, default: "127.0.0.1:7700"), isAuthenticated: store != nil) }
        let tls = try tls(settings)
        var limits = ServerLimits()
        limits.connections = try settings.int(.maxConnections, flag: maxConnections, in: 1...100_000, default: limits.connections)
        let perSecond = try settings.int(.maxRequestsPerSecond, flag: maxRequestsPerSecond, in: 1...1_000_000, default: 200)
        let throttle = RequestThrottle(perSecond: perSecond) { Int64(clamping: DispatchTime.now().uptimeNanoseconds) }
        return APIDoor(address: address, store: store, tls: tls, limits: limits, throttle: throttle, namespace: namespace, logger: logger)
    }

    private func tls(_ settings: Settings) throws -> TLSConfiguration? {
        switch (settings.string(.tlsCertificate, flag: tlsCertificate), settings.string(.tlsKey, flag: tlsKey)) {
        case (nil, nil): return nil
        case (let certificate?, let key?): return try usage { try TLSFiles.configuration(certificatePath: certificate, keyPath: key) }
        case (nil, _): throw CommandFailure(.badUsage, "there is \(SettingKey.tlsKey.places), but no \(SettingKey.tlsCertificate.places): TLS needs both")
        case (_, nil): throw CommandFailure(.badUsage, "there is \(SettingKey.tlsCertificate.places), but no \(SettingKey.tlsKey.places): TLS needs both")
        }
    }
}

/// The way into the coordinator over HTTP, ready to be opened.
struct APIDoor {
    let address: ListenAddress
    let store: IdentityStore?
    let tls: TLSConfiguration?
    let limits: ServerLimits
    let throttle: RequestThrottle
    let namespace: JobNamespace
    let logger: Logger

    /// The server for `service`, and what has the credentials file read again.
    func services(_ service: any JobService & ClusterService, metrics: MetricsSource) -> [any Service] {
        let access = store.map { store in
            Access.authenticated(
                Authenticator(store: store, namespace: namespace, isEncrypted: tls != nil) { Int64(Date().timeIntervalSince1970.rounded(.down)) })
        }
        let server = JobServer(
            service: service, address: address, namespace: namespace, access: access ?? .open, throttle: throttle, tls: tls, serverLimits: limits, cluster: service,
            metrics: metrics, logger: logger
        ) { announce($0) }
        return [server] + (store.map { [CredentialsReload(store: $0, logger: logger)] } ?? [])
    }

    private func announce(_ bound: ListenAddress.Bound) {
        let metadata: Logger.Metadata = ["http": "\(bound.url)"]
        guard let store else { return logger.notice("the API listens without authentication, on loopback only", metadata: metadata) }
        logger.notice("the API listens for \(store.identities.all.count) identities", metadata: metadata)
        if tls == nil, !address.isLoopback {
            logger.warning("the API is served without TLS: whoever is on the way reads prompts and results, and can send a signed request again for 15 minutes. Bearer tokens are refused. Use --tls-certificate and --tls-key.")
        }
    }
}

/// Reads the credentials file again at each SIGHUP. A file with a fault changes nothing.
struct CredentialsReload: Service {
    let store: IdentityStore
    let logger: Logger

    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            do {
                try store.reload()
                logger.notice("read the credentials file again", metadata: ["identities": "\(store.identities.all.count)"])
            } catch {
                logger.error("the credentials file was not taken; the identities stay as they were", metadata: ["error": .string("\(error)")])
            }
        }
    }
}
