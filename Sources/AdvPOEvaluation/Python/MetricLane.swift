import AdvPOModel
import Logging

/// One metric's answers, one after the other, by one process that is started when needed and replaced when it fails.
actor MetricLane {
    private static let maximumFeedbackScalars = 2_000

    private let name: String
    private let settings: PythonMetricSettings
    private let folder: MetricFolder
    private let command: MetricCommand
    private let logger: Logger

    private var process: MetricProcess?
    private var nextID = 0
    private var isBusy = false
    private var isClosed = false
    private var nextTicket = 0
    /// First come, first served.
    private var queue: [(ticket: Int, continuation: CheckedContinuation<Bool, Never>)] = []

    init(_ bundle: FunctionBundle, interpreter: PythonInterpreter, settings: PythonMetricSettings, logger: Logger) throws(EvaluationFailure) {
        name = bundle.name
        self.settings = settings
        self.logger = logger
        folder = try MetricFolder(bundle, settings: settings)
        do throws(EvaluationFailure) {
            command = try MetricCommand(interpreter: interpreter, folder: folder, settings: settings)
        } catch {
            folder.remove()
            throw error
        }
    }

    func score(response: String, reference: String) async throws(EvaluationFailure) -> EvaluationResult {
        try await enter()
        defer { leave() }
        // A process that works is not to be killed for a caller who left while waiting.
        if Task.isCancelled { throw .cancelled }
        let process = try await runningProcess()
        nextID += 1
        let request = MetricRequest(id: nextID, prediction: response, reference: reference)
        let reply = try await exchange(with: process, request.line(), timeoutSeconds: settings.timeoutSeconds)
        guard reply.id == nextID else {
            await discard()
            throw .metric(message: "the metric \(name) wrote to the descriptor of its replies: it must return its score and print nothing there")
        }
        if let failure = reply.failure { throw .metric(message: "the metric \(name) gave no score: \(failure)\(await quotedTail(process))") }
        guard let score = reply.score, score.isFinite else {
            await discard()
            throw .metric(message: "the metric \(name) gave no score\(await quotedTail(process))")
        }
        _ = process.takeErrorTail()
        if reply.cpu > Double(settings.processorSeconds) / 2 { await discard() }
        let words = reply.diagnostics.flatMap { $0.isEmpty ? nil : $0.bounded(to: Self.maximumFeedbackScalars) }
        return EvaluationResult(score: score, feedback: words)
    }

    /// Starts the process, so that a metric that cannot be loaded is known before anything is spent.
    func load() async throws(EvaluationFailure) {
        try await enter()
        defer { leave() }
        _ = try await runningProcess()
    }

    func close() async {
        isClosed = true
        // Its failure ends whoever is waiting for a reply.
        await discard()
        folder.remove()
    }

    private func runningProcess() async throws(EvaluationFailure) -> MetricProcess {
        guard !isClosed else { throw .cancelled }
        if let process { return process }
        let started = MetricProcess(command, settings: settings)
        process = started
        let reply = try await exchange(with: started, nil, timeoutSeconds: settings.startupTimeoutSeconds)
        if let failure = reply.failure {
            await discard()
            throw .metric(message: "the metric \(name) cannot be used: \(failure)\(moduleAdvice(failure))")
        }
        guard reply.ready == true else {
            await discard()
            throw .metric(message: "the metric \(name) wrote to the descriptor of its replies while it was loaded")
        }
        return started
    }

    private func exchange(with process: MetricProcess, _ line: [UInt8]?, timeoutSeconds: Double) async throws(EvaluationFailure) -> MetricReply {
        let bytes: [UInt8]
        do throws(MetricProcessFailure) {
            bytes = try await process.exchange(line, timeoutSeconds: timeoutSeconds)
        } catch {
            await discard()
            if isClosed { throw .cancelled }
            let tail = process.takeErrorTail()
            logger.info("a metric's process failed", metadata: ["metric": "\(name)", "failure": "\(error)"])
            throw failure(error, isStarting: line == nil, timeoutSeconds: timeoutSeconds, tail: tail)
        }
        guard let reply = MetricReply.parse(bytes) else {
            await discard()
            throw .metric(message: "the metric \(name) wrote to the descriptor of its replies: \(String(decoding: bytes, as: UTF8.self).bounded(to: 200))")
        }
        return reply
    }

    private func failure(_ failure: MetricProcessFailure, isStarting: Bool, timeoutSeconds: Double, tail: String) -> EvaluationFailure {
        let printed = tail.isEmpty ? "" : "; it printed last: \(tail)"
        switch failure {
        case .cancelled: return .cancelled
        case .timedOut:
            let what = isStarting ? "was not loaded" : "gave no score"
            let setting = isStarting ? "startupTimeoutSeconds" : "timeoutSeconds"
            return .metric(message: "the metric \(name) \(what) within \(timeoutSeconds) seconds and was stopped (setting \(setting))\(printed)")
        case .replyTooLong:
            return .metric(message: "the metric \(name) replied with more than \(settings.outputBytes) bytes and was stopped (setting outputBytes)\(printed)")
        case .ended(let how):
            if isStarting, settings.isolation == .bubblewrap, tail.hasPrefix("bwrap:") {
                return .metric(
                    message: "the sandbox for metrics cannot be made here (\(tail.bounded(to: 300))): bubblewrap needs unprivileged user namespaces "
                        + "(sysctl kernel.unprivileged_userns_clone=1, and none of the restrictions of a container), or root. "
                        + "For code that you trust as yourself, set the metric isolation to process-only instead.")
            }
            return .metric(
                message: "the process of the metric \(name) stopped: \(how). Its limits are \(settings.memoryBytes) bytes of memory "
                    + "and \(settings.processorSeconds) seconds of processor time\(printed)")
        }
    }

    private func moduleAdvice(_ failure: String) -> String {
        failure.contains("ModuleNotFoundError")
            ? "\nInstall the module for the interpreter that runs metrics, \(command.arguments.first { $0.contains("python") } ?? "python3"), or set another (setting python)."
            : ""
    }

    private func quotedTail(_ process: MetricProcess) async -> String {
        let tail = await process.takePrinted()
        return tail.isEmpty ? "" : "; it printed last: \(tail)"
    }

    private func discard() async {
        guard let process else { return }
        self.process = nil
        await process.stop()
    }
}

// One caller at a time; time in the queue is not the metric's.
extension MetricLane {
    private func enter() async throws(EvaluationFailure) {
        if isClosed || Task.isCancelled { throw .cancelled }
        guard isBusy else {
            isBusy = true
            return
        }
        let ticket = nextTicket
        nextTicket += 1
        let isMyTurn = await withTaskCancellationHandler {
            await withCheckedContinuation { queue.append((ticket, $0)) }
        } onCancel: {
            Task { await self.abandon(ticket) }
        }
        guard isMyTurn else { throw .cancelled }
    }

    /// Hands the turn on.
    private func leave() {
        precondition(isBusy, "a turn ends that never began")
        if queue.isEmpty { isBusy = false } else { queue.removeFirst().continuation.resume(returning: true) }
    }

    private func abandon(_ ticket: Int) {
        guard let index = queue.firstIndex(where: { $0.ticket == ticket }) else { return }
        queue.remove(at: index).continuation.resume(returning: false)
    }
}
