import CNNG

/// An error number of the NNG library.
struct NNGFailure: Error, Hashable, CustomStringConvertible {
    let code: Int32

    init(_ code: Int32) { self.code = code }
    init(_ code: nng_errno_enum) { self.code = Int32(code.rawValue) }

    var description: String { String(cString: nng_strerror(code)) }

    static func check(_ code: Int32) throws(NNGFailure) {
        if code != 0 { throw NNGFailure(code) }
    }

    static func ~= (pattern: nng_errno_enum, failure: NNGFailure) -> Bool { failure.code == Int32(pattern.rawValue) }
}

extension TransportError {
    /// The failure of opening, listening or dialling at `address`.
    init(opening address: String, _ failure: NNGFailure) {
        switch failure {
        case NNG_EADDRINUSE:
            self.init(code: .addressInUse, message: "\(address) is in use: another program listens there; stop it or choose another port")
        case NNG_EADDRINVAL, NNG_EINVAL, NNG_ENOTSUP, NNG_ENOENT:
            self.init(
                code: .badAddress,
                message: "\(address) is not a usable address (\(failure)); \(SocketAddress.usage)")
        default:
            self.init(code: .system, message: "cannot open \(address): \(failure)")
        }
    }
}
