import AdvPOCluster
import AdvPOCommandLine
import AdvPOTrust
import ArgumentParser
import Foundation

struct ClusterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cluster", abstract: "Makes the files by which a coordinator and its workers know each other, and takes workers' keys back.",
        discussion: """
            EXAMPLE
              advpo-coord cluster init ./cluster --host head.example.org --host 10.0.0.5
              advpo-coord cluster issue-certificate ./cluster node7      # then copy ./cluster/workers/node7 to that host
              advpo-coord serve --cluster ./cluster --work tls+tcp://0.0.0.0:7710 --control tls+tcp://0.0.0.0:7711 …
              advpo-worker --identity ./node7 --work tls+tcp://head.example.org:7710 --control tls+tcp://head.example.org:7711 …
              advpo-coord cluster revoke ./cluster node7 && kill -HUP COORDINATOR-PID

            Whoever can read the folder can let workers in and pose as the coordinator.
            """,
        subcommands: [Initialize.self, IssueCertificate.self, RenewCertificate.self, Revoke.self, ListKeys.self])

    struct Initialize: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "init", abstract: "Makes a new cluster's folder: its secret, its authority and the coordinator's certificate.")

        @Argument(help: "The folder, which must hold no cluster yet.") var directory: String
        @Option(help: "A name or address by which workers dial the coordinator; may be repeated. This machine's name and its loopback addresses are added.") var host: [String] = []

        func run() async throws {
            var generator = SystemRandomNumberGenerator()
            let secret = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            let own = ProcessInfo.processInfo.hostName
            try failing { try ClusterFolder(directory).make(hosts: host + (host.contains(own) || !ClusterFolder.isHost(own) ? [] : [own]), secret: secret, now: Date()) }
            TerminalOutput.standardOutput.line("made \(directory); next: advpo-coord cluster issue-certificate \(directory) WORKER-NAME")
        }
    }

    struct IssueCertificate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Makes a key and a certificate for a worker, and prints their folder, which is then to be copied to the worker's host.")

        @Argument(help: "The cluster's folder.") var directory: String
        @Argument(help: "The worker's name: the host's, say. Several processes may share one.") var name: String

        func run() async throws {
            let issued = try failing { try ClusterFolder(directory).issue(name, now: Date()) }
            TerminalOutput.standardOutput.line(issued.folder)
        }
    }

    struct RenewCertificate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Makes the coordinator a new certificate, for the old one's names and more; it is shown from the next start on.")

        @Argument(help: "The cluster's folder.") var directory: String
        @Option(help: "A further name or address by which workers dial the coordinator; may be repeated.") var host: [String] = []

        func run() async throws {
            try failing { try ClusterFolder(directory).renew(hosts: host, now: Date()) }
            TerminalOutput.standardOutput.line("renewed \(directory)/coordinator.pem; restart the coordinator")
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Takes all keys back that a worker's name was given so far. A running coordinator hears of it by SIGHUP.")

        @Argument(help: "The cluster's folder.") var directory: String
        @Argument(help: "The worker's name.") var name: String

        func run() async throws {
            let identity = try failing { try ClusterFolder(directory).revoke(name, now: Date()) }
            TerminalOutput.standardOutput.line("revoked \(identity.name) up to serial \(identity.serial); send the coordinator SIGHUP")
        }
    }

    struct ListKeys: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "Prints the workers' keys, one a line: name, serial, date, and 'revoked' where it is.")

        @Argument(help: "The cluster's folder.") var directory: String

        func run() async throws {
            for issue in try failing({ try ClusterFolder(directory).issues() }) {
                TerminalOutput.standardOutput.line("\(issue.identity.name) \(issue.identity.serial) \(issue.date)\(issue.isRevoked ? " revoked" : "")")
            }
        }
    }
}

/// What `make` returns; its error ends the command.
private func failing<Value>(_ make: () throws -> Value) throws -> Value {
    do {
        return try make()
    } catch {
        throw CommandFailure(.failed, "\(error)")
    }
}
