import AdvPOCommandLine
import AdvPOModel
import ArgumentParser
import OrderedCollections

struct Get: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows one job.",
        discussion: """
            EXAMPLES
              advpo get abc123def456
              advpo get abc123def456 --json
            """)

    @OptionGroup var argument: JobArgument
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        let job = try await connection.client().get(argument.job)
        let output = TerminalOutput.standardOutput
        guard !connection.json else { return output.line(String(decoding: job.encoded(), as: UTF8.self)) }
        for (key, value) in job.objectValue ?? [:] {
            let text = value.stringValue ?? value.objectValue?["s3Uri"]?.stringValue ?? String(decoding: value.encoded(), as: UTF8.self)
            output.line(TerminalText.padded(TerminalText.harmless(key, keepingLines: false), to: 20) + TerminalText.harmless(text))
        }
    }
}
