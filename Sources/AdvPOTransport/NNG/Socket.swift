import AdvPOModel
import CNNG
import Foundation
import Logging
import Synchronization

/// A socket of the library and its end: closed once, on a thread where blocking hurts nobody.
final class Socket: Sendable {
    static let reconnectMinimumMilliseconds: nng_duration = 100
    static let reconnectMaximumMilliseconds: nng_duration = 1_000
    /// Closing waits this long before it is given up: the library's close is known to hang in rare cases.
    static let closeSeconds = 5.0
    /// What the protocol puts before a frame (request ids of up to eight hops, one of ours).
    private static let headerBytes = 64

    let id: nng_socket
    /// Lives until the library has let go of the socket.
    private let events: PipeEvents?
    /// Lives as long: the library may look at it whenever a connection is made.
    private let tls: TLSSettings?
    private let isClosed = Mutex(false)

    enum Kind { case requesting, replying(PipeEvents) }

    init(_ kind: Kind, limits: WireLimits, tls: TLSSettings?) throws(NNGFailure) {
        var opened = nng_socket()
        switch kind {
        case .requesting: try NNGFailure.check(nng_req0_open(&opened))
        case .replying: try NNGFailure.check(nng_rep0_open(&opened))
        }
        id = opened
        self.tls = tls
        events = if case .replying(let events) = kind { events } else { nil }
        try NNGFailure.check(nng_socket_set_size(id, NNG_OPT_RECVMAXSZ, limits.messageBytes + Framing.spareBytes + Self.headerBytes))
        switch kind {
        case .requesting:
            // A request is never sent again by itself: the same task would be handed out twice.
            try NNGFailure.check(nng_socket_set_ms(id, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE))
            try NNGFailure.check(nng_socket_set_ms(id, NNG_OPT_RECONNMINT, Self.reconnectMinimumMilliseconds))
            try NNGFailure.check(nng_socket_set_ms(id, NNG_OPT_RECONNMAXT, Self.reconnectMaximumMilliseconds))
        case .replying(let events):
            try events.watch(id)
        }
    }

    deinit {
        guard !isClosed.withLock({ $0 }) else { return }
        Thread.detachNewThread { [id, events, tls] in Self.close(id, events, tls) }
    }

    /// Precondition: all its contexts are closed; the library would wait for them. Later calls return at once.
    func close(logger: Logger) async {
        let isFirst = isClosed.withLock { closed in
            defer { closed = true }
            return !closed
        }
        guard isFirst else { return }
        let finished = await withUnsafeContinuation { (continuation: UnsafeContinuation<Bool, Never>) in
            let outcome = OneShot(continuation)
            Thread.detachNewThread { [id, events, tls] in
                Self.close(id, events, tls)
                outcome.resume(returning: true)
            }
            DispatchQueue.global().asyncAfter(deadline: .now() + Self.closeSeconds) { outcome.resume(returning: false) }
        }
        if !finished { logger.warning("a socket did not close in time and is left behind", metadata: ["seconds": "\(Self.closeSeconds)"]) }
    }

    private static func close(_ id: nng_socket, _ events: PipeEvents?, _ tls: TLSSettings?) {
        withExtendedLifetime((events, tls)) { _ = nng_close(id) }
    }
}

/// A continuation that several may try to resume; the first wins.
final class OneShot<Value: Sendable>: Sendable {
    private let continuation: Mutex<UnsafeContinuation<Value, Never>?>

    init(_ continuation: UnsafeContinuation<Value, Never>) { self.continuation = Mutex(continuation) }

    func resume(returning value: Value) {
        let taken = continuation.withLock { continuation in
            defer { continuation = nil }
            return continuation
        }
        taken?.resume(returning: value)
    }
}
