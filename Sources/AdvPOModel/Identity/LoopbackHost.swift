/// Which names of hosts can only be this machine. No name is looked up: what a resolver says may change.
package enum LoopbackHost {
    /// Whether `host` is `localhost`, an address of 127.0.0.0/8 in four decimal parts, or `::1`, in brackets or not. A port is no part of it.
    package static func contains(_ host: some StringProtocol) -> Bool {
        if host == "::1" || host == "[::1]" || host.lowercased() == "localhost" { return true }
        let parts = Array(host.utf8).split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0].elementsEqual("127".utf8) && parts.allSatisfy(isDecimalByte)
    }

    /// One to three digits, 255 at most; a sign, which `UInt8.init` takes, is none.
    private static func isDecimalByte(_ part: ArraySlice<UInt8>) -> Bool {
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        return (1...3).contains(part.count) && part.allSatisfy(digits.contains) && part.reduce(0) { $0 * 10 + Int($1 - digits.lowerBound) } <= 255
    }
}
