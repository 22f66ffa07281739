"""A provider with a hidden limit, and a real cluster that works against it: a coordinator and workers, as processes on this machine.

Prints what was accepted over what the limit allows, and which share of all requests was refused; with no limit, what was answered over the ideal.
"""

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Endpoint:
    """OpenAI's chat completions, streamed: answers "yes" after the latency, or 429 when the limit is reached."""

    def __init__(self, options):
        self.requests_per_minute = options.requests_per_minute
        self.burst = options.burst
        self.concurrency = options.concurrency
        self.retry_after = options.retry_after
        self.latency = options.latency
        self.level = float(options.burst)
        self.filled = time.monotonic()
        self.in_flight = self.most_in_flight = self.accepted = self.refused = self.answered = 0

    def takes(self):
        now = time.monotonic()
        if self.requests_per_minute:
            self.level = min(self.burst, self.level + (now - self.filled) * self.requests_per_minute / 60)
            self.filled = now
            if self.level < 1:
                return False
        if self.concurrency and self.in_flight >= self.concurrency:
            return False
        if self.requests_per_minute:
            self.level -= 1
        return True

    async def serve(self, reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
                await reader.readexactly(length)
                if not self.takes():
                    self.refused += 1
                    body = b'{"error":{"message":"too many requests"}}'
                    wait = b"retry-after: %d\r\n" % self.retry_after if self.retry_after is not None else b""
                    writer.write(b"HTTP/1.1 429 Too Many Requests\r\ncontent-type: application/json\r\n%scontent-length: %d\r\n\r\n%s" % (wait, len(body), body))
                    await writer.drain()
                    continue
                self.accepted += 1
                self.in_flight += 1
                self.most_in_flight = max(self.most_in_flight, self.in_flight)
                try:
                    await asyncio.sleep(self.latency)
                finally:
                    self.in_flight -= 1
                events = (
                    b'data: {"choices":[{"index":0,"delta":{"content":"yes"}}]}\n\n'
                    b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":20,"completion_tokens":1}}\n\n'
                    b"data: [DONE]\n\n"
                )
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: %d\r\n\r\n%s" % (len(events), events))
                self.answered += 1
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


def job(samples):
    rows = [{"inputVariables": [{"text": f"row {i} of box {i * 7919 % 100003}"}], "referenceResponse": "yes"} for i in range(samples)]
    return json.dumps({
        "version": "bedrock-2026-05-14", "templateId": "bench", "promptTemplate": "Yes or no?\n\n{{text}}",
        "evaluationMetricLambdaArn": "builtin:exact_match", "evaluationSamples": rows}) + "\n"


class Cluster:
    def __init__(self, products, folder):
        self.products, self.folder, self.children = products, folder, []

    def start(self, name, *arguments):
        log = open(os.path.join(self.folder, f"{name}-{len(self.children)}.log"), "w+")
        child = subprocess.Popen([os.path.join(self.products, name), *arguments], stdout=log, stderr=log, cwd=self.folder)
        self.children.append(child)
        return child, log.name

    def find(self, path, mark, key, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for line in open(path):
                if mark in line:
                    return next(word.split("=", 1)[1] for word in line.split() if word.startswith(key + "="))
            time.sleep(0.1)
        sys.exit(f"error: {path} never said: {mark}\n{open(path).read()}")

    def end(self):
        for child in self.children:
            if child.poll() is None:
                child.send_signal(signal.SIGKILL)
        for child in self.children:
            child.wait()


async def measure(options, endpoint):
    server = await asyncio.start_server(endpoint.serve, "127.0.0.1", 0, limit=1 << 20, backlog=1024)
    port = server.sockets[0].getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        cluster = Cluster(options.products, folder)
        try:
            return await asyncio.get_running_loop().run_in_executor(None, run, options, endpoint, cluster, folder, port)
        finally:
            cluster.end()
            server.close()


def run(options, endpoint, cluster, folder, port):
    slots = options.slots // options.workers
    with open(os.path.join(folder, "models.yaml"), "w") as file:
        file.write(f'models:\n  - {{id: bench.model, provider: openai, baseURL: "http://127.0.0.1:{port}/v1", model: m, limits: {{concurrency: {slots}}}}}\n')
    with open(os.path.join(folder, "input.jsonl"), "w") as file:
        file.write(job(options.samples))
    os.mkdir(os.path.join(folder, "bucket"))
    free = "tcp://127.0.0.1:0"
    _, log = cluster.start(
        "advpo-coord", "serve", "--data", "state", "--work", free, "--control", free, "--http", "127.0.0.1:0", "--models", "models.yaml",
        "--bucket", "data=bucket", "--max-samples", str(max(100, options.samples)), "--log-level", "info")
    work, control = (cluster.find(log, "listening for workers", key) for key in ("work", "control"))
    http = cluster.find(log, "the API listens", "http")
    for _ in range(options.workers):
        cluster.start("advpo-worker", "--work", work, "--control", control, "--models", "models.yaml", "--slots", str(slots), "--log-level", "info")
    submitted = subprocess.run(
        [os.path.join(options.products, "advpo"), "submit", "input.jsonl", "--bucket", "data=bucket", "--model", "bench.model", "--endpoint", http,
         "--budget-calls", str(options.samples * 3)], cwd=folder, capture_output=True, text=True)
    if submitted.returncode:
        sys.exit(f"error: the job was refused: {submitted.stderr}")
    while endpoint.answered == 0:
        time.sleep(0.05)
    time.sleep(options.warm_up)
    cpu = sum(os.times()[2:4])
    before = (endpoint.accepted, endpoint.refused, endpoint.answered)
    began = time.monotonic()
    end = began + options.seconds
    while time.monotonic() < end:
        time.sleep(5)
        if options.trace:
            print(f"  {time.monotonic() - began:5.1f} s: accepted {endpoint.accepted - before[0]}, refused {endpoint.refused - before[1]}", flush=True)
    elapsed = time.monotonic() - began
    accepted, refused, answered = endpoint.accepted - before[0], endpoint.refused - before[1], endpoint.answered - before[2]
    logs = [open(os.path.join(folder, name)).read() for name in os.listdir(folder) if name.endswith(".log")]
    failed = sum(text.count("refused") for text in logs if "far below what is asked" in text)
    return elapsed, accepted, refused, answered, before, failed, cpu


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", default=None, help="folder of the programs (default: .build/release, else .build/debug)")
    parser.add_argument("--requests-per-minute", type=int, default=0)
    parser.add_argument("--burst", type=int, default=20)
    parser.add_argument("--concurrency", type=int, default=0)
    parser.add_argument("--retry-after", type=int, default=None, help="seconds; without it a refusal names no time")
    parser.add_argument("--latency", type=float, default=0.3, help="seconds")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--slots", type=int, default=64, help="of all workers together")
    parser.add_argument("--samples", type=int, default=10_000)
    parser.add_argument("--warm-up", type=float, default=45)
    parser.add_argument("--seconds", type=float, default=90)
    parser.add_argument("--trace", action="store_true")
    options = parser.parse_args()
    if options.products is None:
        options.products = next(p for p in (os.path.join(ROOT, ".build", kind) for kind in ("release", "debug")) if os.path.exists(os.path.join(p, "advpo-coord")))
    endpoint = Endpoint(options)
    elapsed, accepted, refused, answered, before, failed, _ = asyncio.run(measure(options, endpoint))
    rate = answered / elapsed
    print(f"programs: {os.path.relpath(options.products, ROOT)}; {options.workers} workers, {options.slots} slots, latency {options.latency * 1000:.0f} ms, {elapsed:.0f} s after {options.warm_up:.0f} s")
    print(f"warm-up: accepted {before[0]}, refused {before[1]}")
    if options.requests_per_minute:
        print(f"accepted over the hidden limit of {options.requests_per_minute}/min: {accepted * 60 / elapsed / options.requests_per_minute:.3f}")
    elif options.concurrency:
        print(f"answered over the hidden limit of {options.concurrency} at once: {rate * options.latency / options.concurrency:.3f} (most at once: {endpoint.most_in_flight})")
    else:
        print(f"answered over the ideal of {options.slots / options.latency:.0f}/s: {rate * options.latency / options.slots:.3f} ({rate:.0f}/s)")
    print(f"refused over all requests: {refused / max(1, accepted + refused):.4f} ({refused} of {accepted + refused})")
    if failed:
        sys.exit(f"error: {failed} calls failed because they were refused for too long")


main()
