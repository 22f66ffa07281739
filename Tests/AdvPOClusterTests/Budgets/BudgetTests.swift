import AdvPOCluster
import AdvPOModel
import Testing

/// Tasks of a run with a budget, handed out by the machine.
@Suite("Budgets") struct BudgetTests {
    static let price = CallPrice(callsPerUnit: 1, callsPerUnitUnbounded: 5, worstCase: .zero)

    static func task(_ units: [Int], _ price: CallPrice = price) -> TaskSpecification {
        var task = Some.task(units)
        task.price = price
        return task
    }

    static func cluster(calls: Int, dollars: NanoDollars? = nil, spending: RunSpending? = nil) -> HandDrivenCluster {
        var cluster = HandDrivenCluster()
        cluster.machine.openBudget(RunBudget(calls: calls, dollars: dollars), of: Some.run, spending: spending)
        return cluster
    }

    private static func spent(_ cluster: HandDrivenCluster) -> Int? { cluster.machine.budgets.spent(by: Some.run)?.calls }
    private static func reserved(_ cluster: HandDrivenCluster) -> Int { cluster.machine.budgets.reservedCalls(of: Some.run) }

    @Test("a task may send what its units take, and a few retries where the budget has room for them")
    func slack() throws {
        var cluster = Self.cluster(calls: 100)
        let session = try cluster.join()
        _ = cluster.send(.submit([Self.task([1, 2])]))
        #expect(try cluster.pull(session).callAllowance == 2 + 4)
        #expect(Self.reserved(cluster) == 6)

        var tight = Self.cluster(calls: 5)
        let other = try tight.join()
        _ = tight.send(.submit([Self.task([1, 2]), Self.task([3, 4])]))
        #expect(try tight.pull(other).callAllowance == 3, "what the other task needs is not for retries")
        #expect(try tight.pull(other).callAllowance == 2)
    }

    @Test("a run without an account has no limit")
    func noAccount() throws {
        var cluster = HandDrivenCluster()
        let session = try cluster.join()
        _ = cluster.send(.submit([Self.task([1, 2])]))
        #expect(try cluster.pull(session).callAllowance == nil)
    }

    @Test("a task's end settles what it really sent, whoever asked for it")
    func settles() throws {
        var cluster = Self.cluster(calls: 100)
        let session = try cluster.join()
        _ = cluster.send(.submit([Self.task([1, 2])]))
        let order = try cluster.pull(session)
        _ = cluster.send(.report(cluster.token(), session, order.lease, units: [Some.report(1)], taskEnded: false, callsSpent: 2))
        #expect(Self.reserved(cluster) == 6 && Self.spent(cluster) == 0)
        _ = cluster.send(.report(cluster.token(), session, order.lease, units: [Some.report(2)], taskEnded: true, callsSpent: 5))
        #expect(Self.reserved(cluster) == 0 && Self.spent(cluster) == 5)
    }

    @Test("a late word gives back at most what was set aside, and takes nothing more")
    func lateWordIsBounded() throws {
        var cluster = Self.cluster(calls: 100)
        let session = try cluster.join("a")
        _ = cluster.send(.submit([Self.task([1, 2])]))
        let order = try cluster.pull(session)
        let again = try cluster.join("a")
        _ = cluster.send(.report(cluster.token(), again, order.lease, units: [], taskEnded: true, callsSpent: 4_000_000_000))
        #expect(Self.spent(cluster) == 6)
        #expect(try cluster.pull(again).callAllowance == 6, "the run goes on")
    }

    @Test("what a lost worker had in hand counts in full, until the worker says what it sent")
    func forfeits() throws {
        var cluster = Self.cluster(calls: 100)
        let session = try cluster.join("a")
        _ = cluster.send(.submit([Self.task([1, 2])]))
        let order = try cluster.pull(session)
        let again = try cluster.join("a")
        #expect(Self.reserved(cluster) == 0 && Self.spent(cluster) == 6)
        let second = try cluster.pull(again)
        #expect(second.callAllowance == 6)

        let token = cluster.token()
        let late = ClusterEvent.report(token, again, order.lease, units: [], taskEnded: true, callsSpent: 1)
        #expect(cluster.send(late) == [.reportStale(token)])
        #expect(Self.spent(cluster) == 1)
        _ = cluster.send(late)
        #expect(Self.spent(cluster) == 1, "a second word changes nothing")
        #expect(Self.reserved(cluster) == 6)
    }

    @Test("the units that the budget no longer pays for fail, with the reason, when nothing is out that could come back")
    func usedUp() throws {
        var cluster = Self.cluster(calls: 3)
        let session = try cluster.join()
        _ = cluster.send(.submit([Self.task([1, 2]), Self.task([3])]))
        let first = try cluster.pull(session)
        let second = try cluster.pull(session)
        #expect(first.callAllowance == 2 && second.callAllowance == 1)
        // Both calls went into the first unit; the other one is given back.
        let given = cluster.send(.report(cluster.token(), session, first.lease, units: [Some.report(1)], taskEnded: true, callsSpent: 2))
        #expect(HandDrivenCluster.accepted(given).count == 1)
        #expect(HandDrivenCluster.tasks(cluster.send(.pull(cluster.token(), session))).isEmpty)
        let last = cluster.send(.report(cluster.token(), session, second.lease, units: [Some.report(3)], taskEnded: true, callsSpent: 1))
        let failed = HandDrivenCluster.accepted(last).filter { $0.unit == Some.unit(2) }
        #expect(failed.map(\.record.status) == [.infrastructureFailure])
        #expect(failed.first?.record.failureReason?.contains("the budget of 3 calls is used up") == true)
        #expect(!cluster.machine.hasTasks(of: Some.run) && Self.spent(cluster) == 3)
    }

    @Test("what a call saved pays for a task that was too dear while it was out")
    func waitsForRoom() throws {
        var cluster = Self.cluster(calls: 4)
        let session = try cluster.join()
        _ = cluster.send(.submit([Self.task([1, 2])]))
        let first = try cluster.pull(session)
        #expect(first.callAllowance == 4)
        _ = cluster.send(.submit([Self.task([3])]))
        let token = cluster.token()
        #expect(cluster.send(.pull(token, session)).isEmpty)
        let effects = cluster.send(.report(cluster.token(), session, first.lease, units: [Some.report(1), Some.report(2)], taskEnded: true, callsSpent: 2))
        #expect(HandDrivenCluster.tasks(effects).map(\.callAllowance) == [2])
    }

    @Test("what is kept for the proof goes to no retry and to no other task")
    func keepsForProof() throws {
        var cluster = Self.cluster(calls: 10)
        let session = try cluster.join()
        cluster.machine.keepOfBudget(of: Some.run, calls: 7, dollars: .zero)
        _ = cluster.send(.submit([Self.task([1, 2, 3])]))
        #expect(try cluster.pull(session).callAllowance == 3)
        cluster.machine.keepOfBudget(of: Some.run, calls: 0, dollars: .zero)
        _ = cluster.send(.submit([Self.task([4, 5, 6, 7, 8, 9, 10])]))
        #expect(try cluster.pull(session).callAllowance == 7)
    }

    @Test("dollars: each allowed call is worth its worst case until its answer's price is known")
    func dollars() throws {
        var cluster = Self.cluster(calls: 100, dollars: NanoDollars(50))
        let session = try cluster.join()
        let price = CallPrice(callsPerUnit: 1, callsPerUnitUnbounded: 5, worstCase: NanoDollars(10))
        _ = cluster.send(.submit([Self.task([1, 2, 3, 4], price)]))
        let order = try cluster.pull(session)
        #expect(order.callAllowance == 5)
        var record = Some.record()
        record.usage = Usage(inputTokens: 1, outputTokens: 1, timeToFirstTokenMicroseconds: 1, latencyMicroseconds: 1, cost: NanoDollars(3))
        _ = cluster.send(.report(
            cluster.token(), session, order.lease, units: [1, 2, 3].map { UnitReport(unit: Some.unit($0), record: record) }, taskEnded: true, callsSpent: 5))
        // Three answers for 9, two calls that nobody saw answered for 20: 21 are left, two calls' worth.
        #expect(cluster.machine.budgets.spent(by: Some.run) == Spent(calls: 5, unanswered: NanoDollars(20)))
        #expect(try cluster.pull(session).callAllowance == 2)
    }

    @Test("what was out when the coordinator died counts as spent at its next start")
    func survivesRestart() throws {
        var cluster = Self.cluster(calls: 20)
        let session = try cluster.join()
        _ = cluster.send(.submit([Self.task([1, 2]), Self.task([3])]))
        let first = try cluster.pull(session)
        _ = try cluster.pull(session)
        _ = cluster.send(.report(cluster.token(), session, first.lease, units: [Some.report(1), Some.report(2)], taskEnded: true, callsSpent: 3))
        let durable = try #require(cluster.machine.takeBudgetChanges().first?.1)
        #expect(cluster.machine.takeBudgetChanges().isEmpty)
        #expect(durable.calls == 3 && durable.leases.map(\.calls) == [5])

        var next = HandDrivenCluster(epoch: 2)
        next.machine.openBudget(RunBudget(calls: 20), of: Some.run, spending: durable)
        #expect(Self.spent(next) == 8)
        let other = try next.join()
        _ = next.send(.report(next.token(), other, durable.leases[0].lease, units: [], taskEnded: true, callsSpent: 1))
        #expect(Self.spent(next) == 4, "its worker lives and says what it sent")
    }

    @Test("a worker before 1.2 keeps to no allowance: its tasks reserve every retry while there is room, and settle by their records")
    func olderWorker() throws {
        var cluster = Self.cluster(calls: 12)
        let effects = cluster.send(.hello(
            cluster.token(), WorkerIntroduction(instance: "old", name: "old", slots: 2, models: ["m"], keepsAllowances: false)))
        let session = try #require(effects.compactMap { if case .welcome(_, let session) = $0 { session } else { nil } }.first)
        _ = cluster.send(.submit([Self.task([1, 2])]))
        let order = try cluster.pull(session)
        #expect(Self.reserved(cluster) == 10)
        _ = cluster.send(.report(cluster.token(), session, order.lease, units: [Some.report(1), Some.report(2)], taskEnded: true))
        #expect(Self.spent(cluster) == 2)
    }
}
