"""Drives the job operations with boto3, unchanged but for its endpoint. Prints one line per check; any failure ends it with a traceback.

Usage: drive_boto3.py ENDPOINT
"""
import sys

try:
    import boto3
    import botocore
    from botocore.config import Config
except ImportError:
    sys.exit("boto3 is not importable by this Python: install it (pip install 'boto3>=1.43.11'), or name another in ADVPO_PYTHON")

client = boto3.client(
    "bedrock", endpoint_url=sys.argv[1], region_name="us-east-1", aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="secret",
    config=Config(retries={"max_attempts": 1}))
if not hasattr(client, "create_advanced_prompt_optimization_job"):
    sys.exit(f"botocore {botocore.__version__} has no advanced prompt optimization: pip install --upgrade 'boto3>=1.43.11'")

REQUEST = {
    "jobName": "topics",
    "inputConfig": {"s3Uri": "s3://bucket/input.jsonl"},
    "outputConfig": {"s3Uri": "s3://bucket/out/"},
    "modelConfigurations": [{"modelId": "local.smollm2-135m", "inferenceConfig": {"maxTokens": 64, "temperature": 0.5, "stopSequences": ["\n"]},
                             "additionalModelRequestFields": {"top_k": 3, "nested": {"a": [1, 2.5, None, True]}}}],
    "tags": [{"key": "advpo:budget-calls", "value": "200"}, {"key": "team", "value": "search"}],
}


def refused(name, call, **arguments):
    try:
        call(**arguments)
    except client.exceptions.ClientError as error:
        assert type(error).__name__ == name, (name, type(error).__name__, error)
        assert error.response["Error"]["Code"] == name
        assert error.response["Error"]["Message"], error.response
        assert error.response["ResponseMetadata"]["RequestId"], error.response
        print("refused with", name)
        return error
    raise AssertionError(f"{name} was expected")


created = client.create_advanced_prompt_optimization_job(**REQUEST)
arn = created["jobArn"]
job = arn.rsplit("/", 1)[1]
assert created["ResponseMetadata"]["HTTPStatusCode"] == 200 and created["ResponseMetadata"]["RequestId"]
for identifier in (arn, job):
    got = client.get_advanced_prompt_optimization_job(jobIdentifier=identifier)
    assert got["jobStatus"] == "InProgress" and got["jobArn"] == arn and got["jobName"] == "topics", got
    assert got["creationTime"].year >= 2026 and got["creationTime"].tzinfo is not None
    assert got["modelConfigurations"][0]["inferenceConfig"]["stopSequences"] == ["\n"]
    assert got["modelConfigurations"][0]["additionalModelRequestFields"]["nested"]["a"][1] == 2.5, got
print("created and found", arn)

same = client.create_advanced_prompt_optimization_job(**REQUEST, clientToken="token-1")
assert client.create_advanced_prompt_optimization_job(**REQUEST, clientToken="token-1")["jobArn"] == same["jobArn"]
others = [client.create_advanced_prompt_optimization_job(**REQUEST)["jobArn"] for _ in range(4)]
paginator = client.get_paginator("list_advanced_prompt_optimization_jobs")
pages = list(paginator.paginate(sortBy="CreationTime", sortOrder="Ascending", PaginationConfig={"PageSize": 2}))
listed = [summary["jobArn"] for page in pages for summary in page["jobSummaries"]]
assert listed == [arn, same["jobArn"], *others], listed
assert len(pages) == 3
print("listed in three pages")

assert client.stop_advanced_prompt_optimization_job(jobIdentifier=arn)["ResponseMetadata"]["HTTPStatusCode"] == 200
assert client.get_advanced_prompt_optimization_job(jobIdentifier=job)["jobStatus"] == "Stopped"
batch = client.batch_delete_advanced_prompt_optimization_job(jobIdentifiers=[arn, same["jobArn"], "aaaaaaaaaaaa"])
assert batch["ResponseMetadata"]["HTTPStatusCode"] == 202
assert batch["advancedPromptOptimizationJobs"] == [{"jobIdentifier": arn, "jobStatus": "Deleting"}], batch
assert sorted(error["code"] for error in batch["errors"]) == ["ConflictException", "ResourceNotFoundException"], batch
print("stopped and deleted")

create = client.create_advanced_prompt_optimization_job
refused("ResourceNotFoundException", client.get_advanced_prompt_optimization_job, jobIdentifier=arn)
refused("ResourceNotFoundException", client.stop_advanced_prompt_optimization_job, jobIdentifier="aaaaaaaaaaaa")
refused("ResourceNotFoundException", create, **{**REQUEST, "inputConfig": {"s3Uri": "s3://bucket/missing.jsonl"}})
refused("ValidationException", client.get_advanced_prompt_optimization_job, jobIdentifier="No/Such")
refused("ValidationException", create, **{**REQUEST, "jobName": "two words", "outputConfig": {"s3Uri": "s3://bucket/out"}})
refused("ValidationException", client.list_advanced_prompt_optimization_jobs, nextToken="made-up")
refused("ValidationException", create, **{**REQUEST, "tags": [{"key": "advpo:colour", "value": "red"}]})
refused("ConflictException", create, **{**REQUEST, "jobName": "other"}, clientToken="token-1")
stopped = create(**REQUEST)["jobArn"]
client.stop_advanced_prompt_optimization_job(jobIdentifier=stopped)
refused("ConflictException", client.stop_advanced_prompt_optimization_job, jobIdentifier=stopped)
error = refused("TooManyTagsException", create, **{**REQUEST, "tags": [{"key": f"k{i}", "value": ""} for i in range(201)]})
assert error.response["resourceName"] == "topics", error.response
for _ in range(40):
    try:
        create(**REQUEST)
    except client.exceptions.ServiceQuotaExceededException:
        print("refused with ServiceQuotaExceededException")
        break
else:
    raise AssertionError("ServiceQuotaExceededException was expected")
print("all passed")
