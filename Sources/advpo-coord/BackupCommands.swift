import AdvPOCommandLine
import AdvPOStore
import ArgumentParser

struct Backup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Copies all state into one file, while the coordinator runs or when it does not.",
        discussion: """
            The copy is the state of one moment, whole, and for this user alone to read. Metric code, input files and samples' files are in it; result files are
            where outputConfig put them, and keys and credentials are in files of their own: copy those too.

            EXAMPLE
              advpo-coord backup --data ./state backup-2026-05-14.sqlite
            """)

    @Argument(help: "The file to make; it must not be there yet.") var file: String
    @Option(help: "The coordinator's data directory.") var data: String?
    @Option(help: "A YAML file with any of the settings.") var config: String?

    func run() async throws {
        let folder = try await Settings(configFile: config).required(.data, flag: data, "the coordinator's data directory")
        do {
            try StoreBackup.make(directory: folder, file: file)
        } catch {
            throw CommandFailure(.failed, "\(error)")
        }
        TerminalOutput.standardError.line("The state of \(folder) is in \(file). Put it back with 'advpo-coord restore --data EMPTY-DIR \(file)'.")
    }
}

struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Puts a backup into an empty data directory.",
        discussion: """
            Jobs go on from it at the next 'advpo-coord serve --data DIR'. Units that were accepted after the backup are run again, and paid for again.
            The coordinator whose state it was must not run any more.

            EXAMPLE
              advpo-coord restore --data ./new-state backup-2026-05-14.sqlite
            """)

    @Argument(help: "A file that 'advpo-coord backup' made.") var file: String
    @Option(help: "A data directory without a database; it is made where there is none.") var data: String?
    @Option(help: "A YAML file with any of the settings.") var config: String?

    func run() async throws {
        let folder = try await Settings(configFile: config).required(.data, flag: data, "an empty data directory")
        do {
            try StoreBackup.restore(file: file, directory: folder)
        } catch {
            throw CommandFailure(.failed, "\(error)")
        }
        TerminalOutput.standardError.line("\(folder) has the state of \(file). Start it with 'advpo-coord serve --data \(folder) …'.")
    }
}
