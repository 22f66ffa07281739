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
        let (logger, host) = (logger, address.host)
        let server = HTTPServerBuilder { responder in GuardedChannel(responder: responder, limits: ServerLimits()) }
        let application = Application(
            router: makeRouter(), server: server,
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: address.port), serverName: "advpo", availableConnectionsDelegate: MaximumAvailableConnections(Self.connections, logger: logger)),
            onServerRunning: { channel in
                guard let port = channel.localAddress?.port else { return }
                let bound = ListenAddress.Bound(host: host, port: port, isEncrypted: false)
                logger.notice("metrics are served", metadata: ["metrics": "\(bound.url)/metrics"])
            }, logger: logger)
        try await application.run()
    }

    func makeRouter() -> Router<BasicRequestContext> {
        let router = Router()
        if address.isLoopback { router.add(middleware: LoopbackGuard()) }
        router.get("/metrics") { [page] _, _ -> Response in await Self.response(page) }
        return router
    }

    private static let connections = 16

    static func response(_ page: @Sendable () async -> String) async -> Response {
        Response(
            status: .ok, headers: [.contentType: PrometheusRegistry.contentType, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: await page())))
    }
}

/// Keeps web pages of a browser on this machine from reading what loopback serves to whoever asks.
private struct LoopbackGuard: RouterMiddleware {
    func handle(_ request: Request, context: BasicRequestContext, next: (Request, BasicRequestContext) async throws -> Response) async throws -> Response {
        do throws(ProtocolError) {
            try OriginGuard.check(request, .open)
        } catch {
            return error.response
        }
        return try await next(request, context)
    }
}
