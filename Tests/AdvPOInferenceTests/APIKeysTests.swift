import AdvPOInference
import AdvPOModel
import Foundation
import OrderedCollections
import Testing

@Suite("API keys")
struct APIKeysTests {
    private func keys(_ source: CatalogModel.KeySource, environment: [String: String] = [:]) -> APIKeys {
        let model = CatalogModel(id: "m", provider: .openai, baseURL: "http://h", model: "x", key: source)
        return APIKeys(catalog: ModelCatalog(models: ["m": model]), environment: environment)
    }

    @Test("a secret shows itself in no description, dump or mirror")
    func secretIsSilent() {
        let secret = Secret("sk-hidden")
        var dumped = ""
        dump([secret], to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), String(describing: [secret]), "\(Optional(secret) as Any)", dumped, "\(Redactor([secret]))", String(reflecting: Redactor([secret]))] {
            #expect(!text.contains("sk-hidden"))
        }
        #expect(secret.revealed() == "sk-hidden")
    }

    @Test("the holder of the keys does not show them either")
    func holderIsSilent() {
        let keys = keys(.environment("K"), environment: ["K": "sk-hidden"])
        var dumped = ""
        dump(keys, to: &dumped)
        #expect(!("\(keys)" + String(reflecting: keys) + dumped).contains("sk-hidden"))
        #expect(keys["m"]?.revealed() == "sk-hidden")
    }

    @Test("a file's closing newline is no part of the key")
    func fileKey() throws {
        try TemporaryFolder.with { folder in
            let path = try folder.write("key", "sk-hidden\r\n")
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
            let keys = keys(.file(path))
            #expect(keys["m"]?.revealed() == "sk-hidden")
            #expect(keys.warnings.isEmpty)
            #expect(keys.faults.isEmpty)
        }
    }

    @Test("a key file that everybody can read is used, with a warning")
    func openFile() throws {
        try TemporaryFolder.with { folder in
            let path = try folder.write("key", "sk-hidden\n")
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
            let keys = keys(.file(path))
            #expect(keys["m"]?.revealed() == "sk-hidden")
            #expect(keys.warnings == ["model m: every user of this machine can read the file \(path) (apiKeyFile); run chmod 600 on it"])
        }
    }

    @Test("what is no key is named by its origin, never by its content")
    func faults() throws {
        let variable = "model m: the environment variable K (apiKeyEnvironment)"
        #expect(keys(.environment("K")).faults["m"] == "\(variable) is not set; set it to the key")
        #expect(keys(.environment("K"), environment: ["K": ""]).faults["m"] == "\(variable) is empty; put the key there")
        #expect(
            keys(.environment("K"), environment: ["K": "two\nlines"]).faults["m"]
                == "\(variable) holds spaces, line breaks or characters that cannot stand in an HTTP header; put the key alone there")
        #expect(
            keys(.file("/no/such/file")).faults["m"]
                == "model m: the file /no/such/file (apiKeyFile) cannot be read; check that it exists and that you may read it")
        try TemporaryFolder.with { folder in
            #expect(keys(.file(folder.path)).faults["m"] == "model m: the file \(folder.path) (apiKeyFile) is not a regular file")
            let huge = try folder.write("huge", String(repeating: "k", count: 16 * 1024 + 1))
            #expect(keys(.file(huge)).faults["m"] == "model m: the file \(huge) (apiKeyFile) holds more than 16384 bytes; put the key alone there")
        }
    }

    @Test(
        "keys are taken out of texts as written, in JSON and in URLs; the longest first",
        arguments: [
            ("key sk/ab=c!", "key [redacted]!"), (#"{"k":"sk\/ab=c"}"#, #"{"k":"[redacted]"}"#), ("?k=sk%2Fab%3Dc&x", "?k=[redacted]&x"), ("sk/ab=c123", "[redacted]"),
            ("nothing here", "nothing here"),
        ])
    func redaction(text: String, expected: String) {
        #expect(Redactor([Secret("sk/ab=c"), Secret("sk/ab=c123")]).redact(text) == expected)
    }

    @Test("a text is cut after its keys are taken out, so that no half of one stays")
    func excerpt() {
        #expect(Redactor([Secret("abcdef")]).excerpt("xxabcdef", characters: 6) == "xx[red…")
    }
}
