import AdvPOBedrock
import AdvPOCommandLine
import AdvPOCoordinator
import AdvPOInference
import AdvPOModel
import AdvPOObjects
import ArgumentParser
import Foundation
import Logging
import OrderedCollections

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Optimizes the prompts of an input file, all in this one process.",
        discussion: """
            Every flag can be set in the environment too (--budget-calls as ADVPO_BUDGET_CALLS) or in the YAML file of --config.

            EXAMPLES
              advpo run topic.jsonl --models models.yaml --model local.smollm2-135m --output results --prompt-format chat
              advpo run topic.jsonl --models models.yaml --model a --model b --output results --budget-calls 2000 --seed 1 --json

            Ctrl-C stops the job and writes what it has; a second Ctrl-C ends at once. The same command again after a crash goes on where it was:
            what was paid for is not paid again. \(ExitStatus.help)
            """)

    @Argument(help: "The input file: one JSON object per line, each a prompt template with its samples.") var input: String
    @Option(help: "The models file.") var models: String?
    @Option(help: "A model to optimize for, by its id in the models file; may be repeated, up to five.") var model: [String] = []
    @Option(help: "Folder for the results.") var output: String?
    @Option(help: "A local folder as a bucket, NAME=DIR, for the images and PDFs that samples name; may be repeated.") var bucket: [String] = []
    @Option(help: "The key of --keyring, by its ARN, under which the results rest encrypted.") var encryptionKey: String?
    @OptionGroup var keyring: KeyringOption
    @Option(help: "text: everything in one user prompt (default); chat: system text and example turns are allowed.") var promptFormat: String?
    @Option(help: "How much effort the search makes: light, medium (default) or heavy.") var preset: String?
    @Option(help: "Model calls that one run (template x model) may make (default by the preset: 300, 1000 or 3000).") var budgetCalls: Int?
    @Option(help: "Dollars that the whole job may cost; every model needs a price, and --max-tokens must be set (default: no limit).") var budgetDollars: String?
    @Option(help: "Share of the samples kept for the proof, 0.1 to 0.5; with 60 samples and more (default 0.25).") var holdout: String?
    @Option(help: "Seed of the search's choices (default 0).") var seed: UInt64?
    @Option(help: "The model that proposes prompts (default: roles.rewriter of the models file).") var rewriter: String?
    @Option(help: "The model that judges answers (default: roles.judge of the models file).") var judge: String?
    @Option(help: "Sampling temperature of the models, 0 to 1 (default 0, so that scores repeat).") var temperature: Double = 0
    @Option(help: "Tokens that an answer may have (default: the provider's own limit).") var maxTokens: Int?
    @Option(help: "Calls under way at once (default: the models' concurrency limits).") var slots: Int?
    @Option(help: "Samples a template may have (default 100, the published quota).") var maxSamples: Int?
    @Option(help: "The Python of metric functions (default: python3 on the path).") var python: String?
    @Option(help: "trace, debug, info, notice, warning, error or critical (default warning).") var logLevel: String?
    @Option(help: "A YAML file with any of these settings.") var config: String?
    @Flag(help: "Print the job's end as one line of JSON on stdout; no progress, no table.") var json = false

    /// What is read at all; the job's own limit comes after.
    private static let maximumInputBytes = 512 * 1024 * 1024

    func run() async throws {
        let settings = try await Settings(configFile: config)
        try CommandLogging.bootstrap(settings, flag: logLevel, standard: .warning)
        let job = try readJob(settings)
        let cluster = try await open(job)
        let isSilent = json
        let (id, last) = try await cluster.run { coordinator in try await job.follow(coordinator, silent: isSilent) }
        guard let last, last.status.isTerminal else { throw CommandFailure(.interrupted, "interrupted; the same command goes on where this one was") }
        job.removeState()
        try report(id, last, job)
    }

    private func open(_ job: EmbeddedJob) async throws -> EmbeddedCluster {
        do {
            return try await EmbeddedCluster(
                catalog: job.catalog, limits: job.limits, stateFolder: job.stateFolder, outputFolder: job.outputFolder, buckets: job.buckets, keyring: job.keyring,
                slots: job.slots, python: job.python, logger: Logger(label: "advpo.run"))
        } catch {
            throw CommandFailure(.failed, "\(error)")
        }
    }

    private func readJob(_ settings: Settings) throws -> EmbeddedJob {
        let catalogPath = try settings.required(.models, flag: models, "the models file")
        let outputFolder = try settings.required(.output, flag: output, "the folder for the results")
        let modelIDs = settings.list(.model, flags: model)
        guard !modelIDs.isEmpty else { throw CommandFailure(.badUsage, "missing \(SettingKey.model.places): a model to optimize for, by its id in the models file") }
        let format: JobOptions.PromptFormat? = try settings.choice(.promptFormat, flag: promptFormat)
        let options = JobOptions(
            promptFormat: format ?? .text, preset: try settings.choice(.preset, flag: preset) ?? .medium,
            budgetCalls: try settings.int(.budgetCalls, flag: budgetCalls, in: 1...100_000_000),
            budgetDollars: try settings.budgetDollars(flag: budgetDollars)?.amount, holdoutThousandths: try settings.holdout(flag: holdout)?.thousandths,
            seed: try settings.unsigned(.seed, flag: seed) ?? 0,
            rewriterModelID: settings.string(.rewriter, flag: rewriter), judgeModelID: settings.string(.judge, flag: judge))
        guard (0...1).contains(temperature) else { throw CommandFailure(.badUsage, "--temperature must be from 0 to 1, found \(temperature)") }
        if let maxTokens, maxTokens < 1 { throw CommandFailure(.badUsage, "--max-tokens must be at least 1, found \(maxTokens)") }
        var limits = InputLimits()
        limits.samplesPerTemplate = try settings.int(.maxSamples, flag: maxSamples, in: 1...1_000_000, default: limits.samplesPerTemplate)
        let catalog: ModelCatalog
        do {
            catalog = try ModelCatalogFile.load(path: catalogPath)
        } catch {
            throw CommandFailure(.badUsage, "\(error)")
        }
        let keys = try keyring.keys(settings)
        let bytes: [UInt8]
        do {
            bytes = try SealedFile.read(path: input, maximumBytes: Self.maximumInputBytes, keyring: keys)
        } catch {
            throw CommandFailure(.badInput, "the input file \(error)")
        }
        let inference = InferenceConfiguration(maxTokens: maxTokens, temperature: temperature)
        let limit = modelIDs.compactMap { catalog.models[$0]?.limits.concurrency }.reduce(0, +)
        return EmbeddedJob(
            catalog: catalog, limits: limits, input: bytes, models: modelIDs.map { ModelConfiguration(modelID: $0, inference: inference) },
            options: options, outputFolder: outputFolder, buckets: try buckets(settings), keyring: keys,
            encryptionKeyARN: settings.string(.encryptionKey, flag: encryptionKey),
            slots: try settings.int(.slots, flag: slots, in: 1...4_096, default: max(1, min(64, limit))),
            python: settings.string(.python, flag: python))
    }

    private func buckets(_ settings: Settings) throws -> [BucketMount] {
        let mounts = try settings.buckets(flags: bucket)
        guard !mounts.contains(where: { $0.name == EmbeddedCluster.outputBucket }) else {
            throw CommandFailure(.badUsage, "\(SettingKey.bucket.places) names the bucket '\(EmbeddedCluster.outputBucket)', which stands for the folder of --output; choose another name")
        }
        return mounts
    }

    private func report(_ id: JobID, _ last: JobProgress, _ job: EmbeddedJob) throws {
        let folder = "\(job.outputFolder)/\(id)"
        let files = ["\(folder)/\(Coordinator.resultsFileName)", "\(folder)/\(Coordinator.historyFileName)"]
        if json {
            TerminalOutput.standardOutput.line(JSONValue.object([
                "jobId": .string(id.rawValue), "status": .string(last.status.rawValue), "failureMessage": last.failureMessage.map { .string($0) } ?? .null,
                "results": .string(files[0]), "history": .string(files[1]),
            ]).text)
        } else if FileManager.default.fileExists(atPath: files[0]) {
            let bytes = try SealedFile.read(path: files[0], maximumBytes: 1 << 30, keyring: job.keyring)
            let lines = try bytes.split(separator: UInt8(ascii: "\n")).map { try JSONValue(parsing: Array($0)) }
            let output = TerminalOutput.standardOutput
            for line in ResultTable(lines: lines, files: files).render(width: output.width, style: output.style) { output.line(line) }
        }
        let status = ExitStatus(last.status)
        guard status == .done else { throw CommandFailure(status, json ? "" : last.failureMessage ?? "the job ended \(last.status.rawValue)") }
    }
}
