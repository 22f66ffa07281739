import CNNG

/// What one end of `tls+tcp://` shows and whom it believes, as PEM.
package struct TLSIdentity: Sendable {
    /// Who signed the certificates of both ends.
    package var authorities: [UInt8]
    /// This end's certificate, its chain behind it.
    package var certificate: [UInt8]
    package var key: [UInt8]

    package init(authorities: [UInt8], certificate: [UInt8], key: [UInt8]) {
        self.authorities = authorities
        self.certificate = certificate
        self.key = key
    }
}

/// A configuration of the library: TLS 1.2, each end has to show a certificate, and the dialling one checks the other's name.
///
/// Unchecked because the library's handle is a bare pointer: it is written once in `init`, and the library locks what it points to.
final class TLSSettings: @unchecked Sendable {
    enum End { case dialing, listening }

    private let handle: OpaquePointer

    var pointer: UnsafeMutableRawPointer { UnsafeMutableRawPointer(handle) }

    /// Nil for an address without TLS.
    static func make(_ identity: TLSIdentity?, for address: String, _ end: End) throws(TransportError) -> TLSSettings? {
        switch (identity, SocketAddress.isTLS(address)) {
        case (nil, false): return nil
        case (let identity?, true): return try TLSSettings(identity, address, end)
        case (nil, true): throw TransportError(code: .badAddress, message: "\(address) needs certificates, and there are none")
        case (_?, false): throw TransportError(code: .badAddress, message: "\(address) takes no certificates; use \(SocketAddress.tls)host:port")
        }
    }

    private init(_ identity: TLSIdentity, _ address: String, _ end: End) throws(TransportError) {
        var allocated: OpaquePointer?
        let mode = end == .listening ? NNG_TLS_MODE_SERVER : NNG_TLS_MODE_CLIENT
        guard nng_tls_config_alloc(&allocated, mode) == 0, let allocated else {
            throw TransportError(code: .system, message: "cannot prepare TLS for \(address)")
        }
        handle = allocated
        try Self.check(nng_tls_config_auth_mode(handle, NNG_TLS_AUTH_MODE_REQUIRED), "the demand for certificates", address)
        try Self.check(nng_tls_config_version(handle, NNG_TLS_1_2, NNG_TLS_1_2), "TLS 1.2", address)
        try Self.check(nng_tls_config_ca_chain(handle, Self.text(identity.authorities), nil), "the authority's certificate", address)
        try Self.check(
            nng_tls_config_own_cert(handle, Self.text(identity.certificate), Self.text(identity.key), nil), "this side's certificate with its key", address)
        if end == .dialing { try Self.check(nng_tls_config_server_name(handle, String(SocketAddress.host(address))), "the host's name", address) }
    }

    deinit { nng_tls_config_free(handle) }

    /// A C string: bytes after a NUL would be passed over.
    private static func text(_ pem: [UInt8]) -> String { String(decoding: pem, as: UTF8.self) }

    private static func check(_ code: Int32, _ what: String, _ address: String) throws(TransportError) {
        guard code != 0 else { return }
        throw TransportError(
            code: .badAddress, message: "TLS at \(address) cannot use \(what): \(NNGFailure(code)). The files must be PEM, and the key that of the certificate")
    }
}
