import AdvPOCommandLine
import AdvPOObjects
import ArgumentParser

/// The keys of encrypted files, for commands that read or write them without a coordinator.
struct KeyringOption: ParsableArguments {
    @Option(help: ArgumentHelp("The keys of encrypted files: a file that 'advpo-coord keyring add' made.", valueName: "file"))
    var keyring: String?

    /// Empty when no file is named.
    func keys(_ settings: Settings) throws(CommandFailure) -> Keyring {
        guard let path = settings.string(.keyring, flag: keyring) else { return .empty }
        do {
            return try KeyringFile.load(path: path)
        } catch {
            throw CommandFailure(.badUsage, "\(error)")
        }
    }
}
