import AdvPOBedrock
import AdvPOTestSupport
import Foundation
import Testing

@Suite("Signatures")
struct PublishedSignatureTests {
    @Test("are those that AWS publishes", arguments: try SignatureCase.read("sigv4-published"))
    func areThoseOfAWS(_ one: SignatureCase) throws {
        try expectSame(one)
    }

    @Test("are those that botocore makes, and botocore's own requests are accepted", .longRunning)
    func areThoseOfBotocore() throws {
        let cases = try SignatureCase.read("sigv4-botocore")
        #expect(cases.count >= 200)
        for one in cases {
            if one.isForVerifierOnly != true { try expectSame(one) }
            let request = try #require(one.signedByOther, "\(one.name)")
            #expect(try one.refusal(request) == nil, "\(one.name)")
            let claim = try #require(try SigV4Claim(request))
            #expect(claim.accessKeyID == one.accessKeyId && claim.region == one.region && claim.service == one.service && claim.sessionToken == one.sessionToken)
            #expect(try claim.secondsSince1970 == one.seconds() && claim.isPresigned == (one.form == .query))
        }
    }

    @Test("are refused when any byte that they cover is another", .longRunning)
    func areRefusedWhenAByteIsAnother() throws {
        var tried = 0
        for one in try SignatureCase.read("sigv4-botocore").prefix(12) {
            let request = try one.signed()
            for (what, changed, body) in Self.changes(of: request, one) {
                #expect(try one.refusal(changed, body: body) != nil, "\(one.name): \(what)")
                tried += 1
            }
        }
        #expect(tried > 1_000)
    }

    private func expectSame(_ one: SignatureCase) throws {
        let signed = try one.signed()
        if one.form == .header {
            let authorization = try #require(signed.headers.last)
            let scope = "\(one.time.prefix(8))/\(one.region)/\(one.service)/aws4_request"
            let expected = "AWS4-HMAC-SHA256 Credential=\(one.accessKeyId)/\(scope), SignedHeaders=\(one.signedHeaders), Signature=\(one.signature)"
            #expect(authorization.name == "authorization" && authorization.value == expected, "\(one.name)")
        } else {
            #expect(signed.query.hasSuffix("&X-Amz-Signature=\(one.signature)"), "\(one.name)")
            #expect(signed.query.contains("X-Amz-SignedHeaders=\(one.signedHeaders.replacing(";", with: "%3B"))&"), "\(one.name)")
        }
        #expect(try one.refusal(signed) == nil, "\(one.name)")
    }

    /// Each with one byte that is another, such that the request says something else.
    private static func changes(of request: SigV4Request, _ one: SignatureCase) -> [(what: String, SigV4Request, body: [UInt8])] {
        var changes: [(String, SigV4Request, [UInt8])] = []
        func meaning(_ request: SigV4Request) -> RequestMeaning { RequestMeaning(request, body: [], signedHeaders: one.signedHeaders, service: one.service) }
        let signedMeaning = meaning(request)
        func add(_ what: String, body: [UInt8]? = nil, _ change: (inout SigV4Request) -> Void) {
            var changed = request
            change(&changed)
            if body == nil, meaning(changed) == signedMeaning { return }
            changes.append((what, changed, body ?? one.body))
        }
        add("method") { $0.method += "X" }
        for index in request.path.utf8.indices.dropFirst() { add("path") { $0.path = Self.changed($0.path, at: index) } }
        for index in request.query.utf8.indices { add("query") { $0.query = Self.changed($0.query, at: index) } }
        add("query") { $0.query += "&more=1" }
        let signed = one.signedHeaders.split(separator: ";").map(String.init)
        for (number, header) in request.headers.enumerated() where signed.contains(header.name.lowercased()) {
            for index in header.value.utf8.indices { add(header.name) { $0.headers[number].value = Self.changed(header.value, at: index) } }
            add("no \(header.name)") { $0.headers.remove(at: number) }
            add("twice \(header.name)") { $0.headers.append(header) }
        }
        if let authorization = request.headers.firstIndex(where: { $0.name == "authorization" }) {
            let value = request.headers[authorization].value
            for index in value.utf8.indices.suffix(64) {
                changes.append(("signature", request, one.body))
                changes[changes.count - 1].1.headers[authorization].value = Self.changed(value, at: index)
            }
        }
        // A declared UNSIGNED-PAYLOAD covers no body; neither does a presigned request to S3.
        let isBodySigned = one.payload != .unsigned && !request.headers.contains { $0.value == "UNSIGNED-PAYLOAD" }
        if isBodySigned {
            add("body", body: one.body + [0]) { _ in }
            for index in one.body.indices {
                var body = one.body
                body[index] ^= 1
                add("body", body: body) { _ in }
            }
        }
        return changes
    }

    /// An ASCII byte becomes another letter or digit; one of a longer character is replaced with it whole.
    private static func changed(_ text: String, at index: String.Index) -> String {
        var bytes = Array(text.utf8)
        let position = text.utf8.distance(from: text.utf8.startIndex, to: index)
        guard bytes[position] < 128 else { return text + "x" }
        bytes[position] = bytes[position] == UInt8(ascii: "0") ? UInt8(ascii: "1") : UInt8(ascii: "0")
        return String(decoding: bytes, as: UTF8.self)
    }
}
