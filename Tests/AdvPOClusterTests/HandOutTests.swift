import AdvPOCluster
import AdvPOModel
import Testing

@Suite struct HandOutTests {
    private static func run(_ job: String, _ template: Int = 0) throws -> RunID { RunID(job: try #require(JobID(job)), template: template, model: 0) }

    @Test("a job of 100,000 tasks does not keep a job of 10 waiting: the small one is handed out within 20 tasks")
    func smallJobIsNotStarved() throws {
        var cluster = HandDrivenCluster()
        let (huge, small) = (try Self.run("hugehugehuge"), try Self.run("smallsmall00"))
        _ = cluster.send(.submit((0..<100_000).map { Some.task([$0], run: huge) }))
        let session = try cluster.join()
        for _ in 0..<5 { _ = try cluster.pull(session) }
        _ = cluster.send(.submit((0..<10).map { Some.task([200_000 + $0], run: small) }))
        let given = try (0..<20).map { _ in try cluster.pull(session).run }
        #expect(given.count { $0 == small } == 10)
    }

    @Test("within a run screening goes first, then validation, then proof; across runs turns count, not urgency")
    func urgencyWithinARun() throws {
        var cluster = HandDrivenCluster()
        let other = RunID(job: Some.job, template: 1, model: 0)
        let urgencies: [TaskUrgency] = [.proof, .validation, .screening, .validation]
        _ = cluster.send(.submit(urgencies.enumerated().map { number, urgency in
            var task = Some.task([number])
            task.urgency = urgency
            return task
        }))
        var late = Some.task([10], run: other)
        late.urgency = .proof
        _ = cluster.send(.submit([late]))
        let session = try cluster.join()
        let given = try (0..<5).map { _ in try #require(cluster.pull(session).units.first).unit }
        #expect(given == [2, 10, 1, 3, 0].map(Some.unit))
    }

    @Test("a run's tasks that nobody here can do do not hold up its others")
    func laneOfItsOwn() throws {
        var cluster = HandDrivenCluster()
        _ = cluster.send(.submit([Some.task([1], models: ["elsewhere"]), Some.task([2])]))
        let session = try cluster.join()
        #expect(try cluster.pull(session).units.map(\.unit) == [Some.unit(2)])
        #expect(cluster.machine.queuedTaskCount == 1)
    }

    @Test("the report that ends a task also pulls: the next task comes with the acceptance, and none when there is none")
    func reportAndPull() throws {
        var cluster = HandDrivenCluster()
        let session = try cluster.join()
        _ = cluster.send(.submit([Some.task([1]), Some.task([2])]))
        let first = try cluster.pull(session)
        let effects = cluster.send(.report(cluster.token(), session, first.lease, units: [Some.report(1)], taskEnded: true, andPull: true))
        guard case .reportAccepted(_, let next?)? = effects.last else {
            Issue.record("\(effects)")
            return
        }
        #expect(next.units.map(\.unit) == [Some.unit(2)])
        let token = cluster.token()
        let last = cluster.send(.report(token, session, next.lease, units: [Some.report(2)], taskEnded: true, andPull: true))
        #expect(last.last == .reportAccepted(token))
        #expect(cluster.machine.leasedTaskCount == 0)
    }

    @Test("a task given back brings no next one, whatever its report asks for")
    func givenBackPullsNothing() throws {
        var cluster = HandDrivenCluster()
        let session = try cluster.join()
        _ = cluster.send(.submit([Some.task([1, 2]), Some.task([3])]))
        let order = try cluster.pull(session)
        let token = cluster.token()
        let effects = cluster.send(.report(token, session, order.lease, units: [Some.report(1)], taskEnded: true, andPull: true))
        #expect(effects.last == .reportAccepted(token))
    }

    @Test("a task that makes progress is forgiven the attempts that brought nothing")
    func progressForgives() throws {
        var settings = ClusterSettings()
        settings.fruitlessAttemptsPerTask = 2
        var cluster = HandDrivenCluster(settings: settings)
        let session = try cluster.join()
        _ = cluster.send(.submit([Some.task([1, 2, 3])]))
        for unit in 1...3 {
            let fruitless = try cluster.pull(session)
            _ = cluster.send(.report(cluster.token(), session, fruitless.lease, units: [], taskEnded: true))
            _ = cluster.pass(milliseconds: 1_000)
            _ = cluster.send(.heartbeat(cluster.token(), session, leases: [], seenInstructions: 0))
            let order = try cluster.pull(session)
            let effects = cluster.send(.report(cluster.token(), session, order.lease, units: [Some.report(unit)], taskEnded: true))
            #expect(HandDrivenCluster.accepted(effects) == [Some.report(unit)])
        }
        #expect(!cluster.machine.hasTasks(of: Some.run))
    }

    @Test("workers told to drain hear it at once and until they have seen it, lose their waiting pulls and get no more tasks")
    func drain() throws {
        var cluster = HandDrivenCluster()
        let (first, second) = (try cluster.join("one"), try cluster.join("two"))
        let (held, waiting) = (cluster.token(), cluster.token())
        _ = cluster.send(.heartbeat(held, first, leases: [], seenInstructions: 0))
        _ = cluster.send(.pull(waiting, first))
        #expect(cluster.send(.drain(first)) == [.instruct(held, sequence: 1, cancel: [], drain: true), .nothing(waiting)])
        #expect(cluster.send(.drain(first)) == [])
        #expect(cluster.machine.slots(serving: ["m"]) == 2)
        let again = cluster.token()
        #expect(cluster.send(.heartbeat(again, first, leases: [], seenInstructions: 0)) == [.instruct(again, sequence: 1, cancel: [], drain: true)])
        #expect(cluster.send(.heartbeat(cluster.token(), first, leases: [], seenInstructions: 1)).isEmpty)
        _ = cluster.send(.pull(cluster.token(), first))
        #expect(cluster.send(.submit([Some.task([1])])).isEmpty)
        #expect(try cluster.pull(second).units.map(\.unit) == [Some.unit(1)])
        #expect(cluster.machine.status(at: cluster.now, workerLimit: 9).workers.map(\.state) == [.draining, .present])
    }

    @Test("pulls of many workers are answered in the order in which they came, over all kinds of workers")
    func pullsInOrder() throws {
        var cluster = HandDrivenCluster()
        var tokens: [RequestToken] = []
        for number in 0..<200 {
            let session = try cluster.join("\(number)", models: number.isMultiple(of: 3) ? ["m"] : ["m", "j"])
            let token = cluster.token()
            tokens.append(token)
            _ = cluster.send(.pull(token, session))
        }
        let effects = cluster.send(.submit((0..<200).map { Some.task([$0]) }))
        #expect(effects.compactMap { if case .task(let token, _) = $0 { token } else { nil } } == tokens)
    }
}
