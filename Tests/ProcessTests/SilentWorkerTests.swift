import AdvPOModel
import Subprocess
import Synchronization
import Testing

extension ProcessTests {
    /// Workers that are neither dead nor well.
    @Suite struct SilentWorkerTests {
        @Test("a worker that falls silent with its connections open loses its tasks to another; when it wakes, its late answers do not count")
        func suspendedWorker() async throws {
            let (silentGate, survivorGate, finalGate) = (Gate(), Gate(), Gate())
            let answeredFirst = 7
            let lost = Mutex<Set<String>>([])
            try await ModelServer.run({ call in
                let isSilent = call.authorization == "Bearer silent"
                if isSilent, lost.withLock({ $0.contains(call.body) }) || (answeredFirst + 1...answeredFirst + 4).contains(call.number) {
                    try await silentGate.pass()
                    return .answer("late nonsense")
                }
                if call.number > answeredFirst { try await survivorGate.pass() }
                if lost.withLock({ $0.contains(call.body) }) { try await finalGate.pass() }
                return .answer(KindTask.answer(call))
            }) { server in
                try await Laboratory.run { lab in
                    let models = try lab.writeModels(server, keyVariable: "TEST_KEY")
                    let coordinator = try await lab.startCoordinator(models: models)
                    let silent = try await lab.startWorker(coordinator, models: models, environment: ["TEST_KEY": "silent"])
                    _ = try await lab.startWorker(coordinator, models: models, environment: ["TEST_KEY": "survivor"])
                    let job = try await lab.submit(KindTask.line(samples: 24), to: coordinator, "--budget-calls", "150", "--prompt-format", "chat")
                    let watch = lab.watch(job, coordinator)
                    try await server.wait(answered: answeredFirst, held: 4)
                    try await watch.accepted(answeredFirst)

                    silent.send(.suspend)
                    let held = Set(server.records.filter { $0.outcome == .underWay && $0.call.authorization == "Bearer silent" }.map(\.call.body))
                    #expect(held.count == 2)
                    lost.withLock { $0 = held }
                    survivorGate.open()
                    // Nothing breaks: it is given up for its silence alone, which takes 15 s.
                    try await server.wait { records in records.count { held.contains($0.call.body) && $0.call.authorization == "Bearer survivor" } == 2 }
                    silentGate.open()
                    silent.send(.resume)
                    // It learns that its session is over, drops what it had and joins again, while the other one still works on it.
                    _ = try await coordinator.program.errors.first("the end of the silent worker's session") { $0.contains("silent for") ? $0 : nil }
                    _ = try await lab.welcomes(of: silent, 2)
                    finalGate.open()

                    #expect(try await watch.end().code == 0)
                    // What it had in hand was asked for by the other one too; nothing else, since it begins nothing before it hears that its session is over.
                    #expect(server.repeated { held.contains($0.call.body) } == [])
                    let results = String(decoding: try lab.bytes(lab.results(of: job)), as: UTF8.self)
                    #expect(!results.contains("late nonsense"))
                    #expect(try lab.lines(lab.results(of: job)).first?["promptOptimizationResults"]?[0]?["status"] == "SUCCESS")
                }
            }
        }

        @Test("a slow worker keeps its tasks: nothing is cut off and nothing is asked for twice, however long the others wait for it")
        func slowWorker() async throws {
            let (gate, start) = (Gate(), Gate())
            try await ModelServer.run({ call in
                try await start.pass()
                if call.authorization == "Bearer slow" { try await gate.pass() }
                return .answer(KindTask.answer(call))
            }) { server in
                try await Laboratory.run { lab in
                    let models = try lab.writeModels(server, keyVariable: "TEST_KEY")
                    let coordinator = try await lab.startCoordinator(models: models)
                    for key in ["slow", "quick"] { _ = try await lab.startWorker(coordinator, models: models, environment: ["TEST_KEY": key]) }
                    let job = try await lab.submit(KindTask.line(samples: 24), to: coordinator, "--budget-calls", "150", "--prompt-format", "chat")
                    let watch = lab.watch(job, coordinator)
                    try await server.wait(answered: 0, held: 4)
                    start.open()
                    // The quick one does all that the slow one does not have in hand.
                    try await server.wait { records in records.count { $0.outcome == .answered } >= 12 }
                    gate.open()
                    #expect(try await watch.end().code == 0)
                    #expect(server.repeated() == [])
                    #expect(server.count(.abandoned) == 0)
                }
            }
        }
    }
}
