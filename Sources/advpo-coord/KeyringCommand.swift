import AdvPOCommandLine
import AdvPOObjects
import ArgumentParser
import Foundation

struct KeyringCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keyring", abstract: "Makes and lists the keys under which objects of local buckets rest encrypted.",
        discussion: """
            EXAMPLE
              advpo-coord keyring add keyring.yaml
              advpo-coord serve --keyring keyring.yaml …
              advpo submit in.jsonl --encryption-key arn:aws:kms:…

            Keep copies of the file: without it nothing that its keys sealed can be read. Whoever can read it can read all that.
            """,
        subcommands: [Add.self, ListKeys.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Adds a new random key, in a new file where there is none, and prints its ARN.")

        @Argument(help: "The keyring file.") var file: String
        @Option(help: "The key's ARN (default: a new one of region us-east-1 and account 000000000000).") var arn: String?

        func run() async throws {
            var generator = SystemRandomNumberGenerator()
            let arn = arn ?? "arn:aws:kms:us-east-1:000000000000:key/\(UUID().uuidString.lowercased())"
            do {
                try KeyringFile.add(KeyMaterial(using: &generator), arn: arn, created: Date().formatted(.iso8601), to: file)
            } catch {
                throw CommandFailure(.failed, "\(error)")
            }
            TerminalOutput.standardOutput.line(arn)
        }
    }

    struct ListKeys: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "Prints the ARNs of a file's keys, one a line.")

        @Argument(help: "The keyring file.") var file: String

        func run() async throws {
            do {
                for arn in try KeyringFile.load(path: file).arns { TerminalOutput.standardOutput.line(arn) }
            } catch {
                throw CommandFailure(.failed, "\(error)")
            }
        }
    }
}
