"""Drives a coordinator with a worker by the AWS CLI: create, get until it ended, list in three pages, stop, batch-delete, and what it says of errors.

Usage: drive_cli.py SETTINGS.json    The settings are those of drive_cluster.py, and `aws`, the CLI's path.
"""
import json
import os
import pathlib
import subprocess
import sys
import time

settings = json.loads(pathlib.Path(sys.argv[1]).read_text())
bucket, models = settings["bucket"], settings["models"]
environment = {
    "PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "AWS_ACCESS_KEY_ID": settings["admin"]["accessKeyId"],
    "AWS_SECRET_ACCESS_KEY": settings["admin"]["secretAccessKey"], "AWS_DEFAULT_REGION": "us-east-1", "AWS_PAGER": "", "AWS_MAX_ATTEMPTS": "1",
}


def aws(service, *arguments, endpoint=settings["endpoint"], fails=None):
    done = subprocess.run([settings["aws"], "--endpoint-url", endpoint, "--output", "json", service, *arguments], env=environment, capture_output=True, text=True)
    if fails is not None:
        assert done.returncode != 0 and fails in done.stderr, (arguments, done)
        return None
    assert done.returncode == 0, (arguments, done)
    return json.loads(done.stdout) if service == "bedrock" and done.stdout else done.stdout


def create(name, model):
    return aws(
        "bedrock", "create-advanced-prompt-optimization-job", "--job-name", name, "--input-config", f"s3Uri=s3://{bucket}/in/input.jsonl",
        "--output-config", f"s3Uri=s3://{bucket}/cli/", "--model-configurations", f"modelId={model},inferenceConfig={{maxTokens=16,temperature=0}}",
        "--tags", "key=advpo:budget-calls,value=150", "key=advpo:seed,value=3", "key=advpo:prompt-format,value=chat")["jobArn"]


def get(arn):
    return aws("bedrock", "get-advanced-prompt-optimization-job", "--job-identifier", arn)


folder = pathlib.Path(settings["folder"]) if settings.get("folder") else None
if folder:
    (folder / "in").mkdir(parents=True, exist_ok=True)
    (folder / "in/input.jsonl").write_text(settings["input"])
else:
    local = pathlib.Path(environment["HOME"], "input.jsonl")
    local.write_text(settings["input"])
    aws("s3", "mb", f"s3://{bucket}", endpoint=settings["s3"])
    aws("s3", "cp", str(local), f"s3://{bucket}/in/input.jsonl", endpoint=settings["s3"])

quick = create("quick", models["answers"])
until = time.monotonic() + 60
while (job := get(quick))["jobStatus"] == "InProgress":
    assert time.monotonic() < until, job
assert job["jobStatus"] == "Completed" and job["jobName"] == "quick", job
slow, third = create("slow", models["slow"]), create("third", models["slow"])
pages, token = [], []
while len(pages) < 4:
    page = aws("bedrock", "list-advanced-prompt-optimization-jobs", "--sort-by", "CreationTime", "--sort-order", "Ascending", "--max-items", "1", *token)
    pages.append([summary["jobArn"] for summary in page["jobSummaries"]])
    if "NextToken" not in page:
        break
    token = ["--starting-token", page["NextToken"]]
assert pages == [[quick], [slow], [third]], pages
whole = aws("bedrock", "list-advanced-prompt-optimization-jobs", "--page-size", "1", "--sort-order", "Descending")
assert [summary["jobArn"] for summary in whole["jobSummaries"]] == [third, slow, quick], whole
for arn in (slow, third):
    aws("bedrock", "stop-advanced-prompt-optimization-job", "--job-identifier", arn)
for arn in (slow, third):
    while get(arn)["jobStatus"] != "Stopped":
        assert time.monotonic() < until, arn
aws("bedrock", "stop-advanced-prompt-optimization-job", "--job-identifier", quick, fails="(ConflictException)")
aws("bedrock", "get-advanced-prompt-optimization-job", "--job-identifier", "zzzzzzzzzzzz", fails="(ResourceNotFoundException)")
key = f"cli/{quick.rsplit('/', 1)[1]}/advanced_prompt_optimization_results.jsonl"
text = (folder / key).read_text() if folder else aws("s3", "cp", f"s3://{bucket}/{key}", "-", endpoint=settings["s3"])
assert json.loads(text)["promptOptimizationResults"][0]["status"] == "SUCCESS", text[:500]
deleted = aws("bedrock", "batch-delete-advanced-prompt-optimization-job", "--job-identifiers", quick, slow, third, "zzzzzzzzzzzz")
assert [item["jobStatus"] for item in deleted["advancedPromptOptimizationJobs"]] == ["Deleting"] * 3, deleted
assert [error["code"] for error in deleted["errors"]] == ["ResourceNotFoundException"], deleted
print("all passed")
