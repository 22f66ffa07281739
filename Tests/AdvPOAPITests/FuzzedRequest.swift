import AdvPOBedrock
import AdvPOModel
import Foundation
import HTTPTypes
import OrderedCollections

/// A request that began as a right one, and what was done to it.
struct FuzzedRequest: Sendable {
    /// Of the input: the same seed and the same index make the same request.
    let index: Int
    var method: HTTPRequest.Method
    var path: String
    var query: String
    var headers: HTTPFields = [:]
    var body: [UInt8]

    /// For messages: enough to see what it was.
    var summary: String {
        "input \(index): \(method) \(path.prefix(300))?\(query.prefix(300)) \(headers.map { "\($0.name): \($0.value.prefix(80))" }) "
            + "\(body.count) bytes \(String(decoding: body.prefix(600), as: UTF8.self))"
    }
}

/// Makes requests: a right one of some route, then a few changes that know its structure, or some that know nothing.
struct RequestFuzzer {
    private let index: Int
    private var random: SeededGenerator
    private var request: FuzzedRequest

    /// What stands where a string marks the place, after encoding: what no JSON value can hold.
    private static let markers: [(String, [UInt8])] = [
        "1e999", "-1e999", "1e-999", "123456789012345678901234567890", "-0", "0.1e1", "1.0", "01", "+1", ".5", "NaN", "Infinity", "tru", "nul", "'a'", "\"\\ud800\"",
        "\"\\ud83d\\ude00\"", "\"\\u0000\"", "\"\\x\"", "\"a", "[,]", "{\"a\":1,\"a\":2}", "{\"a\"}", "{1:2}", "//", "/**/1", "\u{FEFF}1", "\"\t\"",
    ].enumerated().map { ("@@\($0.offset)@@", Array($0.element.utf8)) } + [("@@raw@@", [0x22, 0xFF, 0xC3, 0x28, 0x22]), ("@@deep@@", deep)]
    private static let deep = Array((String(repeating: "[{\"a\":", count: 400) + "1" + String(repeating: "}]", count: 400)).utf8)
    private static let texts = [
        "", " ", "a", "null", "../../etc/passwd", "s3://", "s3://bucket", "s3://b/", "s3:///key", "s3://bucket/../x", "arn:", "arn:aws:bedrock:us-east-1:000000000000:",
        "arn:aws-:bedrock:us-east-1:000000000000:advanced-prompt-optimization-job/aaaaaaaaaaaa", "\u{0}", "é\u{301}", "\u{202E}abc", "😀", "\r\nX-Evil: 1",
        "%00", "%2F", "{{text}}", "advpo:", "advpo:seed", "18446744073709551616", "<script>", "\u{FFFD}", "a\u{2028}b",
    ]
    private static let names = [
        "jobName", "jobDescription", "clientToken", "inputConfig", "outputConfig", "s3Uri", "encryptionKeyArn", "modelConfigurations", "modelId", "inferenceConfig",
        "maxTokens", "temperature", "topP", "stopSequences", "additionalModelRequestFields", "tags", "key", "value", "jobIdentifiers", "", "__proto__", "jobName ",
    ]

    static func request(seed: UInt64, index: Int) -> FuzzedRequest {
        var fuzzer = RequestFuzzer(seed: seed, index: index)
        fuzzer.change()
        return fuzzer.request
    }

    private init(seed: UInt64, index: Int) {
        self.index = index
        // Neighbours share nothing: the generator mixes its state.
        random = SeededGenerator(seed: seed ^ (UInt64(index) &* 0xD134_2543_DE82_EF95))
        request = FuzzedRequest(index: index, method: .get, path: "/", query: "", body: [])
        request = right()
    }

    private static let job = "abc123def456"
    private static let create: JSONValue = [
        "jobName": "topics", "jobDescription": "What it is about", "clientToken": "token-1", "inputConfig": ["s3Uri": "s3://bucket/in.jsonl"],
        "outputConfig": ["s3Uri": "s3://bucket/out/"], "encryptionKeyArn": "arn:aws:kms:us-east-1:000000000000:key/00000000-0000-0000-0000-000000000000",
        "modelConfigurations": [
            [
                "modelId": "local.smollm2-135m", "inferenceConfig": ["maxTokens": 64, "temperature": 0.5, "topP": 1, "stopSequences": ["\n", "end"]],
                "additionalModelRequestFields": ["top_k": 3, "nested": ["a": [1, 2.5, nil, true]]],
            ]
        ], "tags": [["key": "team", "value": "search"], ["key": "advpo:budget-calls", "value": "200"], ["key": "advpo:seed", "value": "7"]],
    ]
    private static let batch: JSONValue = ["jobIdentifiers": [.string(job), .string("arn:aws:bedrock:us-east-1:000000000000:advanced-prompt-optimization-job/\(job)")]]

    /// A request as an SDK sends it. Creation comes most often: it has most to get wrong.
    private mutating func right() -> FuzzedRequest {
        let jobs = "/advanced-prompt-optimization-jobs"
        func make(_ method: HTTPRequest.Method, _ path: String, _ query: String = "", _ body: JSONValue? = nil) -> FuzzedRequest {
            FuzzedRequest(index: index, method: method, path: path, query: query, headers: body == nil ? [:] : [.contentType: "application/json"], body: body?.encoded() ?? [])
        }
        switch Int.random(in: 0..<12, using: &random) {
        case 0...4: return make(.post, jobs, "", changedJSON(Self.create))
        case 5, 6: return make(.post, "/advanced-prompt-optimization-job/batch-delete", "", changedJSON(Self.batch))
        case 7, 8: return make(.get, jobs, "maxResults=10&sortBy=CreationTime&sortOrder=Ascending&nextToken=amf3x7q8p.\(Self.job)")
        case 9: return make(.get, "\(jobs)/\(Self.job)")
        case 10: return make(.post, "\(jobs)/arn%3Aaws%3Abedrock%3Aus-east-1%3A000000000000%3Aadvanced-prompt-optimization-job%2F\(Self.job)/stop")
        default: return make(.get, Bool.random(using: &random) ? "/jobs/\(Self.job)/files/history.jsonl" : "/jobs/\(Self.job)/events")
        }
    }

    // MARK: Structure

    /// The value with up to three changes, at any depth.
    private mutating func changedJSON(_ value: JSONValue) -> JSONValue {
        var value = value
        for _ in 0..<Int.random(in: 0...3, using: &random) { value = changed(value, odds: 4) }
        return value
    }

    /// Changes something at or below `value`; at `value` itself with one chance in `odds`.
    private mutating func changed(_ value: JSONValue, odds: Int) -> JSONValue {
        if Int.random(in: 0..<odds, using: &random) == 0 { return strange(value) }
        switch value {
        case .object(var object):
            guard !object.isEmpty else { return strange(value) }
            let place = Int.random(in: 0..<object.count, using: &random)
            switch Int.random(in: 0..<8, using: &random) {
            case 0: object.remove(at: place)
            case 1: object[Self.names.randomElement(using: &random) ?? ""] = object.values[place]
            case 2: object[text()] = strange(.null)
            default: object.values[place] = changed(object.values[place], odds: max(odds - 1, 1))
            }
            return .object(object)
        case .array(var array):
            guard let place = array.indices.randomElement(using: &random) else { return strange(value) }
            switch Int.random(in: 0..<8, using: &random) {
            case 0: array.remove(at: place)
            case 1: array = Array(repeating: array[place], count: [0, 2, 6, 26, 201, 2_501].randomElement(using: &random) ?? 2)
            case 2: array.append(strange(.null))
            default: array[place] = changed(array[place], odds: max(odds - 1, 1))
            }
            return .array(array)
        case .null, .bool, .number, .string: return strange(value)
        }
    }

    private mutating func strange(_ value: JSONValue) -> JSONValue {
        switch Int.random(in: 0..<10, using: &random) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &random))
        case 2: return .number(JSONNumber([0, -1, 1, 2_147_483_648, .max, .min].randomElement(using: &random) ?? 0))
        case 3: return .array([value, value])
        case 4: return .object([Self.names.randomElement(using: &random) ?? "": value])
        case 5: return .string(Self.markers.randomElement(using: &random)?.0 ?? "")
        default: return .string(value.stringValue.map { edited($0) } ?? text())
        }
    }

    private mutating func text() -> String {
        let text = Self.texts.randomElement(using: &random) ?? ""
        return Int.random(in: 0..<6, using: &random) == 0 ? String(repeating: text + "a", count: [1, 63, 500, 2_048].randomElement(using: &random) ?? 1) : text
    }

    private mutating func edited(_ text: String) -> String {
        var scalars = Array(text.unicodeScalars)
        let place = Int.random(in: 0...scalars.count, using: &random)
        let other = Array(self.text().unicodeScalars)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: scalars.insert(contentsOf: other, at: place)
        case 1: scalars.removeSubrange(place..<min(place + 1, scalars.count))
        default: scalars.replaceSubrange(place..<min(place + 1, scalars.count), with: other.prefix(1))
        }
        return String(String.UnicodeScalarView(scalars))
    }

    // MARK: The rest

    private mutating func change() {
        fillMarkers()
        if Int.random(in: 0..<4, using: &random) == 0 { changeBytes() }
        if Int.random(in: 0..<4, using: &random) == 0 { changePath() }
        if Int.random(in: 0..<2, using: &random) == 0 { changeQuery() }
        if Int.random(in: 0..<4, using: &random) == 0 { changeHeaders() }
        if Int.random(in: 0..<20, using: &random) == 0 {
            request.method = [.get, .post, .put, .patch, .delete, .options, .head, .connect, .trace].randomElement(using: &random) ?? .get
        }
        if Int.random(in: 0..<500, using: &random) == 0 {
            request.body += Array(repeating: UInt8(ascii: " "), count: 1024 * 1024 - request.body.count + Int.random(in: 0...1, using: &random))
        }
    }

    /// Puts what no JSON value can hold where its markers stand.
    private mutating func fillMarkers() {
        guard request.body.contains(UInt8(ascii: "@")) else { return }
        var text = String(decoding: request.body, as: UTF8.self)
        for (marker, _) in Self.markers where text.contains(marker) {
            guard let range = text.range(of: "\"\(marker)\"") else { continue }
            text.replaceSubrange(range, with: marker)
        }
        request.body = Array(text.utf8)
        for (marker, bytes) in Self.markers where text.contains(marker) {
            guard let start = text.range(of: marker) else { continue }
            let first = text.utf8.distance(from: text.startIndex, to: start.lowerBound)
            request.body.replaceSubrange(first..<first + marker.utf8.count, with: bytes)
            return
        }
    }

    private mutating func changeBytes() {
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let place = Int.random(in: 0...request.body.count, using: &random)
            let end = min(request.body.count, place + Int.random(in: 0...9, using: &random))
            switch Int.random(in: 0..<4, using: &random) {
            case 0: request.body.insert(UInt8.random(in: 0...255, using: &random), at: place)
            case 1: request.body.removeSubrange(place..<end)
            case 2: request.body = Array(request.body[..<place])
            default: request.body.insert(contentsOf: request.body[place..<end], at: place)
            }
        }
    }

    private mutating func changePath() {
        var segments = request.path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let place = Int.random(in: 1..<segments.count, using: &random)
        let strange = ["", ".", "..", "%", "%2", "%zz", "%00", "%FF", "%2e%2e", "%F0%9F%98%80", "a%2Fb", "{jobIdentifier}", "*", "a b", "~", "a;b=c", "é", String(repeating: "a", count: 3_000)]
        switch Int.random(in: 0..<5, using: &random) {
        case 0: segments.insert(strange.randomElement(using: &random) ?? "", at: place)
        case 1: segments.remove(at: place)
        case 2: segments[place] += strange.randomElement(using: &random) ?? ""
        case 3: segments[place] = segments[place].uppercased()
        default: segments[place] = strange.randomElement(using: &random) ?? ""
        }
        request.path = segments.joined(separator: "/")
        if !request.path.hasPrefix("/") { request.path = "/" + request.path }
    }

    private mutating func changeQuery() {
        let names = ["maxResults", "nextToken", "sortBy", "sortOrder", "other", "", "maxResults%00", "X-Amz-Signature", "X-Amz-Algorithm", "X-Amz-Date"]
        let values = [
            "", "0", "1", "1000", "1001", "-1", "9223372036854775808", "1e3", "%", "%zz", "%FF", "+", "a=b", "CreationTime", "Ascending", "descending", "a.b", "d.", "a.aaaaaaaaaaaa",
            "azzzzzzzzzzzzzzzzzzz.\(Self.job)", "a-zz.\(Self.job)", "d1.\(Self.job)", String(repeating: "x", count: 2_049), "%20", "%E2%80%A8", "AWS4-HMAC-SHA256",
        ]
        var parts = request.query.isEmpty ? [] : request.query.split(separator: "&").map(String.init)
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let part = "\(names.randomElement(using: &random) ?? "")\(Int.random(in: 0..<8, using: &random) == 0 ? "" : "=")\(values.randomElement(using: &random) ?? "")"
            if let place = parts.indices.randomElement(using: &random), Bool.random(using: &random) { parts[place] = part } else { parts.append(part) }
        }
        request.query = parts.joined(separator: Int.random(in: 0..<20, using: &random) == 0 ? "&&" : "&")
    }

    private mutating func changeHeaders() {
        let names = [
            "Content-Type", "Origin", "Authorization", "X-Amz-Date", "X-Amz-Content-Sha256", "X-Amz-Security-Token", "X-Amz-Target", "Content-Encoding", "Expect",
            "X-Forwarded-For", "Accept", "Cookie", "x-amzn-RequestId", "Range", "If-None-Match", "Upgrade", "X-HTTP-Method-Override",
        ]
        let values = [
            "", "a", "text/plain", "application/json; charset=utf-16", "http://127.0.0.1", "https://evil.example", "null", "Bearer", "Bearer token", "Basic YTpi", "gzip", "100-continue",
            "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/bedrock/aws4_request, SignedHeaders=host, Signature=00", "AWS4-HMAC-SHA256 ,,,=,",
            "AWS4-ECDSA-P256-SHA256 Credential=a", "20260101T000000Z", "UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "bytes=0-", String(repeating: "a", count: 5_000), "é",
        ]
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            guard let name = names.randomElement(using: &random).flatMap({ HTTPField.Name($0) }) else { continue }
            request.headers.append(HTTPField(name: name, value: values.randomElement(using: &random) ?? ""))
        }
    }
}
