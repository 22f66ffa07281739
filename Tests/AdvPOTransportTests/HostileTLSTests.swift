import AdvPOModel
import AdvPOTransport
import Foundation
import Logging
import Testing

/// Who has not the right certificate is not served, and does not keep others from it.
@Suite(.timeLimit(.minutes(1))) struct HostileTLSTests {
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func requester(_ address: String, _ tls: TLSIdentity?) throws -> NNGRequester {
        try NNGRequester(dialing: address, limits: WireLimits(), tls: tls, logger: Self.logger)
    }

    private func expect(_ address: String, _ tls: TLSIdentity?, milliseconds: Int, isServed: Bool, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let requester = try requester(address, tls)
        let failure = await code { try await requester.request(bytes("x"), timeoutMilliseconds: milliseconds) }
        await requester.close()
        #expect((failure == nil) == isServed, sourceLocation: sourceLocation)
    }

    @Test("another authority's certificate, an expired one, one whose authority the worker does not know, and plain TCP are not served; the next good worker is")
    func strangers() async throws {
        let (ours, theirs) = (try Certificates.shared.get(), try Certificates.strangers.get())
        var mixed = theirs.worker
        mixed.authorities = ours.worker.authorities
        let network = Wiring.tls.makeNetwork()
        try await withServer(network) { $0.message } _: { replier in
            for bad in [theirs.worker, mixed, ours.expired] { try await expect(replier.address, bad, milliseconds: 700, isServed: false) }
            try await expect("tcp://" + replier.address.dropFirst("tls+tcp://".count), nil, milliseconds: 500, isServed: false)
            try await expect(replier.address, ours.worker, milliseconds: 20_000, isServed: true)
        }
    }

    @Test("a worker does not speak to one who shows another name, another authority's certificate or a worker's")
    func rogueServers() async throws {
        let (ours, theirs) = (try Certificates.shared.get(), try Certificates.strangers.get())
        for shown in [theirs.coordinator, ours.worker] {
            let replier = try NNGReplier(listening: "tls+tcp://127.0.0.1:0", limits: WireLimits(), tls: shown, logger: Self.logger)
            let serving = Task { try await replier.serve { $0.message } }
            try await expect(replier.address, ours.worker, milliseconds: 700, isServed: false)
            await replier.close()
            try await serving.value
        }
        let replier = try NNGReplier(listening: "tls+tcp://127.0.0.1:0", limits: WireLimits(), tls: ours.coordinator, logger: Self.logger)
        let serving = Task { try await replier.serve { $0.message } }
        let port = try #require(replier.address.split(separator: ":").last)
        try await expect("tls+tcp://127.0.0.2:\(port)", ours.worker, milliseconds: 700, isServed: false) // the certificate names 127.0.0.1
        try await expect("tls+tcp://127.0.0.1:\(port)", ours.worker, milliseconds: 20_000, isServed: true)
        await replier.close()
        try await serving.value
    }

    @Test("an address and certificates that do not go together are refused with what would do")
    func mismatches() throws {
        let ours = try Certificates.shared.get()
        var wrongKey = ours.worker
        wrongKey.key = ours.coordinator.key
        var noPEM = ours.worker
        noPEM.authorities = bytes("nothing")
        for (address, tls) in [("tls+tcp://127.0.0.1:1", nil), ("tcp://127.0.0.1:1", ours.worker), ("tls+tcp://127.0.0.1:1", noPEM)] {
            let error = #expect(throws: TransportError.self) { _ = try requester(address, tls) }
            #expect(error?.code == .badAddress)
        }
    }
}
