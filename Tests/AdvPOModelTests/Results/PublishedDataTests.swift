import AdvPOModel
import Foundation
import Testing

private let publishedDataFolder = ProcessInfo.processInfo.environment["ADVPO_PUBLISHED_DATA"]

/// Reads input files that AWS published, and writes results of made-up records beside them. `ops/check-published-data` prepares
/// the folder and compares those results with the published ones; without it nothing is run.
@Suite(.enabled(if: publishedDataFolder != nil, "ADVPO_PUBLISHED_DATA names no folder"))
struct PublishedDataTests {
    @Test("every published input is read, survives writing and reading, and has a result") func publishedInputs() throws {
        let folder = URL(fileURLWithPath: try #require(publishedDataFolder))
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        let inputs = names.map { folder.appending(path: $0) }.filter { FileManager.default.fileExists(atPath: $0.appending(path: "input.jsonl").path) }
        try #require(!inputs.isEmpty, "no */input.jsonl in the folder")
        for input in inputs {
            let bytes = Array(try Data(contentsOf: input.appending(path: "input.jsonl")))
            let templates = try InputFile.read(bytes)
            let written = lines(templates.map(\.jsonLine))
            #expect(try InputFile.read(written) == templates, "\(input.lastPathComponent)")
            #expect(lines(try InputFile.read(written).map(\.jsonLine)) == written, "\(input.lastPathComponent)")
            try Data(written).write(to: input.appending(path: "written.jsonl"))
            try Data(lines(templates.map { result(of: $0).jsonLine })).write(to: input.appending(path: "ours.jsonl"))
        }
    }

    private func lines(_ values: [JSONValue]) -> [UInt8] { Array(values.map { $0.encoded() }.joined(separator: [0x0A])) }

    private func result(of template: Template) -> TemplateResult {
        let rows = template.samples.map { sample in
            let record = UnitRecord(
                status: .scored, output: "answer \(sample.index)", score: 0.5, judgeOutput: template.method.usesJudge ? "<Overall>1.5</Overall>" : nil,
                usage: Usage(inputTokens: 100, outputTokens: 10, timeToFirstTokenMicroseconds: 300_000, latencyMicroseconds: 900_000, cost: nil), providerCalls: 1)
            return ResultRow(sample: sample, split: "all", original: record, optimized: record)
        }
        return TemplateResult(
            template: template,
            results: [
                ModelResult(
                    modelID: "made.up", status: .success, returned: PromptDocument(user: template.promptTemplate), promptFormat: .text, rows: rows, proof: nil,
                    explanation: "made up for a comparison of shapes", callsSpent: 0)
            ])
    }
}
