import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1

/// Cuts off a client that holds a connection without using it: slow to send, or slow to read.
final class ConnectionGuard: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let limits: ServerLimits
    private let logger: Logger
    private var deadlines = ConnectionDeadlines()
    private var isFirstHead = true
    private var isHeadTooLarge = false
    private var isLastAnswer = false
    private var readTimer: Scheduled<Void>?
    private var writeTimer: Scheduled<Void>?

    init(limits: ServerLimits, logger: Logger) {
        self.limits = limits
        self.logger = logger
    }

    func handlerAdded(context: ChannelHandlerContext) { schedule(context) }

    func handlerRemoved(context: ChannelHandlerContext) { cancelTimers() }

    func channelInactive(context: ChannelHandlerContext) {
        cancelTimers()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            isFirstHead = false
            if deadlines.requestBegan() { schedule(context) }
        case .body: break
        case .end: if deadlines.requestEnded() { schedule(context) }
        }
        context.fireChannelRead(data)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if case HTTPParserError.headerOverflow? = error as? HTTPParserError { isHeadTooLarge = true }
        context.fireErrorCaught(error)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head) where isHeadTooLarge && head.status == .badRequest:
            // The server answers everything that it cannot parse with 400; this fault has a status of its own.
            head.status = .requestHeaderFieldsTooLarge
            context.write(wrapOutboundOut(.head(head)), promise: promise)
            return
        case .head(let head): isLastAnswer = head.headers[canonicalForm: "connection"].contains { $0.lowercased() == "close" }
        case .body: break
        case .end:
            if deadlines.answerEnded() { schedule(context) }
            guard isLastAnswer else { break }
            let written = promise ?? context.eventLoop.makePromise()
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            written.futureResult.whenComplete { _ in bound.value.close(promise: nil) }
            context.write(data, promise: written)
            return
        }
        context.write(data, promise: promise)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        writeTimer?.cancel()
        writeTimer = context.channel.isWritable ? nil : scheduleClose(context, after: limits.writeTime, "it does not read what is sent to it")
        context.fireChannelWritabilityChanged()
    }

    private func schedule(_ context: ChannelHandlerContext) {
        readTimer?.cancel()
        readTimer = switch deadlines.phase {
        case .head: scheduleClose(context, after: isFirstHead ? limits.headTime : limits.idleTime, isFirstHead ? "it sent no request in time" : "it was idle")
        case .body: scheduleClose(context, after: limits.bodyTime, "it did not send the whole body in time")
        case .answering: nil
        }
    }

    private func scheduleClose(_ context: ChannelHandlerContext, after time: TimeAmount, _ reason: String) -> Scheduled<Void> {
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        return context.eventLoop.scheduleTask(in: time) { [logger] in
            logger.debug("closing a client's connection", metadata: ["reason": .string(reason)])
            bound.value.close(promise: nil)
        }
    }

    private func cancelTimers() {
        readTimer?.cancel()
        writeTimer?.cancel()
        readTimer = nil
        writeTimer = nil
    }
}

/// A channel of HTTP/1 with a guard between its decoder and all that comes after.
struct GuardedChannel: ServerChildChannel {
    typealias Value = HTTP1Channel.Value

    private let base: HTTP1Channel
    private let limits: ServerLimits

    init(responder: @escaping HTTPChannelHandler.Responder, limits: ServerLimits) {
        let decoder = HTTP1Channel.Configuration.DecoderConfiguration(
            maxHeaderFieldSize: limits.headBytes, maxHeaderListSize: limits.headBytes, maxHeaderFieldCount: limits.headerFields)
        base = HTTP1Channel(responder: responder, configuration: .init(httpDecoderConfiguration: decoder))
        self.limits = limits
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        base.setup(channel: channel, logger: logger).flatMapThrowing { [limits] value in
            let decoder = try channel.pipeline.syncOperations.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            try channel.pipeline.syncOperations.addHandler(ConnectionGuard(limits: limits, logger: logger), position: .after(decoder))
            return value
        }
    }

    func handle(value: Value, logger: Logger) async { await base.handle(value: value, logger: logger) }
}
