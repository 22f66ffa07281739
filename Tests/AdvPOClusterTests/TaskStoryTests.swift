@testable import AdvPOCluster
import AdvPOModel
import OrderedCollections
import Testing

/// What is told of tasks, beside what is done with them.
@Suite struct TaskStoryTests {
    private func words(_ story: TaskStory?) -> [String] {
        (story?.steps ?? []).map { step in
            switch step.what {
            case .queued: "queued"
            case .handedOut(let worker, _, let attempt, let waited): "to \(worker) as \(attempt) after \(waited)"
            case .accepted(let units, let failed): "accepted \(units), failed \(failed)"
            case .givenBack(let pause): "given back for \(pause)"
            case .workerLost(let worker, let reason): "\(worker) lost: \(reason)"
            case .takenBack: "taken back"
            case .cancelled: "cancelled"
            case .failed: "failed"
            case .done: "done"
            }
        }
    }

    @Test("a task that went the usual way has a story in memory, and nothing of it is to be kept")
    func usual() throws {
        var cluster = HandDrivenCluster()
        _ = cluster.send(.submit([Some.task([1, 2])]))
        #expect(words(cluster.machine.story(of: 1)) == ["queued"])
        cluster.now = Tick(milliseconds: 40)
        let session = try cluster.join()
        let order = try cluster.pull(session)
        for unit in [1, 2] { _ = cluster.send(.report(cluster.token(), session, order.lease, units: [Some.report(unit)], taskEnded: unit == 2)) }
        let story = try #require(cluster.machine.story(of: 1))
        #expect(words(story) == ["queued", "to a as 1 after 40", "accepted 2, failed 0", "done"])
        #expect(story.id.description == "1.1" && story.run == Some.run && story.units == 2 && story.purpose == .generate)
        let news = cluster.machine.stories.takeNews()
        #expect(news.unusual == [])
        #expect(news.notes.count == 1)
        let totals = cluster.machine.stories.totals
        #expect((totals.handedOut, totals.done, totals.workersJoined) == (1, 1, 1))
    }

    @Test("a lost worker is in the story, in what is to be kept once the task ended, and in a note with the tasks that it held")
    func lostWorker() throws {
        var cluster = HandDrivenCluster()
        _ = cluster.send(.submit([Some.task([1])]))
        let doomed = try cluster.join("doomed")
        _ = try cluster.pull(doomed)
        _ = cluster.send(.connectionLost(doomed))
        _ = cluster.pass(milliseconds: 2_500)
        let survivor = try cluster.join("survivor")
        let order = try cluster.pull(survivor)
        _ = cluster.send(.report(cluster.token(), survivor, order.lease, units: [Some.report(1)], taskEnded: true))
        #expect(words(cluster.machine.story(of: 1)) == [
            "queued", "to doomed as 1 after 0", "doomed lost: its connection broke", "to survivor as 2 after 500", "accepted 1, failed 0", "done",
        ])
        let news = cluster.machine.stories.takeNews()
        #expect(news.unusual.map(\.id) == [TaskID(epoch: 1, task: 1)])
        let tasks = [TaskID(epoch: 1, task: 1)]
        #expect(news.notes.contains(.lost(doomed, worker: "doomed", reason: "its connection broke", isFault: true, tasks: tasks)))
        #expect(cluster.machine.stories.takeNews().unusual == [])
    }

    @Test("a task cancelled in a worker's hands is kept, one that was only queued is not")
    func cancelled() throws {
        var cluster = HandDrivenCluster()
        _ = cluster.send(.submit([Some.task([1]), Some.task([2])]))
        let session = try cluster.join()
        _ = try cluster.pull(session)
        _ = cluster.send(.cancel(Some.run))
        #expect(cluster.machine.stories.takeNews().unusual.map(\.id.task) == [1])
        #expect(words(cluster.machine.story(of: 1)).last == "cancelled")
        #expect(cluster.machine.story(of: 2) == nil)
    }

    @Test("a task given back rests, and one that nobody can do fails with its reason")
    func givenBack() throws {
        var settings = ClusterSettings()
        settings.fruitlessAttemptsPerTask = 2
        var cluster = HandDrivenCluster(settings: settings)
        _ = cluster.send(.submit([Some.task([1])]))
        let session = try cluster.join()
        for _ in 0..<2 {
            let order = try cluster.pull(session)
            _ = cluster.send(.report(cluster.token(), session, order.lease, units: [], taskEnded: true))
            _ = cluster.pass(milliseconds: 500)
        }
        #expect(words(cluster.machine.story(of: 1)) == ["queued", "to a as 1 after 0", "given back for 200", "to a as 2 after 500", "given back for 0", "failed"])
        #expect(cluster.machine.stories.takeNews().unusual.count == 1)
    }

    @Test("a long story keeps its beginning and its end; the number of stories is bounded, the oldest ended go first")
    func bounded() {
        var story = TaskStory(id: TaskID(epoch: 1, task: 1), run: Some.run, iteration: 0, purpose: .evaluate, units: 1, steps: [])
        for second in 0..<100 { story.add(.givenBack(pauseMilliseconds: Int64(second)), at: Tick(milliseconds: Int64(second))) }
        #expect(story.steps.count == TaskStory.maximumSteps && story.omittedSteps == 36)
        #expect(story.steps[7].at.milliseconds == 7 && story.steps[8].at.milliseconds == 44 && story.steps.last?.at.milliseconds == 99)

        var stories = TaskStories(epoch: 1, capacity: 3)
        let task = ClusterMachine.Task(
            header: ClusterMachine.TaskHeader(Some.task([1]), need: 0), queuedSince: Tick(milliseconds: 0), unitCount: 1, remaining: [])
        for id in 1...10 as ClosedRange<UInt64> {
            stories.handedOut(id, task, to: "w", SessionID(1), Tick(milliseconds: 0))
            if id != 2 { stories.done(id, Tick(milliseconds: 1)) }
        }
        #expect((1...10).filter { stories[$0] != nil } == [2, 9, 10])
    }

    @Test("tasks are named by epoch and number, or by a lease", arguments: [("4.17", "4.17"), ("4.17.2", "4.17"), ("4", nil), ("4.x", nil), ("4.17.2.1", nil), ("-4.1", nil)])
    func names(_ text: String, _ name: String?) {
        #expect(TaskID(text)?.description == name)
    }
}

@Suite struct ClusterStatusTests {
    @Test("the status has workers in order of joining, with what they hold, and the sums of all of them")
    func status() throws {
        var cluster = HandDrivenCluster()
        let first = try cluster.join("first-worker")
        _ = try cluster.join("second-worker", models: ["other"])
        _ = cluster.send(.submit([Some.task([1]), Some.task([2]), Some.task([3], models: ["nobody"])]))
        let order = try cluster.pull(first)
        cluster.now = Tick(milliseconds: 700)
        _ = cluster.send(.connectionLost(first))
        let status = cluster.machine.status(at: cluster.now, workerLimit: 1)
        #expect((status.workerCount, status.furtherWorkers, status.slots, status.busySlots) == (2, 1, 4, 1))
        #expect((status.queuedTasks, status.restingTasks, status.leasedTasks) == (2, 0, 1))
        #expect(status.queued.map(\.job) == [Some.job] && status.queued.map(\.tasks) == [2])
        let worker = try #require(status.workers.first)
        #expect((worker.name, worker.instance, worker.state, worker.millisecondsSinceHeard) == ("first-worker", "first-wo", .disconnected, 700))
        #expect(worker.leases == [ClusterStatus.HeldLease(lease: order.lease, run: Some.run, ageMilliseconds: 700)])
    }

    @Test("a worker is found by its name, its session or the beginning of its instance; two of one name are not told apart")
    func names() throws {
        var cluster = HandDrivenCluster()
        let first = try cluster.join("aaaa-1")
        let second = try cluster.join("aaaa-2")
        #expect(try cluster.machine.session(ofWorker: "aaaa-1") == first)
        #expect(try cluster.machine.session(ofWorker: "\(second.rawValue)") == second)
        #expect(try cluster.machine.session(ofWorker: "aa") == nil)
        #expect(throws: ClusterMachine.AmbiguousWorker(sessions: [first, second])) { try cluster.machine.session(ofWorker: "aaaa") }
    }
}
