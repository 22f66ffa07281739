import AdvPOCommandLine
import AdvPOModel
import AdvPOObjects
import ArgumentParser
import Foundation
import OrderedCollections

struct Results: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows what a job found, and fetches its files.",
        discussion: """
            Without --output the files stay where the job wrote them. With --json the results file itself is printed, one template per line.
            Encrypted results are shown and written decrypted: those of a job by the coordinator, which holds the keys; those of --file with the keys of --keyring.

            EXAMPLES
              advpo results abc123def456
              advpo results abc123def456 --output ./results
              advpo results --file bucket/advpo-results/abc123def456/history.jsonl --keyring keyring.yaml --json
            """)

    @Argument(help: ArgumentHelp("The job's id or ARN.", valueName: "job"))
    var job: String?

    @Option(help: ArgumentHelp("A file that a job wrote, encrypted or not, instead of a job: it is read here, and no coordinator is asked.", valueName: "path"))
    var file: String?

    @OptionGroup var keyring: KeyringOption

    @Option(help: ArgumentHelp("A folder to write the job's files to.", valueName: "dir"))
    var output: String?

    @OptionGroup var connection: ConnectionOptions

    private static let resultsName = "advanced_prompt_optimization_results.jsonl"
    private static let historyName = "history.jsonl"

    func run() async throws {
        switch (job, file) {
        case (let job?, nil): try await show(job: job)
        case (nil, let file?): try show(file: file, try await connection.settings())
        case (nil, nil), (_?, _?): throw CommandFailure(.badUsage, "name a job, or a file with --file, and not both")
        }
    }

    private func show(job: String) async throws {
        let client = try await connection.client()
        let content = try await client.file(Self.resultsName, of: job)
        var files: [String] = []
        if let output {
            files.append(try write(content, Self.resultsName, output))
            files.append(try write(try await client.file(Self.historyName, of: job), Self.historyName, output))
        } else if !connection.json {
            files = try await places(client, job)
        }
        show(try ResultTable(lines: connection.json ? [] : parse(content), files: files), content)
    }

    private func show(file: String, _ settings: Settings) throws {
        let content: [UInt8]
        do {
            content = try SealedFile.read(path: file, maximumBytes: CoordinatorClient.maximumFileBytes, keyring: keyring.keys(settings))
        } catch let fault as SealedFileFault {
            throw CommandFailure(.badInput, "the file \(fault)")
        }
        let source = URL(fileURLWithPath: file).resolvingSymlinksInPath()
        if let output {
            guard URL(fileURLWithPath: output, isDirectory: true).resolvingSymlinksInPath().path != source.deletingLastPathComponent().path else {
                throw CommandFailure(.badUsage, "--output is the folder of --file, which would be overwritten; choose another")
            }
        }
        let files = try output.map { [try write(content, source.lastPathComponent, $0)] } ?? [file]
        let table = ResultTable(lines: connection.json ? [] : try parse(content), files: files)
        guard connection.json || output != nil || !table.runs.isEmpty else {
            throw CommandFailure(.badInput, "the file '\(file)' is no results file; print it as it is with --json, or write it to a folder with --output")
        }
        show(table, content)
    }

    private func show(_ table: ResultTable, _ content: [UInt8]) {
        guard !connection.json else { return TerminalOutput.standardOutput.write(String(decoding: content, as: UTF8.self)) }
        let stdout = TerminalOutput.standardOutput
        for line in table.render(width: stdout.width, style: stdout.style) { stdout.line(line) }
    }

    private func parse(_ content: [UInt8]) throws -> [JSONValue] {
        var lines: [JSONValue] = []
        for (index, line) in content.split(separator: UInt8(ascii: "\n")).enumerated() {
            do {
                lines.append(try JSONValue(parsing: Array(line)))
            } catch {
                throw CommandFailure(.failed, "line \(index + 1) of the job's results is no JSON: \(error)")
            }
        }
        return lines
    }

    /// Where the job itself wrote its files.
    private func places(_ client: CoordinatorClient, _ job: String) async throws -> [String] {
        let job = try await client.get(job).objectValue
        guard let folder = job?["outputConfig"]?.objectValue?["s3Uri"]?.stringValue, let id = job?["jobArn"]?.stringValue?.split(separator: "/").last else { return [] }
        return [Self.resultsName, Self.historyName].map { "\(folder)\(id)/\($0)" }
    }

    private func write(_ content: [UInt8], _ name: String, _ directory: String) throws -> String {
        let folder = URL(fileURLWithPath: directory, isDirectory: true)
        let file = folder.appendingPathComponent(name)
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data(content).write(to: file, options: .atomic)
        } catch {
            throw CommandFailure(.failed, "cannot write \(file.path): \(error.localizedDescription)")
        }
        return file.path
    }
}
