"""Jobs for fault tests: their input, how they are handed in and followed over HTTP, and what of their results may be compared."""

import http.client
import json
import os
import time

MODEL = "test.model"


def write_models(path, url, concurrency=8, retries=2):
    """A models file whose one model, which writes prompts too, is at `url`."""
    model = {"id": MODEL, "provider": "openai", "baseURL": url, "model": "scripted", "apiKeyEnvironment": "FAULTS_CALLER",
             "limits": {"concurrency": concurrency, "retries": retries, "timeoutSeconds": 600}}
    with open(path, "w", encoding="utf-8") as file:
        # JSON is YAML.
        json.dump({"models": [model], "roles": {"rewriter": MODEL}}, file)
    return path


def line(template, samples):
    """One template: is it a fruit or a vegetable? No two samples share more than a few words."""
    values = []
    for index in range(samples):
        word, kind = ("apples", "fruit") if index % 2 == 0 else ("carrots", "vegetable")
        text = f"box{index} row{index} hand{index} day{index}: {word}"
        values.append({"inputVariables": [{"text": text}], "referenceResponse": kind})
    return json.dumps({
        "version": "bedrock-2026-05-14", "templateId": template, "promptTemplate": f"Which kind is it? ({template})\n\n{{{{text}}}}",
        "evaluationMetricLambdaArn": "builtin:exact_match", "evaluationSamples": values})


class Refused(Exception):
    """The coordinator's API said no."""


class API:
    """The coordinator's HTTP API, one connection for each request; `connect` makes one to the address."""

    def __init__(self, address, connect=None):
        self.address = address
        self._connect = connect or (lambda: http.client.HTTPConnection(address, timeout=30))

    def call(self, method, path, body=None):
        connection = self._connect()
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, {"content-type": "application/json"})
            response = connection.getresponse()
            text = response.read().decode()
            if response.status >= 300:
                raise Refused(f"{method} {path}: {response.status} {text}")
            return json.loads(text) if text else {}
        finally:
            connection.close()

    def submit(self, bucket, name, lines, options):
        with open(os.path.join(bucket, f"{name}.jsonl"), "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        request = {
            "jobName": name, "inputConfig": {"s3Uri": f"s3://data/{name}.jsonl"}, "outputConfig": {"s3Uri": "s3://data/out/"},
            "modelConfigurations": [{"modelId": MODEL}], "tags": [{"key": key, "value": str(value)} for key, value in options.items()]}
        return self.call("POST", "/advanced-prompt-optimization-jobs", request)["jobArn"].rsplit("/", 1)[1]

    def stop(self, job):
        self.call("POST", f"/advanced-prompt-optimization-jobs/{job}/stop")

    def status(self, job):
        return self.call("GET", f"/advanced-prompt-optimization-jobs/{job}")["jobStatus"]

    def wait_for_end(self, job, seconds, look=lambda: None):
        """Its last status. A coordinator that is away is asked again; `look` may end the wait by raising."""
        end = time.monotonic() + seconds
        status = "unknown"
        while time.monotonic() < end:
            look()
            try:
                status = self.status(job)
                if status not in ("InProgress", "Stopping"):
                    return status
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.1)
        raise TimeoutError(f"job {job} is still {status} after {seconds} s")


def read_lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(text) for text in file if text.strip()]


def outcome(bucket, job):
    """What a job found, without what depends on the clock: proofs, prompts, the score of each sample, every candidate of the history in its order."""
    folder = os.path.join(bucket, "out", job)
    found = []
    for template in read_lines(os.path.join(folder, "advanced_prompt_optimization_results.jsonl")):
        for run in template["promptOptimizationResults"]:
            rows = [
                [row.get(f"{side}PromptDetails", {}).get(f"{side}PromptMetrics", {}).get("score") for side in ("original", "optimized")] for row in run.get("dataset", [])
            ]
            found.append([template["promptTemplateId"], run["status"], run.get("proof"), run.get("optimizedPromptTemplate"), rows])
    history = [[entry.get("template"), entry.get("prompt")] for entry in read_lines(os.path.join(folder, "history.jsonl"))]
    return {"runs": found, "history": history}
