import AdvPOModel
import Foundation
import Subprocess
import Testing

extension ProcessTests {
    /// Provider keys go to the provider and nowhere else.
    @Suite struct SecretTests {
        @Test("a key reaches the server's Authorization header, and no output, log or file, even when the server echoes it")
        func keys() async throws {
            let key = "sk-\(UUID().uuidString)"
            try await ModelServer.run({ call in
                // One error that is tried again, one that is not and stands in the results as a reason.
                if call.number == 3 { return .failure(503, #"{"error": {"message": "overloaded, dear \#(call.authorization ?? "")"}}"#) }
                if call.text.contains("box5 ") { return .failure(403, #"{"error": {"message": "key \#(key) may not ask this"}}"#) }
                return .answer(KindTask.answer(call))
            }) { server in
                try await Laboratory.run { lab in
                    let models = try lab.writeModels(server, keyVariable: "TEST_KEY")
                    let coordinator = try await lab.startCoordinator(models: models, logLevel: "trace")
                    let worker = try await lab.startWorker(coordinator, models: models, environment: ["TEST_KEY": key], logLevel: "trace")
                    let input = KindTask.line(samples: 20)
                    let job = try await lab.submit(input, to: coordinator, "--budget-calls", "150", "--prompt-format", "chat")
                    #expect(try await lab.watch(job, coordinator).end().code == 0)
                    _ = try await lab.advpo("results", job, "--endpoint", coordinator.http)
                    let run = try await lab.start(
                        "advpo",
                        [
                            "run", try lab.write("embedded.jsonl", input), "--models", models, "--model", Laboratory.model, "--output", lab.path("out"), "--budget-calls", "150",
                            "--log-level", "trace",
                        ], environment: ["TEST_KEY": key]
                    ).finished()
                    #expect(run.status.code == 0)
                    for program in [worker, coordinator.program] {
                        program.send(.terminate)
                        #expect(try await program.end().code == 0)
                    }

                    #expect(!server.records.isEmpty && server.records.allSatisfy { $0.call.authorization == "Bearer \(key)" })
                    let written = String(decoding: try lab.bytes(lab.results(of: job)), as: UTF8.self)
                    #expect(written.contains("may not ask this"), "the server's reason is there, so that leaving the key out is no accident")
                    #expect(!lab.transcripts().contains(key))
                    let files = lab.files(below: lab.folder)
                    #expect(files.contains { $0.hasSuffix("advpo.sqlite") })
                    for file in files { #expect(Data(try lab.bytes(file)).range(of: Data(key.utf8)) == nil, "\(file)") }
                }
            }
        }
    }
}
