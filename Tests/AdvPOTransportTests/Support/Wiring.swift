import AdvPOModel
import AdvPOTransport
import Foundation
import Logging
import Testing

/// The ways to connect, for tests that must hold over each of them.
enum Wiring: String, CaseIterable, CustomTestStringConvertible, Sendable {
    case memory, inproc, tcp, ipc, tls

    var testDescription: String { rawValue }

    /// A fresh place to listen and dial.
    func makeNetwork(limits: WireLimits = WireLimits()) -> Network { Network(wiring: self, limits: limits) }
}

/// Makes both ends at one address of its own.
struct Network: Sendable {
    let wiring: Wiring
    let limits: WireLimits
    private let memory: InMemoryNetwork
    private let address: String

    init(wiring: Wiring, limits: WireLimits) {
        self.wiring = wiring
        self.limits = limits
        memory = InMemoryNetwork(limits: limits, clock: ContinuousClock())
        let unique = UUID().uuidString
        address =
            switch wiring {
            case .memory: "memory://\(unique)"
            case .inproc: "inproc://\(unique)"
            case .tcp: "tcp://127.0.0.1:0"
            case .tls: "tls+tcp://127.0.0.1:0"
            case .ipc: "ipc://\(FileManager.default.temporaryDirectory.path)/\(unique)"
            }
    }

    /// At `address`, or at the network's own, with a free port.
    func replier(at address: String? = nil) throws -> any Replier {
        switch wiring {
        case .memory: try memory.replier(at: address ?? self.address)
        case .tls: try NNGReplier(listening: address ?? self.address, limits: limits, tls: try Certificates.shared.get().coordinator, logger: Self.logger)
        case .inproc, .tcp, .ipc: try NNGReplier(listening: address ?? self.address, limits: limits, logger: Self.logger)
        }
    }

    func requester(for address: String) throws -> any Requester {
        switch wiring {
        case .memory: memory.requester(for: address)
        case .tls: try NNGRequester(dialing: address, limits: limits, tls: try Certificates.shared.get().worker, logger: Self.logger)
        case .inproc, .tcp, .ipc: try NNGRequester(dialing: address, limits: limits, logger: Self.logger)
        }
    }

    private static var logger: Logger {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return logger
    }
}

/// Serves `handler` on a new replier while `body` runs, then closes it.
func withServer<Value>(
    _ network: Network, at address: String? = nil, _ handler: @escaping @Sendable (IncomingRequest) async -> [UInt8],
    _ body: (any Replier) async throws -> Value
) async throws -> Value {
    let replier = try network.replier(at: address)
    let serving = Task { try await replier.serve(handler) }
    let result: Result<Value, any Error>
    do { result = .success(try await body(replier)) } catch { result = .failure(error) }
    await replier.close()
    try await serving.value
    return try result.get()
}

/// The transport's error code that `body` throws; nil when it throws none.
func code(_ body: () async throws -> some Any) async -> TransportError.Code? {
    do {
        _ = try await body()
        return nil
    } catch let error as TransportError {
        return error.code
    } catch {
        return nil
    }
}

/// Lets waiters through once it is opened.
final class Gate: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }
    func open() { continuation.finish() }
    /// Returns when opened, or when the task is cancelled. For one waiter.
    func passed() async { for await _ in stream {} }
}

/// Counts signals and lets one waiter wait for a number of them.
final class Signals: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }
    func signal() { continuation.yield() }
    func wait(for count: Int) async {
        var seen = 0
        for await _ in stream {
            seen += 1
            if seen == count { return }
        }
    }
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
