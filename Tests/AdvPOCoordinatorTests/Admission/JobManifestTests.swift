import AdvPOBedrock
@testable import AdvPOCoordinator
import AdvPOModel
import OrderedCollections
import Testing

@Suite struct JobManifestTests {
    static var full: JobManifest {
        var plan = Plans.job()
        plan.request = CreateJobRequest(
            jobName: "name \"quoted\"", jobDescription: "description\n", clientToken: "token", encryptionKeyArn: "arn:aws:kms:x", inputURI: "s3://b/i",
            outputURI: "s3://b/o/",
            models: [
                ModelConfiguration(
                    modelID: "m", inference: InferenceConfiguration(maxTokens: 5, temperature: 0.1, topP: 0.9, stopSequences: ["a", ""]),
                    additionalModelRequestFields: ["deep": .object(["list": .array([.null, .bool(true)])])]),
                ModelConfiguration(modelID: "n"),
            ],
            tags: [.init(key: "k", value: "v")])
        plan.options = JobOptions(
            promptFormat: .text, preset: .heavy, budgetCalls: 12, budgetDollars: NanoDollars(1), holdoutThousandths: 333, seed: .max, rewriterModelID: "r",
            judgeModelID: "j")
        plan.prices = ["m": CatalogModel.Price(inputPerMillionTokens: NanoDollars(150_000_000), outputPerMillionTokens: NanoDollars(.max))]
        plan.judgeModelID = "j"
        plan.functions = ["f": FunctionBundle(name: "f", files: ["lambda_function.py": [1, 2, 3]])]
        plan.templates[0].samples[0].attachments = [
            AdvPOModel.Attachment(name: "a", kind: .image, uri: "s3://b/a", content: .init(hash: ContentHash(of: [1]), mediaType: .webp)),
            AdvPOModel.Attachment(name: "b", kind: .document, uri: "s3://b/b", content: .init(hash: ContentHash(of: [2]), mediaType: .pdf)),
        ]
        plan.judgeInputs = ["j": [.image, .document]]
        plan.createdMillisecondsSince1970 = .max
        return JobManifest(plan)
    }

    @Test("a manifest is read back as it was written, with every field set and with none")
    func roundTrip() throws {
        #expect(try JobManifest(decoding: Self.full.encoded()) == Self.full)
        let plain = JobManifest(Plans.job(rewriter: nil))
        #expect(try JobManifest(decoding: plain.encoded()) == plain)
    }

    @Test("a job stored before files could be sent has none; a damaged file is refused")
    func attachments() throws {
        var object = try #require(try JSONValue(parsing: Self.full.encoded()).objectValue)
        let files = try #require(object["attachments"]?.objectValue)
        #expect(Array(files.keys) == ["s3://b/a", "s3://b/b"])
        object.removeValue(forKey: "attachments")
        object.removeValue(forKey: "judgeInputs")
        let old = try JobManifest(decoding: JSONValue.object(object).encoded())
        #expect(old.attachments.isEmpty && old.judgeInputs.isEmpty)
        for damage in [["hash": "12", "mediaType": "image/png"], ["hash": .string(ContentHash(of: []).description), "mediaType": "image/tiff"], .null] as [JSONValue] {
            object["attachments"] = ["s3://b/a": damage]
            #expect(throws: JobManifest.Unreadable.self) { try JobManifest(decoding: JSONValue.object(object).encoded()) }
        }
    }

    @Test("a manifest of before there were presets, dollars and holdout shares has their defaults")
    func olderManifest() throws {
        var object = try #require(try JSONValue(parsing: Self.full.encoded()).objectValue)
        var options = try #require(object["options"]?.objectValue)
        for key in ["preset", "budgetNanoDollars", "holdoutThousandths"] { options.removeValue(forKey: key) }
        object["options"] = .object(options)
        object.removeValue(forKey: "prices")
        let read = try JobManifest(decoding: JSONValue.object(object).encoded())
        #expect(read.options == JobOptions(promptFormat: .text, budgetCalls: 12, seed: .max, rewriterModelID: "r", judgeModelID: "j"))
        #expect(read.prices.isEmpty)
    }

    @Test(
        "an option that cannot be read is refused, not taken for its default",
        arguments: [("preset", "quick"), ("budgetNanoDollars", "0"), ("budgetNanoDollars", "many"), ("holdoutThousandths", 99)] as [(String, JSONValue)])
    func damagedOption(key: String, value: JSONValue) throws {
        var object = try #require(try JSONValue(parsing: Self.full.encoded()).objectValue)
        var options = try #require(object["options"]?.objectValue)
        options[key] = value
        object["options"] = .object(options)
        #expect(throws: JobManifest.Unreadable.self) { try JobManifest(decoding: JSONValue.object(object).encoded()) }
    }

    @Test("a manifest that is cut off anywhere is refused, never read as another job")
    func cutOff() {
        let bytes = Self.full.encoded()
        for length in 0..<bytes.count { #expect(throws: JobManifest.Unreadable.self) { try JobManifest(decoding: Array(bytes.prefix(length))) } }
    }

    @Test("a manifest that lacks any of its fields is refused", arguments: ["version", "id", "request", "options", "input", "functions", "created"])
    func lacksField(field: String) throws {
        var object = try #require(try JSONValue(parsing: Self.full.encoded()).objectValue)
        object.removeValue(forKey: field)
        #expect(throws: JobManifest.Unreadable.self) { try JobManifest(decoding: JSONValue.object(object).encoded()) }
    }

    @Test("a damaged request inside a manifest is refused, not filled up", arguments: ["models", "tags"])
    func damagedEntries(field: String) throws {
        var object = try #require(try JSONValue(parsing: Self.full.encoded()).objectValue)
        var request = try #require(object["request"]?.objectValue)
        request[field] = .array([.object(["nothing": .null]), .bool(true)])
        object["request"] = .object(request)
        #expect(throws: JobManifest.Unreadable.self) { try JobManifest(decoding: JSONValue.object(object).encoded()) }
    }

    @Test("a manifest of another version is refused with what to do")
    func otherVersion() throws {
        var object = try #require(try JSONValue(parsing: Self.full.encoded()).objectValue)
        object["version"] = 2
        let fault = #expect(throws: JobManifest.Unreadable.self) { try JobManifest(decoding: JSONValue.object(object).encoded()) }
        #expect(fault?.description.contains("use the advpo-coord that wrote it, or a newer one") == true)
    }
}
