/// Where the HTTP server listens: `127.0.0.1:7700`, `localhost:7700` or `[::1]:7700`. Port 0 lets the system choose.
package struct ListenAddress: Hashable, Sendable, CustomStringConvertible {
    package let host: String
    package let port: Int

    /// Loopback only: there is no authentication yet, so that no other address may be served.
    package init(parsing text: String) throws(Invalid) {
        guard let colon = text.lastIndex(of: ":") else {
            throw Invalid(message: "'\(text.prefix(256))' is no address to listen on: write HOST:PORT, as in 127.0.0.1:7700")
        }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        guard !host.isEmpty, let port = Int(text[text.index(after: colon)...]), (0...65_535).contains(port) else {
            throw Invalid(message: "'\(text.prefix(256))' is no address to listen on: write HOST:PORT with a port from 0 to 65535, as in 127.0.0.1:7700")
        }
        guard Self.isLoopback(host) else {
            throw Invalid(
                message: "refusing to listen on '\(host.prefix(256))': the API has no authentication yet, so that it is served on loopback only. "
                    + "Use 127.0.0.1:\(port), and reach it from elsewhere through an SSH tunnel.")
        }
        self.host = host
        self.port = port
    }

    /// Whether a host name or address can only be this machine; no name is looked up.
    package static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { !$0.isEmpty && $0.count <= 3 && (0...255).contains(Int($0) ?? -1) }
    }

    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    package struct Invalid: Error, Hashable, Sendable, CustomStringConvertible {
        package let message: String
        package var description: String { message }
    }
}
