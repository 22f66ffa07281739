import AdvPOModel

/// Addresses of the cluster's own sockets.
package enum SocketAddress {
    private static let tls = "tls+tcp://"

    /// True when what travels is encrypted, and both ends show certificates.
    package static func isTLS(_ address: String) -> Bool { address.hasPrefix(tls) }

    /// True when only this machine can reach the address: loopback, a path, or this very process.
    package static func isLocal(_ address: String) -> Bool {
        if address.hasPrefix("inproc://") || address.hasPrefix("ipc://") { return true }
        guard let prefix = [tls, "tcp://"].first(where: { address.hasPrefix($0) }), let colon = address.lastIndex(of: ":") else { return false }
        let start = address.index(address.startIndex, offsetBy: prefix.count)
        return LoopbackHost.contains(address[start..<max(colon, start)])
    }
}
