import AdvPOModel

/// Addresses of the cluster's own sockets.
package enum SocketAddress {
    /// True when only this machine can reach the address: loopback, a path, or this very process.
    package static func isLocal(_ address: String) -> Bool {
        if address.hasPrefix("inproc://") || address.hasPrefix("ipc://") { return true }
        guard address.hasPrefix("tcp://"), let colon = address.lastIndex(of: ":") else { return false }
        let host = address[address.index(address.startIndex, offsetBy: "tcp://".count)..<max(colon, address.index(address.startIndex, offsetBy: "tcp://".count))]
        return LoopbackHost.contains(host)
    }
}
