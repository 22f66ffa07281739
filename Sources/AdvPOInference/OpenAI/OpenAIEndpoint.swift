import AdvPOModel
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Synchronization

/// One model behind OpenAI's chat completions: sends single requests and reads their streams.
struct OpenAIEndpoint: Sendable {
    /// Of one whole response, streamed or not.
    static let largestResponseBytes = 64 * 1024 * 1024
    /// Of a refusal, as far as it is read.
    static let largestErrorBytes = 64 * 1024
    /// How long a finished stream may take to close, so that its connection can serve again.
    static let closingGrace = Duration.seconds(1)

    let url: String
    let model: CatalogModel
    let key: Secret?
    let redactor: Redactor
    let client: HTTPClient
    let clock: any Clock<Duration>

    init(model: CatalogModel, key: Secret?, redactor: Redactor, client: HTTPClient, clock: any Clock<Duration>) {
        url = model.baseURL + "/chat/completions"
        self.model = model
        self.key = key
        self.redactor = redactor
        self.client = client
        self.clock = clock
    }

    /// The body to send, the same for every try.
    func body(of request: ChatRequest) throws(TryFailure) -> ByteBuffer {
        ByteBuffer(bytes: JSONValue.object(try RequestBody.fields(request, model: model.model)).encoded())
    }

    /// One request, read to the end of its answer. Cancelling the task closes the connection.
    func send(_ body: ByteBuffer) async throws -> TryAnswer {
        let slot = AnswerSlot()
        let (finished, signal) = AsyncStream.makeStream(of: Void.self)
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await exchange(body) { result in
                        slot.answer.withLock { $0 = result }
                        signal.yield()
                    }
                }
                group.addTask { [clock] in
                    for await _ in finished { break }
                    try await clock.sleep(for: Self.closingGrace)
                }
                defer { group.cancelAll() }
                try await group.next()
            }
        } catch {
            // A connection that breaks after the last token takes nothing away.
            if slot.answer.withLock({ $0 }) == nil { throw error }
        }
        guard let result = slot.answer.withLock({ $0 }) else { throw CancellationError() }
        return result
    }

    /// Where the answer lies between the last token and the end of the response.
    private final class AnswerSlot: Sendable {
        let answer = Mutex<TryAnswer?>(nil)
    }

    private func exchange(_ body: ByteBuffer, answered: @Sendable (TryAnswer) -> Void) async throws {
        let stopwatch = Stopwatch(clock)
        let response: HTTPClientResponse
        do {
            response = try await client.execute(request(body), deadline: .now() + .seconds(Int64(model.limits.timeoutSeconds)))
        } catch let error where !Self.isCancellation(error) {
            throw FailureClassification.transport(error, redactor: redactor)
        }
        guard (200..<300).contains(response.status.code) else { throw await refusal(response) }
        do {
            if response.headers.first(name: "content-type")?.lowercased().hasPrefix("application/json") == true {
                try await readWhole(response, stopwatch, answered)
            } else {
                try await readStream(response, stopwatch, answered)
            }
        } catch let error where !(error is TryFailure) && !Self.isCancellation(error) {
            throw FailureClassification.transport(error, redactor: redactor)
        }
    }

    private func request(_ body: ByteBuffer) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.headers.add(name: "accept", value: "text/event-stream, application/json")
        request.headers.add(name: "user-agent", value: "advpo")
        if let key { request.headers.add(name: "authorization", value: "Bearer \(key.revealed())") }
        request.body = .bytes(body)
        return request
    }

    private func readStream(_ response: HTTPClientResponse, _ stopwatch: Stopwatch, _ answered: (TryAnswer) -> Void) async throws {
        var decoder = SSEDecoder()
        var answer = StreamedAnswer(textLimitBytes: WireLimits().textBytes, redactor: redactor)
        var events: [SSEDecoder.Event] = []
        var bytesRead = 0
        var isAnswered = false
        for try await chunk in response.body where !isAnswered {
            bytesRead += chunk.readableBytes
            guard bytesRead <= Self.largestResponseBytes else {
                throw TryFailure.model("the stream is longer than \(Self.largestResponseBytes) bytes; set maxTokens")
            }
            try feed(chunk, to: &decoder, &events)
            for event in events { try answer.take(event, at: stopwatch.elapsed()) }
            events.removeAll(keepingCapacity: true)
            if answer.isDone {
                isAnswered = true
                answered(try answer.answer(latency: stopwatch.elapsed()))
            }
        }
        guard !isAnswered else { return }
        try decoder.finish(into: &events)
        for event in events { try answer.take(event, at: stopwatch.elapsed()) }
        answered(try answer.answer(latency: stopwatch.elapsed()))
    }

    private func feed(_ chunk: ByteBuffer, to decoder: inout SSEDecoder, _ events: inout [SSEDecoder.Event]) throws(TryFailure) {
        do {
            try decoder.feed(chunk.readableBytesView, into: &events)
        } catch {
            switch error {
            case .lineTooLong(let limit): throw .retry("a line of the stream is longer than \(limit) bytes")
            case .eventTooLong(let limit): throw .retry("an event of the stream is longer than \(limit) bytes")
            }
        }
    }

    private func readWhole(_ response: HTTPClientResponse, _ stopwatch: Stopwatch, _ answered: (TryAnswer) -> Void) async throws {
        var body = Data()
        for try await chunk in response.body {
            guard body.count + chunk.readableBytes <= Self.largestResponseBytes else {
                throw TryFailure.model("the answer is longer than \(Self.largestResponseBytes) bytes; set maxTokens")
            }
            body.append(contentsOf: chunk.readableBytesView)
        }
        let latency = stopwatch.elapsed()
        var answer = StreamedAnswer(textLimitBytes: WireLimits().textBytes, redactor: redactor)
        try answer.take(body: body, at: latency)
        answered(try answer.answer(latency: latency))
    }

    private func refusal(_ response: HTTPClientResponse) async -> any Error {
        var body: [UInt8] = []
        do {
            for try await chunk in response.body {
                body += chunk.readableBytesView.prefix(Self.largestErrorBytes - body.count)
                if body.count == Self.largestErrorBytes { break }
            }
        } catch {
            // The status speaks for itself when the body breaks off.
            if Self.isCancellation(error) { return error }
        }
        let headers = response.headers
        return FailureClassification.http(
            status: Int(response.status.code), body: String(decoding: body, as: UTF8.self),
            serverWish: RetryAfter.wait(
                retryAfter: headers.first(name: "retry-after"), milliseconds: headers.first(name: "retry-after-ms"), date: headers.first(name: "date")),
            redactor: redactor)
    }

    private static func isCancellation(_ error: any Error) -> Bool {
        error is CancellationError || error as? HTTPClientError == .cancelled
    }
}
