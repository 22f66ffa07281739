import AdvPOCluster
import AdvPOModel
import OrderedCollections
import Testing

/// Random workers against the machine and a provider that counts: whatever is lost, voided, repeated or late, the cap holds.
@Suite("Budgets under random schedules", .timeLimit(.minutes(2))) struct BudgetPropertyTests {
    /// A lease as its worker sees it.
    private struct Hand {
        var order: TaskOrder
        var session: SessionID
        var sent = 0
        var finished = 0
        /// The coordinator does not hold it any more, as far as the test knows; its worker may go on for a while.
        var isOver = false
    }

    private struct World {
        var cluster: HandDrivenCluster
        var generator: SeededGenerator
        let cap: Int
        var served = 0
        var hands: OrderedDictionary<Lease, Hand> = [:]
        var sessions: [SessionID] = []
        var failedUnits = 0
        var acceptedUnits = 0
        var durable: RunSpending?
        var workers = 0
        var epoch: UInt64 = 1
        var losses = 0

        init(seed: UInt64) {
            generator = SeededGenerator(seed: seed)
            cap = Int.random(in: 5...80, using: &generator)
            cluster = BudgetTests.cluster(calls: cap)
        }

        mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &generator) < percent }

        mutating func take(_ effects: [ClusterEffect], _ session: SessionID? = nil) {
            for effect in effects {
                switch effect {
                case .task(_, let order): if let session { hands[order.lease] = Hand(order: order, session: session) }
                case .accepted(_, let report, _):
                    acceptedUnits += 1
                    if report.record.failureReason?.contains("used up") == true { failedUnits += 1 }
                case .welcome(_, let session): sessions.append(session)
                case .unknownSession, .refuse, .instruct, .nothing, .reportAccepted, .reportStale, .workerJoined, .workerLost: break
                }
            }
            for (_, spending) in cluster.machine.takeBudgetChanges() { durable = spending }
        }

        mutating func join() {
            workers += 1
            let introduction = WorkerIntroduction(instance: "w\(workers)", name: "w", slots: 3, models: ["m"])
            take(cluster.send(.hello(cluster.token(), introduction)))
        }

        /// The worker dies: what it was sending may have been served.
        mutating func lose(_ session: SessionID) {
            losses += 1
            for lease in hands.keys where hands[lease]?.session == session {
                hands[lease]?.isOver = true
                if chance(50) { sendCalls(lease, 3) }
                // One that hangs is taken for dead, and comes back with what it knows; one that died never does.
                if chance(50) { hands.removeValue(forKey: lease) }
            }
            sessions.removeAll { $0 == session }
            take(cluster.send(.goodbye(cluster.token(), session)))
        }

        mutating func sendCalls(_ lease: Lease, _ most: Int) {
            guard let hand = hands[lease] else { return }
            let calls = min(Int.random(in: 0...most, using: &generator), (hand.order.callAllowance ?? 0) - hand.sent)
            hands[lease]?.sent += calls
            served += calls
        }

        mutating func report(_ lease: Lease) {
            guard let hand = hands[lease], let session = hand.isOver ? sessions.first : hand.session else { return }
            var units: [UnitReport] = []
            // A unit needs a call of its own.
            if hand.finished < min(hand.sent, hand.order.units.count), chance(80) {
                units.append(UnitReport(unit: hand.order.units[hand.finished].unit, record: Some.record()))
                hands[lease]?.finished += 1
            }
            let isLast = hand.finished + units.count == hand.order.units.count
            let ended = hand.isOver || isLast || hand.sent == hand.order.callAllowance || chance(15)
            take(cluster.send(.report(
                cluster.token(), session, lease, units: hand.isOver ? [] : units, taskEnded: ended, callsSpent: hand.sent)))
            if ended { hands.removeValue(forKey: lease) }
        }

        mutating func crash(submitting tasks: [TaskSpecification]) {
            epoch += 1
            cluster = HandDrivenCluster(epoch: epoch)
            cluster.machine.openBudget(RunBudget(calls: cap), of: Some.run, spending: durable)
            sessions = []
            for lease in hands.keys { hands[lease]?.isOver = true }
            for _ in 0..<3 { join() }
            take(cluster.send(.submit(tasks)))
        }

        var isWithinCap: Bool {
            let spent = cluster.machine.budgets.spent(by: Some.run)?.calls ?? .max
            return served <= cap && spent + cluster.machine.budgets.reservedCalls(of: Some.run) <= cap
        }
    }

    private static let tasks = (0..<12).map { task in BudgetTests.task((0..<4).map { task * 4 + $0 }) }

    @Test("settled, forfeited and reserved calls together, and those that the provider served, are never more than the cap", arguments: 0..<150 as Range<UInt64>)
    func capHolds(seed: UInt64) throws {
        var world = World(seed: seed)
        for _ in 0..<3 { world.join() }
        world.take(world.cluster.send(.submit(Self.tasks)))
        for step in 0..<400 {
            switch Int.random(in: 0..<100, using: &world.generator) {
            case 0..<30:
                if let session = world.sessions.randomElement(using: &world.generator) {
                    world.take(world.cluster.send(.pull(world.cluster.token(), session)), session)
                }
            case 30..<55: if let lease = world.hands.keys.randomElement(using: &world.generator) { world.sendCalls(lease, 2) }
            case 55..<90: if let lease = world.hands.keys.randomElement(using: &world.generator) { world.report(lease) }
            case 90..<95:
                if let session = world.sessions.randomElement(using: &world.generator) {
                    world.lose(session)
                    world.join()
                }
            case 95..<96: world.crash(submitting: Self.tasks)
            default:
                world.cluster.now = world.cluster.now.adding(milliseconds: 400)
                world.take(world.cluster.send(.tick))
                for session in world.sessions {
                    world.take(world.cluster.send(.heartbeat(
                        world.cluster.token(), session, leases: world.hands.values.filter { $0.session == session && !$0.isOver }.map(\.order.lease), seenInstructions: 0)))
                }
            }
            try #require(world.isWithinCap, "seed \(seed), step \(step), cap \(world.cap), served \(world.served)")
        }
        // Calm: whoever is left works to the end; the run's units are done or failed, and nobody waits.
        for _ in 0..<2_000 where world.cluster.machine.hasTasks(of: Some.run) {
            world.cluster.now = world.cluster.now.adding(milliseconds: 400)
            for session in world.sessions {
                world.take(world.cluster.send(.heartbeat(
                    world.cluster.token(), session, leases: world.hands.values.filter { $0.session == session && !$0.isOver }.map(\.order.lease), seenInstructions: 0)))
                world.take(world.cluster.send(.pull(world.cluster.token(), session)), session)
            }
            world.take(world.cluster.send(.tick))
            for lease in Array(world.hands.keys) {
                world.sendCalls(lease, 2)
                world.report(lease)
            }
            try #require(world.isWithinCap)
        }
        #expect(!world.cluster.machine.hasTasks(of: Some.run), "seed \(seed): a task waits for ever")
    }
}
