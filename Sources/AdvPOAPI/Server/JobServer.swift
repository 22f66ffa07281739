package import AdvPOBedrock
import Hummingbird
package import Logging
import ServiceLifecycle

/// The HTTP server of the five job operations and of our extensions, as one long-running service.
package struct JobServer: Service {
    private let service: any JobService
    private let address: ListenAddress
    private let namespace: JobNamespace
    private let limits: RequestLimits
    private let logger: Logger
    private let onRunning: @Sendable (ListenAddress.Bound) async -> Void

    /// - Parameter onRunning: told once, when the port is bound; the port is the real one where 0 was asked for.
    package init(
        service: any JobService, address: ListenAddress, namespace: JobNamespace = .standard, limits: RequestLimits = RequestLimits(), logger: Logger,
        onRunning: @escaping @Sendable (ListenAddress.Bound) async -> Void = { _ in }
    ) {
        self.service = service
        self.address = address
        self.namespace = namespace
        self.limits = limits
        self.logger = logger
        self.onRunning = onRunning
    }

    /// Serves until the surrounding task is cancelled or shut down gracefully; event streams end with it.
    package func run() async throws {
        let router = makeRouter(service: service, namespace: namespace, limits: limits)
        let host = address.host
        let onRunning = onRunning
        let application = Application(
            router: router, configuration: ApplicationConfiguration(address: .hostname(host, port: address.port), serverName: "advpo"),
            onServerRunning: { channel in
                if let port = channel.localAddress?.port { await onRunning(ListenAddress.Bound(host: host, port: port)) }
            }, logger: logger)
        try await application.run()
    }
}

extension ListenAddress {
    /// Where a server really listens.
    package struct Bound: Hashable, Sendable {
        package let host: String
        package let port: Int
        /// What a client takes as its endpoint.
        package var url: String { host.contains(":") ? "http://[\(host)]:\(port)" : "http://\(host):\(port)" }
    }
}
