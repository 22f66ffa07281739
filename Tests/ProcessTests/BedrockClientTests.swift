import AdvPOModel
import Foundation
import OrderedCollections
import Testing

extension ProcessTests {
    /// AWS's own clients against the real programs, from creation to results and deletion.
    @Suite(.enabled(if: Laboratory.python != nil, "set ADVPO_PYTHON to a Python with boto3; ops/test does"))
    struct BedrockClientTests {
        private static let (answers, broken, slow) = ("test.answers", "test.broken", "test.slow")
        /// Each form of ARN that the newer `modelId` takes.
        private static let arns = [
            "arn:aws:bedrock:us-east-1::foundation-model/test.answers-v1:0",
            "arn:aws:bedrock:us-east-1:000000000000:inference-profile/us.test.answers-v1:0",
            "arn:aws:bedrock:us-east-1:000000000000:application-inference-profile/a1b2c3d4e5f6",
        ]
        /// Jobs under way at once: fewer than the published 20, which the default is.
        private static let jobs = 9

        /// A model that answers, one that always fails and one that never answers, by what the provider is asked for.
        private static func reply(to call: ModelServer.Call, _ gate: Gate) async throws -> ModelServer.Reply {
            switch call.json["model"]?.stringValue {
            case "broken": return .failure(400, #"{"error": {"message": "no such model"}}"#)
            case "slow":
                try await gate.pass()
                return .answer("")
            default: return .answer(KindTask.answer(call))
            }
        }

        private static func models(_ server: ModelServer, _ lab: Laboratory) throws -> String {
            let entries = [(answers, "answers"), (broken, "broken"), (slow, "slow")] + arns.map { ($0, "answers") }
            return try lab.write(
                "models.yaml",
                "models:\n"
                    + entries.map { "  - {id: \"\($0)\", provider: openai, baseURL: \"\(server.baseURL)\", model: \($1), limits: {concurrency: 8, retries: 0}}\n" }.joined())
        }

        /// Where a job's objects are.
        enum Place: CaseIterable {
            /// A folder under a bucket's name.
            case mounted
            /// moto's server, which plays S3.
            case s3
        }

        private static func settings(_ coordinator: RunningCoordinator, _ lab: Laboratory, _ more: JSONObject) throws -> String {
            let faulty = [
                #"{"version": "bedrock-2026-05-14", "templateId": "bad", "promptTemplate": "No placeholder", "evaluationMetricLambdaArn": "builtin:exact_match", "evaluationSamples": [{"inputVariables": [{"text": "a"}], "referenceResponse": "b"}]}"#,
                KindTask.line("worse", samples: 3, method: ["evaluationMetricLambdaArn": "builtin:none"]),
            ]
            var settings: JSONObject = [
                "endpoint": .string(coordinator.http),
                "admin": Identities.admin, "limited": Identities.reader,
                "models": ["answers": .string(answers), "broken": .string(broken), "slow": .string(slow), "arns": .array(arns.map(JSONValue.string))],
                "input": .string(KindTask.line(samples: 24) + "\n"), "faulty": .string(faulty.joined(separator: "\n")), "jobs": .number(JSONNumber(jobs)),
            ]
            for (key, value) in more { settings[key] = value }
            return try lab.write("settings.json", JSONValue.object(settings).text)
        }

        /// Runs one of the scripts against a coordinator that verifies signatures, with a worker.
        private static func drive(_ script: String, _ place: Place, _ more: JSONObject = [:]) async throws {
            let gate = Gate()
            try await ModelServer.run({ try await reply(to: $0, gate) }) { server in
                try await Laboratory.run { lab in
                    let models = try models(server, lab)
                    var settings = more
                    var arguments = ["--max-jobs", "\(jobs)", "--credentials", try Identities.write(lab)]
                    var environment: [String: String] = [:]
                    switch place {
                    case .mounted:
                        settings["bucket"] = .string(Laboratory.bucket)
                        settings["folder"] = .string(lab.path("bucket"))
                    case .s3:
                        let endpoint = try await lab.startMoto()
                        settings["bucket"] = "objects"
                        settings["s3"] = .string(endpoint)
                        arguments += ["--s3-endpoint", endpoint]
                        environment = Identities.adminEnvironment
                    }
                    let coordinator = try await lab.startCoordinator(models: models, more: arguments, environment: environment)
                    _ = try await lab.startWorker(coordinator, models: models, slots: 4)
                    let driver = try await lab.startPython(file: script, [try Self.settings(coordinator, lab, settings)]).finished()
                    #expect(driver.status.code == 0, "\(driver.errors)")
                    #expect(driver.output.hasSuffix("all passed"), "\(driver.output)")
                }
            }
        }

        @Test("boto3 takes jobs through every status, reads their results, lists, stops and deletes them, and raises its own exception for each error", arguments: Place.allCases)
        func boto3(_ place: Place) async throws { try await Self.drive("drive_cluster.py", place) }

        @Test("the AWS CLI creates, polls, lists in three pages, stops and deletes jobs, and reads their results", arguments: Place.allCases)
        func commandLineInterface(_ place: Place) async throws {
            let aws = URL(fileURLWithPath: try #require(Laboratory.python)).deletingLastPathComponent().appendingPathComponent("aws").path
            try await Self.drive("drive_cli.py", place, ["aws": .string(aws)])
        }

        private static let throttled = """
            import sys
            import boto3
            from botocore.config import Config

            def connect(attempts):
                return boto3.client("bedrock", endpoint_url=sys.argv[1], region_name="us-east-1", aws_access_key_id="any", aws_secret_access_key="any",
                                    config=Config(retries={"mode": "standard", "total_max_attempts": attempts}))

            hasty, patient = connect(1), connect(10)
            for _ in range(100):
                try:
                    hasty.list_advanced_prompt_optimization_jobs()
                except hasty.exceptions.ThrottlingException as error:
                    assert error.response["Error"]["Code"] == "ThrottlingException", error.response
                    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 429, error.response
                    break
            else:
                raise AssertionError("nothing was throttled")
            answer = patient.list_advanced_prompt_optimization_jobs()
            assert answer["ResponseMetadata"]["RetryAttempts"] > 0 and answer["jobSummaries"] == [], answer
            print("all passed")
            """

        @Test("who asks too often gets boto3's ThrottlingException, and boto3's own retries get through")
        func throttling() async throws {
            try await Laboratory.run { lab in
                let models = try lab.write("models.yaml", "models:\n  - {id: test.model, provider: simulated, model: learner}\n")
                let coordinator = try await lab.startCoordinator(models: models, more: ["--max-requests-per-second", "1"])
                let driver = try await lab.startPython(Self.throttled, [coordinator.http]).finished()
                #expect(driver.status.code == 0 && driver.output.hasSuffix("all passed"), "\(driver.errors)")
            }
        }
    }
}
