"""Lists a thousand jobs in pages while twenty are under way: created, stopped, finishing and deleted between the pages.

Usage: listing.py ENDPOINT ENDED    The last line is a JSON object of counts; any failure ends it with a traceback.

The coordinator needs a bucket `data` with `in.jsonl` in it, a model `sim.quick` that a worker serves, `sim.slow` that never answers, `sim.unserved` that no
worker serves, and a job limit of ENDED + 40.
"""
import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config
from botocore.credentials import Credentials

from conformance import Endpoint

endpoint, ended = sys.argv[1], int(sys.argv[2])
UNDER_WAY = 20
client = boto3.client(
    "bedrock", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="secret",
    config=Config(retries={"max_attempts": 1}, max_pool_connections=16, parameter_validation=False))


def request(name, model):
    return {"jobName": name, "inputConfig": {"s3Uri": "s3://data/in.jsonl"}, "outputConfig": {"s3Uri": "s3://data/out/"}, "modelConfigurations": [{"modelId": model}]}


def create(name, model):
    return client.create_advanced_prompt_optimization_job(**request(name, model))["jobArn"]


def stop(job):
    client.stop_advanced_prompt_optimization_job(jobIdentifier=job)


def status(job):
    return client.get_advanced_prompt_optimization_job(jobIdentifier=job)["jobStatus"]


class Churn(threading.Thread):
    """Keeps twenty jobs under way: starts one for each that ended, stops every other, and deletes what has ended for a while."""

    def __init__(self):
        super().__init__(daemon=True)
        self.counts = {"created": 0, "stopped": 0, "completed": 0, "deleted": 0}
        self.lock = threading.Lock()
        # A job is of these from when its creation was answered until its deletion is asked for.
        self.alive = set()
        self.going = True
        self.failure = None

    def run(self):
        try:
            active, over = [], []
            while self.going:
                while len(active) < UNDER_WAY:
                    isQuick = self.counts["created"] % 2 == 1
                    job = create(f"churn-{self.counts['created']}", "sim.quick" if isQuick else "sim.slow")
                    with self.lock:
                        self.alive.add(job)
                    self.counts["created"] += 1
                    active.append((job, isQuick))
                job, isQuick = active.pop(0)
                now = status(job)
                if now in ("Completed", "Stopped"):
                    self.counts[now.lower()] += 1
                    over.append(job)
                    if len(over) > 15:
                        over = over[self.delete(over[:10]):]
                    continue
                if now == "InProgress" and not isQuick:
                    stop(job)
                active.append((job, isQuick))
        except Exception as error:
            self.failure = error

    def delete(self, jobs):
        with self.lock:
            self.alive -= set(jobs)
        answer = client.batch_delete_advanced_prompt_optimization_job(jobIdentifiers=jobs)
        assert not answer["errors"], answer
        self.counts["deleted"] += len(jobs)
        return len(jobs)

    def jobs(self):
        """Its jobs that are there now and that nobody has asked to delete."""
        with self.lock:
            return set(self.alive)


def walk(order, size, lasting, churn):
    before = lasting | churn.jobs()
    listed = []
    pages = 0
    paginator = client.get_paginator("list_advanced_prompt_optimization_jobs")
    for page in paginator.paginate(sortBy="CreationTime", sortOrder=order, PaginationConfig={"PageSize": size}):
        assert len(page["jobSummaries"]) <= size, len(page["jobSummaries"])
        listed += [(summary["creationTime"], summary["jobArn"]) for summary in page["jobSummaries"]]
        pages += 1
    throughout = before & (lasting | churn.jobs())
    names = [job for _, job in listed]
    assert len(set(names)) == len(names), f"{len(names) - len(set(names))} listed twice"
    missing = throughout - set(names)
    assert not missing, f"{len(missing)} of {len(throughout)} lost in {order} pages of {size}"
    assert len(throughout) > len(lasting), "jobs under way were looked for too"
    assert listed == sorted(listed, key=lambda each: each[0], reverse=order == "Descending"), "not in order"
    return pages


def make_ended(numbers):
    """Jobs that were stopped at once; sent without boto3, whose own work would be most of it."""
    connection = Endpoint(endpoint, Credentials("AKIDEXAMPLE", "secret"))
    jobs = []
    for number in numbers:
        status, _, answer = connection.send("POST", "/advanced-prompt-optimization-jobs", request(f"ended-{number}", "sim.unserved"))
        assert status == 200, answer
        jobs.append(json.loads(answer)["jobArn"])
        status, _, answer = connection.send("POST", f"/advanced-prompt-optimization-jobs/{jobs[-1].rsplit('/', 1)[1]}/stop", None)
        assert status == 200, answer
    return jobs


started = time.monotonic()
with ThreadPoolExecutor(4) as pool:
    lasting = {job for jobs in pool.map(make_ended, [range(first, ended, 4) for first in range(4)]) for job in jobs}
    assert len(lasting) == ended
while {job["jobStatus"] for job in client.list_advanced_prompt_optimization_jobs(maxResults=1000)["jobSummaries"]} != {"Stopped"}:
    assert time.monotonic() - started < 100, "the jobs do not end"
made = time.monotonic()
churn = Churn()
churn.start()
while len(churn.jobs()) < UNDER_WAY and churn.failure is None:
    time.sleep(0.01)
before = dict(churn.counts)
walks = pages = 0
# On and on until enough of everything has happened between the pages.
while walks < 4 or any(churn.counts[kind] - before[kind] < 10 for kind in before):
    for order, size in [("Ascending", 7), ("Descending", 33), ("Ascending", 50), ("Descending", 100)]:
        if churn.failure is not None:
            raise churn.failure
        pages += walk(order, size, lasting, churn)
        walks += 1
    assert time.monotonic() - made < 60, f"too little happened: {churn.counts}"
churn.going = False
churn.join()
if churn.failure is not None:
    raise churn.failure
print(f"{ended} jobs made in {made - started:.1f} s, walked in {time.monotonic() - made:.1f} s", file=sys.stderr)
print(json.dumps({"walks": walks, "pages": pages, **{kind: churn.counts[kind] - before[kind] for kind in before}}))
