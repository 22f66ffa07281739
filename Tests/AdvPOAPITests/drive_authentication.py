"""Drives a server that asks for authentication: with boto3, by bearer token, by presigned URL, and wrongly in each way.

Usage: drive_authentication.py ENDPOINT, with a JSON object of the identities in ADVPO_TEST_PEOPLE. Prints what the server says of each refusal; any failure ends it with a traceback.
"""
import datetime
import json
import os
import sys
import urllib.error
import urllib.request
from unittest import mock

import boto3
import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

endpoint = sys.argv[1]
people = json.loads(os.environ["ADVPO_TEST_PEOPLE"])
CONFIG = Config(retries={"max_attempts": 0})
JOBS = endpoint + "/advanced-prompt-optimization-jobs"
REQUEST = {
    "jobName": "topics",
    "inputConfig": {"s3Uri": "s3://bucket/input.jsonl"},
    "outputConfig": {"s3Uri": "s3://bucket/out/"},
    "modelConfigurations": [{"modelId": "local.smollm2-135m"}],
    "tags": [{"key": "team", "value": "search"}],
}


def client(key="", secret="", region="us-east-1", **more):
    return boto3.client("bedrock", endpoint_url=endpoint, region_name=region, aws_access_key_id=key or None, aws_secret_access_key=secret or None, config=CONFIG, **more)


def refused(code, call, **arguments):
    try:
        call(**arguments)
    except botocore.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] == code, error
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403), error
        assert error.response["ResponseMetadata"]["RequestId"], error.response
        print("refused with", code, error.response["Error"]["Message"])
        return error
    raise AssertionError(f"{code} was expected")


def fetch(url, method="GET", data=None, headers=None):
    """Status and type of the error, if it is one."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method=method, data=data, headers=headers or {})) as answer:
            answer.read()
            return answer.status, None
    except urllib.error.HTTPError as error:
        print("refused with", error.headers["x-amzn-ErrorType"], error.read().decode())
        return error.code, error.headers["x-amzn-ErrorType"]


def ago(minutes):
    """A clock that is behind."""
    return mock.patch("botocore.auth.get_current_datetime", lambda *_: datetime.datetime.utcnow() - datetime.timedelta(minutes=minutes))


# The holder of a key does all that is allowed to it.
admin = client(people["adminKey"], people["adminSecret"])
arn = admin.create_advanced_prompt_optimization_job(**REQUEST)["jobArn"]
assert admin.get_advanced_prompt_optimization_job(jobIdentifier=arn)["jobStatus"] == "InProgress"
assert len(admin.list_advanced_prompt_optimization_jobs(maxResults=5, sortOrder="Ascending")["jobSummaries"]) == 1
admin.stop_advanced_prompt_optimization_job(jobIdentifier=arn)
assert admin.batch_delete_advanced_prompt_optimization_job(jobIdentifiers=[arn])["errors"] == []
arn = admin.create_advanced_prompt_optimization_job(**REQUEST)["jobArn"]

# Wrong in each way.
refused("InvalidSignatureException", client(people["adminKey"], people["readerSecret"]).list_advanced_prompt_optimization_jobs)
refused("UnrecognizedClientException", client("AKIDNOBODYNOBODY", people["adminSecret"]).list_advanced_prompt_optimization_jobs)
refused("InvalidSignatureException", client(people["adminKey"], people["adminSecret"], region="eu-west-1").list_advanced_prompt_optimization_jobs)
session = boto3.client("bedrock", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=people["adminKey"],
                       aws_secret_access_key=people["adminSecret"], aws_session_token="token-of-another-place", config=CONFIG)
refused("UnrecognizedClientException", session.list_advanced_prompt_optimization_jobs)

# A clock that is off.
with ago(16):
    error = refused("InvalidSignatureException", client(people["adminKey"], people["adminSecret"]).list_advanced_prompt_optimization_jobs)
    assert "Signature expired" in str(error), error
with ago(-16):
    refused("InvalidSignatureException", client(people["adminKey"], people["adminSecret"]).list_advanced_prompt_optimization_jobs)
with ago(14):
    client(people["adminKey"], people["adminSecret"]).list_advanced_prompt_optimization_jobs()

# A limited identity.
reader = client(people["readerKey"], people["readerSecret"])
reader.list_advanced_prompt_optimization_jobs()
reader.get_advanced_prompt_optimization_job(jobIdentifier=arn)
for call, arguments in ((reader.create_advanced_prompt_optimization_job, REQUEST), (reader.stop_advanced_prompt_optimization_job, {"jobIdentifier": arn}),
                        (reader.batch_delete_advanced_prompt_optimization_job, {"jobIdentifiers": [arn]})):
    error = refused("AccessDeniedException", call, **arguments)
    assert isinstance(error, reader.exceptions.AccessDeniedException)
    assert "user/reader is not authorized to perform: bedrock:" in str(error), error

# Bearer tokens, which botocore sends over https alone.
if endpoint.startswith("https:"):
    with mock.patch.dict(os.environ, {"AWS_BEARER_TOKEN_BEDROCK": people["clientToken"]}):
        assert client().get_advanced_prompt_optimization_job(jobIdentifier=arn)["jobArn"] == arn
    with mock.patch.dict(os.environ, {"AWS_BEARER_TOKEN_BEDROCK": "nobodys-token-of-some-length"}):
        refused("AccessDeniedException", client().list_advanced_prompt_optimization_jobs)
assert fetch(JOBS, headers={"Authorization": "Bearer " + people["clientToken"]}) == (200, None)
assert fetch(JOBS, headers={"Authorization": "Bearer " + people["adminSecret"]}) == (403, "AccessDeniedException")

# No proof at all.
assert fetch(JOBS) == (403, "MissingAuthenticationTokenException")
assert fetch(JOBS, "POST", json.dumps(REQUEST).encode()) == (403, "MissingAuthenticationTokenException")
assert fetch(endpoint + "/nowhere") == (403, "MissingAuthenticationTokenException")
assert fetch(endpoint + "/healthz") == (200, None)


# Presigned URLs.
def presigned(url, secret=people["adminSecret"], method="GET", expires=60):
    request = AWSRequest(method=method, url=url)
    botocore.auth.SigV4QueryAuth(Credentials(people["adminKey"], secret), "bedrock", "us-east-1", expires=expires).add_auth(request)
    return request.url


url = presigned(JOBS + "?maxResults=3")
assert fetch(url) == (200, None)
assert fetch(url) == (200, None), "a presigned URL may be used until it expires"
assert fetch(url.replace("maxResults=3", "maxResults=4")) == (403, "InvalidSignatureException")
assert fetch(url, "POST", b"{}") == (403, "InvalidSignatureException")
assert fetch(url, headers={"Authorization": "Bearer " + people["clientToken"]}) == (403, "IncompleteSignatureException")
assert fetch(presigned(JOBS, people["readerSecret"])) == (403, "InvalidSignatureException")
with ago(2):
    old = presigned(JOBS)
assert fetch(old)[0] in (400, 403) and fetch(old)[1] == "RequestExpired", fetch(old)
with ago(16):
    assert fetch(presigned(JOBS, expires=3600)) == (200, None)
print("all passed")
