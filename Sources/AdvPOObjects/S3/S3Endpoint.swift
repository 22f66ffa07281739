import AdvPOBedrock
import AdvPOModel

/// Where S3 answers, and how a bucket and a key become an address there.
package struct S3Endpoint: Sendable, Hashable {
    /// How a bucket is named in a request.
    package enum Style: String, CaseIterable, Sendable {
        /// `virtual` at Amazon's own hosts, but for buckets with dots under TLS, whose names no certificate covers; `path` everywhere else.
        case auto
        /// `https://host/bucket/key`
        case path
        /// `https://bucket.host/key`
        case virtual
    }

    let scheme: String
    /// Without port; an IPv6 address stands in brackets.
    let host: String
    /// Nil for the scheme's own.
    let port: Int?
    let style: Style
    /// Whether the address was made from the region, and is another in another region.
    let isStandard: Bool

    /// Amazon's own endpoint in a region.
    package init(region: String, style: Style) {
        scheme = "https"
        host = "s3.\(region).\(Self.suffix(ofRegion: region))"
        port = nil
        self.style = style
        isStandard = true
    }

    /// - Parameter text: `http://host:port` or `https://host`, without a path.
    package init(parsing text: String, style: Style) throws(S3SettingsError) {
        func fault(_ reason: String) -> S3SettingsError { .endpoint(String(text.prefix(200)).visible, reason: reason) }
        guard let scheme = ["http", "https"].first(where: { text.lowercased().hasPrefix($0 + "://") }) else { throw fault("it does not begin with http:// or https://") }
        self.scheme = scheme
        var rest = text.dropFirst(scheme.count + 3)
        if rest.hasSuffix("/") { rest.removeLast() }
        guard !rest.contains(where: { "/?#".contains($0) }) else { throw fault("it has a path, query or fragment; give scheme, host and port alone") }
        guard !rest.contains("@") else { throw S3SettingsError.endpoint("\(scheme)://…", reason: "it holds a user name; keys come from the credential chain") }
        let colon = rest.last == "]" ? nil : rest.lastIndex(of: ":")
        let name = rest[..<(colon ?? rest.endIndex)]
        if let colon {
            guard let number = Int(rest[rest.index(after: colon)...]), (1...65_535).contains(number) else { throw fault("its port is no number from 1 to 65535") }
            port = number == (scheme == "https" ? 443 : 80) ? nil : number
        } else {
            port = nil
        }
        host = name.lowercased()
        guard Self.isHost(host) else { throw fault("its host is no host name or IP address") }
        if style == .virtual, Self.isAddress(host) { throw fault("with --s3-style virtual the bucket's name is put before the host, and nothing can stand before an IP address") }
        self.style = style
        isStandard = false
    }

    /// What to connect to, what `Host` says, and the path on the wire.
    struct Location: Hashable, Sendable {
        var origin: String
        var host: String
        var path: String
    }

    /// - Parameter key: empty for the bucket itself.
    /// - Parameter region: the bucket's, where Amazon's endpoint is to be that of another region.
    func location(bucket: String, key: String, region: String) -> Location {
        let host = isStandard ? "s3.\(region).\(Self.suffix(ofRegion: region))" : host
        let authority = port.map { "\(host):\($0)" } ?? host
        let path = "/" + PercentEncoding.encoded(key, keeping: "/")
        if isVirtual(bucket) { return Location(origin: "\(scheme)://\(bucket).\(authority)", host: "\(bucket).\(authority)", path: path) }
        return Location(origin: "\(scheme)://\(authority)", host: authority, path: "/\(bucket)\(path == "/" ? "" : path)")
    }

    private func isVirtual(_ bucket: String) -> Bool {
        switch style {
        case .path: false
        case .virtual: true
        case .auto: Self.isAmazon(host) && !(scheme == "https" && bucket.contains("."))
        }
    }

    /// For messages.
    package var description: String { "\(scheme)://\(host)" + (port.map { ":\($0)" } ?? "") }

    /// Whether what is sent can be read on the way: plain HTTP beyond this machine.
    package var isExposed: Bool { scheme == "http" && !LoopbackHost.contains(host) }

    // MARK: Names of hosts

    /// By the partition that a region's name begins with; botocore's `endpoints.json`.
    static func suffix(ofRegion region: String) -> String {
        let suffixes = [
            ("cn-", "amazonaws.com.cn"), ("us-isob-", "sc2s.sgov.gov"), ("us-isof-", "csp.hci.ic.gov"), ("us-iso-", "c2s.ic.gov"), ("eu-isoe-", "cloud.adc-e.uk"),
            ("eusc-", "amazonaws.eu"),
        ]
        return suffixes.first { region.hasPrefix($0.0) }?.1 ?? "amazonaws.com"
    }

    /// Whether a text can stand for a region in a host's name.
    static func isRegion(_ text: String) -> Bool {
        (1...40).contains(text.utf8.count) && text.utf8.allSatisfy { Self.isAlphanumeric($0) || $0 == UInt8(ascii: "-") } && text.first != "-" && text.last != "-"
    }

    private static func isAmazon(_ host: String) -> Bool { host.hasPrefix("s3.") && (host.hasSuffix(".amazonaws.com") || host.hasSuffix(".amazonaws.com.cn")) || isStandardHost(host) }
    private static func isStandardHost(_ host: String) -> Bool {
        host.hasPrefix("s3.") && ["sc2s.sgov.gov", "csp.hci.ic.gov", "c2s.ic.gov", "cloud.adc-e.uk", "amazonaws.eu"].contains { host.hasSuffix("." + $0) }
    }

    private static func isHost(_ host: String) -> Bool {
        if host.hasPrefix("[") {
            return host.hasSuffix("]") && host.utf8.count > 3 && host.dropFirst().dropLast().utf8.allSatisfy { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") || isHexadecimal($0) }
        }
        return (1...253).contains(host.utf8.count)
            && host.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
                !label.isEmpty && label.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
            }
    }

    private static func isAddress(_ host: String) -> Bool { host.hasPrefix("[") || host.utf8.allSatisfy { $0 == UInt8(ascii: ".") || (0x30...0x39).contains($0) } }
    private static func isAlphanumeric(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte) }
    private static func isHexadecimal(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) }
}
