import AdvPOCluster
import AdvPOModel
import Testing

@Suite struct SpeculationTests {
    /// A cluster that has seen 20 tasks of 100 ms each, and one more in the hands of "slow".
    private struct Straggling {
        var cluster: HandDrivenCluster
        var slow: SessionID
        var order: TaskOrder

        init(_ speculation: ClusterSettings.Speculation, units: [Int] = [100, 101], cost: NanoDollars? = nil) throws {
            var settings = ClusterSettings()
            settings.speculation = speculation
            cluster = HandDrivenCluster(settings: settings)
            let usage = Usage(inputTokens: 1, outputTokens: 1, timeToFirstTokenMicroseconds: 1, latencyMicroseconds: 1, cost: cost)
            slow = try cluster.join("slow")
            for unit in 0..<20 {
                _ = cluster.send(.submit([Some.task([unit])]))
                let order = try cluster.pull(slow)
                _ = cluster.pass(milliseconds: 100)
                var report = Some.report(unit)
                report.record.usage = usage
                _ = cluster.send(.report(cluster.token(), slow, order.lease, units: [report], taskEnded: true))
            }
            _ = cluster.send(.submit([Some.task(units)]))
            order = try cluster.pull(slow)
            _ = cluster.send(.heartbeat(cluster.token(), slow, leases: [order.lease], seenInstructions: 0))
        }

        /// Another worker that pulls, and what it is given as time passes.
        mutating func idle(_ name: String, milliseconds: Int64) throws -> (session: SessionID, orders: [TaskOrder]) {
            let session = try cluster.join(name)
            _ = cluster.send(.pull(cluster.token(), session))
            return (session, HandDrivenCluster.tasks(cluster.pass(milliseconds: milliseconds)))
        }
    }

    @Test("an idle worker gets a second attempt of a task that takes longer than usual, but not before, and not a third")
    func secondAttempt() throws {
        var world = try Straggling(.all)
        // Two units of 100 ms each.
        #expect(try world.idle("early", milliseconds: 200).orders.isEmpty)
        let orders = HandDrivenCluster.tasks(world.cluster.pass(milliseconds: 100))
        #expect(orders.map(\.lease.task) == [world.order.lease.task] && orders.map(\.lease.attempt) == [2])
        #expect(try world.idle("third", milliseconds: 1_000).orders.isEmpty)
    }

    @Test("each unit counts from whoever reports it first, and the last one cancels the other attempt at once")
    func firstResultWins() throws {
        var world = try Straggling(.all)
        let (fast, orders) = try world.idle("fast", milliseconds: 500)
        let second = try #require(orders.first)
        let first = world.cluster.send(.report(world.cluster.token(), world.slow, world.order.lease, units: [Some.report(100)], taskEnded: false))
        #expect(HandDrivenCluster.accepted(first) == [Some.report(100)])
        let last = world.cluster.send(
            .report(world.cluster.token(), fast, second.lease, units: [Some.report(100), Some.report(101)], taskEnded: true))
        #expect(HandDrivenCluster.accepted(last) == [Some.report(101)])
        #expect(last.contains { if case .instruct(_, _, [world.order.lease], _, _) = $0 { true } else { false } })
        #expect(!world.cluster.machine.hasTasks(of: Some.run) && world.cluster.machine.leasedTaskCount == 0)
        let stale = world.cluster.token()
        #expect(world.cluster.send(.report(stale, world.slow, world.order.lease, units: [Some.report(101)], taskEnded: true)) == [.reportStale(stale)])
    }

    @Test("the loss of one of two attempts leaves the task with the other")
    func lossOfOneAttempt() throws {
        var world = try Straggling(.all)
        let (fast, orders) = try world.idle("fast", milliseconds: 500)
        let second = try #require(orders.first)
        _ = world.cluster.send(.goodbye(world.cluster.token(), world.slow))
        #expect(world.cluster.machine.queuedTaskCount == 0)
        let effects = world.cluster.send(
            .report(world.cluster.token(), fast, second.lease, units: [Some.report(100), Some.report(101)], taskEnded: true))
        #expect(HandDrivenCluster.accepted(effects).count == 2)
        #expect(!world.cluster.machine.hasTasks(of: Some.run))
    }

    @Test("nothing runs twice unless asked, nor what costs money when only unpriced models may")
    func offAndUnpriced() throws {
        var off = try Straggling(.off)
        #expect(try off.idle("idle", milliseconds: 2_000).orders.isEmpty)
        var priced = try Straggling(.unpriced, cost: NanoDollars(1))
        #expect(try priced.idle("idle", milliseconds: 2_000).orders.isEmpty)
        var unpriced = try Straggling(.unpriced)
        #expect(try unpriced.idle("idle", milliseconds: 2_000).orders.count == 1)
    }

    @Test("a cancelled run cancels both attempts")
    func cancelBoth() throws {
        var world = try Straggling(.all)
        let (fast, orders) = try world.idle("fast", milliseconds: 500)
        let held = world.cluster.token()
        _ = world.cluster.send(.heartbeat(held, fast, leases: orders.map(\.lease), seenInstructions: 0))
        let effects = world.cluster.send(.cancel(Some.run))
        #expect(effects.count { if case .instruct = $0 { true } else { false } } == 2)
        #expect(world.cluster.machine.leasedTaskCount == 0)
    }
}
