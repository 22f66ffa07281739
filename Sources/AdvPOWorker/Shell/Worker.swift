import AdvPOCluster
package import AdvPOModel
package import AdvPOTransport
import AdvPOWire
import CoreMetrics
package import Logging
import ServiceLifecycle

/// The worker's shell: a mailbox around its machine, and one task of Swift for each thing under way.
package actor Worker {
    private let introduction: ControlRequest.Hello
    private let work: any Requester
    private let control: any Requester
    private let executor: TaskExecutor
    /// Whose use is told to the coordinator; nil when it is nobody's business.
    private let rates: (any RatedModels)?
    private let limits: WireLimits
    private let measures: WorkerMeasures
    private let logger: Logger
    private var machine: WorkerMachine
    /// The last that was welcomed.
    private var session: SessionID?
    private var cache: BlobCache
    private var running: [Lease: Task<Void, Never>] = [:]
    private var tally = CallTally()
    private let hearing = Hearing()
    private var activities: [UInt64: Task<Void, Never>] = [:]
    private var nextActivity: UInt64 = 0
    private var ending: Ending?
    private var waitingForEnd: CheckedContinuation<Ending, Never>?

    package enum Ending: Hashable, Sendable {
        case drained
        case refused(String)
        case cancelled
    }

    /// - Parameter instance: random, new for each process: it tells a restarted worker from the old one.
    package init(
        name: String, instance: String, slots: Int, models: [String], work: any Requester, control: any Requester, executor: TaskExecutor,
        rates: (any RatedModels)? = nil, limits: WireLimits = WireLimits(), cacheBytes: Int = 256 * 1024 * 1024,
        measures: WorkerMeasures = WorkerMeasures(NOOPMetricsHandler.instance), logger: Logger
    ) {
        introduction = ControlRequest.Hello(version: .current, instance: instance, name: name, slots: UInt32(clamping: slots), models: models)
        self.work = work
        self.control = control
        self.executor = executor
        self.rates = rates
        self.limits = limits
        self.measures = measures
        self.logger = logger
        machine = WorkerMachine(settings: WorkerSettings(slots: slots))
        cache = BlobCache(maximumBytes: cacheBytes)
    }

    /// Works until drained, refused or cancelled; then nothing of it runs any more.
    package func run() async -> Ending {
        post(.start)
        if let rates { begin { await $0.watch(rates) } }
        let ending = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Ending, Never>) in
                if let ended = self.ending { continuation.resume(returning: ended) } else { waitingForEnd = continuation }
            }
        } onCancel: {
            Task { await self.end(.cancelled) }
        }
        for task in running.values { task.cancel() }
        for task in activities.values { task.cancel() }
        for task in running.values { await task.value }
        for task in activities.values { await task.value }
        return ending
    }

    /// Finishes what is in hand and takes no more; `run` then returns.
    package func drain() { post(.drain) }

    private func end(_ ending: Ending) {
        guard self.ending == nil else { return }
        self.ending = ending
        waitingForEnd?.resume(returning: ending)
        waitingForEnd = nil
    }

    private func post(_ event: WorkerEvent) {
        guard ending == nil else { return }
        for effect in machine.handle(event) { carryOut(effect) }
    }

    private func carryOut(_ effect: WorkerEffect) {
        switch effect {
        case .hello:
            // What is to be told of tasks that were abandoned waits for the next one.
            session = nil
            begin { await $0.greet() }
        case .heartbeat(let session, let leases, let seen): begin { await $0.beat(session, leases, seen) }
        case .pull(let session, let slot): begin { await $0.pull(session, slot) }
        case .report(let session, let lease, let units, let ended, let andPull):
            begin { await $0.report(session, lease, units, ended: ended, andPull: andPull) }
        case .goodbye(let session): begin { await $0.sayGoodbye(session) }
        case .pause(let pause, let milliseconds):
            begin { worker in
                do { try await Task.sleep(for: .milliseconds(milliseconds)) } catch { return }
                await worker.post(.resumed(pause))
            }
        case .setShares(let shares): rates?.apply(shares)
        case .run(let order): start(order)
        case .abort(let lease):
            tally.abandon(lease)
            running[lease]?.cancel()
        case .exit(let reason): end(reason.map { .refused($0) } ?? .drained)
        }
    }

    private func begin(_ activity: @escaping @Sendable (Worker) async -> Void) {
        let number = nextActivity
        nextActivity += 1
        activities[number] = Task {
            await activity(self)
            self.activities.removeValue(forKey: number)
        }
    }
}

// MARK: - Talking to the coordinator

extension Worker {
    /// Longer than the coordinator holds a heartbeat or a pull, so that silence means it is gone.
    private static let controlTimeoutMilliseconds = 12_000
    private static let pullTimeoutMilliseconds = 30_000
    /// Between two heartbeats that do not wait for an answer.
    private static let usagePauseMilliseconds = 200
    /// A goodbye is a courtesy: a coordinator that is gone must not keep a drained worker.
    private static let goodbyeTimeoutMilliseconds = 2_000

    private nonisolated func askControl(_ request: ControlRequest, timeoutMilliseconds: Int = controlTimeoutMilliseconds) async -> ControlReply? {
        do {
            let sent = ContinuousClock.now
            let answer = try await control.request(request.encoded(), timeoutMilliseconds: timeoutMilliseconds)
            let reply = try ControlReply(decoding: answer, limits: limits)
            if reply != .unknownSession { hearing.heard(at: sent) }
            return reply
        } catch {
            logger.debug("control request failed", metadata: ["error": "\(error)"])
            return nil
        }
    }

    private nonisolated func askWork(_ request: WorkRequest) async -> WorkReply? {
        do {
            let answer = try await work.request(request.encoded(), timeoutMilliseconds: Self.pullTimeoutMilliseconds)
            return try WorkReply(decoding: answer, limits: limits)
        } catch {
            logger.debug("work request failed", metadata: ["error": "\(error)"])
            return nil
        }
    }

    private func greet() async {
        switch await askControl(.hello(introduction)) {
        case .welcome(let welcome):
            logger.info("welcomed", metadata: [LogKey.session: "\(welcome.session)", "epoch": "\(welcome.epoch)"])
            session = SessionID(welcome.session)
            rates?.isShared(welcome.version.hasRates)
            // What is still in hand belongs to a session that is over.
            tally.abandonAll()
            tellAbandoned()
            post(.welcomed(SessionID(welcome.session), epoch: welcome.epoch))
        case .refused(let reason): post(.refused(reason))
        case .instructions, .unknownSession, .challenge, nil: post(.greetingFailed)
        }
    }

    private func beat(_ session: SessionID, _ leases: [Lease], _ seen: UInt64) async {
        let usage = Array((rates?.usage() ?? []).prefix(limits.modelsPerWorker))
        switch await askControl(.heartbeat(.init(session: session.rawValue, leases: leases, seenInstructions: seen, usage: usage))) {
        case .instructions(let said):
            post(.instructed(session, sequence: said.sequence, cancel: said.cancel, drain: said.drain, shares: said.shares))
        case .unknownSession: post(.sessionLost(session))
        case .welcome, .refused, .challenge, nil: post(.heartbeatFailed(session))
        }
    }

    /// Tells the coordinator of the models' use before the next heartbeat would, as often as that is worth.
    private func watch(_ rates: any RatedModels) async {
        for await _ in rates.news {
            post(.usageChanged)
            do { try await Task.sleep(for: .milliseconds(Self.usagePauseMilliseconds)) } catch { return }
        }
    }

    private func pull(_ session: SessionID, _ slot: Int) async {
        switch await askWork(.pull(session: session.rawValue)) {
        case .task(let order): post(.pulled(session, slot: slot, order))
        case .nothing: post(.pulled(session, slot: slot, nil))
        case .unknownSession: post(.sessionLost(session))
        case .accepted, .stale, .blobs, .refused, nil: post(.pullFailed(session, slot: slot))
        }
    }

    private func callsSpent(by lease: Lease) -> Int? { tally.spent(by: lease) }

    private func accepted(_ session: SessionID, _ lease: Lease, ended: Bool, next: TaskOrder?) {
        if ended { tally.forget(lease) }
        post(.reported(session, lease, stale: false, next: next))
    }

    private func stale(_ session: SessionID, _ lease: Lease, ended: Bool) {
        if ended { tally.forget(lease) } else { tally.abandon(lease) }
        post(.reported(session, lease, stale: true))
        tellAbandoned()
    }

    /// Encodes and decodes beside the mailbox, not in it.
    private nonisolated func report(_ session: SessionID, _ lease: Lease, _ units: [UnitReport], ended: Bool, andPull: Bool) async {
        let request = WorkRequest.report(
            session: session.rawValue, lease: lease, units: units, taskEnded: ended, callsSpent: await callsSpent(by: lease), andPull: andPull)
        do {
            let answer = try await work.request(request.encoded(), timeoutMilliseconds: Self.pullTimeoutMilliseconds)
            switch try WorkReply(decoding: answer, limits: limits) {
            case .accepted(let next): await accepted(session, lease, ended: ended, next: next)
            case .stale: await stale(session, lease, ended: ended)
            case .unknownSession: await post(.sessionLost(session))
            case .refused(let reason): await refuse(session, lease, reason)
            case .task, .nothing, .blobs: await post(.reportFailed(session, lease))
            }
        } catch let error as TransportError where error.code == .messageTooLarge {
            await refuse(session, lease, error.message)
        } catch {
            logger.debug("a report failed", metadata: [LogKey.task: "\(lease.epoch).\(lease.task)", LogKey.lease: "\(lease)", LogKey.error: "\(error)"])
            await post(.reportFailed(session, lease))
        }
    }

    private func refuse(_ session: SessionID, _ lease: Lease, _ reason: String) {
        logger.error("a report was refused", metadata: [LogKey.task: "\(lease.epoch).\(lease.task)", LogKey.lease: "\(lease)", LogKey.session: "\(session.rawValue)", LogKey.reason: "\(reason)"])
        post(.reportRefused(session, lease, reason))
    }

    private func sayGoodbye(_ session: SessionID) async {
        _ = await askControl(.goodbye(session: session.rawValue), timeoutMilliseconds: Self.goodbyeTimeoutMilliseconds)
        post(.goodbyeAnswered)
    }
}

// MARK: - Doing the work

extension Worker {
    private func start(_ order: TaskOrder) {
        let allowance = tally.begin(order)
        measures.hasInHand(running.count + 1)
        logger.debug("task begins", metadata: Self.keys(order))
        running[order.lease] = Task {
            do {
                try await executor.run(
                    order, within: allowance, blobs: { try await self.content($0) }, mayBegin: { await self.hearing.isOrBecomesFresh() },
                    finished: { await self.finished(order.lease, $0) })
            } catch {
                self.logger.warning("task given back", metadata: Self.keys(order).merging([LogKey.error: "\(error)"]) { _, new in new })
            }
            if Task.isCancelled { self.logger.debug("task abandoned", metadata: ["lease": "\(order.lease)", "run": "\(order.run)"]) }
            self.running.removeValue(forKey: order.lease)
            self.tally.end(order.lease)
            self.measures.hasInHand(self.running.count)
            self.post(.taskReturned(order.lease))
            self.tellAbandoned()
        }
    }

    /// Says of tasks that were taken away, or whose coordinator is gone, how many requests they sent after all: until then all of their allowance counts
    /// as spent. Once and no more: what is lost on the way stays counted.
    private func tellAbandoned() {
        guard let session else { return }
        for (lease, spent) in tally.takeAbandoned() {
            begin { worker in
                let request = WorkRequest.report(session: session.rawValue, lease: lease, units: [], taskEnded: true, callsSpent: spent)
                _ = await worker.askWork(request)
            }
        }
    }

    private func finished(_ lease: Lease, _ report: UnitReport) {
        measures.finished(report.record)
        post(.unitFinished(lease, report))
    }

    private static func keys(_ order: TaskOrder) -> Logger.Metadata {
        [
            LogKey.job: "\(order.run.job)", LogKey.run: "\(order.run)", LogKey.task: "\(order.lease.epoch).\(order.lease.task)",
            LogKey.lease: "\(order.lease)",
        ]
    }

    /// From the cache, else from the coordinator, in as many messages as it takes.
    private func content(_ hashes: [ContentHash]) async throws -> [ContentHash: [UInt8]] {
        var found: [ContentHash: [UInt8]] = [:]
        var missing: [ContentHash] = []
        for hash in hashes where found[hash] == nil {
            if let bytes = cache.get(hash) { found[hash] = bytes } else { missing.append(hash) }
        }
        while let first = missing.first {
            let reply = try WorkReply(
                decoding: try await work.request(
                    WorkRequest.fetch(session: 0, hashes: Array(missing.prefix(limits.unitsPerTask))).encoded(), timeoutMilliseconds: Self.pullTimeoutMilliseconds),
                limits: limits)
            guard case .blobs(let answers) = reply, !answers.isEmpty else { throw MissingContent(hash: first) }
            for answer in answers {
                // What a name promises is checked: the content must hash to it.
                guard let bytes = answer.bytes, ContentHash(of: bytes) == answer.hash else { throw MissingContent(hash: answer.hash) }
                cache.put(answer.hash, bytes)
                found[answer.hash] = bytes
            }
            let before = missing.count
            missing.removeAll { found[$0] != nil }
            guard missing.count < before else { throw MissingContent(hash: first) }
        }
        return found
    }
}

/// A worker as a service: graceful shutdown drains it.
package struct WorkerService: Service {
    private let worker: Worker
    package init(_ worker: Worker) { self.worker = worker }

    /// - Throws: `WorkerRefused` when the coordinator will not have it.
    package func run() async throws {
        let ending = await withGracefulShutdownHandler {
            await worker.run()
        } onGracefulShutdown: {
            Task { await worker.drain() }
        }
        if case .refused(let reason) = ending { throw WorkerRefused(reason: reason) }
    }
}

/// The coordinator will not have this worker.
package struct WorkerRefused: Error, Hashable, Sendable, CustomStringConvertible {
    package var reason: String
    package var description: String { "the coordinator refused this worker: \(reason)" }
}
