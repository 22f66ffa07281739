import AdvPOModel
import AdvPOWorker
import Testing

@Suite("A task with an allowance of calls") struct TaskAllowanceTests {
    @Test("begins no unit that its calls do not suffice for, and gives the rest back")
    func stopsInTime() async throws {
        var job = TaskExecutorTests.Job(samples: 3, method: .defaultJudge, judge: "j")
        job.order.callAllowance = 3
        // This model takes no call by itself: what is left decides alone.
        #expect(try await TaskExecutorTests.run(job) { _ throws(InferenceFailure) in "x" }.count == 3)
        job.order.callAllowance = 1
        #expect(try await TaskExecutorTests.run(job) { _ throws(InferenceFailure) in "x" }.isEmpty)
    }

    @Test("ends where its calls are used up, keeping what is finished")
    func usedUp() async throws {
        let records = try await TaskExecutorTests.run(TaskExecutorTests.Job(samples: 3)) { request throws(InferenceFailure) in
            let text = try await TaskExecutorTests.echo(request)
            if text == "2" { throw InferenceFailure(kind: .allowance, message: "used up", attempts: 1) }
            return text
        }
        #expect(records.map(\.output) == ["0", "1"])
    }
}
