"""Drives a coordinator with a worker by boto3, as code written for AWS does; nothing differs but the endpoint.

Usage: drive_cluster.py SETTINGS.json    Any failure ends it with a traceback; the last line is `all passed`.

SETTINGS: `endpoint`; `bucket`; `folder` of that bucket, or `s3`, the endpoint of a server of S3; `admin` and `limited`, each `accessKeyId` and
`secretAccessKey`, the first one's `bearerToken` (`limited` may only get and list; absent where nothing is verified); `models`: `answers`, `broken`,
`slow` and the list `arns`; `input` and `faulty`, two input files; `jobs`, how many may be under way.
"""
import json
import pathlib
import sys
import time
import urllib.error
import urllib.request

import boto3
from botocore.config import Config

settings = json.loads(pathlib.Path(sys.argv[1]).read_text())
models = settings["models"]
bucket = settings["bucket"]
TERMINAL = ("Completed", "PartiallyCompleted", "Failed", "Stopped")


def connect(service, identity, endpoint, **config):
    return boto3.client(
        service, endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=identity["accessKeyId"], aws_secret_access_key=identity["secretAccessKey"],
        config=Config(retries={"total_max_attempts": 1}, **config))


client = connect("bedrock", settings["admin"], settings["endpoint"])


class Objects:
    """The bucket, where it really is."""

    def __init__(self):
        self.s3 = None
        if settings.get("s3"):
            self.s3 = connect("s3", settings["admin"], settings["s3"], s3={"addressing_style": "path"})
            self.s3.create_bucket(Bucket=bucket)

    def put(self, key, text):
        if self.s3:
            self.s3.put_object(Bucket=bucket, Key=key, Body=text.encode())
        else:
            path = pathlib.Path(settings["folder"], key)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def lines(self, key):
        text = self.s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode() if self.s3 else pathlib.Path(settings["folder"], key).read_text()
        return [json.loads(line) for line in text.splitlines()]


objects = Objects()


def request(name, file="input.jsonl", wanted=(models["answers"],), **more):
    return {
        "jobName": name, "inputConfig": {"s3Uri": f"s3://{bucket}/in/{file}"}, "outputConfig": {"s3Uri": f"s3://{bucket}/out/"},
        "modelConfigurations": [{"modelId": each, "inferenceConfig": {"temperature": 0.0, "maxTokens": 16}} for each in wanted],
        "tags": [{"key": "advpo:budget-calls", "value": "150"}, {"key": "advpo:seed", "value": "3"}, {"key": "advpo:prompt-format", "value": "chat"},
                 {"key": "team", "value": "kinds"}], **more}


def create(*arguments, **more):
    return client.create_advanced_prompt_optimization_job(**request(*arguments, **more))["jobArn"]


def get(arn):
    return client.get_advanced_prompt_optimization_job(jobIdentifier=arn)


def stop(arn):
    return client.stop_advanced_prompt_optimization_job(jobIdentifier=arn)


def poll(arn, seconds=40):
    """The statuses that were seen until the job ended."""
    seen, until = [], time.monotonic() + seconds
    while not seen or seen[-1] not in TERMINAL:
        status = get(arn)["jobStatus"]
        if status not in seen[-1:]:
            seen.append(status)
        assert time.monotonic() < until, f"{arn} has not ended: {seen}"
        time.sleep(0.02)
    return seen


def refused(name, status, call, *words, by=client, **arguments):
    try:
        call(**arguments)
    except by.exceptions.ClientError as error:
        assert type(error) is getattr(by.exceptions, name), (name, type(error), error)
        assert error.response["Error"]["Code"] == name, error.response
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == status, error.response
        assert error.response["ResponseMetadata"]["RequestId"], error.response
        message = error.response["Error"]["Message"]
        assert message and all(word in message for word in words), message
        return error
    raise AssertionError(f"{name} was expected")


def results(arn):
    folder = f"out/{arn.rsplit('/', 1)[1]}"
    assert objects.lines(f"{folder}/history.jsonl")
    return [run for line in objects.lines(f"{folder}/advanced_prompt_optimization_results.jsonl") for run in line["promptOptimizationResults"]]


def life():
    """Each way in which a job ends, from creation to results."""
    named = create("named", clientToken="token-1", jobDescription="By names")
    assert create("named", clientToken="token-1", jobDescription="By names") == named, "the same token, the same job"
    byARN = create("by-arn", wanted=models["arns"])
    partial = create("partial", wanted=[models["answers"], models["broken"]])
    failed = create("failed", wanted=[models["broken"]])
    stopped = create("stopped", wanted=[models["slow"]])
    assert get(stopped)["jobStatus"] == "InProgress"
    busy = client.batch_delete_advanced_prompt_optimization_job(jobIdentifiers=[stopped])
    assert [error["code"] for error in busy["errors"]] == ["ConflictException"], busy
    assert stop(stopped)["ResponseMetadata"]["HTTPStatusCode"] == 200
    stop(stopped.rsplit("/", 1)[1])
    expected = {named: "Completed", byARN: "Completed", partial: "PartiallyCompleted", failed: "Failed", stopped: "Stopped"}
    for arn, ending in expected.items():
        seen = poll(arn)
        assert seen[-1] == ending, (get(arn), seen, ending)
        assert set(seen[:-1]) <= {"InProgress", "Stopping"}, seen
    for arn, runs in {named: ["SUCCESS"], byARN: ["SUCCESS"] * len(models["arns"]), partial: ["SUCCESS", "FAILED"], failed: ["FAILED"],
                      stopped: ["STOPPED"]}.items():
        written = results(arn)
        assert [run["status"] for run in written] == runs, (arn, [run["status"] for run in written])
        assert all(run["status"] == "SUCCESS" or run["failureReason"] for run in written)
    assert [run["modelId"] for run in results(byARN)] == models["arns"]
    assert "optimizedPromptMessages" in results(named)[0]
    job = get(named)
    assert job["jobName"] == "named" and job["jobDescription"] == "By names" and job["lastModifiedTime"] >= job["creationTime"], job
    assert job["modelConfigurations"] == request("named")["modelConfigurations"] and "failureMessage" not in job, job
    assert models["broken"] in get(failed)["failureMessage"] or "failure" in get(failed)["failureMessage"], get(failed)
    return expected


def listing(expected):
    paginator = client.get_paginator("list_advanced_prompt_optimization_jobs")
    for order in ("Ascending", "Descending"):
        pages = list(paginator.paginate(sortBy="CreationTime", sortOrder=order, PaginationConfig={"PageSize": 2}))
        jobs = [(job["jobArn"], job["jobStatus"]) for page in pages for job in page["jobSummaries"]]
        assert len(pages) == 3 and jobs == (list(expected.items()) if order == "Ascending" else list(expected.items())[::-1]), (order, jobs)


def refusals(expected):
    named = next(iter(expected))
    make, delete, lists = (client.create_advanced_prompt_optimization_job, client.batch_delete_advanced_prompt_optimization_job,
                           client.list_advanced_prompt_optimization_jobs)
    refused("ConflictException", 400, make, "clientToken", **request("other", clientToken="token-1"))
    refused("ConflictException", 400, client.stop_advanced_prompt_optimization_job, "Completed", jobIdentifier=named)
    refused("ResourceNotFoundException", 404, client.get_advanced_prompt_optimization_job, "zzzzzzzzzzzz", jobIdentifier="zzzzzzzzzzzz")
    refused("ResourceNotFoundException", 404, client.stop_advanced_prompt_optimization_job, jobIdentifier=named[:-12] + "zzzzzzzzzzzz")
    elsewhere = named.replace("us-east-1", "eu-west-1")
    refused("ResourceNotFoundException", 404, client.get_advanced_prompt_optimization_job, "us-east-1", jobIdentifier=elsewhere)
    refused("ValidationException", 400, client.get_advanced_prompt_optimization_job, "jobIdentifier", jobIdentifier="No/Such")
    refused("ValidationException", 400, lists, "nextToken", nextToken="made-up")
    refused("ValidationException", 400, make, "jobName", "outputConfig.s3Uri",
            **{**request("two words"), "outputConfig": {"s3Uri": f"s3://{bucket}/out"}})
    refused("ValidationException", 400, make, "inputConfig.s3Uri", **request("none", "none.jsonl"))
    refused("ValidationException", 400, make, "outputConfig.s3Uri", **{**request("nowhere"), "outputConfig": {"s3Uri": "s3://no-such-bucket-here/out/"}})
    refused("ValidationException", 400, make, "vendor.unknown", models["answers"], **request("unknown", wanted=["vendor.unknown"]))
    # In S3 keys are the business of its server.
    if objects.s3 is None:
        refused("ValidationException", 400, make, "encryptionKeyArn",
                **request("locked", encryptionKeyArn="arn:aws:kms:us-east-1:000000000000:key/00000000-0000-0000-0000-000000000000"))
    refused("ValidationException", 400, make, "line 1", "field promptTemplate", "line 2", "builtin:none", **request("faulty", "faulty.jsonl"))
    tags = lambda **own: {"tags": [{"key": f"advpo:{key}", "value": value} for key, value in own.items()]}
    refused("ValidationException", 400, make, "advpo:colour", **{**request("tags"), **tags(colour="red")})
    refused("ValidationException", 400, make, "advpo:seed", **{**request("tags"), **tags(seed="-1")})
    many = [{"key": f"key{number}", "value": ""} for number in range(201)]
    error = refused("TooManyTagsException", 400, make, "201", **{**request("tagged"), "tags": many})
    assert error.response["resourceName"] == "tagged", error.response
    refused("ValidationException", 400, delete, "jobIdentifiers.2.member", jobIdentifiers=[named, "Not/An/Id"])
    assert len(lists()["jobSummaries"]) == len(expected), "what is refused is no job"


def quota(expected):
    """One job more than may be under way; there is room again once one was stopped."""
    under = [create(f"under-way-{number}", wanted=[models["slow"]]) for number in range(settings["jobs"])]
    refused("ServiceQuotaExceededException", 400, client.create_advanced_prompt_optimization_job, str(settings["jobs"]), **request("one-more"))
    stop(under[0])
    poll(under[0])
    under.append(create("room-again", wanted=[models["slow"]]))
    for arn in under[1:]:
        stop(arn)
    for arn in under:
        assert poll(arn)[-1] == "Stopped"
    return under


def batch_delete(expected, under):
    """25 identifiers: jobs that ended, by ARN and by id, one named twice, one under way, unknown ones."""
    running = create("running", wanted=[models["slow"]])
    good = list(expected) + under[:8]
    ids = [arn if number % 2 else arn.rsplit("/", 1)[1] for number, arn in enumerate(good)]
    unknown = [f"zzzzzzzzzz{number:02}" for number in range(25 - len(ids) - 2)]
    answer = client.batch_delete_advanced_prompt_optimization_job(jobIdentifiers=ids + [good[0], running] + unknown)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert answer["advancedPromptOptimizationJobs"] == [{"jobIdentifier": each, "jobStatus": "Deleting"} for each in ids], answer
    codes = {error["jobIdentifier"]: error["code"] for error in answer["errors"]}
    assert codes == {running: "ConflictException", **{each: "ResourceNotFoundException" for each in unknown}}, answer
    for arn in good:
        refused("ResourceNotFoundException", 404, client.get_advanced_prompt_optimization_job, jobIdentifier=arn)
    left = {job["jobArn"] for job in client.list_advanced_prompt_optimization_jobs()["jobSummaries"]}
    assert left == {running, *under[8:]}, left
    stop(running)
    assert results(good[0]), "result files stay"
    again = create("named", clientToken="token-1", jobDescription="By names")
    assert again not in good, "a token is forgotten with its job"
    stop(again)


def identities():
    """What an identity may not do, and who is nobody."""
    if not settings.get("limited"):
        return
    limited = connect("bedrock", settings["limited"], settings["endpoint"])
    jobs = limited.list_advanced_prompt_optimization_jobs()["jobSummaries"]
    limited.get_advanced_prompt_optimization_job(jobIdentifier=jobs[0]["jobArn"])
    for call, action, arguments in [
        (limited.create_advanced_prompt_optimization_job, "bedrock:CreateAdvancedPromptOptimizationJob", request("denied")),
        (limited.stop_advanced_prompt_optimization_job, "bedrock:StopAdvancedPromptOptimizationJob", {"jobIdentifier": jobs[0]["jobArn"]}),
        (limited.batch_delete_advanced_prompt_optimization_job, "bedrock:BatchDeleteAdvancedPromptOptimizationJob", {"jobIdentifiers": [jobs[0]["jobArn"]]}),
    ]:
        refused("AccessDeniedException", 403, call, action, by=limited, **arguments)
    for keys in [{**settings["admin"], "secretAccessKey": "wrong"}, {"accessKeyId": "AKIDNOBODY", "secretAccessKey": "wrong"}]:
        stranger = connect("bedrock", keys, settings["endpoint"])
        try:
            stranger.list_advanced_prompt_optimization_jobs()
        except stranger.exceptions.ClientError as error:
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 403, error.response
            assert error.response["Error"]["Code"] in ("InvalidSignatureException", "UnrecognizedClientException"), error.response
        else:
            raise AssertionError("a stranger is served")
    # botocore sends bearer tokens over https alone; on loopback the server takes them without.
    path = f"/advanced-prompt-optimization-jobs/{jobs[0]['jobArn'].rsplit('/', 1)[1]}"
    for token, status in [(settings["admin"]["bearerToken"], 200), ("nobodys-token-of-some-length", 403)]:
        try:
            answer = urllib.request.urlopen(urllib.request.Request(settings["endpoint"] + path, headers={"Authorization": f"Bearer {token}"})).status
        except urllib.error.HTTPError as error:
            answer = error.code
            assert error.headers["x-amzn-ErrorType"] == "AccessDeniedException", error.headers
        assert answer == status, (token, answer)


for name in ("input", "faulty"):
    objects.put(f"in/{name}.jsonl", settings[name])
expected = life()
listing(expected)
refusals(expected)
identities()
batch_delete(expected, quota(expected))
print("all passed")
