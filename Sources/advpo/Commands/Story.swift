import AdvPOCommandLine
import AdvPOModel
import ArgumentParser

struct Story: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says where a task has been, and why.",
        discussion: """
            Logs and 'advpo cluster status' name tasks. Of tasks that went the usual way the last 20,000 are remembered, until the coordinator's next start; stories of tasks
            that needed a second attempt, failed or were cancelled at work are kept as long as their job.

            EXAMPLES
              advpo story 4.17
              advpo story 9f86d081884c
              advpo story abc123def456 --json
            """)

    @Argument(help: "A task as epoch.task, a unit by the first characters of its name, or a job's id for its tasks.") var task: String
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        let answer = try await connection.client().stories(task)
        let output = TerminalOutput.standardOutput
        guard !connection.json else { return output.line(answer.text) }
        let stories = answer["tasks"]?.arrayValue ?? []
        for (index, story) in stories.enumerated() {
            if index > 0 { output.line("") }
            for line in StoryLines.render(story, width: output.width, style: output.style) { output.line(line) }
        }
    }
}
