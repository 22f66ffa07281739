import AdvPOEvaluation
import AdvPOModel
import AdvPOTransport
import AdvPOWorker
import ArgumentParser
import Foundation
import Logging
import OrderedCollections

/// The real worker with a model that answers at once. Events: `welcomed`, and `ended` when standard input ends.
struct WorkerProcess: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "worker", abstract: "A worker whose model answers at once.")

    @Option(help: "The coordinator's work socket.") var work: String
    @Option(help: "The coordinator's control socket.") var control: String
    @Option(help: "Tasks in hand at once.") var slots = 16
    @Option(help: "Bytes of content that are kept; 0: every task fetches all that it names.") var cacheBytes = 256 * 1024 * 1024
    @Flag(help: "Count messages and their bytes, which costs time.") var countMessages = false

    func validate() throws {
        guard slots > 0, cacheBytes >= 0 else { throw ValidationError("slots and bytes are not negative") }
    }

    func run() async throws {
        let logger = Logger(label: "advpo.bench") { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = .error
            return handler
        }
        let limits = WireLimits()
        let counter = MessageCounter(limits: limits)
        let dialled = try NNGRequester(dialing: work, limits: limits, logger: logger)
        let greeted = GreetingWatch(try NNGRequester(dialing: control, limits: limits, logger: logger))
        let evaluator = Evaluator(models: InstantModel(), python: PythonMetricSettings(python: nil), logger: logger)
        let worker = Worker(
            name: "bench:\(ProcessInfo.processInfo.processIdentifier)", instance: UUID().uuidString, slots: slots,
            models: (0..<InstantModel.modelCount).map(InstantModel.modelID), work: countMessages ? CountingRequester(dialled, counter) : dialled, control: greeted,
            executor: TaskExecutor(models: InstantModel(), evaluator: evaluator, limits: limits), limits: limits, cacheBytes: cacheBytes, logger: logger)
        let working = Task { await worker.run() }
        for await _ in StandardInput.lines() {}
        Output.event("ended", counter.members, ProcessFigures.members)
        working.cancel()
        _ = await working.value
    }
}

/// Answers every chat at once, and always right.
struct InstantModel: ChatModels {
    static let modelCount = Workload.largestModelCount
    static func modelID(_ number: Int) -> String { Workload.modelID(number) }

    func complete(_ request: ChatRequest, within allowance: CallAllowance) async throws(InferenceFailure) -> ChatCompletion {
        guard allowance.take() else { throw InferenceFailure(kind: .allowance, message: "the task's requests are used up", attempts: 0) }
        return ChatCompletion(
            text: Workload.answer, usage: Usage(inputTokens: 3_000, outputTokens: 1, timeToFirstTokenMicroseconds: 1, latencyMicroseconds: 1, cost: nil),
            finishReason: "stop", attempts: 1)
    }
}
