import AdvPOModel

/// Where the coordinator's API is: an http or https URL.
package struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    /// Without a slash at the end.
    package let url: String
    /// What stands in `Host`: name or address, with the port unless it is the scheme's own.
    package let authority: String
    /// Before each path of the API, as behind a proxy; empty as a rule.
    package let pathPrefix: String
    package let isEncrypted: Bool

    package init(parsing text: String) throws(CommandFailure) {
        let schemes = ["http://", "https://"]
        let bytes = text.utf8
        guard let scheme = schemes.first(where: text.hasPrefix), bytes.allSatisfy({ (33...126).contains($0) && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }) else {
            throw Self.illFormed(text)
        }
        let rest = String(text.dropFirst(scheme.count))
        let authority = rest.prefix { $0 != "/" }
        guard !authority.isEmpty, authority.last != ":", !authority.contains("@") else { throw Self.illFormed(text) }
        isEncrypted = scheme == "https://"
        let ownPort = isEncrypted ? ":443" : ":80"
        self.authority = authority.hasSuffix(ownPort) ? String(authority.dropLast(ownPort.count)) : String(authority)
        let path = rest.dropFirst(authority.count)
        pathPrefix = String(path.reversed().drop { $0 == "/" }.reversed())
        url = scheme + authority + pathPrefix
    }

    /// Whether what is sent there stays on this machine: `localhost`, 127.0.0.0/8 and `::1`.
    package var isLoopback: Bool {
        // What stands behind an address in brackets is a port or makes it no address.
        if authority.hasPrefix("[::1]:") { return true }
        return LoopbackHost.contains(authority.hasPrefix("[") ? authority[...] : authority.prefix { $0 != ":" })
    }

    package var description: String { url }

    private static func illFormed(_ text: String) -> CommandFailure {
        // A name and password before the host are no business of a message.
        let shown = text.contains("@") ? "one with '@' in it" : "'\(text.prefix(200))'"
        return CommandFailure(.badUsage, "\(SettingKey.endpoint.places) must be a URL like http://127.0.0.1:7700, found \(shown)")
    }
}
