import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization

/// A real HTTP server on 127.0.0.1 with an ephemeral port, whose answers a test writes.
final class ScriptedServer: Sendable {
    /// One request as it came.
    struct Arrival: Sendable {
        /// From 1.
        var number: Int
        var path: String
        var headers: HTTPFields
        var body: String
        /// Its body is there to be consumed only where the server does not collect bodies.
        var request: Request
    }

    private struct State {
        var arrivals: [Arrival] = []
        var underWay = 0
        var mostUnderWay = 0
    }

    private let state = Mutex(State())
    private let portBox = Mutex(0)

    var port: Int { portBox.withLock { $0 } }
    var baseURL: String { "http://127.0.0.1:\(port)/v1" }
    var arrivals: [Arrival] { state.withLock { $0.arrivals } }
    var mostUnderWay: Int { state.withLock { $0.mostUnderWay } }

    /// Runs `body` against a server that answers each POST by `script`.
    static func run<Value: Sendable>(
        collectsBodies: Bool = true, _ script: @escaping @Sendable (Arrival) async throws -> Response,
        body: @Sendable @escaping (ScriptedServer) async throws -> Value
    ) async throws -> Value {
        let server = ScriptedServer()
        let router = Router()
        router.post("**") { request, _ in
            var request = request
            let text = collectsBodies ? String(buffer: try await request.collectBody(upTo: 16 * 1024 * 1024)) : ""
            let arrival = server.enter(request, body: text)
            defer { server.leave() }
            return try await script(arrival)
        }
        let (running, signal) = AsyncStream.makeStream(of: Void.self)
        var quiet = Logger(label: "scripted-server")
        quiet.logLevel = .critical
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in
                server.portBox.withLock { $0 = channel.localAddress?.port ?? 0 }
                signal.yield()
            }, logger: quiet)
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask {
                try await application.run()
                return nil
            }
            for await _ in running { break }
            group.addTask { try await body(server) }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            throw CancellationError()
        }
    }

    private func enter(_ request: Request, body: String) -> Arrival {
        state.withLock { state in
            state.underWay += 1
            state.mostUnderWay = max(state.mostUnderWay, state.underWay)
            let arrival = Arrival(number: state.arrivals.count + 1, path: request.uri.path, headers: request.headers, body: body, request: request)
            state.arrivals.append(arrival)
            return arrival
        }
    }

    private func leave() { state.withLock { $0.underWay -= 1 } }
}

/// Passes when it is opened; waiting ends early when the waiting task is cancelled.
final class Signal: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }
    func open() { continuation.finish() }
    func wait() async { for await _ in stream {} }
}

extension Response {
    static func stream(_ pieces: [String], closing: Bool = true) -> Response {
        Response(
            status: .ok, headers: [.contentType: "text/event-stream"],
            body: ResponseBody { writer in
                for piece in pieces { try await writer.write(ByteBuffer(string: piece)) }
                guard closing else { throw Dropped() }
                try await writer.finish(nil)
            })
    }

    static func text(_ status: HTTPResponse.Status, _ text: String, _ headers: HTTPFields = [.contentType: "application/json"]) -> Response {
        Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    /// An answer in one delta, with usage.
    static func answer(_ text: String, inputTokens: Int = 7, outputTokens: Int = 3) -> Response {
        .stream([
            delta(text), finish("stop"), "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":\(inputTokens),\"completion_tokens\":\(outputTokens)}}\n\n", "data: [DONE]\n\n",
        ])
    }

    static func delta(_ text: String) -> String { "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\(text)\"},\"finish_reason\":null}]}\n\n" }
    static func finish(_ reason: String) -> String { "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"\(reason)\"}]}\n\n" }

    /// Thrown in the midst of a body: the server closes the connection.
    struct Dropped: Error {}
}
