import AdvPOModel
import AdvPOTransport
import Foundation
import Glibc
import Testing

/// A plain TCP connection on which a test writes what it likes.
private final class RawConnection {
    private let descriptor: Int32

    init(to address: String) throws {
        let port = try #require(address.split(separator: ":").last.flatMap { UInt16($0) })
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = port.bigEndian
        target.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &target) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        try #require(result == 0)
    }

    deinit { close(descriptor) }

    func write(_ bytes: [UInt8]) { _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) }

    /// The next close resets the connection instead of ending it in order.
    func resetOnClose() {
        var value = linger(l_onoff: 1, l_linger: 0)
        _ = setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &value, socklen_t(MemoryLayout<linger>.size))
    }

    /// Waits for that many bytes or the end, on a thread of its own: the server needs the ones that tasks run on.
    func read(_ count: Int) async -> [UInt8] {
        let descriptor = descriptor
        return await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                var buffer = [UInt8](repeating: 0, count: count)
                let received = recv(descriptor, &buffer, count, Int32(MSG_WAITALL))
                continuation.resume(returning: Array(buffer.prefix(max(0, received))))
            }
        }
    }
}

@Suite(.timeLimit(.minutes(1)))
struct HostilePeerTests {
    /// What a REQ socket says first: protocol number 0x30.
    private static let greeting: [UInt8] = [0, 0x53, 0x50, 0, 0, 0x30, 0, 0]

    private func message(_ body: [UInt8], length: UInt64? = nil) -> [UInt8] {
        withUnsafeBytes(of: (length ?? UInt64(body.count)).bigEndian) { Array($0) } + body
    }

    @Test("hostile bytes on the port do not hurt the listener or its other peers")
    func hostileBytes() async throws {
        let network = Wiring.tcp.makeNetwork()
        try await withServer(network) { $0.message } _: { replier in
            let requester = try network.requester(for: replier.address)
            var generator = SeededGenerator(seed: 5)
            let attacks: [[UInt8]] = [
                [], [0], Array(Self.greeting.prefix(5)), bytes("GET / HTTP/1.1\r\n\r\n"),
                Self.greeting,
                // Not a request: no id with its high bit.
                Self.greeting + message([1, 2, 3]),
                Self.greeting + message([0, 0, 0, 1, 0]),
                // Ids for ever.
                Self.greeting + message([UInt8](repeating: 0, count: 4_000)),
                // Lengths that are not meant.
                Self.greeting + message([1], length: 1 << 62), Self.greeting + message([1], length: 1 << 30),
                Self.greeting + message([1], length: .max),
                // The greeting of another protocol.
                [0, 0x53, 0x50, 0, 0, 0x10, 0, 0],
            ]
            for round in 0..<120 {
                let connection = try RawConnection(to: replier.address)
                if round.isMultiple(of: 3) { connection.resetOnClose() }
                let attack =
                    round < 2 * attacks.count
                    ? attacks[round % attacks.count]
                    : Self.greeting + (0..<200).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
                connection.write(attack)
                if round.isMultiple(of: 10) {
                    let answer = try await requester.request(bytes("\(round)"), timeoutMilliseconds: 20_000)
                    #expect(answer == bytes("\(round)"))
                }
            }
            let answer = try await requester.request(bytes("after"), timeoutMilliseconds: 20_000)
            #expect(answer == bytes("after"))
            await requester.close()
        }
    }

    @Test("a well-formed request with a frame that cannot be read is answered with the reason")
    func corruptFrame() async throws {
        let network = Wiring.tcp.makeNetwork()
        try await withServer(network) { $0.message } _: { replier in
            let connection = try RawConnection(to: replier.address)
            connection.write(Self.greeting + message([0x80, 0, 0, 1, 77, 1, 2, 3]))
            #expect(await connection.read(8) == [0, 0x53, 0x50, 0, 0, 0x31, 0, 0])
            let length = Int(await connection.read(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
            let answer = await connection.read(length)
            #expect(Array(answer.prefix(5)) == [0x80, 0, 0, 1, 2])
            #expect(String(decoding: answer.dropFirst(5), as: UTF8.self).contains("codec tag is 77"))
        }
    }

    @Test(
        "addresses that mean nothing are refused with what would do",
        arguments: ["", "nonsense", "tcp://", "carrier-pigeon://coop", "tcp://127.0.0.1:99999999"])
    func badAddresses(_ address: String) throws {
        let network = Wiring.tcp.makeNetwork()
        let listening = #expect(throws: TransportError.self) { _ = try network.replier(at: address) }
        #expect(listening?.code == .badAddress)
        #expect(listening?.message.contains("tcp://host:port") == true)
        let dialling = #expect(throws: TransportError.self) { _ = try network.requester(for: address) }
        #expect(dialling?.code == .badAddress)
    }
}
