import ArgumentParser

@main struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "advpo-bench", abstract: "The coordinator and the worker as they are, with a model that answers at once: what ops/bench measures.",
        discussion: """
            Every line on standard output is one JSON object with an "event". ops/bench starts these processes and reads the lines; see ops/bench/README.md.
            """,
        subcommands: [CoordinatorProcess.self, WorkerProcess.self])
}
