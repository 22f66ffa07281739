package import AdvPOBedrock
package import AdvPOModel
import AdvPOWire
package import OrderedCollections

/// A job as the store keeps it: what was submitted and what it was resolved to, by value or by blob. Version 1.
package struct JobManifest: Hashable, Sendable {
    package var id: JobID
    package var request: CreateJobRequest
    package var options: JobOptions
    package var judgeModelID: String?
    package var rewriterModelID: String?
    package var input: ContentHash
    /// Function name to the blob of its bundle.
    package var functions: OrderedDictionary<String, ContentHash>
    /// What each file held that the input names, by its URI.
    package var attachments: OrderedDictionary<String, Attachment.Content>
    /// Kinds of files that each judge is shown.
    package var judgeInputs: OrderedDictionary<String, [Attachment.Kind]>
    package var prices: OrderedDictionary<String, CatalogModel.Price>
    package var createdMillisecondsSince1970: Int64
}

extension JobManifest {
    func encoded() -> [UInt8] {
        let object: JSONObject = [
            "version": 1,
            "id": .string(id.rawValue),
            "request": Self.json(request),
            "options": .object([
                "promptFormat": .string(options.promptFormat.rawValue),
                "preset": .string(options.preset.rawValue),
                "budgetCalls": .number(JSONNumber(options.budgetCalls)),
                "budgetNanoDollars": Self.json(options.budgetDollars.map { String($0.value) }),
                "holdoutThousandths": options.holdoutThousandths.map { .number(JSONNumber($0)) } ?? .null,
                "seed": .string(String(options.seed)),
                "rewriterModelID": Self.json(options.rewriterModelID),
                "judgeModelID": Self.json(options.judgeModelID),
            ]),
            "judgeModelID": Self.json(judgeModelID),
            "rewriterModelID": Self.json(rewriterModelID),
            "input": .string(input.description),
            "functions": .object(functions.mapValues { .string($0.description) }),
            "attachments": .object(attachments.mapValues { ["hash": .string($0.hash.description), "mediaType": .string($0.mediaType.rawValue)] }),
            "judgeInputs": .object(judgeInputs.mapValues { .array($0.map { .string($0.rawValue) }) }),
            "prices": .object(prices.mapValues { price in
                [
                    "inputPerMillionTokens": .string(String(price.inputPerMillionTokens.value)),
                    "outputPerMillionTokens": .string(String(price.outputPerMillionTokens.value)),
                ]
            }),
            "created": .string(String(createdMillisecondsSince1970)),
        ]
        return JSONValue.object(object).encoded()
    }

    private static func json(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }

    private static func json(_ request: CreateJobRequest) -> JSONValue {
        .object([
            "jobName": .string(request.jobName),
            "jobDescription": json(request.jobDescription),
            "clientToken": json(request.clientToken),
            "encryptionKeyArn": json(request.encryptionKeyArn),
            "inputURI": .string(request.inputURI),
            "outputURI": .string(request.outputURI),
            "models": .array(request.models.map { json($0) }),
            "tags": .array(request.tags.map { .object(["key": .string($0.key), "value": .string($0.value)]) }),
        ])
    }

    private static func json(_ model: ModelConfiguration) -> JSONValue {
        .object([
            "modelID": .string(model.modelID),
            "maxTokens": model.inference.maxTokens.map { .number(JSONNumber($0)) } ?? .null,
            "temperature": model.inference.temperature.map { .number(JSONNumber($0)) } ?? .null,
            "topP": model.inference.topP.map { .number(JSONNumber($0)) } ?? .null,
            "stopSequences": model.inference.stopSequences.map { .array($0.map { .string($0) }) } ?? .null,
            "additionalModelRequestFields": .object(model.additionalModelRequestFields),
        ])
    }
}

extension JobManifest {
    package struct Unreadable: Error, Hashable, CustomStringConvertible {
        package var description: String
    }

    init(decoding bytes: [UInt8]) throws(Unreadable) {
        // It holds a request's own JSON one level deeper than the request did, and was bounded when it came in.
        guard let value = try? JSONValue(parsing: bytes, maximumDepth: 512, maximumBytes: .max), let object = value.objectValue else {
            throw Unreadable(description: "a stored job is not readable JSON; the data directory is damaged or was written by another program")
        }
        guard object["version"]?.numberValue?.int == 1 else {
            throw Unreadable(description: "a stored job has another version than 1; use the advpo-coord that wrote it, or a newer one")
        }
        guard let id = object["id"]?.stringValue.flatMap({ JobID($0) }), let input = object["input"]?.stringValue.flatMap({ ContentHash(hex: $0) }),
            let options = object["options"]?.objectValue, let request = object["request"]?.objectValue,
            let created = object["created"]?.stringValue.flatMap({ Int64($0) }), let functions = object["functions"]?.objectValue
        else { throw Unreadable(description: "a stored job lacks a field; the data directory is damaged") }
        self.id = id
        self.request = try Self.request(request)
        self.options = try Self.options(options, of: id)
        judgeModelID = object["judgeModelID"]?.stringValue
        rewriterModelID = object["rewriterModelID"]?.stringValue
        self.input = input
        var bundles: OrderedDictionary<String, ContentHash> = [:]
        for (name, value) in functions {
            guard let hash = value.stringValue.flatMap({ ContentHash(hex: $0) }) else { throw Unreadable(description: "stored job \(id): function \(name) has no hash") }
            bundles[name] = hash
        }
        self.functions = bundles
        // Absent in a job that was stored when there were none.
        attachments = try Self.attachments(object["attachments"]?.objectValue ?? [:])
        judgeInputs = (object["judgeInputs"]?.objectValue ?? [:]).mapValues { $0.arrayValue?.compactMap { $0.stringValue.flatMap(Attachment.Kind.init(rawValue:)) } ?? [] }
        createdMillisecondsSince1970 = created
        prices = try Self.prices(object["prices"]?.objectValue ?? [:], of: id)
    }

    /// What came to be after the first jobs were stored may be missing: then it has its default.
    private static func options(_ object: JSONObject, of job: JobID) throws(Unreadable) -> JobOptions {
        guard let format = object["promptFormat"]?.stringValue.flatMap({ JobOptions.PromptFormat(rawValue: $0) }),
            let budget = object["budgetCalls"]?.numberValue?.int, let seed = object["seed"]?.stringValue.flatMap({ UInt64($0) }),
            let preset = JobOptions.Preset(rawValue: object["preset"]?.stringValue ?? JobOptions.Preset.medium.rawValue)
        else { throw Unreadable(description: "stored job \(job): its options lack a field or have an unknown value; the data directory is damaged") }
        var dollars: NanoDollars?
        if let text = object["budgetNanoDollars"]?.stringValue {
            guard let value = Int64(text), value > 0 else { throw Unreadable(description: "stored job \(job): its budget in dollars is no amount") }
            dollars = NanoDollars(value)
        }
        let holdout = object["holdoutThousandths"]?.numberValue?.int
        guard holdout.map(JobOptions.holdoutRange.contains) ?? true else { throw Unreadable(description: "stored job \(job): its holdout share is out of range") }
        return JobOptions(
            promptFormat: format, preset: preset, budgetCalls: budget, budgetDollars: dollars, holdoutThousandths: holdout, seed: seed,
            rewriterModelID: object["rewriterModelID"]?.stringValue, judgeModelID: object["judgeModelID"]?.stringValue)
    }

    private static func prices(_ object: JSONObject, of job: JobID) throws(Unreadable) -> OrderedDictionary<String, CatalogModel.Price> {
        var prices: OrderedDictionary<String, CatalogModel.Price> = [:]
        for (model, value) in object {
            guard let input = value.objectValue?["inputPerMillionTokens"]?.stringValue.flatMap({ Int64($0) }),
                let output = value.objectValue?["outputPerMillionTokens"]?.stringValue.flatMap({ Int64($0) }), input >= 0, output >= 0
            else { throw Unreadable(description: "stored job \(job): the price of \(model) cannot be read") }
            prices[model] = CatalogModel.Price(inputPerMillionTokens: NanoDollars(input), outputPerMillionTokens: NanoDollars(output))
        }
        return prices
    }

    private static func attachments(_ object: JSONObject) throws(Unreadable) -> OrderedDictionary<String, Attachment.Content> {
        var contents: OrderedDictionary<String, Attachment.Content> = [:]
        for (uri, value) in object {
            guard let hash = value["hash"]?.stringValue.flatMap({ ContentHash(hex: $0) }),
                let mediaType = value["mediaType"]?.stringValue.flatMap(MediaType.init(rawValue:))
            else { throw Unreadable(description: "a file of a stored job has no hash or no media type; the data directory is damaged") }
            contents[uri] = Attachment.Content(hash: hash, mediaType: mediaType)
        }
        return contents
    }

    private static func request(_ object: JSONObject) throws(Unreadable) -> CreateJobRequest {
        guard let name = object["jobName"]?.stringValue, let input = object["inputURI"]?.stringValue, let output = object["outputURI"]?.stringValue,
            let models = object["models"]?.arrayValue, let tags = object["tags"]?.arrayValue
        else { throw Unreadable(description: "a stored request lacks a field; the data directory is damaged") }
        return CreateJobRequest(
            jobName: name, jobDescription: object["jobDescription"]?.stringValue, clientToken: object["clientToken"]?.stringValue,
            encryptionKeyArn: object["encryptionKeyArn"]?.stringValue, inputURI: input, outputURI: output, models: try models.map(model), tags: try tags.map(tag))
    }

    private static func model(_ value: JSONValue) throws(Unreadable) -> ModelConfiguration {
        guard let model = value.objectValue, let id = model["modelID"]?.stringValue, let fields = model["additionalModelRequestFields"]?.objectValue else {
            throw Unreadable(description: "a model of a stored request lacks a field; the data directory is damaged")
        }
        return ModelConfiguration(
            modelID: id,
            inference: InferenceConfiguration(
                maxTokens: model["maxTokens"]?.numberValue?.int, temperature: model["temperature"]?.numberValue?.double,
                topP: model["topP"]?.numberValue?.double, stopSequences: model["stopSequences"]?.arrayValue?.compactMap(\.stringValue)),
            additionalModelRequestFields: fields)
    }

    private static func tag(_ value: JSONValue) throws(Unreadable) -> CreateJobRequest.Tag {
        guard let tag = value.objectValue, let key = tag["key"]?.stringValue, let text = tag["value"]?.stringValue else {
            throw Unreadable(description: "a tag of a stored request lacks a field; the data directory is damaged")
        }
        return CreateJobRequest.Tag(key: key, value: text)
    }

    package init(_ plan: JobPlan) {
        id = plan.id
        request = plan.request
        options = plan.options
        judgeModelID = plan.judgeModelID
        rewriterModelID = plan.rewriterModelID
        input = plan.input
        functions = plan.functions.mapValues { ContentHash(of: BlobCodec.encode($0)) }
        attachments = plan.attachments
        judgeInputs = plan.judgeInputs
        prices = plan.prices
        createdMillisecondsSince1970 = plan.createdMillisecondsSince1970
    }
}
