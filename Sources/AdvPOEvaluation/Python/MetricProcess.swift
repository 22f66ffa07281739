import Glibc
import Subprocess
import SystemPackage

/// One running process of one metric: a line in, a line out.
///
/// `--die-with-parent` follows the thread that started the child; Subprocess starts all from one thread that lives as long as this process.
final class MetricProcess: Sendable {
    private let exchange: MetricExchange
    private let requests: AsyncStream<[UInt8]>.Continuation
    private let running: Task<Void, Never>

    init(_ command: MetricCommand, settings: PythonMetricSettings) {
        _ = Self.ignoresBrokenPipes
        let exchange = MetricExchange(maximumLineBytes: settings.outputBytes, maximumTailBytes: settings.errorTailBytes)
        let (lines, requests) = AsyncStream<[UInt8]>.makeStream()
        self.exchange = exchange
        self.requests = requests
        running = Task { await Self.run(command, lines: lines, requests: requests, exchange: exchange) }
    }

    /// Writing to a process that has just died must be an error of that write, not the end of this process.
    private static let ignoresBrokenPipes: Void = { signal(SIGPIPE, SIG_IGN) }()

    /// The reply to one line, or to none for the reply that the process gives on its own. After a failure the process is of no more use.
    func exchange(_ line: [UInt8]?, timeoutSeconds: Double) async throws(MetricProcessFailure) -> [UInt8] {
        let exchange = self.exchange
        let ticket = exchange.open()
        let timer = Task {
            do { try await Task.sleep(for: .seconds(timeoutSeconds)) } catch { return }
            exchange.interrupt(ticket, .timedOut)
        }
        defer { timer.cancel() }
        if let line { requests.yield(line + [UInt8(ascii: "\n")]) }
        return try await withTaskCancellationHandler {
            await exchange.reply()
        } onCancel: {
            exchange.interrupt(ticket, .cancelled)
        }.get()
    }

    func takeErrorTail() -> String { exchange.takeErrorTail() }

    /// The same, with everything that was printed before the last reply.
    func takePrinted() async -> String {
        await exchange.waitForPrinted()
        return exchange.takeErrorTail()
    }

    /// Kills it and waits until it is gone. It keeps nothing, so there is nothing to finish.
    func stop() async {
        requests.finish()
        running.cancel()
        await running.value
    }

    private static func run(
        _ command: MetricCommand, lines: AsyncStream<[UInt8]>, requests: AsyncStream<[UInt8]>.Continuation, exchange: MetricExchange
    ) async {
        let environment = Dictionary(uniqueKeysWithValues: command.environment.map { (Environment.Key(stringLiteral: $0.key), $0.value) })
        do {
            let result = try await Subprocess.run(
                .path(FilePath(command.executable)), arguments: Arguments(command.arguments), environment: .custom(environment),
                workingDirectory: command.workingDirectory.map { FilePath($0) }, input: .inputWriter, output: .sequence, error: .sequence
            ) { execution in
                await withTaskGroup(of: Void.self) { group in
                    group.addTask {
                        // A pipe that breaks says that the process is ending; how it ended is known below.
                        do { for await line in lines { _ = try await execution.standardInputWriter.write(line) } } catch {}
                    }
                    group.addTask {
                        do { for try await buffer in execution.standardError { exchange.receive(error: buffer.withUnsafeBytes { Array($0) }) } } catch {}
                    }
                    do { for try await buffer in execution.standardOutput { exchange.receive(output: buffer.withUnsafeBytes { Array($0) }) } } catch {}
                    // There will be no more replies, so there is nothing more to ask.
                    requests.finish()
                }
            }
            exchange.fail(.ended("it \(describe(result.terminationStatus))"))
        } catch {
            exchange.fail(.ended("it could not be started or was lost: \(error)"))
        }
    }

    private static func describe(_ status: TerminationStatus) -> String {
        switch status {
        case .exited(let code) where code > 128: "was killed by signal \(code - 128)"
        case .exited(let code): "ended with code \(code)"
        case .signaled(let signal): "was killed by signal \(signal)"
        }
    }
}
