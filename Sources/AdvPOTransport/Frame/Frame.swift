package import AdvPOModel
import CZstd

/// What stands on the socket: one byte that names the codec, then the payload, compressed where that helps.
///
/// `0` plain; `1` one zstd frame that states its content size; `2` (answers only) the reason, in UTF-8, why there is no answer.
/// `3`, a sealed frame, is the business of who has its key: it wraps one of these.
package enum Frame {
    private static let plain: UInt8 = 0
    private static let zstd: UInt8 = 1
    private static let failure: UInt8 = 2
    private static let compressionLevel: Int32 = 1
    private static let failureBytes = 1_024

    /// Compresses above the threshold of `limits`, and only when that makes the message smaller.
    ///
    /// - Throws: `.messageTooLarge` when the payload or the frame is above its limit: the receiver would drop the connection.
    package static func encode(_ payload: [UInt8], limits: WireLimits) throws(TransportError) -> [UInt8] {
        guard payload.count <= limits.decompressedBytes else {
            throw TransportError(
                code: .messageTooLarge,
                message: "the message has \(payload.count) bytes, more than the \(limits.decompressedBytes) allowed; send it in parts")
        }
        let frame = payload.count >= limits.compressionThresholdBytes ? compressed(payload) ?? [plain] + payload : [plain] + payload
        guard frame.count <= limits.messageBytes else {
            throw TransportError(
                code: .messageTooLarge,
                message: "the message has \(frame.count) bytes as sent, more than the \(limits.messageBytes) allowed; send it in parts")
        }
        return frame
    }

    /// Gives back the payload; nothing is allocated before its size is known and within `limits`.
    ///
    /// - Throws: `.corruptMessage` for anything but one whole frame, `.messageTooLarge` for a size above its limit.
    package static func decode(_ bytes: [UInt8], limits: WireLimits) throws(TransportError) -> [UInt8] {
        try bytes.withUnsafeBytes { buffer in Result { () throws(TransportError) in try decode(buffer, limits: limits) } }.get()
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer, limits: WireLimits) throws(TransportError) -> [UInt8] {
        guard bytes.count <= limits.messageBytes else {
            throw TransportError(code: .messageTooLarge, message: "a message of \(bytes.count) bytes came; \(limits.messageBytes) are allowed")
        }
        guard let tag = bytes.first else { throw corrupt("it is empty") }
        let content = UnsafeRawBufferPointer(rebasing: bytes.dropFirst())
        switch tag {
        case plain: return Array(content)
        case zstd: return try decompressed(content, limits: limits)
        case failure: throw corrupt("it tells of a failure: " + String(decoding: content.prefix(failureBytes), as: UTF8.self))
        default: throw corrupt("its codec tag is \(tag); 0 and 1 are known, so one side may be of another version")
        }
    }

    /// The answer to a request that cannot be taken or answered: the requester then fails at once instead of waiting for its timeout.
    package static func failure(_ reason: String) -> [UInt8] { [failure] + reason.utf8.prefix(failureBytes) }

    /// Nil when compression does not make it smaller.
    private static func compressed(_ payload: [UInt8]) -> [UInt8]? {
        let frame = [UInt8](unsafeUninitializedCapacity: 1 + ZSTD_compressBound(payload.count)) { buffer, count in
            buffer[0] = zstd
            let size = payload.withUnsafeBytes {
                ZSTD_compress(buffer.baseAddress.map { $0 + 1 }, buffer.count - 1, $0.baseAddress, $0.count, compressionLevel)
            }
            count = ZSTD_isError(size) == 0 ? 1 + size : 0
        }
        return frame.isEmpty || frame.count > payload.count ? nil : frame
    }

    private static func decompressed(_ content: UnsafeRawBufferPointer, limits: WireLimits) throws(TransportError) -> [UInt8] {
        let declared = ZSTD_getFrameContentSize(content.baseAddress, content.count)
        // The two largest values are the library's signs for "not stated" and "not a frame"; skippable frames state 0.
        guard declared < UInt64.max - 1, declared > 0 else { throw corrupt("its zstd frame does not state a content size") }
        guard declared <= UInt64(limits.decompressedBytes) else {
            throw TransportError(
                code: .messageTooLarge, message: "a message of \(declared) bytes after decompression came; \(limits.decompressedBytes) are allowed")
        }
        let frameSize = ZSTD_findFrameCompressedSize(content.baseAddress, content.count)
        guard ZSTD_isError(frameSize) == 0 else { throw corrupt("its zstd frame is cut off or damaged") }
        guard frameSize == content.count else { throw corrupt("\(content.count - frameSize) bytes follow its zstd frame") }
        let payload = [UInt8](unsafeUninitializedCapacity: Int(declared)) { buffer, count in
            let size = ZSTD_decompress(buffer.baseAddress, buffer.count, content.baseAddress, content.count)
            count = ZSTD_isError(size) == 0 ? size : 0
        }
        guard payload.count == Int(declared) else { throw corrupt("its zstd frame is damaged") }
        return payload
    }

    private static func corrupt(_ what: String) -> TransportError {
        TransportError(code: .corruptMessage, message: "a message cannot be read: \(what)")
    }
}
