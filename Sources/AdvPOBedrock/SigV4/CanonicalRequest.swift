/// The one spelling of a request that both sides hash.
///
/// Method, path, query, headers with their names, names alone, and the payload's hash, each on its own lines. Source: AWS, "Create a signed AWS API request", step 1.
struct CanonicalRequest {
    let bytes: [UInt8]

    /// - Parameters:
    ///   - signedHeaders: lower-case names, sorted by byte, each once. A name without a header counts as one with an empty value.
    ///   - payload: the last line.
    ///   - leavingOut: the query parameter that holds the signature itself.
    init(_ request: SigV4Request, signedHeaders: [String], payload: String, service: String, leavingOut signature: SigV4.Parameter? = nil) {
        var bytes = Array(request.method.utf8)
        let newline = UInt8(ascii: "\n")
        bytes.append(newline)
        bytes += Self.path(request.path, service: service)
        bytes.append(newline)
        bytes += Self.query(request.query, leavingOut: signature)
        bytes.append(newline)
        let values = Self.valuesByName(request)
        for name in signedHeaders {
            bytes += name.utf8
            bytes.append(UInt8(ascii: ":"))
            bytes += values[Array(name.utf8)] ?? []
            bytes.append(newline)
        }
        bytes.append(newline)
        bytes += signedHeaders.joined(separator: ";").utf8
        bytes.append(newline)
        bytes += payload.utf8
        self.bytes = bytes
    }

    /// `algorithm`, time, scope and the hash of the canonical request.
    func stringToSign(time: String, scope: SigV4Scope) -> String {
        "\(SigV4.algorithm)\n\(time)\n\(scope.credentialScope(date: time.prefix(8)))\n\(SigV4.hash(of: bytes))"
    }

    /// For S3 the path as on the wire; for all others dot segments and doubled slashes are resolved and what is encoded on the wire is encoded again.
    ///
    /// The order (first normalize the wire's path, then encode) and the resolution are botocore's, `SigV4Auth._normalize_url_path`.
    static func path(_ path: String, service: String) -> [UInt8] {
        if ASCII.areEqual(service, SigV4.s3) { return Array(path.utf8) }
        let slash = UInt8(ascii: "/")
        var segments: [ArraySlice<UInt8>] = []
        let bytes = Array(path.utf8)
        for segment in bytes.split(separator: slash) where !segment.elementsEqual(".".utf8) {
            if segment.elementsEqual("..".utf8) {
                _ = segments.popLast()
            } else {
                segments.append(segment)
            }
        }
        var normalized = [slash]
        normalized += segments.joined(separator: [slash])
        if bytes.last == slash, !segments.isEmpty { normalized.append(slash) }
        return PercentEncoding.encoded(normalized, keeping: [slash])
    }

    /// Pairs in one spelling (decoded, then encoded), sorted by name, then value, each by its encoded bytes. Empty pairs say nothing and are gone; `a` is `a=`.
    static func query(_ query: String, leavingOut parameter: SigV4.Parameter?) -> [UInt8] {
        var pairs: [(name: [UInt8], value: [UInt8])] = []
        for pair in query.utf8.split(separator: UInt8(ascii: "&")) {
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            let name = PercentEncoding.decoded(parts[0])
            if let parameter, name.elementsEqual(parameter.rawValue.utf8) { continue }
            let value = parts.count > 1 ? PercentEncoding.encoded(PercentEncoding.decoded(parts[1])) : []
            pairs.append((PercentEncoding.encoded(name), value))
        }
        pairs.sort { one, other in
            one.name == other.name ? one.value.lexicographicallyPrecedes(other.value) : one.name.lexicographicallyPrecedes(other.name)
        }
        return Array(pairs.map { $0.name + [UInt8(ascii: "=")] + $0.value }.joined(separator: [UInt8(ascii: "&")]))
    }

    /// Each header's values with blanks collapsed, joined by commas in the order of the wire. The lines of a folded header are values of their own, as in AWS's test suite.
    private static func valuesByName(_ request: SigV4Request) -> [[UInt8]: [UInt8]] {
        var values: [[UInt8]: [UInt8]] = [:]
        for (name, value) in request.headers {
            let name = ASCII.lowercased(name)
            let lines = value.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            let value = Array(lines.map(ASCII.collapsingBlanks).joined(separator: [UInt8(ascii: ",")]))
            if let earlier = values[name] {
                values[name] = earlier + [UInt8(ascii: ",")] + value
            } else {
                values[name] = value
            }
        }
        return values
    }
}
