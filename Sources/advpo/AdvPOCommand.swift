import AdvPOCommandLine
import ArgumentParser

@main
struct AdvPOCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "advpo",
        abstract: "Finds better prompts for your models, and proves it on samples that the search never saw.",
        discussion: """
            EXAMPLES
              advpo run in.jsonl --models models.yaml --model local.tiny --output results
              advpo submit in.jsonl --bucket data=/srv/data --model local.tiny --watch
              advpo list
              advpo results abc123def456 --output ./results
              advpo cluster status --watch

            \(ExitStatus.help)
            """,
        subcommands: [Run.self, Submit.self, List.self, Get.self, Watch.self, Stop.self, Delete.self, Results.self, Cluster.self, Story.self])

    static func main() async {
        await CommandRunner.main(AdvPOCommand.self)
    }
}
