import AdvPOModel
import AdvPOTransport
import AdvPOWire
import OrderedCollections
import Synchronization

/// Counts exchanges and the bytes of their frames, by kind.
final class MessageCounter: Sendable {
    private struct Exchange {
        var count = 0
        var requestBytes = 0
        var replyBytes = 0
    }

    private let limits: WireLimits
    private let exchanges = Mutex<OrderedDictionary<String, Exchange>>([:])

    init(limits: WireLimits) { self.limits = limits }

    /// Payloads are encoded again: this is not for a measurement of time.
    func note(_ request: [UInt8], _ reply: [UInt8]) throws {
        let kind = try Self.kind(of: request, reply: reply, limits)
        let sizes = (try Frame.encode(request, limits: limits).count, try Frame.encode(reply, limits: limits).count)
        exchanges.withLock { exchanges in
            exchanges[kind, default: Exchange()].count += 1
            exchanges[kind, default: Exchange()].requestBytes += sizes.0
            exchanges[kind, default: Exchange()].replyBytes += sizes.1
        }
    }

    /// The end of a test, when there is nothing left to pull, is none of a task's cost.
    private static func kind(of request: [UInt8], reply: [UInt8], _ limits: WireLimits) throws -> String {
        let hasTask = if case .task = try WorkReply(decoding: reply, limits: limits) { true } else { false }
        return switch try WorkRequest(decoding: request, limits: limits) {
        case .pull: hasTask ? "pull" : "pullInVain"
        case .report: "report"
        case .fetch: "fetch"
        }
    }

    var members: JSONObject {
        let counted = exchanges.withLock { $0 }
        guard !counted.isEmpty else { return [:] }
        return ["exchanges": .object(counted.mapValues { exchange in
            ["count": .count(exchange.count), "requestBytes": .count(exchange.requestBytes), "replyBytes": .count(exchange.replyBytes)]
        })]
    }
}

struct CountingRequester: Requester {
    private let requester: any Requester
    private let counter: MessageCounter

    init(_ requester: any Requester, _ counter: MessageCounter) {
        self.requester = requester
        self.counter = counter
    }

    func request(_ message: [UInt8], timeoutMilliseconds: Int) async throws(TransportError) -> [UInt8] {
        let reply = try await requester.request(message, timeoutMilliseconds: timeoutMilliseconds)
        do {
            try counter.note(message, reply)
        } catch {
            throw TransportError(code: .corruptMessage, message: "a message could not be counted: \(error)")
        }
        return reply
    }

    func close() async { await requester.close() }
}

/// Says when the coordinator has welcomed the worker: from then on tasks may come.
final class GreetingWatch: Requester {
    private let requester: any Requester
    private let isWelcomed = Mutex(false)

    init(_ requester: any Requester) { self.requester = requester }

    func request(_ message: [UInt8], timeoutMilliseconds: Int) async throws(TransportError) -> [UInt8] {
        let reply = try await requester.request(message, timeoutMilliseconds: timeoutMilliseconds)
        if !isWelcomed.withLock({ $0 }), case .welcome? = try? ControlReply(decoding: reply, limits: WireLimits()) {
            isWelcomed.withLock { $0 = true }
            Output.event("welcomed")
        }
        return reply
    }

    func close() async { await requester.close() }
}
