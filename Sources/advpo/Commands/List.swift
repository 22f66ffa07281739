import AdvPOCommandLine
import AdvPOModel
import ArgumentParser
import OrderedCollections

struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists jobs, the newest first.",
        discussion: """
            EXAMPLES
              advpo list
              advpo list --limit 1000 --oldest-first --json
            """)

    @Option(help: ArgumentHelp("At most so many.", valueName: "n"))
    var limit = 100

    @Flag(help: "The oldest first.")
    var oldestFirst = false

    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        guard limit >= 1 else { throw ValidationError("--limit must be 1 or more") }
    }

    func run() async throws {
        let jobs = try await connection.client().list(limit: limit, ascending: oldestFirst)
        let output = TerminalOutput.standardOutput
        guard !connection.json else {
            return output.line(String(decoding: (["jobSummaries": .array(jobs)] as JSONValue).encoded(), as: UTF8.self))
        }
        for job in jobs {
            let cells = [("jobArn", 12), ("jobStatus", 18), ("creationTime", 24), ("jobName", 0)].map { key, width in
                let text = job.objectValue?[key]?.stringValue ?? "?"
                let shown = key == "jobArn" ? text.split(separator: "/").last.map(String.init) ?? text : text
                return TerminalText.padded(TerminalText.harmless(shown, keepingLines: false), to: width)
            }
            output.line(cells.joined(separator: "  "))
        }
        if jobs.isEmpty { TerminalOutput.standardError.line("There are no jobs.") }
    }
}
