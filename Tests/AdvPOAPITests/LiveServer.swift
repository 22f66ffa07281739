@testable import AdvPOAPI
import AdvPOBedrock
import AdvPOModel
import Foundation
import Logging
import NIOCore
import NIOSSL
import ServiceLifecycle
import Subprocess
import Synchronization
import SystemPackage
import Testing

/// A server on an ephemeral port of loopback, and the programs that talk to it.
struct LiveServer {
    var service = MemoryJobService()
    var access = Access.open
    var throttle: RequestThrottle?
    var tls: TLSConfiguration?
    var limits = LiveServer.patient
    var logger = Logger.silent

    /// Deadlines that a busy machine does not pass.
    static var patient: ServerLimits {
        var limits = ServerLimits()
        limits.headTime = .minutes(5)
        limits.bodyTime = .minutes(5)
        limits.idleTime = .minutes(5)
        limits.writeTime = .minutes(5)
        return limits
    }

    /// The Python that has boto3, and beside which the AWS CLI may be.
    static let python = ProcessInfo.processInfo.environment["ADVPO_PYTHON"] ?? "python3"

    /// A virtual environment has the AWS CLI beside its Python.
    static let aws: String = {
        let beside = URL(fileURLWithPath: python).deletingLastPathComponent().appendingPathComponent("aws").path
        return python.contains("/") && FileManager.default.isExecutableFile(atPath: beside) ? beside : "aws"
    }()

    /// The path of a script beside this file.
    static func script(_ name: String) -> String { URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(name).path }

    /// Runs `body` against the server, which ends with it.
    func run(_ body: @escaping @Sendable (String) async throws -> Void) async throws {
        let (urls, continuation) = AsyncStream<String>.makeStream()
        let server = JobServer(
            service: service, address: try ListenAddress(parsing: "127.0.0.1:0"), access: access, throttle: throttle, tls: tls, serverLimits: limits, logger: logger
        ) { continuation.yield($0.url) }
        let services = ServiceGroup(services: [server], logger: Logger(label: "test"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            var iterator = urls.makeAsyncIterator()
            let url = try #require(await iterator.next())
            do {
                try await body(url)
            } catch {
                group.cancelAll()
                throw error
            }
            await services.triggerGracefulShutdown()
        }
    }

    static func execute(_ executable: String, _ arguments: [String], _ environment: [String: String] = [:]) async throws -> (output: String, succeeded: Bool) {
        let overrides = Dictionary(uniqueKeysWithValues: environment.map { (Environment.Key(stringLiteral: $0.key), $0.value) })
        let result = try await Subprocess.run(
            executable.contains("/") ? .path(FilePath(executable)) : .name(executable), arguments: Arguments(arguments),
            environment: .inherit.updating(overrides), output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        return (result.standardOutput + result.standardError, result.terminationStatus.isSuccess)
    }

    /// Runs a script of this folder, which must end well.
    static func drive(_ script: String, _ arguments: String..., environment: [String: String] = [:]) async throws -> String {
        let (output, succeeded) = try await execute(python, [Self.script(script)] + arguments, environment)
        #expect(succeeded && output.hasSuffix("all passed\n"), "\(output)")
        return output
    }
}

extension Logger {
    /// For tests that provoke what would be logged.
    static var silent: Logger { Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() } }
}

/// A logger that keeps what it is told, at every level.
final class CapturedLog: Sendable {
    private let lines = Mutex<[String]>([])

    var text: String { lines.withLock { $0.joined(separator: "\n") } }
    var logger: Logger { Logger(label: "captured") { _ in Handler(log: self) } }

    private struct Handler: LogHandler {
        let log: CapturedLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { $1 }
            log.lines.withLock { $0.append("\(event.level) \(event.message) \(all)") }
        }
    }
}

/// Those who may use the API in tests. No test shows their secrets.
enum People {
    static let adminKey = "AKIDADMINADMINADMIN1"
    static let adminSecret = "admins/secret+key/of/40/characters/12345"
    static let adminToken = "admins-bearer-token-of-tests"
    static let readerKey = "AKIDREADERREADER0001"
    static let readerSecret = "readers/secret+key/of/forty/characters12"
    static let clientToken = "a-client-that-has-a-token-alone"
    static let secrets = [adminSecret, adminToken, readerSecret, clientToken]

    static let yaml = """
        identities:
          - name: admin
            accessKeyId: \(adminKey)
            secretAccessKey: \(adminSecret)
            bearerToken: \(adminToken)
            allow: ['bedrock:*']
          - name: reader
            accessKeyId: \(readerKey)
            secretAccessKey: \(readerSecret)
            allow: ['bedrock:Get*', 'bedrock:ListAdvancedPromptOptimizationJobs']
          - name: client
            bearerToken: \(clientToken)
            allow: ['bedrock:*']
        """

    static func authenticator(isEncrypted: Bool = false, now: @escaping @Sendable () -> Int64) throws -> Authenticator {
        let identities = try CredentialsFile.parse(yaml, path: "people.yaml")
        return Authenticator(store: IdentityStore(identities), namespace: .standard, isEncrypted: isEncrypted, secondsSince1970: now)
    }

    /// With the clock of the machine, as clients that are programs have it.
    static func access(isEncrypted: Bool = false) throws -> Access {
        .authenticated(try authenticator(isEncrypted: isEncrypted) { Int64(Date().timeIntervalSince1970.rounded(.down)) })
    }
}
