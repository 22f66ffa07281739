import AdvPOModel
import Testing

@Suite struct LoopbackHostTests {
    @Test("names of this machine are known", arguments: ["localhost", "LocalHost", "127.0.0.1", "127.1.2.255", "127.000.0.1", "::1", "[::1]"])
    func loopback(host: String) { #expect(LoopbackHost.contains(host)) }

    @Test(
        "whatever else may look like it is not",
        arguments: [
            "", "localhost.", "localhost.example.com", "127.0.0.1.example.com", "127.0.0", "127.0.0.0.1", "127.0.0.256", "127.0.0.+1", "127.0.0.-1", "127..0.1", "127.0.0.1 ",
            "128.0.0.1", "0127.0.0.1", "0.0.0.0", "::", "[::1", "::2", "::ffff:127.0.0.1", "127.0.0.١", "example.com",
        ])
    func elsewhere(host: String) { #expect(!LoopbackHost.contains(host)) }
}
