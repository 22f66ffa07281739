import AdvPOBedrock
import AdvPOCommandLine
import Testing

@Suite("A connection to a coordinator")
struct ConnectionTests {
    private static let credentials = SigningCredentials(accessKeyID: "AKIDEXAMPLE1234WXYZ", secretAccessKey: "wJalrXUtnFEMI/K7MDENG", sessionToken: nil)

    @Test("goes to a URL, taken apart")
    func goesToAURL() throws {
        let plain = try Endpoint(parsing: "http://127.0.0.1:7700")
        #expect(plain.url == "http://127.0.0.1:7700" && plain.authority == "127.0.0.1:7700" && plain.pathPrefix.isEmpty && !plain.isEncrypted)
        let behind = try Endpoint(parsing: "https://example.org:443/a/b//")
        #expect(behind.url == "https://example.org:443/a/b" && behind.authority == "example.org" && behind.pathPrefix == "/a/b" && behind.isEncrypted)
        #expect(try Endpoint(parsing: "http://[::1]:80/").authority == "[::1]")
        for text in ["", "127.0.0.1:7700", "ftp://a", "http://", "http:///x", "http://a b", "http://a?x=1", "http://a#b", "http://a:", "http://é"] {
            #expect(throws: CommandFailure.self, "\(text)") { try Endpoint(parsing: text) }
        }
        let failure = #expect(throws: CommandFailure.self) { try Endpoint(parsing: "http://me:secret-word@a") }
        #expect(failure?.message.contains("secret-word") == false && failure?.status == .badUsage)
    }

    @Test(
        "stays on this machine, or does not",
        arguments: [
            ("http://localhost:1", true), ("http://LOCALHOST", true), ("http://127.0.0.1", true), ("http://127.9.9.9:5", true), ("http://[::1]", true), ("http://[::1]:7", true),
            ("http://127.0.0.1.evil.com", false), ("http://127.evil.com.x", false), ("http://10.0.0.1", false), ("http://localhost.evil.com", false), ("http://[::2]", false),
            ("http://[::1].evil", false), ("http://example.org", false),
        ])
    func staysOnThisMachine(url: String, isLoopback: Bool) throws {
        #expect(try Endpoint(parsing: url).isLoopback == isLoopback)
    }

    @Test("takes a bearer token, and never shows it to a network")
    func takesABearerToken() throws {
        let environment = ["AWS_BEARER_TOKEN_BEDROCK": "token-abcdef"]
        let loopback = try Endpoint(parsing: "http://127.0.0.1:7700")
        #expect(try ClientIdentity.bearer(environment: [:], endpoint: loopback) == nil)
        #expect(try ClientIdentity.bearer(environment: ["AWS_BEARER_TOKEN_BEDROCK": ""], endpoint: loopback) == nil)
        for url in ["http://127.0.0.1:7700", "https://example.org"] {
            let identity = try #require(try ClientIdentity.bearer(environment: environment, endpoint: try Endpoint(parsing: url)))
            let headers = identity.headers(for: SigV4Request(method: "GET", path: "/", query: "", headers: []), body: [], secondsSince1970: 0)
            #expect(headers.count == 1 && headers[0].name == "authorization" && headers[0].value == "Bearer token-abcdef")
            var dumped = ""
            dump(identity, to: &dumped)
            for text in ["\(identity)", String(reflecting: identity), dumped, identity.advice(onRefusal: nil)] { #expect(!text.contains("abcdef"), "\(text)") }
        }
        let failure = #expect(throws: CommandFailure.self) { try ClientIdentity.bearer(environment: environment, endpoint: try Endpoint(parsing: "http://example.org")) }
        #expect(failure?.status == .badUsage && failure?.message.contains("https") == true && failure?.message.contains("abcdef") == false)
        #expect(throws: CommandFailure.self) { try ClientIdentity.bearer(environment: ["AWS_BEARER_TOKEN_BEDROCK": "a\r\nb"], endpoint: loopback) }
    }

    @Test("signs what a verifier accepts")
    func signsWhatAVerifierAccepts() throws {
        let identity = ClientIdentity.signing(Self.credentials, region: "eu-west-1")
        var request = SigV4Request(
            method: "POST", path: "/x/advanced-prompt-optimization-jobs/arn%3Aaws/stop", query: "maxResults=2&nextToken=a%2Fb",
            headers: [("Host", "127.0.0.1:7700"), ("Content-Type", "application/json")])
        let body = Array("{}".utf8)
        request.headers += identity.headers(for: request, body: body, secondsSince1970: 1_800_000_000)
        let claim = try #require(try SigV4Claim(request))
        try claim.verify(
            request, secretAccessKey: Self.credentials.secretAccessKey, body: body, nowSecondsSince1970: 1_800_000_000, service: "bedrock", region: "eu-west-1")
        #expect(ClientIdentity.nobody(reason: "").headers(for: request, body: body, secondsSince1970: 0).isEmpty)
    }

    @Test("signs for the region of the setting, else of AWS's variables")
    func signsForARegion() {
        #expect(ClientIdentity.region(setting: "a", environment: ["AWS_REGION": "b"]) == "a")
        #expect(ClientIdentity.region(setting: nil, environment: ["AWS_REGION": "b", "AWS_DEFAULT_REGION": "c"]) == "b")
        #expect(ClientIdentity.region(setting: "", environment: ["AWS_REGION": "", "AWS_DEFAULT_REGION": "c"]) == "c")
        #expect(ClientIdentity.region(setting: nil, environment: [:]) == "us-east-1")
    }

    @Test("that is refused says with which credentials, by four characters, and how to mend it")
    func thatIsRefusedSaysHowToMendIt() {
        let signing = ClientIdentity.signing(Self.credentials, region: "eu-west-1")
        let advice = signing.advice(onRefusal: "InvalidSignatureException")
        #expect(advice.contains("'WXYZ'") && advice.contains("eu-west-1") && advice.contains("credentials file") && !advice.contains("AKIDEXAMPLE"))
        #expect(!advice.contains("wJalr") && !"\(signing)".contains("wJalr"))
        #expect(signing.advice(onRefusal: "AccessDeniedException").contains("'allow'"))
        let nobody = ClientIdentity.nobody(reason: "the environment (nothing)").advice(onRefusal: "MissingAuthenticationTokenException")
        for part in ["not signed", "AWS_ACCESS_KEY_ID", "--profile", "AWS_BEARER_TOKEN_BEDROCK", "the environment (nothing)"] { #expect(nobody.contains(part)) }
        // A short key is not shown as a whole.
        #expect(ClientIdentity.signing(SigningCredentials(accessKeyID: "ABCD", secretAccessKey: ""), region: "r").advice(onRefusal: nil).contains("'CD'"))
    }
}
