import AdvPOModel
import CNNG

/// Owns one message of the library, and frees it.
struct Message: ~Copyable {
    private let pointer: OpaquePointer

    init(adopting pointer: OpaquePointer) { self.pointer = pointer }

    init(copying bytes: [UInt8]) throws(NNGFailure) {
        var allocated: OpaquePointer?
        try NNGFailure.check(nng_msg_alloc(&allocated, bytes.count))
        guard let allocated else { throw NNGFailure(NNG_ENOMEM) }
        pointer = allocated
        bytes.withUnsafeBytes { source in
            if let start = source.baseAddress, !source.isEmpty { nng_msg_body(allocated).copyMemory(from: start, byteCount: source.count) }
        }
    }

    deinit { nng_msg_free(pointer) }

    /// Hands the message to the library, which then has to free it.
    consuming func release() -> OpaquePointer {
        let released = pointer
        discard self
        return released
    }

    /// The connection it came over.
    var peer: PeerID { PeerID(nng_msg_get_pipe(pointer).id) }

    /// Decodes the body where it lies; a caller that makes its frames itself gets it as it is.
    func payload(_ framing: Framing, limits: WireLimits) throws(TransportError) -> [UInt8] {
        let body = UnsafeRawBufferPointer(start: nng_msg_body(pointer), count: nng_msg_len(pointer))
        switch framing {
        case .coded: return try Frame.decode(body, limits: limits)
        case .callers: return Array(body)
        }
    }
}
