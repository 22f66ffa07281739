import AdvPOCluster
import AdvPOModel
import Testing

/// A cluster driven by hand: tokens, sessions and time are the test's.
struct HandDrivenCluster {
    var machine: ClusterMachine
    var now = Tick(milliseconds: 0)
    var nextToken: UInt64 = 1

    init(settings: ClusterSettings = ClusterSettings(), epoch: UInt64 = 1) { machine = ClusterMachine(settings: settings, epoch: epoch) }

    mutating func token() -> RequestToken {
        nextToken += 1
        return RequestToken(nextToken)
    }

    mutating func send(_ event: ClusterEvent) -> [ClusterEffect] { machine.handle(event, at: now) }

    mutating func join(_ instance: String = "a", models: [String] = ["m"], sendsAttachments: Bool = true) throws -> SessionID {
        let introduction = WorkerIntroduction(instance: instance, name: instance, slots: 2, models: models, sendsAttachments: sendsAttachments)
        let effects = send(.hello(token(), introduction))
        return try #require(effects.compactMap { if case .welcome(_, let session) = $0 { session } else { nil } }.first)
    }

    /// A pull that must be answered with a task at once.
    mutating func pull(_ session: SessionID) throws -> TaskOrder {
        let effects = send(.pull(token(), session))
        return try #require(Self.tasks(effects).first)
    }

    static func tasks(_ effects: [ClusterEffect]) -> [TaskOrder] { effects.compactMap { if case .task(_, let order) = $0 { order } else { nil } } }
    static func accepted(_ effects: [ClusterEffect]) -> [UnitReport] { effects.compactMap { if case .accepted(_, let report, _) = $0 { report } else { nil } } }

    /// Time passes as a running coordinator sees it: tick by tick.
    mutating func pass(milliseconds: Int64) -> [ClusterEffect] {
        var effects: [ClusterEffect] = []
        var left = milliseconds
        while left > 0 {
            let step = min(left, 500)
            now = now.adding(milliseconds: step)
            left -= step
            effects += send(.tick)
        }
        return effects
    }
}

enum Some {
    static let job = JobID("aaaaaaaaaaaa")!
    static let run = RunID(job: job, template: 0, model: 0)
    static func unit(_ number: Int) -> ContentHash { ContentHash(of: Array("unit \(number)".utf8)) }
    static func record(_ output: String = "x") -> UnitRecord { UnitRecord(status: .scored, output: output, score: 1, providerCalls: 1) }
    static func report(_ number: Int) -> UnitReport { UnitReport(unit: unit(number), record: record()) }

    static func task(_ units: [Int], run: RunID = run, models: [String] = ["m"]) -> TaskSpecification {
        let references = units.map { TaskOrder.UnitReference(unit: unit($0), content: unit($0)) }
        return TaskSpecification(run: run, iteration: 0, work: .generate(.init(units: references)), models: models)
    }
}

@Suite struct ClusterMachineTests {
    @Test("a task whose samples have files waits for a worker that sends them; others go to anybody")
    func attachments() throws {
        var cluster = HandDrivenCluster()
        let old = try cluster.join("old", sendsAttachments: false)
        var task = Some.task([1])
        task.hasAttachments = true
        #expect(HandDrivenCluster.tasks(cluster.send(.pull(cluster.token(), old))).isEmpty)
        #expect(HandDrivenCluster.tasks(cluster.send(.submit([task]))).isEmpty)
        #expect(cluster.machine.slots(serving: ["m"]) == 2 && cluster.machine.slots(serving: ["m"], withAttachments: true) == 0)
        let plain = Some.task([2], run: RunID(job: Some.job, template: 1, model: 0))
        #expect(HandDrivenCluster.tasks(cluster.send(.submit([plain]))).flatMap(\.units).map(\.unit) == [Some.unit(2)])
        #expect(try cluster.pull(cluster.join("new")).units.map(\.unit) == [Some.unit(1)])
    }

    @Test("a pull that waits is answered when a task is submitted")
    func waitingPullGetsTask() throws {
        var cluster = HandDrivenCluster()
        let session = try cluster.join()
        #expect(cluster.send(.pull(cluster.token(), session)).isEmpty)
        let tasks = HandDrivenCluster.tasks(cluster.send(.submit([Some.task([1, 2])])))
        #expect(tasks.map(\.units.count) == [2])
        #expect(tasks.first?.lease.attempt == 1)
    }

    @Test("a pull is told that there is nothing after its time, not before")
    func pullIsHeld() throws {
        var cluster = HandDrivenCluster()
        let session = try cluster.join()
        let token = cluster.token()
        _ = cluster.send(.pull(token, session))
        _ = cluster.send(.heartbeat(cluster.token(), session, leases: [], seenInstructions: 0))
        #expect(!cluster.pass(milliseconds: 14_999).contains(.nothing(token)))
        _ = cluster.send(.heartbeat(cluster.token(), session, leases: [], seenInstructions: 0))
        #expect(!cluster.pass(milliseconds: 5_000).contains(.nothing(token)))
        #expect(cluster.pass(milliseconds: 1).contains(.nothing(token)))
    }

    @Test("an accepted unit comes before the reply that says so")
    func acceptedBeforeReply() throws {
        var cluster = HandDrivenCluster()
        let session = try cluster.join()
        _ = cluster.send(.submit([Some.task([1])]))
        let order = try cluster.pull(session)
        let token = cluster.token()
        let effects = cluster.send(.report(token, session, order.lease, units: [Some.report(1)], taskEnded: true))
        #expect(effects == [.accepted(Some.run, Some.report(1), order.lease), .reportAccepted(token)])
        #expect(!cluster.machine.hasTasks(of: Some.run))
    }

    @Test("a unit that is reported twice counts once")
    func unitCountsOnce() throws {
        var cluster = HandDrivenCluster()
        let session = try cluster.join()
        _ = cluster.send(.submit([Some.task([1, 2])]))
        let order = try cluster.pull(session)
        let first = cluster.send(.report(cluster.token(), session, order.lease, units: [Some.report(1)], taskEnded: false))
        let again = cluster.send(.report(cluster.token(), session, order.lease, units: [Some.report(1), Some.report(2)], taskEnded: true))
        #expect(HandDrivenCluster.accepted(first) == [Some.report(1)])
        #expect(HandDrivenCluster.accepted(again) == [Some.report(2)])
    }

    @Test("a coordinator that was away itself blames nobody for it, and afterwards measures silence anew")
    func absenceIsForgiven() throws {
        var cluster = HandDrivenCluster()
        let session = try cluster.join()
        _ = cluster.send(.submit([Some.task([1])]))
        _ = try cluster.pull(session)
        _ = cluster.pass(milliseconds: 1_000)
        _ = cluster.send(.connectionLost(session))
        // A full disk kept the mailbox waiting for ten minutes.
        cluster.now = cluster.now.adding(milliseconds: 600_000)
        #expect(cluster.send(.tick).isEmpty)
        #expect(cluster.machine.workerCount == 1)
        #expect(cluster.pass(milliseconds: 2_000).contains(.workerLost(session, name: "a", reason: "its connection broke")))
    }

    @Test("a task that nobody can do rests longer each time and then fails, instead of going round at once")
    func fruitlessTaskRests() throws {
        var settings = ClusterSettings()
        settings.fruitlessAttemptsPerTask = 3
        var cluster = HandDrivenCluster(settings: settings)
        let session = try cluster.join()
        _ = cluster.send(.submit([Some.task([1])]))
        var order = try cluster.pull(session)
        for pause in [200, 400] as [Int64] {
            let token = cluster.token()
            #expect(cluster.send(.report(token, session, order.lease, units: [], taskEnded: true)) == [.reportAccepted(token)])
            let waiting = cluster.token()
            #expect(cluster.send(.pull(waiting, session)).isEmpty)
            #expect(cluster.pass(milliseconds: pause - 1).isEmpty)
            order = try #require(HandDrivenCluster.tasks(cluster.pass(milliseconds: 1)).first)
        }
        let failed = HandDrivenCluster.accepted(cluster.send(.report(cluster.token(), session, order.lease, units: [], taskEnded: true)))
        #expect(failed.map(\.record.status) == [.infrastructureFailure])
        #expect(!cluster.machine.hasTasks(of: Some.run))
    }

    @Test("a cancelled run's resting task does not come back")
    func cancelledRestingTask() throws {
        var cluster = HandDrivenCluster()
        let session = try cluster.join()
        _ = cluster.send(.submit([Some.task([1])]))
        let order = try cluster.pull(session)
        _ = cluster.send(.report(cluster.token(), session, order.lease, units: [], taskEnded: true))
        #expect(cluster.machine.queuedTaskCount == 1)
        _ = cluster.send(.cancel(Some.run))
        #expect(cluster.machine.queuedTaskCount == 0)
        _ = cluster.send(.pull(cluster.token(), session))
        #expect(cluster.pass(milliseconds: 5_000).isEmpty)
    }

    @Test("a worker that gives a task back gets no other through a pull that waits: it may be draining")
    func giveBackEndsWaitingPulls() throws {
        var cluster = HandDrivenCluster()
        let session = try cluster.join()
        _ = cluster.send(.submit([Some.task([1]), Some.task([2])]))
        let order = try cluster.pull(session)
        _ = try cluster.pull(session)
        let waiting = cluster.token()
        #expect(cluster.send(.pull(waiting, session)).isEmpty)
        let token = cluster.token()
        let effects = cluster.send(.report(token, session, order.lease, units: [], taskEnded: true))
        #expect(effects == [.reportAccepted(token), .nothing(waiting)])
    }

    @Test("more pulls than slots are those of a connection that is gone: the oldest is ended, so that no task goes there")
    func pullsBeyondSlots() throws {
        var cluster = HandDrivenCluster()
        let session = try cluster.join()
        let tokens = (0..<3).map { _ in cluster.token() }
        let effects = tokens.map { cluster.send(.pull($0, session)) }
        #expect(effects == [[], [], [.nothing(tokens[0])]])
    }

    @Test("however often a task was in other hands, only attempts that brought nothing count against it")
    func fruitfulAttemptsDoNotCount() throws {
        var cluster = HandDrivenCluster()
        _ = cluster.send(.submit([Some.task(Array(0..<20))]))
        let session = try cluster.join()
        for unit in 0..<20 {
            let order = try cluster.pull(session)
            #expect(order.units.count == 20 - unit)
            _ = cluster.send(.report(cluster.token(), session, order.lease, units: [Some.report(unit)], taskEnded: true))
        }
        #expect(!cluster.machine.hasTasks(of: Some.run))
    }

    @Test("a silent worker's task goes to another worker, without the units already accepted, and its late report is stale")
    func silentWorkerLosesItsLease() throws {
        var cluster = HandDrivenCluster()
        let silent = try cluster.join("silent")
        _ = cluster.send(.submit([Some.task([1, 2])]))
        let old = try cluster.pull(silent)
        _ = cluster.send(.report(cluster.token(), silent, old.lease, units: [Some.report(1)], taskEnded: false))
        let other = try cluster.join("other")
        cluster.now = cluster.now.adding(milliseconds: 14_000)
        _ = cluster.send(.heartbeat(cluster.token(), other, leases: [], seenInstructions: 0))
        _ = cluster.pass(milliseconds: 1_000)
        let new = try cluster.pull(other)
        #expect(new.units.map(\.unit) == [Some.unit(2)])
        #expect(new.lease.task == old.lease.task && new.lease.attempt == 2)
        let token = cluster.token()
        #expect(cluster.send(.report(token, silent, old.lease, units: [Some.report(2)], taskEnded: true)) == [.unknownSession(token)])
        let stale = cluster.token()
        #expect(cluster.send(.report(stale, other, old.lease, units: [Some.report(2)], taskEnded: true)) == [.reportStale(stale)])
    }

    @Test("a lease of another epoch is stale")
    func otherEpochIsStale() throws {
        var cluster = HandDrivenCluster(epoch: 2)
        let session = try cluster.join()
        _ = cluster.send(.submit([Some.task([1])]))
        var lease = try cluster.pull(session).lease
        lease.epoch = 1
        let token = cluster.token()
        #expect(cluster.send(.report(token, session, lease, units: [Some.report(1)], taskEnded: true)) == [.reportStale(token)])
    }

    @Test("a broken connection costs nothing when the worker returns in time, and the task when it does not")
    func brokenConnection() throws {
        var cluster = HandDrivenCluster()
        let session = try cluster.join()
        _ = cluster.send(.submit([Some.task([1])]))
        let order = try cluster.pull(session)
        _ = cluster.send(.connectionLost(session))
        cluster.now = cluster.now.adding(milliseconds: 1_000)
        _ = cluster.send(.heartbeat(cluster.token(), session, leases: [order.lease], seenInstructions: 0))
        #expect(cluster.pass(milliseconds: 2_000).isEmpty)
        _ = cluster.send(.connectionLost(session))
        let effects = cluster.pass(milliseconds: 2_000)
        #expect(effects.contains(.workerLost(session, name: "a", reason: "its connection broke")))
        #expect(cluster.machine.queuedTaskCount == 1)
    }

    @Test("a cancelled run's workers are told at once, and again until they have seen it")
    func cancelIsToldUntilSeen() throws {
        var cluster = HandDrivenCluster()
        let session = try cluster.join()
        _ = cluster.send(.submit([Some.task([1]), Some.task([2])]))
        let order = try cluster.pull(session)
        let held = cluster.token()
        #expect(cluster.send(.heartbeat(held, session, leases: [order.lease], seenInstructions: 0)).isEmpty)
        #expect(cluster.send(.cancel(Some.run)) == [.instruct(held, sequence: 1, cancel: [order.lease])])
        let lost = cluster.token()
        #expect(cluster.send(.heartbeat(lost, session, leases: [order.lease], seenInstructions: 0)) == [.instruct(lost, sequence: 1, cancel: [order.lease])])
        #expect(cluster.send(.heartbeat(cluster.token(), session, leases: [], seenInstructions: 1)).isEmpty)
        let stale = cluster.token()
        #expect(cluster.send(.report(stale, session, order.lease, units: [Some.report(1)], taskEnded: true)) == [.reportStale(stale)])
        #expect(cluster.machine.queuedTaskCount == 0)
    }

    @Test("a task that has cost three workers fails the unit that they were at; the others find a fourth")
    func poisonTaskFailsItsUnit() throws {
        var cluster = HandDrivenCluster()
        _ = cluster.send(.submit([Some.task([1, 2])]))
        var failed: [UnitReport] = []
        for victim in 1...3 {
            let session = try cluster.join("victim \(victim)")
            _ = try cluster.pull(session)
            _ = cluster.send(.connectionLost(session))
            failed += HandDrivenCluster.accepted(cluster.pass(milliseconds: 2_000))
        }
        #expect(failed.map(\.unit) == [Some.unit(1)])
        #expect(failed.allSatisfy { $0.record.status == .infrastructureFailure && $0.record.score == nil })
        let session = try cluster.join("survivor")
        let order = try cluster.pull(session)
        #expect(order.work.units.map(\.unit) == [Some.unit(2)])
        _ = cluster.send(.report(cluster.token(), session, order.lease, units: [Some.report(2)], taskEnded: true))
        #expect(!cluster.machine.hasTasks(of: Some.run))
    }

    @Test("a task that goes on between the losses of its workers is no poison")
    func lostWorkersOfATaskThatGoesOn() throws {
        var cluster = HandDrivenCluster()
        _ = cluster.send(.submit([Some.task([1, 2, 3, 4, 5])]))
        for unit in 1...4 {
            let session = try cluster.join("victim \(unit)")
            let order = try cluster.pull(session)
            _ = cluster.send(.report(cluster.token(), session, order.lease, units: [Some.report(unit)], taskEnded: false))
            _ = cluster.send(.connectionLost(session))
            #expect(HandDrivenCluster.accepted(cluster.pass(milliseconds: 2_000)).isEmpty)
        }
        #expect(cluster.machine.queuedTaskCount == 1)
    }

    @Test("a lease that two heartbeats do not name was never received and is given to another")
    func undeliveredLeaseIsTakenBack() throws {
        var cluster = HandDrivenCluster()
        let session = try cluster.join()
        _ = cluster.send(.submit([Some.task([1])]))
        let order = try cluster.pull(session)
        cluster.now = cluster.now.adding(milliseconds: 3_000)
        _ = cluster.send(.heartbeat(cluster.token(), session, leases: [], seenInstructions: 0))
        #expect(cluster.machine.queuedTaskCount == 0)
        cluster.now = cluster.now.adding(milliseconds: 3_000)
        let effects = cluster.send(.heartbeat(cluster.token(), session, leases: [], seenInstructions: 0))
        #expect(cluster.machine.queuedTaskCount == 1)
        #expect(effects.contains { if case .instruct(_, _, [order.lease], _, _) = $0 { true } else { false } })
    }

    @Test("a task goes only to a worker that serves its models")
    func placementSeesModels() throws {
        var cluster = HandDrivenCluster()
        let plain = try cluster.join("plain", models: ["m"])
        let judge = try cluster.join("judge", models: ["m", "j"])
        _ = cluster.send(.pull(cluster.token(), plain))
        let token = cluster.token()
        _ = cluster.send(.pull(token, judge))
        let effects = cluster.send(.submit([Some.task([1], models: ["m", "j"])]))
        #expect(effects.count == 1)
        #expect(effects.first?.isTask(for: token) == true)
        #expect(cluster.machine.slots(serving: ["m"]) == 4 && cluster.machine.slots(serving: ["j"]) == 2)
    }

    @Test("two jobs take turns, and so do the runs of one job")
    func queueIsFair() throws {
        let other = try #require(JobID("bbbbbbbbbbbb"))
        let runs = [
            Some.run, RunID(job: Some.job, template: 0, model: 1), RunID(job: other, template: 0, model: 0),
        ]
        var cluster = HandDrivenCluster()
        _ = cluster.send(.submit((0..<4).map { Some.task([$0], run: runs[0]) }))
        _ = cluster.send(.submit((4..<6).map { Some.task([$0], run: runs[1]) }))
        _ = cluster.send(.submit((6..<8).map { Some.task([$0], run: runs[2]) }))
        let session = try cluster.join()
        var order: [RunID] = []
        for _ in 0..<8 { order.append(try cluster.pull(session).run) }
        #expect(order == [runs[0], runs[2], runs[1], runs[2], runs[0], runs[1], runs[0], runs[0]])
    }

    @Test("a worker that says hello again gets a new session and loses what it held")
    func helloAgain() throws {
        var cluster = HandDrivenCluster()
        let first = try cluster.join("same")
        _ = cluster.send(.submit([Some.task([1])]))
        _ = try cluster.pull(first)
        let second = try cluster.join("same")
        #expect(second != first && cluster.machine.workerCount == 1)
        #expect(cluster.machine.queuedTaskCount == 1)
        let token = cluster.token()
        #expect(cluster.send(.pull(token, first)) == [.unknownSession(token)])
    }

    @Test("a task given back unfinished is queued with the units it still lacks")
    func givenBackTaskIsQueued() throws {
        var cluster = HandDrivenCluster()
        let session = try cluster.join()
        _ = cluster.send(.submit([Some.task([1, 2, 3])]))
        let order = try cluster.pull(session)
        _ = cluster.send(.report(cluster.token(), session, order.lease, units: [Some.report(2)], taskEnded: true))
        #expect(try cluster.pull(session).units.map(\.unit) == [Some.unit(1), Some.unit(3)])
    }

    @Test("a worker that says goodbye leaves its tasks to others without blame")
    func goodbye() throws {
        var cluster = HandDrivenCluster()
        _ = cluster.send(.submit([Some.task([1])]))
        for name in 1...5 {
            let session = try cluster.join("\(name)")
            _ = try cluster.pull(session)
            _ = cluster.send(.goodbye(cluster.token(), session))
        }
        #expect(cluster.machine.workerCount == 0 && cluster.machine.queuedTaskCount == 1)
    }
}

extension ClusterEffect {
    func isTask(for token: RequestToken) -> Bool { if case .task(token, _) = self { true } else { false } }
}
