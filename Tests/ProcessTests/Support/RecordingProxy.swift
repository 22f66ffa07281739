import Foundation
import Glibc
import Synchronization
import Testing

/// Stands between a worker and its coordinator on plain TCP, passes everything on and keeps what the worker said.
final class RecordingProxy: Sendable {
    private struct State {
        /// For each connection all bytes of the worker.
        var said: [[UInt8]] = []
        var descriptors: [Int32] = []
    }

    let address: String
    private let listener: Int32
    private let state = Mutex(State())

    /// - Parameter target: a `tcp://127.0.0.1:PORT`.
    init(to target: String) throws {
        let port = try Self.port(target)
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.listener = listener
        var place = Self.loopback(0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &place) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener, $0, size) == 0 && listen(listener, 8) == 0 && getsockname(listener, $0, &size) == 0 }
        }
        try #require(bound)
        address = "tcp://127.0.0.1:\(UInt16(bigEndian: place.sin_port))"
        Thread.detachNewThread { [self] in
            while true {
                let worker = accept(listener, nil, nil)
                guard worker >= 0, let coordinator = try? Self.connect(port) else { return }
                let number = state.withLock { state in
                    state.said.append([])
                    state.descriptors += [worker, coordinator]
                    return state.said.count - 1
                }
                Thread.detachNewThread { self.copy(worker, to: coordinator, keepingAs: number) }
                Thread.detachNewThread { self.copy(coordinator, to: worker, keepingAs: nil) }
            }
        }
    }

    func close() {
        for descriptor in state.withLock({ $0.descriptors }) + [listener] { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }
    }

    /// The frames of all requests so far, in order on each connection.
    var frames: [[UInt8]] { state.withLock { $0.said }.flatMap(Self.frames) }

    private func copy(_ source: Int32, to target: Int32, keepingAs number: Int?) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(source, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            let piece = Array(buffer[..<count])
            if let number { state.withLock { $0.said[number] += piece } }
            guard send(target, piece, piece.count, Int32(MSG_NOSIGNAL)) == count else { break }
        }
        _ = shutdown(target, Int32(SHUT_RDWR))
    }

    // MARK: The Scalability Protocols over TCP

    private static let greeting: [UInt8] = [0, 0x53, 0x50, 0, 0, 0x30, 0, 0]

    /// A greeting of 8 bytes, then messages: 8 bytes of length, 4 of the request's number, the frame.
    private static func frames(_ bytes: [UInt8]) -> [[UInt8]] {
        var rest = bytes.dropFirst(greeting.count)
        var found: [[UInt8]] = []
        while rest.count >= 12 {
            let length = rest.prefix(8).reduce(0) { $0 << 8 | Int($1) }
            guard rest.count >= 8 + length else { break }
            found.append(Array(rest.dropFirst(12).prefix(length - 4)))
            rest = rest.dropFirst(8 + length)
        }
        return found
    }

    /// Sends one frame to a socket over a connection of its own, and gives the frame of the answer.
    static func ask(_ frame: [UInt8], at target: String) async throws -> [UInt8] {
        let connection = try connect(try port(target))
        let body: [UInt8] = [0x80, 0, 0, 1] + frame
        let message = greeting + withUnsafeBytes(of: UInt64(body.count).bigEndian) { Array($0) } + body
        _ = send(connection, message, message.count, Int32(MSG_NOSIGNAL))
        return await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                defer { Glibc.close(connection) }
                var head = [UInt8](repeating: 0, count: 20)
                guard recv(connection, &head, 20, Int32(MSG_WAITALL)) == 20 else { return continuation.resume(returning: []) }
                let length = min(head[8..<16].reduce(0) { $0 << 8 | Int($1) }, 1 << 20) - 4
                var answer = [UInt8](repeating: 0, count: max(0, length))
                let count = recv(connection, &answer, answer.count, Int32(MSG_WAITALL))
                continuation.resume(returning: Array(answer.prefix(max(0, count))))
            }
        }
    }

    private static func port(_ address: String) throws -> UInt16 { try #require(address.split(separator: ":").last.flatMap { UInt16($0) }) }

    private static func loopback(_ port: UInt16) -> sockaddr_in {
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = port.bigEndian
        place.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return place
    }

    private static func connect(_ port: UInt16) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var place = loopback(port)
        let result = withUnsafePointer(to: &place) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        try #require(result == 0)
        return descriptor
    }
}
