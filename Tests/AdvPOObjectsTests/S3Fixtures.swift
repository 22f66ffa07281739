import AdvPOBedrock
import AdvPOObjects
import AdvPOTestSupport
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization

/// Waits that pass at once and are remembered, a fixed time and no chance: what retries do is known beforehand.
final class VirtualTime: Sendable {
    private let waited = Mutex<[Duration]>([])
    var waits: [Duration] { waited.withLock { $0 } }

    /// 2026-05-14T09:30:00Z
    static let now: Int64 = 1_778_751_000

    var timing: S3Timing {
        S3Timing(secondsSince1970: { Self.now }, sleep: { duration in self.waited.withLock { $0.append(duration) } }, chance: { 1 })
    }
}

/// A value that several tasks read and change.
final class Shared<Value: Sendable>: Sendable {
    private let box: Mutex<Value>

    init(_ value: Value) { box = Mutex(value) }

    var value: Value {
        get { box.withLock { $0 } }
        set { box.withLock { $0 = newValue } }
    }

    /// Gives what was there before.
    func exchange(_ new: Value) -> Value {
        box.withLock { value in
            defer { value = new }
            return value
        }
    }
}

extension S3Settings {
    static func of(endpoint: String, region: String? = nil, style: S3Endpoint.Style = .auto) throws -> S3Settings {
        try S3Settings(endpoint: endpoint, region: region, style: style, environment: [:], profileRegion: nil)
    }
}

extension AWSCredentialChain {
    static let test = SigningCredentials(accessKeyID: "AKIDEXAMPLE", secretAccessKey: "secret/EXAMPLEKEY", sessionToken: "token+EXAMPLE=")

    static func fixed(_ credentials: SigningCredentials = test) -> AWSCredentialChain {
        AWSCredentialChain(explicit: credentials, environment: [:], homeFolder: nil, secondsSince1970: { VirtualTime.now })
    }
}

extension S3Buckets {
    init(server: MotoServer) throws {
        try self.init(settings: .of(endpoint: server.endpoint), credentials: .fixed(), timing: VirtualTime().timing)
    }

    init(server: ScriptedS3, region: String? = nil, time: VirtualTime = VirtualTime(), credentials: AWSCredentialChain = .fixed()) throws {
        try self.init(settings: .of(endpoint: server.endpoint, region: region), credentials: credentials, timing: time.timing)
    }
}

/// A real HTTP server on 127.0.0.1 and a free port, whose answers a test writes; it remembers every request.
final class ScriptedS3: Sendable {
    struct Arrival: Sendable {
        /// From 1.
        var number: Int
        var method: String
        /// Raw, the query included.
        var target: String
        var host: String
        var fields: HTTPFields
        var body: [UInt8]

        var path: String { String(target.prefix { $0 != "?" }) }
        var query: String { String(target.dropFirst(path.count + 1)) }
        func header(_ name: String) -> String? { HTTPField.Name(name).flatMap { fields[$0] } }

        /// As a verifier of signatures wants it.
        var signed: SigV4Request {
            SigV4Request(method: method, path: path, query: query, headers: [(name: "Host", value: host)] + fields.map { (name: $0.name.rawName, value: $0.value) })
        }
    }

    private let state = Mutex<[Arrival]>([])
    private let portBox = Mutex(0)

    var endpoint: String { "http://127.0.0.1:\(portBox.withLock { $0 })" }
    var arrivals: [Arrival] { state.withLock { $0 } }

    @discardableResult
    static func run<Value: Sendable>(
        _ script: @escaping @Sendable (Arrival) async throws -> Response, body: @Sendable @escaping (ScriptedS3) async throws -> Value
    ) async throws -> Value {
        let server = ScriptedS3()
        let responder = CallbackResponder<BasicRequestContext> { request, _ in
            var request = request
            let bytes = Array(try await request.collectBody(upTo: 64 << 20).readableBytesView)
            return try await script(server.enter(request, bytes))
        }
        let (running, signal) = AsyncStream.makeStream(of: Void.self)
        var quiet = Logger(label: "scripted-s3")
        quiet.logLevel = .critical
        let application = Application(
            responder: responder, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
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

    private func enter(_ request: Request, _ body: [UInt8]) -> Arrival {
        state.withLock { arrivals in
            let arrival = Arrival(
                number: arrivals.count + 1, method: request.method.rawValue, target: request.head.path ?? "", host: request.head.authority ?? "", fields: request.headers,
                body: body)
            arrivals.append(arrival)
            return arrival
        }
    }
}

extension Response {
    static func s3(_ status: HTTPResponse.Status = .ok, _ text: String = "", _ headers: [(String, String)] = []) -> Response {
        var fields = HTTPFields()
        for (name, value) in headers { if let name = HTTPField.Name(name) { fields.append(HTTPField(name: name, value: value)) } }
        return Response(status: status, headers: fields, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    static func s3Error(_ status: HTTPResponse.Status, _ code: String, _ message: String = "words", more: String = "", _ headers: [(String, String)] = []) -> Response {
        s3(status, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>\(code)</Code><Message>\(message)</Message>\(more)</Error>", headers)
    }

    /// Some bytes, then a closed connection.
    static func broken(_ text: String, announcing count: Int, _ headers: [(String, String)] = []) -> Response {
        var response = s3(.ok, "", headers)
        response.body = ResponseBody(contentLength: count) { writer in
            try await writer.write(ByteBuffer(string: text))
            throw Broken()
        }
        return response
    }

    struct Broken: Error {}
}
