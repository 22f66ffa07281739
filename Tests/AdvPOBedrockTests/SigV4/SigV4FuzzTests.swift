import AdvPOBedrock
import AdvPOModel
import AdvPOTestSupport
import Foundation
import Testing

/// Requests that were signed and then changed, at random. Nothing traps, and what is accepted means what was signed.
///
/// `ADVPO_FUZZ_INPUTS` makes more of them, as in `ADVPO_FUZZ_INPUTS=10000000 swift test --filter SigV4FuzzTests`.
@Suite("Changed requests", .longRunning)
struct SigV4FuzzTests {
    @Test("are accepted only when they mean what was signed")
    func areAcceptedOnlyWhenTheyMeanTheSame() throws {
        let inputs = ProcessInfo.processInfo.environment["ADVPO_FUZZ_INPUTS"].flatMap(Int.init) ?? 8_000
        var fuzzer = try Fuzzer(seed: 1)
        for _ in 0..<inputs {
            let input = fuzzer.next()
            let isAccepted = try input.isAccepted(input.changed, input.body)
            if let violation = input.violation(accepts: { _, _ in isAccepted }) { Issue.record("\(violation)") }
            fuzzer.count(isAccepted)
        }
        // Neither half of the fuzzer is idle.
        #expect(fuzzer.accepted > inputs / 50 && fuzzer.refused > inputs / 5, "\(fuzzer.accepted) accepted, \(fuzzer.refused) refused")
    }

    /// Verifiers with a hole each: the check above must find it.
    @Test("are told from what was signed, when a verifier has a hole", arguments: Hole.allCases)
    func areToldFromWhatWasSigned(hole: Hole) throws {
        var fuzzer = try Fuzzer(seed: 2)
        for _ in 0..<20_000 {
            let input = fuzzer.next()
            let violation = try input.violation { request, body in try input.isAccepted(hole.mended(request, like: input.original), body) }
            if violation != nil { return }
        }
        Issue.record("the hole '\(hole)' was not found")
    }

    /// What a verifier with a hole does not look at.
    enum Hole: CaseIterable {
        case method, path, query, signedHeader

        func mended(_ request: SigV4Request, like original: SigV4Request) -> SigV4Request {
            var mended = request
            switch self {
            case .method: mended.method = original.method
            case .path: mended.path = original.path
            case .query: mended.query = original.query
            case .signedHeader: mended.headers = original.headers
            }
            return mended
        }
    }
}

/// A signed request and what became of it.
private struct FuzzInput {
    let original: SigV4Request
    let changed: SigV4Request
    let body: [UInt8]
    let one: SignatureCase
    let isBodySigned: Bool

    func isAccepted(_ request: SigV4Request, _ body: [UInt8]) throws -> Bool { try one.refusal(request, body: body) == nil }

    /// What is wrong with a verifier's verdict on the changed request; nil when it is right or a refusal.
    func violation(accepts: (SigV4Request, [UInt8]) throws -> Bool) rethrows -> String? {
        guard try accepts(changed, body), meaning(changed, body) != meaning(original, one.body) else { return nil }
        return "accepted \(changed) with \(body), though signed was \(original) with \(one.body)"
    }

    private func meaning(_ request: SigV4Request, _ body: [UInt8]) -> RequestMeaning {
        RequestMeaning(request, body: isBodySigned ? body : [], signedHeaders: one.signedHeaders, service: one.service)
    }
}

/// Seeded: one seed, the same inputs.
private struct Fuzzer {
    private(set) var accepted = 0
    private(set) var refused = 0
    private var generator: SeededGenerator
    private let cases: [(one: SignatureCase, request: SigV4Request)]

    init(seed: UInt64) throws {
        generator = SeededGenerator(seed: seed)
        cases = try SignatureCase.read("sigv4-botocore").compactMap { one in one.signedByOther.map { (one, $0) } }
    }

    mutating func count(_ isAccepted: Bool) {
        if isAccepted { accepted += 1 } else { refused += 1 }
    }

    mutating func next() -> FuzzInput {
        let (one, original) = cases[below(cases.count)]
        var changed = original
        var body = one.body
        for _ in 0..<(1 + below(3)) { change(&changed, &body) }
        let isUnsigned = one.payload == .unsigned || original.headers.contains { $0.name.lowercased() == "x-amz-content-sha256" && $0.value == "UNSIGNED-PAYLOAD" }
        return FuzzInput(original: original, changed: changed, body: body, one: one, isBodySigned: !isUnsigned)
    }

    private mutating func change(_ request: inout SigV4Request, _ body: inout [UInt8]) {
        let header = below(max(1, request.headers.count))
        let hasHeader = !request.headers.isEmpty
        switch below(16) {
        case 0: request.method = damaged(request.method)
        case 1: request.path = damaged(request.path)
        case 2: request.query = damaged(request.query)
        case 3: request.path = respelt(request.path, separator: "/", with: ["//", "/./", "/x/../"])
        case 4: request.query = respelt(request.query, separator: "&", with: ["&&"])
        case 5: request.query = escaped(request.query)
        case 6: request.query = request.query.split(separator: "&").shuffled(using: &generator).joined(separator: "&")
        case 7: request.query += (request.query.isEmpty ? "" : "&") + token()
        case 8: request.headers.shuffle(using: &generator)
        case 9: request.headers.append((one(["X-Amz-Meta-A", "Accept", "Host", "Authorization", "x-amz-date", "X-Forwarded-For", ""]), token()))
        case 10 where hasHeader: request.headers[header].value = damaged(request.headers[header].value)
        case 11 where hasHeader: request.headers[header].name = damaged(request.headers[header].name)
        case 12 where hasHeader: request.headers[header].name = below(2) == 0 ? request.headers[header].name.uppercased() : request.headers[header].name.lowercased()
        case 13 where hasHeader:
            request.headers[header].value = respelt(" \(request.headers[header].value)\t", separator: " ", with: ["  ", " \t "])
        case 14 where hasHeader: request.headers.remove(at: header)
        case 15: body = Array(damaged(String(decoding: body, as: UTF8.self)).utf8)
        default: request.headers.append(("Accept-Language", token()))
        }
    }

    /// A few bytes changed, taken, put in or said twice.
    private mutating func damaged(_ text: String) -> String {
        var bytes = Array(text.utf8)
        let position = below(bytes.count + 1)
        switch below(6) {
        case 0: bytes.insert(UInt8(truncatingIfNeeded: below(256)), at: position)
        case 1: bytes.insert(contentsOf: token().utf8, at: position)
        case 2 where position < bytes.count: bytes.remove(at: position)
        case 3 where position < bytes.count: bytes[position] ^= UInt8(1 << below(8))
        case 4: bytes += bytes[position...]
        case 5: bytes.removeLast(min(bytes.count, below(4)))
        default: bytes.append(UInt8(ascii: "0"))
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The same in another spelling, as a rule.
    private mutating func respelt(_ text: String, separator: Character, with spellings: [String]) -> String {
        var result = ""
        for character in text { result += character == separator && below(3) == 0 ? one(spellings) : String(character) }
        return result
    }

    /// One letter or digit as an escape, in upper or lower case.
    private mutating func escaped(_ text: String) -> String {
        var bytes = Array(text.utf8)
        guard let position = bytes.indices.randomElement(using: &generator), bytes[position] != UInt8(ascii: "%") else { return text }
        let escape = "%" + String(bytes[position], radix: 16, uppercase: below(2) == 0)
        bytes.replaceSubrange(position...position, with: escape.utf8)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static let tokens = [
        "%", "%2", "%2F", "..", "/", "//", "&", "=", ";", ",", " ", "\u{0}", "\r\n", "\u{301}", "+", "a=b", "AWS4-HMAC-SHA256 ", "AWS4-ECDSA-P256-SHA256",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "UNSIGNED-PAYLOAD", "Bearer abc", "X-Amz-Signature=0", "X-Amz-Expires=1", "X-Amz-Algorithm=AWS4-HMAC-SHA256",
        "X%2DAmz-Date=20150830T123600Z", "Credential=a/b/c/d/aws4_request", "SignedHeaders=host", "99999999999999999999",
    ]
    private static let longToken = String(repeating: "x", count: 40_000)

    private mutating func token() -> String { below(200) == 0 ? Self.longToken : one(Self.tokens) }

    private mutating func one<Element>(_ items: [Element]) -> Element { items[below(items.count)] }
    private mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &generator) }
}
