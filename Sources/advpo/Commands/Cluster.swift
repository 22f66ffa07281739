import AdvPOCommandLine
import AdvPOModel
import ArgumentParser

struct Cluster: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows the cluster, and takes workers out of it.",
        discussion: """
            EXAMPLES
              advpo cluster status --watch
              advpo cluster drain host7:4242
            """,
        subcommands: [ClusterStatusCommand.self, ClusterDrain.self])
}

struct ClusterStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Shows workers, slots, leases and what waits.",
        discussion: """
            With --watch it is drawn anew every second until Ctrl-C; where stdout is no terminal it is printed once. With --json and --watch each state is one line.

            EXAMPLES
              advpo cluster status
              advpo cluster status --watch
              advpo cluster status --json --workers 5000
            """)

    @Flag(help: "Go on showing it until Ctrl-C.") var watch = false
    @Option(help: ArgumentHelp("Workers that are described one by one, 0 to 5000.", valueName: "n")) var workers = 200
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        guard (0...5_000).contains(workers) else { throw ValidationError("--workers must be 0 to 5000") }
    }

    func run() async throws {
        let client = try await connection.client()
        let output = TerminalOutput.standardOutput
        guard watch, connection.json || output.isTerminal else {
            let status = try await client.cluster(workers: workers)
            guard !connection.json else { return output.line(status.text) }
            for line in StatusTable(status).render(width: output.width, style: output.style) { output.line(line) }
            return
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await follow(client, output) }
            group.addTask {
                for await _ in Interrupts.stream() { return }
                throw CancellationError()
            }
            defer { group.cancelAll() }
            // Ctrl-C is how one ends it: no failure.
            try await group.next()
        }
    }

    private func follow(_ client: CoordinatorClient, _ output: TerminalOutput) async throws {
        var screen = LiveScreen { output.write($0) }
        if !connection.json { screen.begin() }
        defer { if !connection.json { screen.finish() } }
        while !Task.isCancelled {
            let status: JSONValue
            do {
                status = try await client.cluster(workers: workers)
            } catch is CancellationError {
                return
            }
            if connection.json {
                output.line(status.text)
            } else {
                let height = output.height ?? 24
                let width = max(20, output.width - 1)
                // Sums, titles and what waits take their lines first.
                let lines = StatusTable(status).render(width: width, rows: max(1, height - 12), style: output.style)
                screen.draw(Array(lines.prefix(max(1, height - 1))))
            }
            do { try await Task.sleep(for: .seconds(1)) } catch { return }
        }
    }
}

struct ClusterDrain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain", abstract: "Has a worker finish what it has in hand, take no more, and exit.",
        discussion: """
            EXAMPLES
              advpo cluster drain host7:4242
            """)

    @Argument(help: "Its name, its session, or the beginning of its instance: 'advpo cluster status --json' has them.") var worker: String
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        let answer = try await connection.client().drain(worker)
        guard !connection.json else { return TerminalOutput.standardOutput.line(answer.text) }
        TerminalOutput.standardError.line("The worker \(worker) drains: it finishes what it has and exits. See it go with 'advpo cluster status --watch'.")
    }
}
