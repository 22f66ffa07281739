package import ArgumentParser
import Foundation

/// Runs a command line to its exit code.
package enum CommandRunner {
    /// Parses the process's arguments, runs the command and exits; usage errors end with 2, as documented, not with the 64 of sysexits.
    package static func main(_ command: any AsyncParsableCommand.Type) async -> Never {
        do {
            var parsed = try command.parseAsRoot()
            if var asynchronous = parsed as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try parsed.run()
            }
            exit(ExitStatus.done.rawValue)
        } catch {
            exit(report(error, command))
        }
    }

    /// Prints what an error has to say and gives its exit code.
    static func report(_ error: any Error, _ command: any ParsableCommand.Type) -> Int32 {
        switch error {
        case let failure as CommandFailure:
            if !failure.message.isEmpty { TerminalOutput.standardError.line(failure.status.prefix + TerminalText.harmless(failure.message)) }
            return failure.status.rawValue
        case let error as SettingsError:
            TerminalOutput.standardError.line("Error: \(TerminalText.harmless(error.message))")
            return ExitStatus.badUsage.rawValue
        default:
            let code = command.exitCode(for: error)
            let message = command.fullMessage(for: error)
            if code.isSuccess {
                TerminalOutput.standardOutput.line(message)
                return ExitStatus.done.rawValue
            }
            TerminalOutput.standardError.line(TerminalText.harmless(message))
            return code == .validationFailure ? ExitStatus.badUsage.rawValue : code.rawValue
        }
    }
}

extension ExitStatus {
    /// What stands before a message: a stopped job or Ctrl-C is no error.
    fileprivate var prefix: String {
        switch self {
        case .failed, .badUsage, .badInput, .unreachable: "Error: "
        case .done, .partiallyCompleted, .stopped, .interrupted: ""
        }
    }
}
