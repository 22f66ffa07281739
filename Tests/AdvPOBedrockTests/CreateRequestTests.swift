import AdvPOBedrock
import AdvPOModel
import OrderedCollections
import Testing

@Suite struct CreateRequestTests {
    private static let valid: JSONObject = [
        "jobName": "topics", "inputConfig": ["s3Uri": "s3://bucket/input.jsonl"], "outputConfig": ["s3Uri": "s3://bucket/out/"],
        "modelConfigurations": [["modelId": "local.smollm2-135m"]],
    ]

    private static func with(_ name: String, _ value: JSONValue) -> JSONValue {
        var object = valid
        object[name] = value
        return .object(object)
    }

    private static func text(_ count: Int) -> JSONValue { .string(String(repeating: "a", count: count)) }
    private static func model(_ name: String, _ value: JSONValue) -> JSONValue { [["modelId": "a.bc", "inferenceConfig": .object([name: value])]] }
    private static func extra(_ key: String) -> JSONValue { [["modelId": "a.bc", "additionalModelRequestFields": .object([key: [1, nil, "x"]])]] }
    private static func models(_ count: Int) -> JSONValue { .array(Array(repeating: ["modelId": "a.bc"], count: count)) }
    private static func stops(_ count: Int) -> JSONValue { .array(Array(repeating: "x", count: count)) }
    private static func tag(_ key: JSONValue, _ value: JSONValue) -> JSONValue { [["key": key, "value": value]] }
    private static func uri(_ count: Int, _ end: String = "") -> JSONValue {
        ["s3Uri": .string("s3://bucket/" + String(repeating: "k", count: count - 12 - end.count) + end)]
    }
    private static let keyARN = "arn:aws:kms:us-east-1:123456789012:key/12345678-1234-1234-1234-123456789012"

    /// Member, a value just inside, one just outside, and how the outside one is named.
    static let edges: [(String, JSONValue, JSONValue, String)] = [
        ("jobName", text(100), text(101), "jobName"),
        ("jobName", "a", "", "jobName"),
        ("jobName", "a-1.+", "a_1", "jobName"),
        ("jobName", "1a", ".a", "jobName"),
        ("jobName", "a", 1, "jobName"),
        ("jobDescription", text(500), text(501), "jobDescription"),
        ("jobDescription", "ü", "", "jobDescription"),
        ("clientToken", text(256), text(257), "clientToken"),
        ("clientToken", "a-b", "a-", "clientToken"),
        ("inputConfig", uri(1024), uri(1025), "inputConfig.s3Uri"),
        ("inputConfig", ["s3Uri": "s3://abc"], ["s3Uri": "s3://ab"], "inputConfig.s3Uri"),
        ("inputConfig", ["s3Uri": "s3://bucket/a/b"], ["s3Uri": "s3://bucket/a//b"], "inputConfig.s3Uri"),
        ("inputConfig", ["s3Uri": "s3://bucket/a"], [:], "inputConfig.s3Uri"),
        ("outputConfig", uri(1024, "/"), uri(1025, "/"), "outputConfig.s3Uri"),
        ("outputConfig", ["s3Uri": "s3://bucket/"], ["s3Uri": "s3://bucket"], "outputConfig.s3Uri"),
        ("encryptionKeyArn", .string(keyARN), .string(keyARN + "a"), "encryptionKeyArn"),
        ("encryptionKeyArn", .string(keyARN), .string(keyARN.replacingOccurrences("key/", "alias/")), "encryptionKeyArn"),
        ("modelConfigurations", models(5), models(6), "modelConfigurations"),
        ("modelConfigurations", models(1), models(0), "modelConfigurations"),
        ("modelConfigurations", models(1), [[:]], "modelConfigurations.1.member.modelId"),
        ("modelConfigurations", [["modelId": "a.bc"]], [["modelId": "a"]], "modelConfigurations.1.member.modelId"),
        ("modelConfigurations", model("maxTokens", 1), model("maxTokens", 0), "modelConfigurations.1.member.inferenceConfig.maxTokens"),
        ("modelConfigurations", model("maxTokens", 2_147_483_647), model("maxTokens", 2_147_483_648), "modelConfigurations.1.member.inferenceConfig.maxTokens"),
        ("modelConfigurations", model("maxTokens", 2), model("maxTokens", 1.5), "modelConfigurations.1.member.inferenceConfig.maxTokens"),
        ("modelConfigurations", model("temperature", 0), model("temperature", -0.001), "modelConfigurations.1.member.inferenceConfig.temperature"),
        ("modelConfigurations", model("temperature", 1), model("temperature", 1.001), "modelConfigurations.1.member.inferenceConfig.temperature"),
        ("modelConfigurations", model("topP", 1), model("topP", 1.001), "modelConfigurations.1.member.inferenceConfig.topP"),
        ("modelConfigurations", model("topP", 0), model("topP", "0"), "modelConfigurations.1.member.inferenceConfig.topP"),
        ("modelConfigurations", model("stopSequences", stops(2500)), model("stopSequences", stops(2501)), "modelConfigurations.1.member.inferenceConfig.stopSequences"),
        ("modelConfigurations", model("stopSequences", []), model("stopSequences", [""]), "modelConfigurations.1.member.inferenceConfig.stopSequences.1.member"),
        ("modelConfigurations", extra(String(repeating: "k", count: 100)), extra(String(repeating: "k", count: 101)), "additionalModelRequestFields.key"),
        ("modelConfigurations", extra("k"), extra(""), "additionalModelRequestFields.key"),
        ("tags", tag(text(128), ""), tag(text(129), ""), "tags.1.member.key"),
        ("tags", tag("k", text(256)), tag("k", text(257)), "tags.1.member.value"),
        ("tags", tag("k", "a b"), tag("k", "a#b"), "tags.1.member.value"),
        ("tags", tag("k", ""), tag("", "v"), "tags.1.member.key"),
        ("tags", tag("k", "v"), [["key": "k"]], "tags.1.member.value"),
        ("tags", [["key": "a", "value": "1"], ["key": "b", "value": "1"]], [["key": "a", "value": "1"], ["key": "a", "value": "2"]], "tags.2.member.key"),
    ]

    @Test("a value just inside is taken, one just outside is refused by its name", arguments: edges)
    func constraints(_ member: String, _ inside: JSONValue, _ outside: JSONValue, _ path: String) throws {
        #expect(throws: Never.self) { try CreateJobRequest(json: Self.with(member, inside)) }
        let error = #expect(throws: APIError.self) { try CreateJobRequest(json: Self.with(member, outside)) }
        #expect(error?.code == .validation)
        #expect(error?.message.hasPrefix("1 validation error detected: ") == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("\(path)' failed to satisfy constraint: ") == true, "\(error?.message ?? "")")
    }

    @Test("each required member is missed by its name, absent or null", arguments: ["jobName", "inputConfig", "outputConfig", "modelConfigurations"])
    func required(_ member: String) {
        var absent = Self.valid
        absent[member] = nil
        for json in [JSONValue.object(absent), Self.with(member, .null)] {
            let error = #expect(throws: APIError.self) { try CreateJobRequest(json: json) }
            #expect(error?.message.contains("Value at '\(member)' failed to satisfy constraint: Member must not be null") == true)
        }
    }

    @Test("200 tags are taken, 201 are too many tags")
    func tooManyTags() throws {
        func tags(_ count: Int) -> JSONValue { .array((0..<count).map { ["key": .string("k\($0)"), "value": ""] }) }
        #expect(try CreateJobRequest(json: Self.with("tags", tags(200))).tags.count == 200)
        let error = #expect(throws: APIError.self) { try CreateJobRequest(json: Self.with("tags", tags(201))) }
        #expect(error?.code == .tooManyTags)
        #expect(error?.json.objectValue?["resourceName"] == "topics")
    }

    @Test("a request survives being encoded and decoded, unknown members are ignored")
    func roundTrip() throws {
        let request = CreateJobRequest(
            jobName: "a", jobDescription: "ü", clientToken: "t", encryptionKeyArn: Self.keyARN, inputURI: "s3://bucket/in", outputURI: "s3://bucket/out/",
            models: [
                ModelConfiguration(
                    modelID: "a.bc", inference: InferenceConfiguration(maxTokens: 3, temperature: 0.25, topP: 1, stopSequences: ["\n"]),
                    additionalModelRequestFields: ["k": ["n": [1, nil]]]),
                ModelConfiguration(modelID: "d.ef"),
            ], tags: [.init(key: "k", value: "v")])
        #expect(try CreateJobRequest(json: request.json) == request)
        #expect(throws: Never.self) { try CreateJobRequest(json: Self.with("somethingNew", ["a": 1])) }
    }

    @Test(
        "the order of keys makes no other request; a value, a spelling or the order of a list does",
        arguments: [
            (#"{"a": 1, "b": {"c": [1, {"x": 1, "y": 2}], "d": null}}"#, true), (#"{"b": {"d": null, "c": [1, {"y": 2, "x": 1}]}, "a": 1}"#, true),
            (#"{"a": 1, "b": {"c": [{"x": 1, "y": 2}, 1], "d": null}}"#, false), (#"{"a": 1, "b": {"c": [1, {"x": 1, "y": 2}]}}"#, false),
            (#"{"a": 2, "b": {"c": [1, {"x": 1, "y": 2}], "d": null}}"#, false), (#"{"a": "1", "b": {"c": [1, {"x": 1, "y": 2}], "d": null}}"#, false), ("{}", false),
        ])
    func sameness(fields: String, isSame: Bool) throws {
        func request(_ fields: String) throws -> CreateJobRequest {
            try CreateJobRequest(json: Self.with("modelConfigurations", [["modelId": "a.bc", "additionalModelRequestFields": JSONValue(parsing: fields)]]))
        }
        let first = try request(#"{"a": 1, "b": {"c": [1, {"x": 1, "y": 2}], "d": null}}"#)
        #expect(try request(fields).isSame(as: first) == isSame)
        #expect(try first.isSame(as: request(fields)) == isSame)
    }

    @Test("texts that only look alike make another request")
    func alike() throws {
        func request(_ text: String) throws -> CreateJobRequest { try CreateJobRequest(json: Self.with("jobDescription", .string(text))) }
        #expect(try !request("caf\u{E9}").isSame(as: request("cafe\u{301}")))
    }
}
