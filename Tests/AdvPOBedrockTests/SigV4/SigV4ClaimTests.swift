import AdvPOBedrock
import Testing

@Suite("A claim by signature")
struct SigV4ClaimTests {
    private static let now: Int64 = 1_800_000_000
    private static let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    private static let credentials = SigningCredentials(accessKeyID: "AKIDEXAMPLE", secretAccessKey: secret)
    private static let signer = SigV4Signer(credentials: credentials, region: "eu-central-1", service: "bedrock")
    private static let plain = SigV4Request(
        method: "POST", path: "/advanced-prompt-optimization-jobs", query: "", headers: [("Host", "127.0.0.1:7700"), ("Content-Type", "application/json")])
    private static let body = Array("{}".utf8)

    private static func signed(_ request: SigV4Request = plain, at time: Int64 = now) -> SigV4Request {
        var result = request
        result.headers += signer.sign(request, payload: .bytes(body), secondsSince1970: time)
        return result
    }

    private static func presigned(_ request: SigV4Request = plain, expires: Int = 600, at time: Int64 = now) -> SigV4Request {
        var result = request
        result.query = signer.presignedQuery(request, payload: .bytes(body), secondsSince1970: time, expiresSeconds: expires)
        return result
    }

    /// Nil when the request is accepted.
    private static func refusal(
        _ request: SigV4Request, body: [UInt8] = body, secret: String = secret, now: Int64 = now, service: String = "bedrock", region: String? = nil
    ) throws -> SigV4Rejection? {
        do {
            let claim = try #require(try SigV4Claim(request))
            try claim.verify(request, secretAccessKey: secret, body: body, nowSecondsSince1970: now, service: service, region: region)
            return nil
        } catch let rejection as SigV4Rejection {
            return rejection
        }
    }

    private static func replacing(_ name: String, with value: String, in request: SigV4Request) -> SigV4Request {
        var result = request
        result.headers.removeAll { $0.name.lowercased() == name }
        result.headers.append((name, value))
        return result
    }

    @Test("is nil without one, or with a bearer token")
    func isNilWithoutOne() throws {
        #expect(try SigV4Claim(Self.plain) == nil)
        #expect(try SigV4Claim(Self.replacing("authorization", with: "Bearer abc", in: Self.plain)) == nil)
        #expect(try SigV4Claim(SigV4Request(method: "GET", path: "/", query: "maxResults=3&X-Amz-Date=x", headers: [])) == nil)
    }

    @Test("is good for 15 minutes both ways, and the refusal names both times")
    func isGoodFor15Minutes() throws {
        for offset: Int64 in [-900, 0, 900] { #expect(try Self.refusal(Self.signed(), now: Self.now + offset) == nil) }
        let late = try #require(try Self.refusal(Self.signed(), now: Self.now + 901))
        #expect(late.code == .invalidSignature && late.message.hasPrefix("Signature expired") && late.httpStatus == 403)
        #expect(late.message.contains("20270115T080000Z") && late.message.contains("20270115T081501Z"))
        let early = try #require(try Self.refusal(Self.signed(), now: Self.now - 901))
        #expect(early.code == .invalidSignature && early.message.hasPrefix("Signature not yet current"))
    }

    @Test("in a query is good until it expires")
    func presignedIsGoodUntilItExpires() throws {
        for offset: Int64 in [-900, 0, 3_600] { #expect(try Self.refusal(Self.presigned(expires: 3_600), now: Self.now + offset) == nil) }
        #expect(try Self.refusal(Self.presigned(expires: 3_600), now: Self.now + 3_601)?.code == .requestExpired)
        #expect(try Self.refusal(Self.presigned(expires: 3_600), now: Self.now - 901)?.code == .invalidSignature)
        #expect(try Self.refusal(Self.presigned(expires: 604_800), now: Self.now + 604_800) == nil)
        for expires in [-1, 0, 604_801, 9_999_999] { #expect(try Self.refusal(Self.presigned(expires: expires))?.code == .incompleteSignature, "\(expires)") }
    }

    @Test("is for one service, and for one region where that matters")
    func isForOneScope() throws {
        #expect(try Self.refusal(Self.signed(), region: "eu-central-1") == nil)
        let region = try #require(try Self.refusal(Self.signed(), region: "us-east-1"))
        #expect(region.message.contains("'us-east-1'") && region.message.contains("'eu-central-1'"))
        let service = try #require(try Self.refusal(Self.signed(), service: "sts"))
        #expect(service.message.contains("'sts'") && service.message.contains("'bedrock'"))
    }

    @Test("covers host and every x-amz-* header")
    func coversWhatMatters() throws {
        var more = Self.signed()
        more.headers.append(("Accept", "*/*"))
        #expect(try Self.refusal(more) == nil)
        more.headers.append(("X-Amz-Target", "Other.Operation"))
        #expect(try Self.refusal(more)?.message.contains("not signed: 'x-amz-target'") == true)
        let withoutHost = SigV4Request(method: "GET", path: "/", query: "", headers: [("Date", "x")])
        #expect(try Self.refusal(Self.signed(withoutHost))?.message.contains("'host'") == true)
        var stripped = Self.signed()
        stripped.headers.removeAll { $0.name == "Content-Type" }
        #expect(try Self.refusal(stripped)?.message.contains("'content-type' is signed but did not arrive") == true)
    }

    @Test("declares a body, or none")
    func declaresABody() throws {
        let hash = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
        let declared = Self.signed(Self.replacing("x-amz-content-sha256", with: hash, in: Self.plain))
        #expect(try SigV4Claim(declared)?.declaredPayload == .sha256(hash))
        #expect(try Self.refusal(declared) == nil)
        let other = try #require(try Self.refusal(declared, body: Array("{} ".utf8)))
        #expect(other.message.contains("x-amz-content-sha256") && other.message.contains("3 bytes"))
        #expect(try Self.refusal(Self.signed(), body: []) != nil)

        let unsigned = Self.signed(Self.replacing("x-amz-content-sha256", with: "UNSIGNED-PAYLOAD", in: Self.plain))
        #expect(try SigV4Claim(unsigned)?.declaredPayload == .unsigned)
        #expect(try Self.refusal(unsigned, body: Array("anything".utf8)) == nil)

        for value in ["STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"] {
            let chunked = try #require(try Self.refusal(Self.signed(Self.replacing("x-amz-content-sha256", with: value, in: Self.plain))))
            #expect(chunked.code == .incompleteSignature && chunked.message.contains("Chunked signing"))
        }
        for value in [hash.uppercased(), "", "44"] {
            #expect(try Self.refusal(Self.signed(Self.replacing("x-amz-content-sha256", with: value, in: Self.plain)))?.code == .incompleteSignature, "\(value)")
        }
    }

    @Test("of another kind is refused by name")
    func ofAnotherKindIsRefused() throws {
        let authorization = try #require(Self.signed().headers.last).value
        let asymmetric = authorization.replacing("AWS4-HMAC-SHA256", with: "AWS4-ECDSA-P256-SHA256")
        #expect(try Self.refusal(Self.replacing("authorization", with: asymmetric, in: Self.signed()))?.message.contains("4A") == true)
        #expect(try Self.refusal(Self.replacing("authorization", with: "AWS AKIDEXAMPLE:abc=", in: Self.plain))?.message.contains("Version 2") == true)
        #expect(try Self.refusal(Self.replacing("authorization", with: authorization.replacing("SHA256", with: "SHA512"), in: Self.signed()))?.code == .incompleteSignature)
        var query = Self.presigned()
        query.query = query.query.replacing("AWS4-HMAC-SHA256", with: "AWS4-ECDSA-P256-SHA256")
        #expect(try Self.refusal(query)?.message.contains("4A") == true)
    }

    @Test("twice is refused")
    func twiceIsRefused() throws {
        var both = Self.presigned()
        both.headers += Self.signer.sign(both, payload: .bytes(Self.body), secondsSince1970: Self.now)
        #expect(try Self.refusal(both)?.message.hasPrefix("Only one auth mechanism") == true)
        #expect(try Self.refusal(Self.replacing("authorization", with: "Bearer abc", in: Self.presigned()))?.message.hasPrefix("Only one auth mechanism") == true)
        var twice = Self.signed()
        twice.headers.append(("Authorization", "Bearer abc"))
        #expect(try Self.refusal(twice)?.message.hasPrefix("Only one auth mechanism") == true)
        for name in ["X-Amz-Date", "X-Amz-Signature", "X-Amz-Credential", "X-Amz-Security-Token"] {
            var repeated = Self.presigned()
            repeated.query += "&\(name)=a&\(name)=b"
            #expect(try Self.refusal(repeated)?.message.contains("'\(name)' is there more than once") == true)
        }
        for name in ["x-amz-date", "x-amz-content-sha256", "x-amz-security-token"] {
            var repeated = Self.signed()
            repeated.headers += [(name, "20270115T080000Z"), (name, "20270115T080000Z")]
            #expect(try Self.refusal(repeated)?.code == .incompleteSignature, "\(name)")
        }
    }

    @Test(
        "of a wrong form is refused with what is wrong",
        arguments: [
            ("AWS4-HMAC-SHA256", "requires 'Credential' parameter"),
            ("AWS4-HMAC-SHA256 Credential=a/20270115/r/s/aws4_request, Signature=00", "requires 'SignedHeaders' parameter"),
            ("AWS4-HMAC-SHA256 Credential=a, Credential=b", "each once"),
            ("AWS4-HMAC-SHA256 Nonsense", "each once"),
            ("AWS4-HMAC-SHA256 Credential=a/20270115/r/s, SignedHeaders=host, Signature=00", "Credential must have the form"),
            ("AWS4-HMAC-SHA256 Credential=a/20270115/r/s/aws3_request, SignedHeaders=host, Signature=00", "Credential must have the form"),
            ("AWS4-HMAC-SHA256 Credential=a/20270115//s/aws4_request, SignedHeaders=host, Signature=00", "Credential must have the form"),
            ("AWS4-HMAC-SHA256 Credential=a/b/20270115/r/s/aws4_request, SignedHeaders=host, Signature=00", "Credential must have the form"),
            ("AWS4-HMAC-SHA256 Credential=a/20270115/r/s/aws4_request, SignedHeaders=x;host, Signature=00", "sorted"),
            ("AWS4-HMAC-SHA256 Credential=a/20270115/r/s/aws4_request, SignedHeaders=Host, Signature=00", "lower-case"),
            ("AWS4-HMAC-SHA256 Credential=a/20270115/r/s/aws4_request, SignedHeaders=host;host, Signature=00", "each once"),
            ("AWS4-HMAC-SHA256 Credential=a/20270115/r/s/aws4_request, SignedHeaders=, Signature=00", "SignedHeaders must be"),
            ("AWS4-HMAC-SHA256 Credential=a/20270115/r/s/aws4_request, SignedHeaders=host, Signature=00", "64 lower-case hexadecimal digits"),
            (
                "AWS4-HMAC-SHA256 Credential=a/20270115/r/s/aws4_request, SignedHeaders=host, Signature=\(String(repeating: "A", count: 64))",
                "64 lower-case hexadecimal digits"
            ),
            (
                "AWS4-HMAC-SHA256 Credential=a/20270116/r/s/aws4_request, SignedHeaders=host, Signature=\(String(repeating: "a", count: 64))",
                "'20270116' != '20270115'"
            ),
            ("AWS4-HMAC-SHA256 Credential=\(String(repeating: "a", count: 9_000))", "longer than 8192 bytes"),
            (
                "AWS4-HMAC-SHA256 Credential=a/20270115/r/s/aws4_request, SignedHeaders=\((100...200).map { "h\($0)" }.joined(separator: ";")), Signature=00",
                "more than 100 headers"
            ),
        ])
    func ofWrongFormIsRefused(authorization: String, expected: String) throws {
        let rejection = try #require(try Self.refusal(Self.replacing("authorization", with: authorization, in: Self.signed())))
        #expect(rejection.message.contains(expected), "\(rejection.message)")
        #expect(rejection.message.utf8.count < 600)
    }

    @Test("without a time, or a presigned one without its parameters, is refused")
    func withoutATimeIsRefused() throws {
        var request = Self.signed()
        request.headers.removeAll { $0.name == "x-amz-date" }
        #expect(try Self.refusal(request)?.message.contains("'X-Amz-Date' or a 'Date'") == true)
        for time in ["20270115T080000", "20270230T080000Z", "20270115T246060Z", "2027-01-15T08:00:00Z", "Fri, 15 Jan 2027 08:00:00 GMT", "+1"] {
            #expect(try Self.refusal(Self.replacing("x-amz-date", with: time, in: Self.signed()))?.message.contains("ISO-8601") == true, "\(time)")
        }
        var query = Self.presigned()
        query.query = query.query.replacing("X-Amz-Expires=600&", with: "")
        #expect(try Self.refusal(query)?.message.contains("missing: X-Amz-Expires") == true)
    }

    @Test("may give its time in Date, in either form")
    func mayGiveItsTimeInDate() throws {
        for date in ["Fri, 15 Jan 2027 08:00:00 GMT", "20270115T080000Z"] {
            var request = Self.signed()
            request.headers.removeAll { $0.name == "x-amz-date" }
            request.headers.append(("Date", date))
            let claim = try #require(try SigV4Claim(request))
            #expect(claim.secondsSince1970 == Self.now)
        }
    }

    @Test("that is not true is refused with what was compared, and with nothing secret")
    func aMismatchShowsWhatWasCompared() throws {
        let token = "FwoGZXIvYXdzEXAMPLETOKEN"
        let temporary = SigV4Signer(
            credentials: SigningCredentials(accessKeyID: "ASIAEXAMPLE", secretAccessKey: Self.secret, sessionToken: token), region: "eu-central-1", service: "bedrock")
        var inHeaders = Self.plain
        inHeaders.headers.append(("Cookie", "session=abc123"))
        inHeaders.headers += temporary.sign(inHeaders, payload: .bytes(Self.body), secondsSince1970: Self.now)
        var inQuery = Self.plain
        inQuery.query = temporary.presignedQuery(inQuery, payload: .bytes(Self.body), secondsSince1970: Self.now, expiresSeconds: 60)
        for request in [inHeaders, inQuery] {
            #expect(try SigV4Claim(request)?.sessionToken == token)
            #expect(try Self.refusal(request) == nil)
            let rejection = try #require(try Self.refusal(request, secret: "another-secret"))
            #expect(rejection.code == .invalidSignature)
            #expect(rejection.message.hasPrefix("The request signature we calculated does not match the signature you provided."))
            #expect(rejection.message.contains("/advanced-prompt-optimization-jobs\n") && rejection.message.contains("host:127.0.0.1:7700"))
            for secret in [token, "another-secret", Self.secret, "abc123"] { #expect(!"\(rejection)".contains(secret)) }
        }
        var long = Self.plain
        long.headers.append(("Long", String(repeating: "a", count: 10_000)))
        #expect(try #require(try Self.refusal(Self.signed(long), secret: "x")).message.utf8.count < 5_000)
    }

    @Test("of credentials never shows a secret in any description")
    func credentialsShowNoSecret() {
        let credentials = SigningCredentials(accessKeyID: "AKIDEXAMPLE", secretAccessKey: Self.secret, sessionToken: "token-abc")
        var dumped = ""
        dump(credentials, to: &dumped)
        for text in ["\(credentials)", String(reflecting: credentials), String(describing: [credentials]), dumped] {
            #expect(text.contains("AKIDEXAMPLE") && !text.contains(Self.secret) && !text.contains("token-abc"), "\(text)")
        }
    }

    @Test("is bounded in every part")
    func isBounded() throws {
        let long = String(repeating: "a", count: 200_000)
        var request = Self.signed()
        request.path = "/" + long
        #expect(try Self.refusal(request)?.message.contains("The path is longer") == true)
        request = Self.signed()
        request.query = long
        #expect(try Self.refusal(request)?.message.contains("The query is longer") == true)
        request = Self.signed()
        request.headers.append(("a", long))
        #expect(try Self.refusal(request)?.message.contains("The headers are longer") == true)
        request.headers = Self.signed().headers + Array(repeating: ("a", "b"), count: 300)
        #expect(try Self.refusal(request)?.message.contains("more than 256 headers") == true)
    }
}
