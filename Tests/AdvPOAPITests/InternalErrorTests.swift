import AdvPOAPI
import AdvPOBedrock
import Foundation
import Hummingbird
import HummingbirdTesting
import Subprocess
import SystemPackage
import Testing

@Suite(.timeLimit(.minutes(1)))
struct InternalErrorTests {
    /// A fault of ours, as boto3 shows it: a class of its own, a request's id to look for, and nothing of the inside.
    private static let script = """
        import sys
        import boto3
        from botocore.config import Config

        client = boto3.client("bedrock", endpoint_url=sys.argv[1], region_name="us-east-1", aws_access_key_id="any", aws_secret_access_key="any",
                              config=Config(retries={"total_max_attempts": 1}))
        try:
            client.create_advanced_prompt_optimization_job(
                jobName="topics", inputConfig={"s3Uri": "s3://bucket/in.jsonl"}, outputConfig={"s3Uri": "s3://bucket/out/"},
                modelConfigurations=[{"modelId": "local.smollm2-135m"}])
        except client.exceptions.InternalServerException as error:
            assert type(error).__name__ == error.response["Error"]["Code"] == "InternalServerException"
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 500 and error.response["ResponseMetadata"]["RequestId"], error.response
            assert "store" not in error.response["Error"]["Message"], error.response
            print("all passed")
        """

    @Test("boto3 raises InternalServerException for a fault of ours")
    func internalServerException() async throws {
        let service = MemoryJobService()
        await service.failFromNow(with: APIError(code: .internalServer, message: "The server cannot write its store."))
        try await Application(router: makeRouter(service: service)).test(.live) { client in
            let port = try #require(client.port)
            let python = ProcessInfo.processInfo.environment["ADVPO_PYTHON"] ?? "python3"
            let result = try await Subprocess.run(
                python.contains("/") ? .path(FilePath(python)) : .name(python), arguments: ["-c", Self.script, "http://127.0.0.1:\(port)"], output: .string(limit: 1 << 16),
                error: .string(limit: 1 << 16))
            #expect(result.standardOutput == "all passed\n", "\(result.standardError)")
        }
    }
}
