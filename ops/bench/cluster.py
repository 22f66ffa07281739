"""A coordinator and workers as processes, started and directed for a measurement."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time


class Failure(Exception):
    """A measurement that could not be made."""


def end_cleanly():
    """SIGTERM unwinds, so that processes end and folders go."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


class Process:
    """A program that prints one JSON object a line."""

    def __init__(self, *command):
        self.began = time.time()
        self.command = [str(word) for word in command]
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def event(self, name, seconds=300):
        """The next event, which must be `name`; one that does not come in time ends the process."""
        watchdog = threading.Timer(seconds, self.process.kill)
        watchdog.start()
        try:
            line = self.process.stdout.readline()
        finally:
            watchdog.cancel()
        if not line:
            raise Failure(f"{' '.join(self.command[:2])} ended, or was silent for {seconds} s, before it said '{name}'")
        event = json.loads(line)
        if event["event"] != name:
            raise Failure(f"{self.command[0]} said '{event['event']}' instead of '{name}'")
        return event

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def memory(self):
        """Resident bytes now and at their highest."""
        with open(f"/proc/{self.process.pid}/status") as status:
            fields = dict(line.split(":", 1) for line in status if ":" in line)
        return tuple(int(fields[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))

    def end(self):
        """Its input's end is the word to end; one that does not listen is killed."""
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


class Cluster:
    """A coordinator on a new data directory, and workers that are started when the caller says so."""

    WORKERS = 2

    def __init__(self, programs, work, *coordinator):
        self.bench = os.path.join(programs, "advpo-bench")
        # On the disk of the repository: a file system in memory would have no journal to wait for.
        self.folder = tempfile.mkdtemp(prefix="state-", dir=work)
        self.workers = []
        self.coordinator = Process(self.bench, "coordinator", "--data", os.path.join(self.folder, "state"), *coordinator)

    def __enter__(self):
        try:
            self.listening = self.coordinator.event("listening")
        except BaseException:
            self.__exit__()
            raise
        return self

    def addresses(self):
        return ["--work", self.listening["work"], "--control", self.listening["control"]]

    def start_workers(self, *options):
        self.workers = [Process(self.bench, "worker", *self.addresses(), *options) for _ in range(self.WORKERS)]
        for worker in self.workers:
            worker.event("welcomed")

    def go(self):
        self.coordinator.say("go")

    def end_workers(self):
        """Their last words."""
        for worker in self.workers:
            worker.process.stdin.close()
        return [worker.event("ended") for worker in self.workers]

    def __exit__(self, *_):
        for process in [*self.workers, self.coordinator]:
            process.end()
        shutil.rmtree(self.folder, ignore_errors=True)
