import AdvPOCluster
import AdvPOModel
import Testing

@Suite struct WorkerMachineTests {
    static let session = SessionID(7)

    /// Of so many units that the executor never comes to the last, unless said otherwise.
    static func order(_ task: UInt64, units: Int = 9) -> TaskOrder {
        TaskOrder(
            lease: Lease(task: task, attempt: 1, epoch: 1), run: Some.run, iteration: 0,
            work: .generate(.init(units: (0..<units).map { .init(unit: Some.unit(Int(task) + $0), content: Some.unit(0)) })))
    }

    static func online(slots: Int = 1) -> WorkerMachine {
        var machine = WorkerMachine(settings: WorkerSettings(slots: slots))
        _ = machine.handle(.start)
        _ = machine.handle(.welcomed(session, epoch: 1))
        return machine
    }

    @Test("a welcomed worker beats once and pulls for every slot")
    func welcomed() {
        var machine = WorkerMachine(settings: WorkerSettings(slots: 2))
        #expect(machine.handle(.start) == [.hello])
        #expect(machine.handle(.welcomed(Self.session, epoch: 1)) == [
            .heartbeat(Self.session, leases: [], seenInstructions: 0), .pull(Self.session, slot: 0), .pull(Self.session, slot: 1),
        ])
    }

    @Test("a greeting that fails is tried again with growing pauses")
    func greetingFails() {
        var machine = WorkerMachine(settings: WorkerSettings(slots: 1))
        _ = machine.handle(.start)
        var pauses: [Int64] = []
        for _ in 0..<7 {
            for effect in machine.handle(.greetingFailed) { if case .pause(.greeting, let milliseconds) = effect { pauses.append(milliseconds) } }
            #expect(machine.handle(.resumed(.greeting)) == [.hello])
        }
        #expect(pauses == [200, 400, 800, 1_600, 3_200, 5_000, 5_000])
    }

    @Test("units are reported as they finish, one report at a time, and the last report ends the task")
    func reportsInOrder() {
        var machine = Self.online()
        let order = Self.order(1)
        #expect(machine.handle(.pulled(Self.session, slot: 0, order)) == [.run(order)])
        #expect(machine.leases == [order.lease])
        #expect(machine.handle(.unitFinished(order.lease, Some.report(1))) == [.report(Self.session, order.lease, units: [Some.report(1)], taskEnded: false)])
        #expect(machine.handle(.unitFinished(order.lease, Some.report(2))).isEmpty)
        #expect(machine.handle(.taskReturned(order.lease)).isEmpty)
        #expect(machine.handle(.reported(Self.session, order.lease, stale: false)) == [
            .report(Self.session, order.lease, units: [Some.report(2)], taskEnded: true)
        ])
        #expect(machine.handle(.reported(Self.session, order.lease, stale: false)) == [.pull(Self.session, slot: 0)])
    }

    @Test("a report that fails is sent again as it was")
    func failedReportIsRepeated() {
        var machine = Self.online()
        let order = Self.order(1)
        _ = machine.handle(.pulled(Self.session, slot: 0, order))
        let sent = machine.handle(.unitFinished(order.lease, Some.report(1)))
        #expect(machine.handle(.reportFailed(Self.session, order.lease)) == [.pause(.report(Self.session, order.lease), milliseconds: 200)])
        #expect(machine.handle(.resumed(.report(Self.session, order.lease))) == sent)
    }

    @Test("a stale report aborts the task, and its slot pulls again once the executor has returned")
    func staleReportAborts() {
        var machine = Self.online()
        let order = Self.order(1)
        _ = machine.handle(.pulled(Self.session, slot: 0, order))
        _ = machine.handle(.unitFinished(order.lease, Some.report(1)))
        #expect(machine.handle(.reported(Self.session, order.lease, stale: true)) == [.abort(order.lease)])
        #expect(machine.handle(.unitFinished(order.lease, Some.report(2))).isEmpty)
        #expect(machine.handle(.taskReturned(order.lease)) == [.pull(Self.session, slot: 0)])
    }

    @Test("a cancel instruction aborts the task and is acknowledged by the next heartbeat")
    func cancelInstruction() {
        var machine = Self.online()
        let order = Self.order(1)
        _ = machine.handle(.pulled(Self.session, slot: 0, order))
        #expect(machine.handle(.instructed(Self.session, sequence: 3, cancel: [order.lease], drain: false)) == [
            .abort(order.lease), .heartbeat(Self.session, leases: [], seenInstructions: 3),
        ])
    }

    @Test("a lost session aborts everything and leads to a new hello; answers of the old session are ignored")
    func lostSession() {
        var machine = Self.online(slots: 2)
        let order = Self.order(1)
        _ = machine.handle(.pulled(Self.session, slot: 0, order))
        #expect(machine.handle(.sessionLost(Self.session)) == [.abort(order.lease), .hello])
        #expect(machine.handle(.pulled(Self.session, slot: 1, Self.order(2))).isEmpty)
        #expect(machine.handle(.welcomed(SessionID(8), epoch: 2)) == [
            .heartbeat(SessionID(8), leases: [], seenInstructions: 0), .pull(SessionID(8), slot: 1),
        ])
        #expect(machine.handle(.taskReturned(order.lease)) == [.pull(SessionID(8), slot: 0)])
    }

    @Test("a draining worker finishes what it has, takes no more, says goodbye and exits")
    func drain() {
        var machine = Self.online()
        let order = Self.order(1)
        _ = machine.handle(.pulled(Self.session, slot: 0, order))
        #expect(machine.handle(.drain).isEmpty)
        _ = machine.handle(.unitFinished(order.lease, Some.report(1)))
        _ = machine.handle(.taskReturned(order.lease))
        _ = machine.handle(.reported(Self.session, order.lease, stale: false))
        #expect(machine.handle(.reported(Self.session, order.lease, stale: false)) == [.goodbye(Self.session)])
        #expect(machine.handle(.goodbyeAnswered) == [.exit(nil)])
    }

    @Test("a task that arrives while draining is given back")
    func drainGivesBack() {
        var machine = Self.online(slots: 2)
        let first = Self.order(1)
        _ = machine.handle(.pulled(Self.session, slot: 0, first))
        _ = machine.handle(.drain)
        let late = Self.order(2)
        #expect(machine.handle(.pulled(Self.session, slot: 1, late)) == [.report(Self.session, late.lease, units: [], taskEnded: true)])
    }

    @Test("a refused worker exits with the reason")
    func refused() {
        var machine = WorkerMachine(settings: WorkerSettings(slots: 1))
        _ = machine.handle(.start)
        #expect(machine.handle(.refused("upgrade")) == [.exit("upgrade")])
    }

    @Test("a task that was cancelled before it arrived is not begun")
    func cancelOvertakesItsTask() {
        var machine = Self.online()
        let order = Self.order(1)
        _ = machine.handle(.instructed(Self.session, sequence: 1, cancel: [order.lease], drain: false))
        #expect(machine.handle(.pulled(Self.session, slot: 0, order)) == [.pull(Self.session, slot: 0)])
        // Another attempt at it is another lease.
        var again = order
        again.lease.attempt = 2
        #expect(machine.handle(.pulled(Self.session, slot: 0, again)) == [.run(again)])
    }

    @Test("a report that the coordinator cannot take is sent once more as failures, and then the task is dropped")
    func refusedReport() {
        var machine = Self.online()
        let order = Self.order(1)
        _ = machine.handle(.pulled(Self.session, slot: 0, order))
        _ = machine.handle(.unitFinished(order.lease, Some.report(1)))
        let second = machine.handle(.reportRefused(Self.session, order.lease, "too long"))
        guard case .report(Self.session, order.lease, let units, false, _)? = second.first, second.count == 1 else {
            Issue.record("\(second)")
            return
        }
        #expect(units.map(\.unit) == [Some.unit(1)])
        #expect(units.map(\.record.status) == [.infrastructureFailure])
        #expect(units.first?.record.failureReason?.contains("too long") == true)
        #expect(machine.handle(.reportRefused(Self.session, order.lease, "too long")) == [.abort(order.lease)])
        #expect(machine.leases.isEmpty)
        #expect(machine.handle(.taskReturned(order.lease)) == [.pull(Self.session, slot: 0)])
    }

    @Test("a report carries so many bytes of text and no more, but always one unit")
    func reportsAreBounded() {
        var settings = WorkerSettings(slots: 1)
        settings.textBytesPerReport = 10
        var machine = WorkerMachine(settings: settings)
        _ = machine.handle(.start)
        _ = machine.handle(.welcomed(Self.session, epoch: 1))
        let order = Self.order(1)
        _ = machine.handle(.pulled(Self.session, slot: 0, order))
        let units = ["12345678901234", "1234", "567890", "1"].enumerated().map { UnitReport(unit: Some.unit($0.offset), record: Some.record($0.element)) }
        #expect(machine.handle(.unitFinished(order.lease, units[0])) == [.report(Self.session, order.lease, units: [units[0]], taskEnded: false)])
        for unit in units[1...] { #expect(machine.handle(.unitFinished(order.lease, unit)).isEmpty) }
        _ = machine.handle(.taskReturned(order.lease))
        #expect(machine.handle(.reported(Self.session, order.lease, stale: false)) == [
            .report(Self.session, order.lease, units: [units[1], units[2]], taskEnded: false)
        ])
        #expect(machine.handle(.reported(Self.session, order.lease, stale: false)) == [
            .report(Self.session, order.lease, units: [units[3]], taskEnded: true)
        ])
    }

    @Test("heartbeats that fail pause longer each time, and after some the coordinator counts as gone")
    func failingHeartbeats() {
        var machine = Self.online()
        var pauses: [Int64] = []
        var last: [WorkerEffect] = []
        for _ in 0..<6 {
            last = machine.handle(.heartbeatFailed(Self.session))
            for effect in last { if case .pause(.heartbeat, let milliseconds) = effect { pauses.append(milliseconds) } }
            _ = machine.handle(.resumed(.heartbeat(Self.session)))
        }
        #expect(pauses == [200, 400, 800, 1_600, 3_200])
        #expect(last == [.hello])
    }

    @Test("a draining worker whose coordinator is gone gives its work up and exits, once its executors have returned")
    func drainWithoutCoordinator() {
        var machine = Self.online(slots: 2)
        let (finished, running) = (Self.order(1), Self.order(2))
        _ = machine.handle(.pulled(Self.session, slot: 0, finished))
        _ = machine.handle(.pulled(Self.session, slot: 1, running))
        _ = machine.handle(.taskReturned(finished.lease))
        _ = machine.handle(.drain)
        _ = machine.handle(.reportFailed(Self.session, finished.lease))
        _ = machine.handle(.heartbeatFailed(Self.session))
        #expect(machine.handle(.heartbeatFailed(Self.session)) == [.abort(running.lease)])
        #expect(machine.handle(.taskReturned(running.lease)) == [.exit(nil)])
    }

    @Test("a worker told to end before it was ever welcomed exits at once")
    func drainWhileGreeting() {
        var machine = WorkerMachine(settings: WorkerSettings(slots: 1))
        _ = machine.handle(.start)
        #expect(machine.handle(.drain) == [.exit(nil)])
    }
}

@Suite struct WorkerReportAndPullTests {
    @Test("the last unit of a task is reported with its end, and the next task may come with the answer")
    func lastReportPulls() {
        var machine = WorkerMachineTests.online()
        let (first, second) = (WorkerMachineTests.order(1, units: 1), WorkerMachineTests.order(2, units: 1))
        let session = WorkerMachineTests.session
        _ = machine.handle(.pulled(session, slot: 0, first))
        #expect(machine.handle(.unitFinished(first.lease, Some.report(1))).isEmpty)
        #expect(machine.handle(.taskReturned(first.lease)) == [
            .report(session, first.lease, units: [Some.report(1)], taskEnded: true, andPull: true)
        ])
        #expect(machine.handle(.reported(session, first.lease, stale: false, next: second)) == [.run(second)])
        #expect(machine.leases == [second.lease])
        _ = machine.handle(.unitFinished(second.lease, Some.report(2)))
        _ = machine.handle(.taskReturned(second.lease))
        #expect(machine.handle(.reported(session, second.lease, stale: false)) == [.pull(session, slot: 0)])
    }

    @Test("a report that is sent again after the word to end asks for no further task")
    func repeatedReportWhileDraining() {
        var machine = WorkerMachineTests.online()
        let order = WorkerMachineTests.order(1, units: 1)
        let session = WorkerMachineTests.session
        _ = machine.handle(.pulled(session, slot: 0, order))
        _ = machine.handle(.unitFinished(order.lease, Some.report(1)))
        _ = machine.handle(.taskReturned(order.lease))
        _ = machine.handle(.drain)
        _ = machine.handle(.reportFailed(session, order.lease))
        #expect(machine.handle(.resumed(.report(session, order.lease))) == [
            .report(session, order.lease, units: [Some.report(1)], taskEnded: true, andPull: false)
        ])
        #expect(machine.handle(.reported(session, order.lease, stale: false)) == [.goodbye(session)])
    }

    @Test("a cancel that overtakes the answer to a task's last report does not cost the task that comes with the answer")
    func cancelOvertakesAnswer() {
        var machine = WorkerMachineTests.online()
        let (first, second) = (WorkerMachineTests.order(1, units: 1), WorkerMachineTests.order(2, units: 1))
        let session = WorkerMachineTests.session
        _ = machine.handle(.pulled(session, slot: 0, first))
        _ = machine.handle(.unitFinished(first.lease, Some.report(1)))
        _ = machine.handle(.taskReturned(first.lease))
        let instructed = machine.handle(.instructed(session, sequence: 1, cancel: [first.lease], drain: false))
        #expect(!instructed.contains { if case .pull = $0 { true } else { false } })
        #expect(machine.handle(.reported(session, first.lease, stale: false, next: second)) == [.run(second)])
    }

    @Test("a task that comes with an acceptance while the worker drains is given back at once")
    func nextTaskWhileDraining() {
        var machine = WorkerMachineTests.online()
        let (first, second) = (WorkerMachineTests.order(1, units: 1), WorkerMachineTests.order(2, units: 1))
        let session = WorkerMachineTests.session
        _ = machine.handle(.pulled(session, slot: 0, first))
        _ = machine.handle(.unitFinished(first.lease, Some.report(1)))
        _ = machine.handle(.taskReturned(first.lease))
        _ = machine.handle(.drain)
        #expect(machine.handle(.reported(session, first.lease, stale: false, next: second)) == [
            .report(session, second.lease, units: [], taskEnded: true)
        ])
        #expect(machine.handle(.reported(session, second.lease, stale: false)) == [.goodbye(session)])
    }
}
