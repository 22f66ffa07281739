import AdvPOModel

/// Where the HTTP server listens: `127.0.0.1:7700`, `localhost:7700`, `[::1]:7700` or `0.0.0.0:7700`. Port 0 lets the system choose.
package struct ListenAddress: Hashable, Sendable, CustomStringConvertible {
    package let host: String
    package let port: Int

    /// - Parameter isAuthenticated: whether every request will have to prove who sent it. Without that, any address but loopback is refused.
    package init(parsing text: String, isAuthenticated: Bool = false) throws(Invalid) {
        guard let colon = text.lastIndex(of: ":") else {
            throw Invalid(message: "'\(text.prefix(256))' is no address to listen on: write HOST:PORT, as in 127.0.0.1:7700")
        }
        var host = String(text[..<colon])
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]") && host.count > 2
        if isBracketed { host = String(host.dropFirst().dropLast()) }
        guard Self.isName(host, isBracketed: isBracketed), let port = Int(text[text.index(after: colon)...]), (0...65_535).contains(port) else {
            throw Invalid(
                message: "'\(text.prefix(256))' is no address to listen on: write HOST:PORT with a port from 0 to 65535, as in 127.0.0.1:7700, 0.0.0.0:7700 or [::]:7700")
        }
        guard isAuthenticated || LoopbackHost.contains(host) else {
            throw Invalid(
                message: "refusing to listen on '\(host.prefix(256))': without a credentials file anybody who reaches the API may use it, so that it is served on loopback only. "
                    + "Name a file with --credentials (docs/authentication.md), or use 127.0.0.1:\(port) and reach it from elsewhere through an SSH tunnel.")
        }
        self.host = host
        self.port = port
    }

    package var isLoopback: Bool { LoopbackHost.contains(host) }

    /// A host name or an IPv4 address; in brackets, what an IPv6 address is made of.
    private static func isName(_ host: String, isBracketed: Bool) -> Bool {
        guard (1...253).contains(host.utf8.count) else { return false }
        // Behind % stands the interface of a link-local address.
        let address = isBracketed ? host.prefix { $0 != "%" } : host[...]
        guard !isBracketed || address.contains(":") else { return false }
        return address.unicodeScalars.allSatisfy { isAddressScalar($0) || (!isBracketed && isNameScalar($0)) || (isBracketed && $0 == ":") }
            && host.dropFirst(address.count + 1).unicodeScalars.allSatisfy(isNameScalar)
    }

    private static func isAddressScalar(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "0"..."9", "a"..."f", "A"..."F", ".": true
        default: false
        }
    }

    private static func isNameScalar(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "0"..."9", "a"..."z", "A"..."Z", ".", "-", "_": true
        default: false
        }
    }

    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    package struct Invalid: Error, Hashable, Sendable, CustomStringConvertible {
        package let message: String
        package var description: String { message }
    }
}
