@testable import AdvPOAPI
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

/// The listener that asks nobody who he is.
@Suite struct MetricsServerTests {
    @Test("on loopback a page of another site and a rebound name are refused")
    func foreignPages() async throws {
        let server = MetricsServer(address: try ListenAddress(metrics: "127.0.0.1:0", isForEverybody: false), logger: .silent) { "figures" }
        try await Application(router: server.makeRouter(), logger: .silent).test(.router) { client in
            #expect(try await client.send(.get, "/metrics").text == "figures")
            #expect(try await client.send(.get, "/metrics", headers: [.origin: "http://localhost:3000"]).text == "figures")
            for origin in ["http://evil.example", "null"] {
                let refused = try await client.send(.get, "/metrics", headers: [.origin: origin])
                #expect(refused.status == .forbidden && !refused.text.contains("figures"), "\(origin)")
            }
        }
    }

    @Test("for everybody any name will do")
    func everywhere() async throws {
        let server = MetricsServer(address: try ListenAddress(metrics: "0.0.0.0:0", isForEverybody: true), logger: .silent) { "figures" }
        try await Application(router: server.makeRouter(), logger: .silent).test(.router) { client in
            let page = try await client.send(.get, "/metrics", headers: [.origin: "http://grafana.example"])
            #expect(page.text == "figures")
        }
    }
}
