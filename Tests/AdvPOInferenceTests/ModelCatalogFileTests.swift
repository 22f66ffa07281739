import AdvPOInference
import AdvPOModel
import Foundation
import OrderedCollections
import Testing

@Suite("The model file")
struct ModelCatalogFileTests {
    /// A valid model whose lines a case replaces.
    private static let model = """
        models:
          - id: a
            provider: openai
            baseURL: http://127.0.0.1:8080/v1
            model: a-name

        """

    private func faults(_ text: String) throws -> String {
        do {
            _ = try ModelCatalogFile.parse(text, path: "models.yaml")
        } catch {
            return error.description
        }
        Issue.record("no fault found")
        return ""
    }

    @Test("every setting of a file is read")
    func wholeFile() throws {
        let text = """
            models:
              - id: local.smollm2-135m
                provider: openai
                baseURL: http://127.0.0.1:8080/v1/
                model: smollm2-135m-instruct
                apiKeyEnvironment: LOCAL_API_KEY
                price: {inputPerMillionTokens: 0.15, outputPerMillionTokens: 0.6}
                limits: {concurrency: 8, timeoutSeconds: 30, retries: 0}
              - {id: b, provider: openai, baseURL: "https://host.example", model: m, apiKeyFile: keys/b, inputs: [text, image, pdf]}
              - {id: sim, provider: simulated, model: "label:x,y delay:5ms"}
            roles: {rewriter: b, judge: local.smollm2-135m}
            functions: {my-metric: ./metrics/my-metric, other: /abs/other}
            """
        let catalog = try ModelCatalogFile.parse(text, path: "/srv/advpo/models.yaml")
        #expect(Array(catalog.models.keys) == ["local.smollm2-135m", "b", "sim"])
        #expect(
            catalog.models["local.smollm2-135m"]
                == CatalogModel(
                    id: "local.smollm2-135m", provider: .openai, baseURL: "http://127.0.0.1:8080/v1", model: "smollm2-135m-instruct",
                    key: .environment("LOCAL_API_KEY"),
                    price: CatalogModel.Price(inputPerMillionTokens: NanoDollars(150_000_000), outputPerMillionTokens: NanoDollars(600_000_000)),
                    limits: CatalogModel.Limits(concurrency: 8, timeoutSeconds: 30, retries: 0)))
        #expect(catalog.models["b"]?.key == .file("/srv/advpo/keys/b"))
        #expect(catalog.models["b"]?.price == nil)
        #expect(catalog.models["b"]?.limits == CatalogModel.Limits())
        #expect(catalog.models["b"]?.inputs == [.text, .image, .pdf] && catalog.models["b"]?.takes(.document) == true)
        #expect(catalog.models["sim"]?.provider == .simulated)
        #expect(catalog.models["sim"]?.inputs == [.text])
        #expect(catalog.roles == ModelCatalog.Roles(rewriter: "b", judge: "local.smollm2-135m"))
        #expect(catalog.functions == ["my-metric": "/srv/advpo/metrics/my-metric", "other": "/abs/other"])
    }

    @Test(
        "amounts of dollars are read exactly",
        arguments: [
            ("0", 0), ("0.15", 150_000_000), ("12", 12_000_000_000), (".5", 500_000_000), ("3.", 3_000_000_000), ("0.000000001", 1), ("0.1000000000000", 100_000_000),
            ("1000000", 1_000_000_000_000_000), ("0.29", 290_000_000),
        ] as [(String, Int64)])
    func exactAmounts(text: String, nanos: Int64) throws {
        let file = Self.model + "    price: {inputPerMillionTokens: \(text), outputPerMillionTokens: 1}"
        #expect(try ModelCatalogFile.parse(file, path: "f").models["a"]?.price?.inputPerMillionTokens == NanoDollars(nanos))
    }

    static let malformed: [(String, String)] = [
        ("", "models.yaml: is empty; describe at least one model under models:"),
        ("# only a comment\n", "models.yaml: is empty; describe at least one model under models:"),
        ("- a", "models.yaml:1: is a list where a mapping belongs; write it as keys and values: models, roles, functions"),
        ("roles: {}", "models.yaml: models is missing; list at least one model, with id, provider, baseURL and model"),
        ("models: []", "models.yaml:1: models is empty; list at least one model, with id, provider, baseURL and model"),
        ("models: {id: a}", "models.yaml:1: models is a mapping where a list belongs; begin each model with a dash"),
        ("models:\n  - a", "models.yaml:2: models[0] is a single value where a mapping belongs; write it as keys and values: id, provider, baseURL, model, apiKeyEnvironment, apiKeyFile, price, limits, inputs"),
        (model + "model: x\n", "models.yaml:6: has the unknown key \"model\"; did you mean models? known here: models, roles, functions"),
        (model + "    limit: {}\n", "models.yaml:6: models[0] has the unknown key \"limit\"; did you mean limits? known here: id, provider, baseURL, model, apiKeyEnvironment, apiKeyFile, price, limits, inputs"),
        (model + "    colour: red\n", "models.yaml:6: models[0] has the unknown key \"colour\"; known here: id, provider, baseURL, model, apiKeyEnvironment, apiKeyFile, price, limits, inputs"),
        (model + "    base_url: x\n", "models.yaml:6: models[0] has the unknown key \"base_url\"; did you mean baseURL? known here: id, provider, baseURL, model, apiKeyEnvironment, apiKeyFile, price, limits, inputs"),
        (model + "    apiKey: sk-secret\n", "models.yaml:6: models[0].apiKey would hold a key in this file; name the environment variable that holds it with apiKeyEnvironment, or the file with apiKeyFile"),
        (model + "    api_key: sk-secret\n", "models.yaml:6: models[0].api_key would hold a key in this file; name the environment variable that holds it with apiKeyEnvironment, or the file with apiKeyFile"),
        (model + "    apiKeyEnvironment: sk-secret\n", "models.yaml:6: models[0].apiKeyEnvironment is not the name of an environment variable; write the variable's name, such as OPENAI_API_KEY, never the key itself"),
        (model + "    apiKeyEnvironment: A\n    apiKeyFile: b\n", "models.yaml:7: models[0].apiKeyFile stands beside apiKeyEnvironment; keep one of the two"),
        (model + "    apiKeyFile:\n", "models.yaml:6: models[0].apiKeyFile is empty; give it a value or remove the line"),
        (model + "  - {id: a, provider: openai, baseURL: http://h, model: m}\n", "models.yaml:6: models[1].id \"a\" stands at line 2 already; give each model an id of its own"),
        ("models:\n  - {id: has space, provider: openai, baseURL: http://h, model: m}", "models.yaml:2: models[0].id is over 256 characters or has some beside letters, digits and punctuation; write a short name without spaces, such as local.smollm2-135m"),
        ("models:\n  - {id: a, provider: opnai, baseURL: http://h, model: m}", "models.yaml:2: models[0].provider is \"opnai\", which is no known provider; did you mean openai? write openai or simulated"),
        ("models:\n  - {id: a, provider: openai, model: m}", "models.yaml:2: models[0].baseURL is missing; write the address up to its version, such as http://127.0.0.1:8080/v1"),
        ("models:\n  - {id: a, provider: openai, baseURL: \"ftp://h\", model: m}", "models.yaml:2: models[0].baseURL does not begin with http:// or https://; write the address up to its version, such as http://127.0.0.1:8080/v1"),
        ("models:\n  - {id: a, provider: openai, baseURL: \"127.0.0.1:8080/v1\", model: m}", "models.yaml:2: models[0].baseURL does not begin with http:// or https://; write the address up to its version, such as http://127.0.0.1:8080/v1"),
        ("models:\n  - {id: a, provider: openai, baseURL: \"http:///v1\", model: m}", "models.yaml:2: models[0].baseURL names no host; write the address up to its version, such as http://127.0.0.1:8080/v1"),
        ("models:\n  - {id: a, provider: openai, baseURL: \"http://u:sk-secret@h/v1\", model: m}", "models.yaml:2: models[0].baseURL holds a user name or a password; remove it; a key goes into apiKeyEnvironment or apiKeyFile"),
        ("models:\n  - {id: a, provider: openai, baseURL: \"http://h/v1?key=sk-secret\", model: m}", "models.yaml:2: models[0].baseURL has a ? or # part; remove that part"),
        ("models:\n  - {id: a, provider: openai, baseURL: \"http://h:99999/v1\", model: m}", "models.yaml:2: models[0].baseURL has a port outside 1 to 65535; write the address up to its version, such as http://127.0.0.1:8080/v1"),
        ("models:\n  - {id: a, provider: openai, baseURL: \"http://h/v1/chat/completions/\", model: m}", "models.yaml:2: models[0].baseURL ends with /chat/completions; leave that out; it is added to each request"),
        (model + "    price: {inputPerMillionTokens: 1}\n", "models.yaml:6: models[0].price.outputPerMillionTokens is missing; write dollars per million tokens, such as 0.15; leave out the whole price for an unpriced model"),
        (model + "    price: {inputPerMillionTokens: -1, outputPerMillionTokens: 1e3}\n", "models.yaml:6: models[0].price.inputPerMillionTokens is \"-1\", not a plain decimal number of dollars; write dollars per million tokens, such as 0.15; leave out the whole price for an unpriced model\nmodels.yaml:6: models[0].price.outputPerMillionTokens is \"1e3\", not a plain decimal number of dollars; write dollars per million tokens, such as 0.15; leave out the whole price for an unpriced model"),
        (model + "    price: {inputPerMillionTokens: 0.0000000001, outputPerMillionTokens: 1}\n", "models.yaml:6: models[0].price.inputPerMillionTokens has more than nine digits after the point; write dollars per million tokens, such as 0.15; leave out the whole price for an unpriced model"),
        (model + "    price: {inputPerMillionTokens: 99999999999999999999, outputPerMillionTokens: 1}\n", "models.yaml:6: models[0].price.inputPerMillionTokens is over 1000000 dollars; write dollars per million tokens, such as 0.15; leave out the whole price for an unpriced model"),
        (model + "    limits: {concurrency: 0}\n", "models.yaml:6: models[0].limits.concurrency is \"0\", not a whole number from 1 to 10000; write such a number or remove the line for 4"),
        (model + "    limits: {timeoutSeconds: 1.5}\n", "models.yaml:6: models[0].limits.timeoutSeconds is \"1.5\", not a whole number from 1 to 86400; write such a number or remove the line for 60"),
        (model + "    limits: [1]\n", "models.yaml:6: models[0].limits is a list where a mapping belongs; write it as keys and values: concurrency, timeoutSeconds, retries, requestsPerMinute, tokensPerMinute, clusterConcurrency"),
        (model + "    inputs: image\n", "models.yaml:6: models[0].inputs is a single value where a list belongs; list what the model takes, such as [text, image], of text, image, pdf"),
        (model + "    inputs: [text, images]\n", "models.yaml:6: models[0].inputs has \"images\", which is nothing that a model can be sent; did you mean image? list what the model takes, such as [text, image], of text, image, pdf"),
        (model + "    inputs: [text, pdf, pdf]\n", "models.yaml:6: models[0].inputs has pdf twice; keep one of them"),
        (model + "    inputs: [image]\n", "models.yaml:6: models[0].inputs has no text, of which every prompt consists; list what the model takes, such as [text, image], of text, image, pdf"),
        (model + "roles: {rewriter: b}\n", "models.yaml:6: roles.rewriter names \"b\", which is no model of this file; write the id of a model listed under models"),
        ("models:\n  - {id: local.small, provider: simulated, model: echo}\nroles: {judge: local-smal}", "models.yaml:3: roles.judge names \"local-smal\", which is no model of this file; did you mean local.small? write the id of a model listed under models"),
        ("models:\n  - {id: a, provider: openai, baseURL: \"http://h ost/v1\", model: m}", "models.yaml:2: models[0].baseURL is not a URL; write the address up to its version, such as http://127.0.0.1:8080/v1"),
        (model + "roles: {judge: elsewhere}\n", "models.yaml:6: roles.judge names \"elsewhere\", which is no model of this file; write the id of a model listed under models"),
        (model + "functions: [a]\n", "models.yaml:6: functions is a list where a mapping belongs; write each one as name: folder"),
        (model + "functions: {\"a b\": x}\n", "models.yaml:6: functions has the name \"a b\"; name a function as in its ARN: 1 to 140 letters, digits, - and _"),
        (model + "functions: {f: }\n", "models.yaml:6: functions.f is empty; name the folder that holds lambda_function.py"),
        (model + "models: []\n", "models.yaml:1: has a key twice in one mapping: \"models\"; keep one of them"),
        ("models: [\n", "models.yaml:2: is not YAML (did not find expected node content); mend the line; indent with spaces, and put a space after each colon"),
        ("models:\n\t- id: a\n", "models.yaml:2: is not YAML (found character that cannot start any token); mend the line; indent with spaces, and put a space after each colon"),
        ("models:\n  - {id: s, provider: simulated, model: parrot}", "models.yaml:2: models[0].model has \"parrot\", which is nothing that a simulated model does; write echo, label:a,b or learner, then if wanted fail:0.1, refuse:0.1, delay:50ms"),
        ("models:\n  - {id: s, provider: simulated, model: echo learner}", "models.yaml:2: models[0].model names 2 answers of a simulated model; write exactly one of echo, label:a,b or learner"),
        ("models:\n  - {id: s, provider: simulated, model: echo, baseURL: http://h}", "models.yaml:2: models[0].baseURL means nothing to the provider simulated; remove the line"),
    ]

    @Test("a malformed file is refused with its line, field, fault and remedy", arguments: malformed)
    func malformedFile(text: String, message: String) throws {
        let description = try faults(text)
        #expect(description == message)
        #expect(!description.contains("sk-secret"))
    }

    @Test("all faults of a file are reported, in the order of its lines")
    func allFaults() throws {
        let text = """
            models:
              - id: a
                provider: openai
                baseURL: h
                model: m
                limits: {retries: many}
              - provider: openai
                baseURL: http://h
                model: m
            roles: {judge: c}
            """
        #expect(try faults(text).split(separator: "\n").map { $0.prefix { $0 != " " } } == ["models.yaml:4:", "models.yaml:6:", "models.yaml:7:", "models.yaml:10:"])
    }

    @Test("a role may name a model that is faulty itself: one fault, not two")
    func roleOfFaultyModel() throws {
        let text = "models:\n  - {id: a, provider: openai, model: m}\nroles: {judge: a}"
        #expect(try faults(text).split(separator: "\n").count == 1)
    }

    @Test("the file's size and the number of models are limited")
    func limits() throws {
        #expect(try faults(String(repeating: "#", count: 1024 * 1024 + 1)) == "models.yaml: is larger than 1048576 bytes; keep only models that are in use")
        let many = "models: [" + String(repeating: "x,", count: 1_001) + "]"
        #expect(try faults(many) == "models.yaml:1: models has 1001 entries; 1000 is the most; keep only models that are in use")
    }

    @Test("files are read from disk; what cannot be read says so")
    func files() throws {
        try TemporaryFolder.with { folder in
            let path = try folder.write("models.yaml", Self.model)
            #expect(try ModelCatalogFile.load(path: path).models.count == 1)
            #expect(throws: ModelCatalogFaults([ModelCatalogFault(path: folder.path, line: nil, field: "", problem: "is not a regular file", remedy: "name a YAML file")])) {
                try ModelCatalogFile.load(path: folder.path)
            }
            #expect(throws: ModelCatalogFaults.self) { try ModelCatalogFile.load(path: folder.path + "/missing.yaml") }
            let binary = try folder.write("binary", bytes: [0xFF, 0xFE, 0x80])
            #expect(throws: ModelCatalogFaults([ModelCatalogFault(path: binary, line: nil, field: "", problem: "is not UTF-8", remedy: "save it as UTF-8")])) {
                try ModelCatalogFile.load(path: binary)
            }
        }
    }

    @Test("the shipped sample is valid")
    func sample() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let catalog = try ModelCatalogFile.load(path: root.appendingPathComponent("cluster/models.sample.yaml").path)
        #expect(catalog.models.count >= 3)
        #expect(catalog.roles.rewriter != nil)
    }
}
