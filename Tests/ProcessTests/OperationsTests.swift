import AdvPOModel
import Foundation
import Subprocess
import Testing

extension ProcessTests {
    /// What whoever runs a cluster sees of it, and does to it.
    @Suite struct OperationsTests {
        private static let answeredFirst = 7

        /// A cluster of two workers in the midst of a job: seven units are accepted, and the other calls wait for the gate.
        private func run(_ body: @escaping @Sendable (Laboratory, RunningCoordinator, String, (doomed: Program, survivor: Program), Gate, ModelServer) async throws -> Void) async throws {
            let gate = Gate()
            try await ModelServer.run({ call in
                if call.number > Self.answeredFirst { try await gate.pass() }
                return .answer(KindTask.answer(call))
            }) { server in
                try await Laboratory.run { lab in
                    let models = try lab.writeModels(server)
                    let coordinator = try await lab.startCoordinator(models: models)
                    let doomed = try await lab.startWorker(coordinator, models: models)
                    let survivor = try await lab.startWorker(coordinator, models: models)
                    let job = try await lab.submit(KindTask.line(samples: 24), to: coordinator, "--budget-calls", "150", "--prompt-format", "chat")
                    try await server.wait(answered: Self.answeredFirst, held: 4)
                    try await lab.watch(job, coordinator).accepted(Self.answeredFirst)
                    try await body(lab, coordinator, job, (doomed, survivor), gate, server)
                }
            }
        }

        private func json(_ lab: Laboratory, _ coordinator: RunningCoordinator, _ arguments: String...) async throws -> JSONValue {
            let ended = try await lab.start("advpo", arguments + ["--json", "--endpoint", coordinator.http]).finished()
            try #require(ended.status.code == 0, "\(ended.errors)")
            return try JSONValue(parsing: Array(ended.output.utf8))
        }

        @Test("the status shows who has what, and a task's story where it has been: a killed worker, its successor, and the same after a restart")
        func statusAndStory() async throws {
            try await run { lab, coordinator, job, workers, gate, server in
                let status = try await json(lab, coordinator, "cluster", "status")
                #expect(status["totals"]?["slots"]?.numberValue?.int == 4 && status["totals"]?["busySlots"]?.numberValue?.int == 4, "\(status.text)")
                let first = try #require(status["workers"]?[0])
                let (name, leases) = (try #require(first["name"]?.stringValue), first["leases"]?.arrayValue ?? [])
                let tasks = leases.compactMap { $0["task"]?.stringValue }
                #expect(leases.count == 2 && tasks.count == 2)
                let unharmed = try #require(status["workers"]?[1]?["leases"]?[0]?["task"]?.stringValue)
                let table = try await lab.advpo("cluster", "status", "--watch", "--endpoint", coordinator.http)
                #expect(table.status.code == 0)
                #expect(table.output.contains("2 workers  4 of 4 slots busy") && table.output.contains(name), "\(table.output)")
                #expect(!table.output.contains("\u{1B}"), "plain where there is no terminal")

                let queued = try await json(lab, coordinator, "story", tasks[0])
                #expect(queued["tasks"]?[0]?["state"] == "leased")
                try await workers.doomed.kill()
                let session = try #require(first["session"]?.stringValue)
                _ = try await coordinator.program.errors.first("the loss") { line in
                    line.contains("worker lost") && line.contains("session=\(session)") && tasks.allSatisfy(line.contains) ? line : nil
                }
                gate.open()
                #expect(try await lab.watch(job, coordinator).end().code == 0)

                let events = ["queued", "handed-out", "worker-lost", "handed-out", "units-accepted", "done"]
                let told = try await json(lab, coordinator, "story", tasks[0])
                let steps = told["tasks"]?[0]?["steps"]?.arrayValue ?? []
                #expect(steps.compactMap { $0["event"]?.stringValue }.filter { $0 != "units-accepted" } == events.filter { $0 != "units-accepted" }, "\(told.text)")
                #expect(told["tasks"]?[0]?["attempts"]?.numberValue?.int == 2)
                let text = try await lab.advpo("story", tasks[0], "--endpoint", coordinator.http)
                for word in ["task \(tasks[0])  done", "was lost", "as attempt 2", name] { #expect(text.output.contains(word), "\(word) in \(text.output)") }

                try await coordinator.program.kill()
                let second = try await lab.startCoordinator(models: lab.path("models.yaml"), in: coordinator)
                #expect(try await json(lab, second, "story", tasks[0]) == told, "unusual stories are stored with the units")
                #expect(try await json(lab, second, "story", job)["tasks"]?.arrayValue?.count == 2, "of the others nothing is kept but their units")
                // A usual task is known by its units.
                let usual = try await json(lab, second, "story", unharmed)
                #expect(usual["tasks"]?[0]?["state"] == "done" && usual["tasks"]?[0]?["note"] != nil, "\(usual.text)")
                for (name, code) in [("9.9", 3), ("nonsense!", 3)] as [(String, Int32)] {
                    #expect(try await lab.advpo("story", name, "--endpoint", second.http).status.code == code, "\(name)")
                }
            }
        }

        @Test("a worker that is told to drain finishes what it has, takes no more and ends with 0")
        func drain() async throws {
            try await run { lab, coordinator, job, workers, gate, server in
                let status = try await json(lab, coordinator, "cluster", "status")
                let name = try #require(status["workers"]?[0]?["name"]?.stringValue)
                let drained = try await lab.advpo("cluster", "drain", name, "--endpoint", coordinator.http)
                #expect(drained.status.code == 0, "\(drained.errors)")
                #expect(try await json(lab, coordinator, "cluster", "status")["workers"]?[0]?["state"] == "draining")
                gate.open()
                #expect(try await workers.doomed.end().code == 0)
                #expect(try await lab.watch(job, coordinator).end().code == 0)
                #expect(server.repeated() == [])
                #expect(try await lab.advpo("cluster", "drain", "nobody", "--endpoint", coordinator.http).status.code == 3)
            }
        }

        @Test("logs as JSON: every line parses, and a lost worker's line has the worker, its session and its tasks")
        func logs() async throws {
            try await Laboratory.run { lab in
                let models = try lab.write("models.yaml", "models: [{id: \(Laboratory.model), provider: simulated, model: learner, limits: {concurrency: 4}}]\n")
                let any = "tcp://127.0.0.1:0"
                let coordinator = lab.start(
                    "advpo-coord",
                    ["serve", "--data", lab.path("state"), "--work", any, "--control", any, "--http", "127.0.0.1:0", "--models", models, "--log-format", "json", "--log-level", "debug"])
                let listening = try await coordinator.errors.first("the sockets") { line in
                    let value = try JSONValue(parsing: Array(line.utf8))
                    return value["control"]?.stringValue == nil ? Optional<JSONValue>.none : value
                }
                let (work, control) = (try #require(listening["work"]?.stringValue), try #require(listening["control"]?.stringValue))
                let worker = lab.start("advpo-worker", ["--work", work, "--control", control, "--models", models, "--log-format", "json", "--log-level", "info"])
                let joined = try await coordinator.errors.first("the worker") { line in
                    let value = try JSONValue(parsing: Array(line.utf8))
                    return value["message"] == "worker joined" ? value : Optional<JSONValue>.none
                }
                try await worker.kill()
                let lost = try await coordinator.errors.first("the loss") { line in
                    let value = try JSONValue(parsing: Array(line.utf8))
                    return value["message"] == "worker lost" ? value : Optional<JSONValue>.none
                }
                #expect(lost["level"] == "warning" && lost["worker"] == joined["worker"] && lost["session"] == joined["session"] && lost["reason"] == "its connection broke")
                for line in coordinator.errors.elements + worker.errors.elements {
                    let value = try JSONValue(parsing: Array(line.utf8))
                    #expect(value["time"]?.stringValue != nil && value["level"]?.stringValue != nil && value["message"]?.stringValue != nil, "\(line)")
                }
            }
        }

        @Test("a backup of a running coordinator, put into an empty directory, goes on with the job", .timeLimit(.minutes(2)))
        func backup() async throws {
            try await run { lab, coordinator, job, workers, gate, server in
                let file = lab.path("copy.sqlite")
                let made = try await lab.start("advpo-coord", ["backup", "--data", lab.path("state"), file]).finished()
                #expect(made.status.code == 0, "\(made.errors)")
                #expect(try await lab.start("advpo-coord", ["backup", "--data", lab.path("state"), file]).finished().status.code == 1, "nothing is written over")
                let busy = try await lab.start("advpo-coord", ["restore", "--data", lab.path("state"), file]).finished()
                #expect(busy.status.code == 1 && busy.errors.contains("in use"), "\(busy.errors)")

                // The head node and its disk are gone; the workers are not.
                try await coordinator.program.kill()
                try lab.remove("state")
                let restored = try await lab.start("advpo-coord", ["restore", "--data", lab.path("restored"), file]).finished()
                #expect(restored.status.code == 0, "\(restored.errors)")
                let second = try await lab.startCoordinator(models: lab.path("models.yaml"), data: "restored", in: coordinator)
                gate.open()
                #expect(try await lab.watch(job, second).end().code == 0)
                #expect(try lab.lines(lab.results(of: job)).first?["promptOptimizationResults"]?[0]?["status"] == "SUCCESS")
                #expect(try await json(lab, second, "cluster", "status")["epoch"]?.numberValue?.int == 1_002)
            }
        }

        @Suite(.enabled(if: Laboratory.python != nil, "set ADVPO_PYTHON to a Python with prometheus_client; ops/test does"))
        struct MetricsTests {
            @Test("the pages of coordinator and worker are taken by Prometheus's own parser, and count what happened")
            func pages() async throws {
                try await Laboratory.run { lab in
                    let models = try lab.write("models.yaml", "models: [{id: \(Laboratory.model), provider: simulated, model: learner, price: {inputPerMillionTokens: 1, outputPerMillionTokens: 2}}]\n")
                    let coordinator = try await lab.startCoordinator(models: models, more: ["--metrics", "127.0.0.1:0"])
                    let own = try await coordinator.program.errors.first("the metrics' own listener") { $0.contains("metrics are served") ? Self.url($0) : nil }
                    let worker = lab.start(
                        "advpo-worker", ["--work", coordinator.work, "--control", coordinator.control, "--models", models, "--metrics", "127.0.0.1:0", "--log-level", "info"])
                    let workers = try await worker.errors.first("the worker's metrics") { $0.contains("metrics are served") ? Self.url($0) : nil }
                    let job = try await lab.submit(KindTask.line(samples: 24), to: coordinator, "--budget-calls", "150")
                    #expect(try await lab.watch(job, coordinator).end().code == 0)

                    let read = try await lab.startPython(file: "read_metrics.py", ["\(coordinator.http)/metrics", own, workers]).finished()
                    try #require(read.status.code == 0, "\(read.errors)")
                    let pages = try JSONLines.parse(read.output)
                    try #require(pages.count == 3)
                    let sample = { (page: Int, name: String) in pages[page]["samples"]?[name]?.numberValue?.double }
                    for page in [0, 1] {
                        let units = try #require(sample(page, "advpo_units_total{status=scored}"))
                        #expect(units > 20)
                        #expect(sample(page, "advpo_provider_requests_total{model=\(Laboratory.model)}") ?? 0 >= units)
                        #expect(sample(page, "advpo_workers{state=present}") == 1 && sample(page, "advpo_slots") == 4)
                        #expect(sample(page, "advpo_tasks_handed_out_total") == sample(page, "advpo_task_wait_seconds_count"))
                        #expect(sample(page, "advpo_tasks_ended_total{how=done}") ?? 0 > 0)
                        #expect(sample(page, "advpo_jobs{status=Completed}") == 1)
                        #expect(sample(page, "advpo_commit_seconds_count") ?? 0 > 0 && sample(page, "process_resident_memory_bytes") ?? 0 > 1e6)
                        #expect(pages[page]["types"]?["advpo_commit_seconds"] == "histogram")
                    }
                    #expect(sample(1, "advpo_http_requests_total{method=POST,route=/advanced-prompt-optimization-jobs,status=200}") == 1)
                    #expect(sample(2, "advpo_worker_units_finished_total{status=scored}") ?? 0 > 20)
                    #expect(sample(2, "advpo_worker_model_calls_total{model=\(Laboratory.model),outcome=answered}") ?? 0 > 20)
                    #expect(sample(2, "advpo_worker_tasks_in_hand") == 0)
                }
            }

            @Test("metrics are not served where other machines reach them, unless that was said")
            func loopback() async throws {
                try await Laboratory.run { lab in
                    let models = try lab.write("models.yaml", "models: [{id: \(Laboratory.model), provider: simulated, model: learner}]\n")
                    let refused = try await lab.start("advpo-worker", ["--models", models, "--metrics", "0.0.0.0:0"]).finished()
                    #expect(refused.status.code == 2 && refused.errors.contains("--metrics-everywhere"), "\(refused.errors)")
                }
            }

            private static func url(_ line: String) -> String? {
                line.split(separator: " ").first { $0.hasPrefix("metrics=") }.map { String($0.dropFirst("metrics=".count)) }
            }
        }
    }
}
