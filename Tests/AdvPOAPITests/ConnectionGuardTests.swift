@testable import AdvPOAPI
import Logging
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

/// Deadlines of a connection, in virtual time.
struct ConnectionGuardTests {
    private let limits = ServerLimits()

    private func connection() throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(handler: ConnectionGuard(limits: limits, logger: Logger(label: "test")))
        try channel.connect(to: SocketAddress(unixDomainSocketPath: "/nowhere")).wait()
        return channel
    }

    private let head = HTTPServerRequestPart.head(HTTPRequestHead(version: .http1_1, method: .POST, uri: "/"))
    private let byte = HTTPServerRequestPart.body(ByteBuffer(string: "x"))
    private let end = HTTPServerRequestPart.end(nil)

    private func answer(_ channel: EmbeddedChannel, _ status: HTTPResponseStatus = .ok) throws {
        try channel.writeOutbound(HTTPServerResponsePart.head(HTTPResponseHead(version: .http1_1, status: status)))
        try channel.writeOutbound(HTTPServerResponsePart.end(nil))
    }

    @Test("a connection without a whole head is closed in time")
    func firstHead() throws {
        let channel = try connection()
        channel.embeddedEventLoop.advanceTime(by: limits.headTime - .milliseconds(1))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(!channel.isActive)
    }

    @Test("a body has one deadline, which no byte moves")
    func body() throws {
        let channel = try connection()
        try channel.writeInbound(head)
        for _ in 0..<29 {
            channel.embeddedEventLoop.advanceTime(by: .seconds(1))
            try channel.writeInbound(byte)
        }
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!channel.isActive)
    }

    @Test("an answer may take its time, and a body's deadline stays when the answer came first")
    func answering() throws {
        let channel = try connection()
        try channel.writeInbound(head)
        try channel.writeInbound(end)
        channel.embeddedEventLoop.advanceTime(by: .hours(24))
        #expect(channel.isActive)
        try answer(channel)
        try channel.writeInbound(head)
        channel.embeddedEventLoop.advanceTime(by: .seconds(20))
        try answer(channel)
        channel.embeddedEventLoop.advanceTime(by: .seconds(9))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!channel.isActive)
    }

    @Test("between requests a connection may idle for a while")
    func idle() throws {
        let channel = try connection()
        for _ in 0..<3 {
            try channel.writeInbound(head)
            try channel.writeInbound(end)
            try answer(channel)
            channel.embeddedEventLoop.advanceTime(by: limits.idleTime - .milliseconds(1))
            #expect(channel.isActive)
        }
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(!channel.isActive)
    }

    @Test("pipelined requests are answered one after the other, each body in its own time")
    func pipelined() throws {
        let channel = try connection()
        try channel.writeInbound(head)
        try channel.writeInbound(end)
        try channel.writeInbound(head)
        channel.embeddedEventLoop.advanceTime(by: .seconds(29))
        try channel.writeInbound(end)
        channel.embeddedEventLoop.advanceTime(by: .hours(1))
        #expect(channel.isActive)
        try answer(channel)
        channel.embeddedEventLoop.advanceTime(by: .hours(1))
        #expect(channel.isActive)
        try answer(channel)
        channel.embeddedEventLoop.advanceTime(by: limits.idleTime)
        #expect(!channel.isActive)
    }

    @Test("a client that does not read is closed, one that reads in time is not")
    func reading() throws {
        let channel = try connection()
        try channel.writeInbound(head)
        try channel.writeInbound(end)
        for isRead in [true, false] {
            channel.isWritable = false
            channel.pipeline.fireChannelWritabilityChanged()
            channel.embeddedEventLoop.advanceTime(by: limits.writeTime - .milliseconds(1))
            guard isRead else { break }
            channel.isWritable = true
            channel.pipeline.fireChannelWritabilityChanged()
            channel.embeddedEventLoop.advanceTime(by: .hours(1))
            #expect(channel.isActive)
        }
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(!channel.isActive)
    }

    @Test("a head that is too large is answered with the status for it, another fault with 400", arguments: [true, false])
    func tooLarge(_ isTooLarge: Bool) throws {
        let channel = try connection()
        channel.pipeline.fireErrorCaught(isTooLarge ? HTTPParserError.headerOverflow : HTTPParserError.invalidMethod)
        #expect(throws: HTTPParserError.self) { try channel.throwIfErrorCaught() }
        try answer(channel, .badRequest)
        let part = try channel.readOutbound(as: HTTPServerResponsePart.self)
        guard case .head(let head)? = part else { throw Unexpected() }
        #expect(head.status == (isTooLarge ? .requestHeaderFieldsTooLarge : .badRequest))
        channel.embeddedEventLoop.advanceTime(by: limits.idleTime)
        #expect(!channel.isActive)
    }

    private struct Unexpected: Error {}
}
