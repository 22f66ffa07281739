import AdvPOModel
import Foundation
import OrderedCollections
import Testing

extension ProcessTests {
    /// A job on a cluster, from its submission to its table.
    @Suite struct ClusterJobTests {
        @Test("two workers share a job, and everything it found can be read with the commands")
        func jobOnACluster() async throws {
            try await ModelServer.run({ .answer(KindTask.answer($0)) }) { server in
                try await Laboratory.run { lab in
                    let models = try lab.writeModels(server, keyVariable: "TEST_KEY")
                    let coordinator = try await lab.startCoordinator(models: models)
                    for key in ["one", "two"] { _ = try await lab.startWorker(coordinator, models: models, environment: ["TEST_KEY": key]) }
                    let input = try lab.write("kinds.jsonl", KindTask.line(samples: 64) + "\n")
                    let submitted = try await lab.advpo(
                        "submit", input, "--bucket", "data=\(lab.path("bucket"))", "--model", Laboratory.model, "--prompt-format", "chat", "--budget-calls", "600",
                        "--watch", "--endpoint", coordinator.http)
                    #expect(submitted.status.code == 0, "\(submitted.errors)")
                    #expect(submitted.errors.contains("is completed"))
                    let job = submitted.output

                    let line = try #require(try lab.lines(lab.results(of: job)).first)
                    Self.checkShape(line)
                    let result = try #require(line["promptOptimizationResults"]?[0])
                    #expect(result["status"] == "SUCCESS")
                    #expect(result["proof"]?["verdict"] == "improved", "\(result["explanation"]?.stringValue ?? "")")
                    #expect(result["metricsScope"] == "holdout")
                    #expect(try lab.lines(lab.history(of: job)).count > 2)
                    #expect(server.repeated() == [])
                    #expect(Set(server.records.map(\.call.authorization)) == ["Bearer one", "Bearer two"])
                    try await Self.checkCommands(lab, coordinator, job)
                }
            }
        }

        /// The published keys, in their order and with their types.
        private static func checkShape(_ line: JSONValue) {
            #expect(line.objectValue?.keys.elements == ["promptTemplateId", "promptTemplate", "evaluationMetricLambdaArn", "customEvaluationMetricLabel", "promptOptimizationResults"])
            let result = line["promptOptimizationResults"]?[0]
            let published = [
                "status", "optimizedPromptTemplate", "dataset", "modelId", "optimizedPromptTemplateId", "originalPromptMetrics", "optimizedPromptMetrics",
            ]
            #expect(result?.objectValue.map { Array($0.keys.elements.prefix(published.count)) } == published)
            #expect(result?["modelId"] == .string(Laboratory.model))
            let metrics = [
                "averageInputTokens", "averageOutputTokens", "averageScore", "averageTtftInSec", "averageLatencyInSec", "medianTtftInSec", "medianLatencyInSec",
            ]
            for side in ["originalPromptMetrics", "optimizedPromptMetrics"] {
                #expect(result?[side]?.objectValue?.keys.elements == OrderedSet(metrics).elements)
                #expect(result?[side]?.objectValue?.values.allSatisfy { $0.numberValue != nil } == true)
            }
            let rows = result?["dataset"]?.arrayValue ?? []
            #expect(!rows.isEmpty)
            for row in rows {
                #expect(row["inputVariables"]?[0]?["text"]?.stringValue != nil)
                #expect(row["referenceResponse"]?.stringValue != nil)
                #expect(row["originalPromptDetails"]?["originalPromptModelResponse"]?.stringValue != nil)
                #expect(row["optimizedPromptDetails"]?["optimizedPromptMetrics"]?["score"]?.numberValue != nil)
            }
        }

        private static func checkCommands(_ lab: Laboratory, _ coordinator: RunningCoordinator, _ job: String) async throws {
            let place = ["--endpoint", coordinator.http]
            let list = try await lab.start("advpo", ["list"] + place).finished()
            #expect(list.output.contains(job) && list.output.contains("Completed") && list.output.contains("kinds"), "\(list)")
            let get = try await lab.start("advpo", ["get", job, "--json"] + place).finished()
            #expect(try JSONValue(parsing: Array(get.output.utf8))["jobStatus"] == "Completed")
            let table = try await lab.start("advpo", ["results", job, "--output", lab.path("fetched")] + place).finished()
            #expect(table.status.code == 0)
            for word in ["kind × \(Laboratory.model)", "improved", "Which kind is it?", "fetched/history.jsonl"] {
                #expect(table.output.contains(word), "\(word) in:\n\(table.output)")
            }
            #expect(try lab.bytes(lab.path("fetched/advanced_prompt_optimization_results.jsonl")) == (try lab.bytes(lab.results(of: job))))
            let unknown = try await lab.start("advpo", ["get", "zzzzzzzzzzzz"] + place).finished()
            #expect(unknown.status.code == 3)
            #expect(unknown.errors.contains("there is no job zzzzzzzzzzzz"), "\(unknown.errors)")
        }

        @Test("where nothing listens the commands say so, and how to mend it")
        func nobodyThere() async throws {
            try await Laboratory.run { lab in
                // Port 1 is reserved and never taken.
                let list = try await lab.advpo("list", "--endpoint", "http://127.0.0.1:1")
                #expect(list.status.code == 4)
                #expect(list.errors.contains("nothing answers at http://127.0.0.1:1") && list.errors.contains("advpo-coord serve"), "\(list.errors)")
            }
        }
    }
}
