import AdvPOMetrics
import HTTPTypes
import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
import ServiceLifecycle

/// A listener of its own for whoever scrapes: `GET /metrics`, and nothing else.
///
/// It asks for no proof of identity; that is why its address is loopback unless somebody chose otherwise.
package struct MetricsServer: Service {
    private let address: ListenAddress
    private let page: @Sendable () async -> String
    private let logger: Logger

    package init(address: ListenAddress, logger: Logger, page: @escaping @Sendable () async -> String) {
        self.address = address
        self.page = page
        self.logger = logger
    }

    package func run() async throws {
        let router = Router()
        router.get("/metrics") { [page] _, _ -> Response in await Self.response(page) }
        let (logger, host) = (logger, address.host)
        let application = Application(
            router: router,
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: address.port), serverName: "advpo", availableConnectionsDelegate: MaximumAvailableConnections(Self.connections, logger: logger)),
            onServerRunning: { channel in
                guard let port = channel.localAddress?.port else { return }
                let bound = ListenAddress.Bound(host: host, port: port, isEncrypted: false)
                logger.notice("metrics are served", metadata: ["metrics": "\(bound.url)/metrics"])
            }, logger: logger)
        try await application.run()
    }

    private static let connections = 16

    static func response(_ page: @Sendable () async -> String) async -> Response {
        Response(
            status: .ok, headers: [.contentType: PrometheusRegistry.contentType, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: await page())))
    }
}
