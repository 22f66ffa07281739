import Crypto

/// Which of the two sockets a frame travels on; what was sealed for one means nothing on the other.
package enum ClusterSocket: UInt8, Hashable, Sendable, CaseIterable {
    case control = 1
    case work = 2
}

/// The key of what two sides say after one handshake.
package struct ChannelKey: Sendable {
    private let key: SymmetricKey

    init(_ key: SymmetricKey) { self.key = key }

    /// Wraps a frame; `counter` is the request's, for its answer too.
    package func seal(_ inner: [UInt8], as role: SealedFrame.Role, channel: UInt64, counter: UInt64) -> [UInt8] {
        var frame = [SealedFrame.tag]
        frame.reserveCapacity(SealedFrame.headerBytes + inner.count)
        frame += channel.bigEndianBytes
        frame += counter.bigEndianBytes
        frame += code(inner[...], role, channel, counter).prefix(SealedFrame.sealBytes)
        frame += inner
        return frame
    }

    /// Whether the frame was sealed in that role with this key. Takes the same time whatever the seal's bytes are.
    package func fits(_ frame: SealedFrame, as role: SealedFrame.Role) -> Bool {
        var difference: UInt8 = 0
        let code = code(frame.inner, role, frame.channel, frame.counter)
        for (mine, theirs) in zip(code, frame.seal) { difference |= mine ^ theirs }
        return difference == 0
    }

    private func code(_ inner: ArraySlice<UInt8>, _ role: SealedFrame.Role, _ channel: UInt64, _ counter: UInt64) -> HMAC<SHA256>.MAC {
        var hmac = HMAC<SHA256>(key: key)
        hmac.update(data: [role.direction, role.socket.rawValue] + channel.bigEndianBytes + counter.bigEndianBytes)
        hmac.update(data: inner)
        return hmac.finalize()
    }
}

/// A frame of a channel: tag 3, the channel, the request's counter, 16 bytes of HMAC-SHA256, then the frame that it protects.
///
/// Reading one allocates nothing but what its bytes take already, and believes nothing: `ChannelKey.fits` tells whether it is genuine.
package struct SealedFrame: Hashable, Sendable {
    package static let tag: UInt8 = 3
    package static let sealBytes = 16
    /// What sealing adds to a frame.
    package static let headerBytes = 1 + 8 + 8 + sealBytes

    package let channel: UInt64
    package let counter: UInt64
    package let seal: ArraySlice<UInt8>
    /// A frame of another tag, not empty.
    package let inner: ArraySlice<UInt8>

    /// What a frame is said as: a request or the answer to one, on which socket.
    package enum Role: Hashable, Sendable {
        case request(ClusterSocket)
        case answer(ClusterSocket)

        var direction: UInt8 {
            switch self {
            case .request: 1
            case .answer: 2
            }
        }

        var socket: ClusterSocket {
            switch self {
            case .request(let socket), .answer(let socket): socket
            }
        }
    }

    /// Nil for what is no whole sealed frame.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count > Self.headerBytes, bytes[0] == Self.tag else { return nil }
        channel = bytes[1..<9].reduce(0) { $0 << 8 | UInt64($1) }
        counter = bytes[9..<17].reduce(0) { $0 << 8 | UInt64($1) }
        seal = bytes[17..<Self.headerBytes]
        inner = bytes[Self.headerBytes...]
        // One inside another would be opened without end.
        guard inner.first != Self.tag else { return nil }
    }
}
