"""Starts the built programs, follows what they log, and ends them again; what is started here does not outlive this process."""

import ctypes
import os
import re
import signal
import subprocess
import sys
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def folder_of_programs(given=None):
    """Where `advpo-coord` is: what was given, else the release build, else the debug build."""
    places = [given] if given else [os.path.join(ROOT, ".build", name) for name in ("release", "debug")]
    for place in places:
        if os.path.exists(os.path.join(place, "advpo-coord")) and os.path.exists(os.path.join(place, "advpo-worker")):
            return os.path.abspath(place)
    sys.exit(f"error: no advpo-coord and advpo-worker in {' or '.join(places)}; build them first: swift build -c release")


class NeverHappened(Exception):
    """Something that was waited for did not come in time."""


class Program:
    """One running program. Its standard error is read line by line, each with the time of its arrival."""

    def __init__(self, name, arguments, environment=None, enter=None, folder=None):
        self.name = name
        self.lines = []
        self._changed = threading.Condition()
        self._closed = False

        def prepare():
            # It must not outlive us, however we end.
            _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if enter:
                enter()

        variables = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": folder or os.getcwd(), "LANG": "C.UTF-8", **(environment or {})}
        self.process = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=variables, preexec_fn=prepare, start_new_session=True)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for raw in self.process.stderr:
            now = time.monotonic()
            with self._changed:
                self.lines.append((now, raw.decode(errors="replace").rstrip("\n")))
                self._changed.notify_all()
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def alive(self):
        return self.process.poll() is None

    def wait_for(self, text, seconds=60, after=0):
        """The first line from position `after` that contains `text`."""
        found = []

        def look():
            found[:] = [line for _, line in self.lines[after:] if text in line][:1]
            return found or self._closed

        with self._changed:
            self._changed.wait_for(look, seconds)
        if not found:
            raise NeverHappened(f"{self.name} never said '{text}'; its last lines:\n" + self.tail())
        return found[0]

    def tail(self, count=15):
        return "\n".join(f"  {self.name}: {line}" for _, line in self.lines[-count:])

    def send(self, number):
        if self.alive:
            self.process.send_signal(number)

    def kill(self):
        self.send(signal.SIGKILL)
        self.process.wait()

    def end(self, seconds=30):
        """Asks it to end; its exit code."""
        self.send(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise NeverHappened(f"{self.name} did not end within {seconds} s of SIGTERM; its last lines:\n" + self.tail()) from None


def value(key, line):
    """The value of a log line's metadata."""
    found = re.search(rf"\b{key}=(\S+)", line)
    if not found:
        raise NeverHappened(f"no {key}= in: {line}")
    return found.group(1)


class Cluster:
    """A coordinator and workers on this machine's loopback, in one folder. Subclasses place them elsewhere."""

    def __init__(self, programs, folder, models, slots=2, log_level="info"):
        self.programs, self.folder, self.models, self.slots, self.log_level = programs, folder, models, slots, log_level
        self.bucket = os.path.join(folder, "bucket")
        self.state = os.path.join(folder, "state")
        os.makedirs(self.bucket, exist_ok=True)
        self.work = self.control = "tcp://127.0.0.1:0"
        self.http = "127.0.0.1:0"
        self.coordinator = None
        self.workers = []

    def coordinator_flags(self):
        return []

    def worker_flags(self, number):
        return []

    def coordinator_place(self):
        """What the new process does first, to be where it belongs."""

    def worker_place(self, number):
        """The same for a worker."""

    def path(self, name):
        return os.path.join(self.programs, name)

    def start_coordinator(self):
        """Starts it, on the addresses it had before if it ran before, and waits until it listens."""
        self.coordinator = Program(
            "coordinator",
            [self.path("advpo-coord"), "serve", "--data", self.state, "--work", self.work, "--control", self.control, "--http", self.http, "--models", self.models,
             "--bucket", f"data={self.bucket}", "--log-level", self.log_level, *self.coordinator_flags()], folder=self.folder, enter=self.coordinator_place())
        sockets = self.coordinator.wait_for("listening for workers")
        api = self.coordinator.wait_for("the API listens")
        self.work, self.control = value("work", sockets), value("control", sockets)
        self.http = value("http", api).removeprefix("http://")
        return self.coordinator

    def start_worker(self, number, log_level=None):
        return Program(
            f"worker {number}",
            [self.path("advpo-worker"), "--work", self.work, "--control", self.control, "--models", self.models, "--slots", str(self.slots),
             "--log-level", log_level or self.log_level, *self.worker_flags(number)], folder=self.folder, enter=self.worker_place(number),
            environment={"FAULTS_CALLER": f"worker-{number}"})

    def start_workers(self, count, log_level=None):
        self.workers = [self.start_worker(number, log_level) for number in range(count)]
        for worker in self.workers:
            worker.wait_for("welcomed")

    def everyone(self):
        return ([self.coordinator] if self.coordinator else []) + self.workers

    def kill_all(self):
        for program in self.everyone():
            program.kill()
