import AdvPOBedrock
import AdvPOCommandLine
import AdvPOModel
import AdvPOObjects
import ArgumentParser
import Foundation
import Logging

struct Submit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Hands a job to a coordinator.",
        discussion: """
            INPUT is an s3:// URI, or a local file together with --bucket NAME=DIR: the file is then copied into DIR, which the coordinator must have mounted under the same name. With
            --upload s3://bucket/prefix/ it is copied to S3, which the coordinator must reach too.

            EXAMPLES
              advpo submit s3://data/in.jsonl --model local.tiny --output s3://data/out/
              advpo submit in.jsonl --bucket data=/srv/data --model local.tiny --watch
              advpo submit in.jsonl --upload s3://data/in/ --s3-endpoint http://127.0.0.1:9000 --model local.tiny
            """)

    @Argument(help: ArgumentHelp("The input file: an s3:// URI, or a local path with --bucket.", valueName: "input"))
    var input: String

    @Option(help: ArgumentHelp("A model to optimize for; repeat it for up to five.", valueName: "id"))
    var model: [String] = []

    @Option(help: ArgumentHelp("Where results go: s3://bucket/prefix/. (default with --bucket: s3://NAME/advpo-results/)", valueName: "uri"))
    var output: String?

    @Option(help: ArgumentHelp("A bucket that is a local folder, for a local INPUT.", valueName: "NAME=DIR"))
    var bucket: String?

    @Option(help: ArgumentHelp("A folder in S3 to copy a local INPUT to, under its content's hash.", valueName: "uri"))
    var upload: String?

    @Option(help: "The job's name. (default: from INPUT)")
    var name: String?

    @Option(help: ArgumentHelp("How much effort the search makes. (default: medium)", valueName: "light|medium|heavy"))
    var preset: String?

    @Option(help: ArgumentHelp("Provider calls that one run may make. (default: by the preset 300, 1000 or 3000)", valueName: "n"))
    var budgetCalls: Int?

    @Option(help: ArgumentHelp("Dollars that the whole job may cost; every model needs a price, and --max-tokens must be set.", valueName: "amount"))
    var budgetDollars: String?

    @Option(help: ArgumentHelp("Share of the samples kept for the proof, 0.1 to 0.5; with 60 samples and more. (default: 0.25)", valueName: "share"))
    var holdout: String?

    @Option(help: ArgumentHelp("The seed of all random choices.", valueName: "n"))
    var seed: UInt64?

    @Option(help: ArgumentHelp("text: one user template. chat: system text and example turns too.", valueName: "text|chat"))
    var promptFormat: String?

    @Option(help: ArgumentHelp("Sampling temperature of the models, 0 to 1; without it the provider's own.", valueName: "t"))
    var temperature: Double?

    @Option(help: ArgumentHelp("Tokens that an answer may have; without it the provider's own limit.", valueName: "n"))
    var maxTokens: Int?

    @Option(help: ArgumentHelp("The model that proposes prompts, instead of the coordinator's.", valueName: "id"))
    var rewriter: String?

    @Option(help: ArgumentHelp("The model that judges answers, instead of the coordinator's.", valueName: "id"))
    var judge: String?

    @Option(help: ArgumentHelp("The key, by its ARN, under which the results rest encrypted; the coordinator has it in its keyring.", valueName: "arn"))
    var encryptionKey: String?

    @OptionGroup var keyring: KeyringOption

    @Flag(help: "Follow the job until it ends.")
    var watch = false

    @OptionGroup(title: "Objects in S3") var s3: S3Options
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        let settings = try await connection.settings()
        let client = try await connection.client(settings)
        let request = try await request(settings)
        let arn = try await client.create(request)
        let job = JobARN(parsing: arn)?.job.rawValue ?? arn
        if connection.json {
            TerminalOutput.standardOutput.line(String(decoding: (["jobArn": .string(arn), "jobId": .string(job)] as JSONValue).encoded(), as: UTF8.self))
        } else {
            TerminalOutput.standardOutput.line(TerminalText.harmless(job))
            TerminalOutput.standardError.line("Submitted \(TerminalText.harmless(arn)); results will be in \(request.outputURI)\(TerminalText.harmless(job))/")
        }
        guard watch else {
            if !connection.json { TerminalOutput.standardError.line("Follow it with 'advpo watch \(TerminalText.harmless(job))'.") }
            return
        }
        try JobWatcher.conclude(try await JobWatcher(client: client, job: job, json: connection.json).run(), json: connection.json)
    }

    private func request(_ settings: Settings) async throws -> CreateJobRequest {
        let models = settings.list(.model, flags: model)
        guard !models.isEmpty else { throw SettingsError(message: "missing \(SettingKey.model.places): the model to optimize for") }
        let inference = InferenceConfiguration(maxTokens: maxTokens, temperature: temperature)
        let key = settings.string(.encryptionKey, flag: encryptionKey)
        let mount = try settings.buckets(flags: bucket.map { [$0] } ?? []).first
        guard bucket == nil || upload == nil else {
            throw CommandFailure(.badUsage, "--bucket and --upload both say where to copy the input to; give one of them")
        }
        // A flag goes before what the environment or a file says.
        let upload = bucket == nil ? try uploadFolder(settings, key) : nil
        var inputURI = input
        if !input.hasPrefix("s3://") {
            inputURI = try await InputUpload(path: input, mount: mount, sealing: upload == nil ? sealing(settings, key) : nil, upload: upload).uri()
        }
        let standardOutput = (upload?.folder.bucket ?? mount?.name).map { "s3://\($0)/advpo-results/" }
        guard let outputURI = settings.string(.output, flag: output) ?? standardOutput else {
            throw SettingsError(message: "missing \(SettingKey.output.places): where results go, as in s3://bucket/prefix/")
        }
        return CreateJobRequest(
            jobName: settings.string(.name, flag: name) ?? Self.name(from: input), clientToken: UUID().uuidString.lowercased(), encryptionKeyArn: key,
            inputURI: inputURI, outputURI: outputURI, models: models.map { ModelConfiguration(modelID: $0, inference: inference) }, tags: try tags(settings))
    }

    private func uploadFolder(_ settings: Settings, _ key: String?) throws -> InputUpload.Upload? {
        guard let text = settings.string(.upload, flag: upload) else { return nil }
        do {
            let folder = try ObjectURI(text.hasSuffix("/") ? text : text + "/")
            let objects = try s3.buckets(mounted: LocalBuckets([:]), names: [], settings, logger: Logger(label: "advpo.submit"))
            return InputUpload.Upload(folder: folder, objects: objects, encryptionKeyARN: key)
        } catch let error as ObjectError {
            throw CommandFailure(.badUsage, "\(SettingKey.upload.places): \(error)")
        }
    }

    /// With the key at hand the copy of a local input rests under it too.
    private func sealing(_ settings: Settings, _ key: String?) throws -> InputUpload.Sealing? {
        guard let key else { return nil }
        let keys = try keyring.keys(settings)
        guard !keys.arns.isEmpty else {
            if !connection.json { TerminalOutput.standardError.line("The input's copy in the bucket is not encrypted; with --keyring FILE it is.") }
            return nil
        }
        return InputUpload.Sealing(keyring: keys, arn: key)
    }

    /// What AWS's request has no field for travels as tags.
    private func tags(_ settings: Settings) throws -> [CreateJobRequest.Tag] {
        let values: [(OptionTag, String?)] = [
            (.preset, try settings.choice(.preset, flag: preset, of: JobOptions.Preset.self)?.rawValue),
            (.budgetDollars, try settings.budgetDollars(flag: budgetDollars)?.text),
            (.holdout, try settings.holdout(flag: holdout)?.text),
            (.budgetCalls, try settings.int(.budgetCalls, flag: budgetCalls, in: 1...Int.max).map(String.init)),
            (.seed, try settings.unsigned(.seed, flag: seed).map(String.init)),
            (.promptFormat, try settings.choice(.promptFormat, flag: promptFormat, of: JobOptions.PromptFormat.self)?.rawValue),
            (.rewriter, settings.string(.rewriter, flag: rewriter)),
            (.judge, settings.string(.judge, flag: judge)),
        ]
        return values.compactMap { tag, value in value.map { CreateJobRequest.Tag(key: tag.rawValue, value: $0) } }
    }

    /// The file's name in the characters that a job's name may have.
    static func name(from input: String) -> String {
        let file = input.split(separator: "/").last.map(String.init) ?? ""
        let stem = file.hasSuffix(".jsonl") ? String(file.dropLast(6)) : file
        let allowed = stem.map { $0.isASCII && ($0.isLetter || $0.isNumber || ".+-".contains($0)) ? $0 : "-" }
        let name = String(String(allowed).drop { !($0.isLetter || $0.isNumber) }.prefix(100))
        return name.isEmpty ? "job" : name
    }
}
