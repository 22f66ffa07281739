/// Addresses of the cluster's own sockets.
package enum SocketAddress {
    /// True when only this machine can reach the address: loopback, a path, or this very process.
    package static func isLocal(_ address: String) -> Bool {
        if address.hasPrefix("inproc://") || address.hasPrefix("ipc://") { return true }
        guard address.hasPrefix("tcp://"), let colon = address.lastIndex(of: ":") else { return false }
        let host = address[address.index(address.startIndex, offsetBy: "tcp://".count)..<max(colon, address.index(address.startIndex, offsetBy: "tcp://".count))]
        if host == "localhost" || host == "[::1]" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
