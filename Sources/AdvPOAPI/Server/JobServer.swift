package import AdvPOBedrock
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
package import Logging
package import NIOSSL
import ServiceLifecycle

/// The HTTP server of the five job operations and of our extensions, as one long-running service.
package struct JobServer: Service {
    private let service: any JobService
    private let address: ListenAddress
    private let namespace: JobNamespace
    private let limits: RequestLimits
    private let access: Access
    private let throttle: RequestThrottle?
    private let tls: TLSConfiguration?
    private let serverLimits: ServerLimits
    private let cluster: (any ClusterService)?
    private let metrics: MetricsSource?
    private let logger: Logger
    private let onRunning: @Sendable (ListenAddress.Bound) async -> Void

    /// - Parameters:
    ///   - access: who is let in; `open` is for loopback alone.
    ///   - throttle: nil for no limit on the rate of requests.
    ///   - tls: nil for plain HTTP.
    ///   - onRunning: told once, when the port is bound; the port is the real one where 0 was asked for.
    package init(
        service: any JobService, address: ListenAddress, namespace: JobNamespace = .standard, limits: RequestLimits = RequestLimits(), access: Access = .open,
        throttle: RequestThrottle? = nil, tls: TLSConfiguration? = nil, serverLimits: ServerLimits = ServerLimits(),
        cluster: (any ClusterService)? = nil, metrics: MetricsSource? = nil, logger: Logger,
        onRunning: @escaping @Sendable (ListenAddress.Bound) async -> Void = { _ in }
    ) {
        if case .open = access { precondition(address.isLoopback, "a server that lets everybody in is for loopback alone") }
        self.service = service
        self.address = address
        self.namespace = namespace
        self.limits = limits
        self.access = access
        self.throttle = throttle
        self.tls = tls
        self.serverLimits = serverLimits
        self.cluster = cluster
        self.metrics = metrics
        self.logger = logger
        self.onRunning = onRunning
    }

    /// Serves until the surrounding task is cancelled or shut down gracefully; event streams end with it.
    package func run() async throws {
        let router = makeRouter(
            service: service, namespace: namespace, limits: limits, access: access, throttle: throttle, serverLimits: serverLimits, cluster: cluster, metrics: metrics)
        let (host, isEncrypted, onRunning) = (address.host, tls != nil, onRunning)
        var server = HTTPServerBuilder { [serverLimits] responder in GuardedChannel(responder: responder, limits: serverLimits) }
        if let tls { server = try .tls(server, tlsConfiguration: tls) }
        let application = Application(
            router: router, server: server,
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: address.port), serverName: "advpo",
                availableConnectionsDelegate: MaximumAvailableConnections(serverLimits.connections, logger: logger)),
            onServerRunning: { channel in
                if let port = channel.localAddress?.port { await onRunning(ListenAddress.Bound(host: host, port: port, isEncrypted: isEncrypted)) }
            }, logger: logger)
        try await application.run()
    }
}

extension ListenAddress {
    /// Where a server really listens.
    package struct Bound: Hashable, Sendable {
        package let host: String
        package let port: Int
        package let isEncrypted: Bool
        /// What a client takes as its endpoint.
        package var url: String { "\(isEncrypted ? "https" : "http")://\(host.contains(":") ? "[\(host)]" : host):\(port)" }
    }
}
