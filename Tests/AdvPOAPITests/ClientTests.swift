import AdvPOBedrock
import AdvPOModel
import Testing

/// Code that was written for AWS, against a live server: nothing differs but the endpoint.
@Suite(.timeLimit(.minutes(5)))
struct ClientTests {
    @Test("boto3 creates, finds, lists, stops and deletes jobs, and raises its own exceptions")
    func boto3() async throws {
        try await LiveServer().run { url in _ = try await LiveServer.drive("drive_boto3.py", url) }
    }

    @Test("the AWS CLI creates, gets, lists, stops and deletes a job")
    func commandLineInterface() async throws {
        let environment = ["AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1", "AWS_PAGER": ""]
        try await LiveServer().run { url in
            func bedrock(_ arguments: String...) async throws -> JSONValue {
                let (output, succeeded) = try await LiveServer.execute(LiveServer.aws, ["--endpoint-url", url, "--output", "json", "bedrock"] + arguments, environment)
                try #require(succeeded, "aws bedrock \(arguments.first ?? ""): \(output) (install it with: pip install 'awscli>=1.45')")
                return output.isEmpty ? .null : try JSONValue(parsing: Array(output.utf8))
            }
            let created = try await bedrock(
                "create-advanced-prompt-optimization-job", "--job-name", "topics", "--input-config", "s3Uri=s3://bucket/input.jsonl", "--output-config",
                "s3Uri=s3://bucket/out/", "--model-configurations", "modelId=local.smollm2-135m")
            let arn = try #require(created["jobArn"]?.stringValue)
            #expect(try await bedrock("get-advanced-prompt-optimization-job", "--job-identifier", arn)["jobStatus"] == "InProgress")
            #expect(try await bedrock("list-advanced-prompt-optimization-jobs")["jobSummaries"]?[0]?["jobArn"]?.stringValue == arn)
            _ = try await bedrock("stop-advanced-prompt-optimization-job", "--job-identifier", arn)
            let deleted = try await bedrock("batch-delete-advanced-prompt-optimization-job", "--job-identifiers", arn)
            #expect(deleted["advancedPromptOptimizationJobs"]?[0]?["jobStatus"] == "Deleting")
        }
    }
}
