import AdvPOCommandLine
import AdvPOModel
import ArgumentParser
import Foundation
import OrderedCollections

struct Results: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows what a job found, and fetches its files.",
        discussion: """
            Without --output the files stay where the job wrote them. With --json the results file itself is printed, one template per line.

            EXAMPLES
              advpo results abc123def456
              advpo results abc123def456 --output ./results
            """)

    @OptionGroup var argument: JobArgument

    @Option(help: ArgumentHelp("A folder to write the job's files to.", valueName: "dir"))
    var output: String?

    @OptionGroup var connection: ConnectionOptions

    private static let resultsName = "advanced_prompt_optimization_results.jsonl"
    private static let historyName = "history.jsonl"

    func run() async throws {
        let client = try await connection.client()
        let content = try await client.file(Self.resultsName, of: argument.job)
        var files: [String] = []
        if let output {
            files.append(try write(content, Self.resultsName, output))
            files.append(try write(try await client.file(Self.historyName, of: argument.job), Self.historyName, output))
        } else if !connection.json {
            files = try await places(client)
        }
        guard !connection.json else { return TerminalOutput.standardOutput.write(String(decoding: content, as: UTF8.self)) }
        let stdout = TerminalOutput.standardOutput
        for line in ResultTable(lines: try parse(content), files: files).render(width: stdout.width, style: stdout.style) { stdout.line(line) }
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
    private func places(_ client: CoordinatorClient) async throws -> [String] {
        let job = try await client.get(argument.job).objectValue
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
