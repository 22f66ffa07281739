import AdvPOModel
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization

/// An OpenAI-compatible server within the test: it answers by the test's script and remembers every request and what became of it.
final class ModelServer: Sendable {
    struct Call: Sendable {
        /// From 1, in the order of arrival.
        var number: Int
        /// Names the request: equal requests have equal bodies.
        var body: String
        var json: JSONValue
        var authorization: String?

        var messages: [(role: String, text: String)] {
            (json["messages"]?.arrayValue ?? []).map { message in
                let parts = message["content"]?.arrayValue ?? []
                return (message["role"]?.stringValue ?? "", message["content"]?.stringValue ?? parts.first?["text"]?.stringValue ?? "")
            }
        }

        /// The files of the last message, decoded from their data URLs: media type and bytes.
        var files: [(mediaType: String, bytes: [UInt8])] {
            let parts = json["messages"]?.arrayValue?.last?["content"]?.arrayValue ?? []
            return parts.compactMap { part in
                guard let url = (part["image_url"]?["url"] ?? part["file"]?["file_data"])?.stringValue, url.hasPrefix("data:"),
                    let mark = url.firstRange(of: ";base64,"), let data = Data(base64Encoded: String(url[mark.upperBound...]))
                else { return nil }
                return (String(url[..<mark.lowerBound].dropFirst("data:".count)), Array(data))
            }
        }

        var text: String { messages.last?.text ?? "" }
        var system: String { messages.first { $0.role == "system" }?.text ?? "" }
    }

    enum Reply: Sendable {
        case answer(String)
        case failure(Int, String)
    }

    enum Outcome: Hashable, Sendable {
        case underWay
        case answered
        /// Answered with an error.
        case failed
        /// The caller closed the connection before it had its answer.
        case abandoned
    }

    struct Record: Sendable {
        var call: Call
        var outcome: Outcome
    }

    private let state = Mutex<[Record]>([])
    /// One for each arrival and each outcome.
    private let changes = EventLog<Void>()
    private let portBox = Mutex(0)

    var baseURL: String { "http://127.0.0.1:\(portBox.withLock { $0 })/v1" }
    var records: [Record] { state.withLock { $0 } }
    func count(_ outcome: Outcome) -> Int { records.count { $0.outcome == outcome } }

    /// Waits until `condition` holds for what was asked so far.
    func wait(until condition: ([Record]) -> Bool) async throws {
        for await _ in changes.stream() where condition(records) { return }
        try Task.checkCancellation()
        throw NeverHappened(what: "the awaited requests", instead: [])
    }

    /// Waits until so many calls are answered and so many others are waiting for their answers.
    func wait(answered: Int, held: Int) async throws {
        try await wait { records in
            records.count { $0.outcome == .answered } == answered && records.count { $0.outcome == .underWay } == held
        }
    }

    /// Runs `body` against a server that answers by `script`.
    static func run(
        _ script: @escaping @Sendable (Call) async throws -> Reply, body: @Sendable @escaping (ModelServer) async throws -> Void
    ) async throws {
        let server = ModelServer()
        let router = Router()
        router.post("/v1/chat/completions") { request, _ in
            // A held answer must notice that its caller is gone.
            try await request.body.consumeWithCancellationOnInboundClose { body in
                try await server.respond(String(buffer: try await body.collect(upTo: 16 * 1024 * 1024)), request.headers[.authorization], script)
            }
        }
        let (running, signal) = AsyncStream.makeStream(of: Void.self)
        var quiet = Logger(label: "model-server")
        quiet.logLevel = .critical
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in
                server.portBox.withLock { $0 = channel.localAddress?.port ?? 0 }
                signal.yield()
            }, logger: quiet)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await application.run()
                return false
            }
            for await _ in running { break }
            group.addTask {
                try await body(server)
                return true
            }
            defer { group.cancelAll() }
            while let isBody = try await group.next() {
                if isBody { return }
            }
        }
    }

    private func respond(_ body: String, _ authorization: String?, _ script: (Call) async throws -> Reply) async throws -> Response {
        let json = try JSONValue(parsing: Array(body.utf8))
        let call = state.withLock { records in
            let call = Call(number: records.count + 1, body: body, json: json, authorization: authorization)
            records.append(Record(call: call, outcome: .underWay))
            return call
        }
        changes.append(())
        do {
            switch try await script(call) {
            case .answer(let text): return Self.stream(text, inputTokens: body.utf8.count / 4) { self.conclude(call, .answered) }
            case .failure(let status, let text):
                conclude(call, .failed)
                return Response(
                    status: .init(code: status), headers: [.contentType: "application/json", .connection: "close"],
                    body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
            }
        } catch {
            conclude(call, .abandoned)
            throw error
        }
    }

    private func conclude(_ call: Call, _ outcome: Outcome) {
        state.withLock { $0[call.number - 1].outcome = outcome }
        changes.append(())
    }

    /// In two deltas, with usage. The connection is not used again: having watched for its closing, the server closes it.
    private static func stream(_ text: String, inputTokens: Int, whenSent: @escaping @Sendable () -> Void) -> Response {
        func event(_ value: JSONValue) -> String { "data: \(value.text)\n\n" }
        let half = text.index(text.startIndex, offsetBy: text.count / 2)
        let pieces = [String(text[..<half]), String(text[half...])].map { piece in
            event(["choices": [["index": 0, "delta": ["content": .string(piece)], "finish_reason": nil]]])
        }
        let usage: JSONValue = ["prompt_tokens": .number(JSONNumber(inputTokens)), "completion_tokens": .number(JSONNumber(text.utf8.count / 4 + 1))]
        let end = [
            event(["choices": [["index": 0, "delta": [:], "finish_reason": "stop"]]]), event(["choices": [], "usage": usage]), "data: [DONE]\n\n",
        ]
        return Response(
            status: .ok, headers: [.contentType: "text/event-stream", .connection: "close"],
            body: ResponseBody { writer in
                for piece in pieces + end { try await writer.write(ByteBuffer(string: piece)) }
                try await writer.finish(nil)
                whenSent()
            })
    }
}

extension ModelServer {
    /// Bodies of requests that came more than once, shortened, with their outcomes.
    func repeated(except isExcepted: (Record) -> Bool = { _ in false }) -> [String] {
        var first: [String: [Record]] = [:]
        for record in records where !isExcepted(record) { first[record.call.body, default: []].append(record) }
        return first.values.filter { $0.count > 1 }.map { "\($0.map { "\($0.call.number) \($0.outcome)" }): \($0[0].call.body.suffix(300))" }.sorted()
    }
}
