/// What may be dialled and listened at. Checked here because the library resolves a dialler's address later, where nobody sees it fail.
enum SocketAddress {
    static let usage = "use tcp://host:port, tls+tcp://host:port, ipc:///path or inproc://name"

    static let tls = "tls+tcp://"

    static func isTLS(_ address: String) -> Bool { address.hasPrefix(tls) }
    static func isTCP(_ address: String) -> Bool { isTLS(address) || address.hasPrefix("tcp://") }

    /// The host of an address with a port, without an IPv6 address's brackets.
    static func host(_ address: String) -> Substring {
        let place = address.dropping(prefix: tls) ?? address.dropping(prefix: "tcp://") ?? ""
        let host = place.prefix(upTo: place.lastIndex(of: ":") ?? place.endIndex)
        return host.hasPrefix("[") && host.hasSuffix("]") ? host.dropFirst().dropLast() : host
    }

    static func check(_ address: String, listening: Bool) throws(TransportError) {
        let isUsable =
            if let rest = address.dropping(prefix: tls) ?? address.dropping(prefix: "tcp://") {
                isHostAndPort(rest, lowestPort: listening ? 0 : 1)
            } else if let path = address.dropping(prefix: "ipc://") {
                path.hasPrefix("/") && path.utf8.count > 1
            } else if let name = address.dropping(prefix: "inproc://") {
                !name.isEmpty
            } else {
                false
            }
        guard isUsable else {
            throw TransportError(code: .badAddress, message: "\"\(address.prefix(200))\" is not a usable address; \(usage)")
        }
    }

    private static func isHostAndPort(_ text: Substring, lowestPort: UInt16) -> Bool {
        guard let colon = text.lastIndex(of: ":"), colon > text.startIndex, let port = UInt16(text[text.index(after: colon)...]) else { return false }
        return port >= lowestPort
    }
}

extension String {
    fileprivate func dropping(prefix: String) -> Substring? { hasPrefix(prefix) ? dropFirst(prefix.count) : nil }
}
