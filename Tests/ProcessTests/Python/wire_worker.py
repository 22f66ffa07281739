"""A worker in another language, written from docs/wire-protocol.md and the schema alone: other people's sockets, protobuf and zstd.

Usage: wire_worker.py --schema advpo.proto --folder DIR --control ADDRESS --work ADDRESS --model ID [--slots N] [--major N] [--minor N] [--name TEXT]

It plays the model and the metric itself: is it a fruit or a vegetable, exact match. A minor version above ours comes with fields that nobody knows.
Ends with 0 after SIGTERM, when it has finished what it had in hand; with 3 when the coordinator refuses it, whose reason is its last line.
"""

import argparse
import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
import uuid

import pynng
import zstandard

OUR_MINOR = 1
FRAME_BYTES, PAYLOAD_BYTES = 16 << 20, 64 << 20
# Field 15 of an unknown minor version, a string.
UNKNOWN_FIELD = b"\x7a\x03new"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("schema", "folder", "control", "work", "model"):
        parser.add_argument(f"--{name}", required=True)
    for name, value in (("slots", 2), ("major", 1), ("minor", OUR_MINOR)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--name", default="python")
    return parser.parse_args()


options = arguments()
subprocess.run(["protoc", f"--proto_path={os.path.dirname(options.schema)}", f"--python_out={options.folder}", options.schema], check=True)
sys.path.insert(0, options.folder)
import advpo_pb2 as wire  # noqa: E402  (just made)


def say(text):
    print(text, file=sys.stderr, flush=True)


class Refused(Exception):
    """The coordinator will not have this worker."""


class Socket:
    """A REQ socket; each request has a context of its own, so that a held one delays nobody."""

    def __init__(self, address, reply):
        self.socket = pynng.Req0(resend_time=-1, recv_max_size=FRAME_BYTES, send_timeout=30_000, recv_timeout=30_000)
        self.socket.reconnect_time_min, self.socket.reconnect_time_max = 100, 5_000
        self.socket.dial(address, block=False)
        self.reply = reply

    def request(self, message):
        payload = message.SerializeToString()
        if options.minor > OUR_MINOR:
            payload += UNKNOWN_FIELD
        frame = b"\x00" + payload if len(payload) < 512 else b"\x01" + zstandard.ZstdCompressor(level=1).compress(payload)
        with self.socket.new_context() as context:
            context.send(frame)
            answer = context.recv()
        reply = self.reply()
        reply.ParseFromString(self.unwrapped(answer))
        return reply

    @staticmethod
    def unwrapped(frame):
        codec, rest = frame[0], frame[1:]
        if codec == 0:
            return rest
        if codec == 1:
            size = zstandard.frame_content_size(rest)
            if not 0 <= size <= PAYLOAD_BYTES:
                raise ValueError(f"a payload of {size} bytes")
            return zstandard.ZstdDecompressor().decompress(rest)
        raise ValueError(rest.decode() if codec == 2 else f"codec {codec}")


def key(lease):
    return (lease.epoch, lease.task, lease.attempt)


class Worker:
    def __init__(self):
        self.control = Socket(options.control, wire.ControlReply)
        self.work = Socket(options.work, wire.WorkReply)
        self.instance = uuid.uuid4().hex
        self.lock = threading.Lock()
        self.session = None
        self.leases, self.cancelled = {}, set()
        self.draining = threading.Event()
        self.blobs = {}
        self.finished = 0

    # ------------------------------------------------------------ control

    def hello(self):
        request = wire.ControlRequest()
        request.hello.version.major, request.hello.version.minor = options.major, options.minor
        request.hello.instance, request.hello.name, request.hello.slots = self.instance, options.name, options.slots
        request.hello.models.append(options.model)
        reply = self.control.request(request)
        if reply.WhichOneof("kind") == "refused":
            raise Refused(reply.refused.reason)
        with self.lock:
            self.session, self.seen = reply.welcome.session, 0
            self.leases.clear()
        say(f"welcomed session={reply.welcome.session} by {reply.welcome.version.major}.{reply.welcome.version.minor}")

    def lose(self, session):
        """The session is over: nothing in hand counts any more. Whoever learns it first says hello."""
        with self.lock:
            if session != self.session:
                return
            self.session = None
            self.leases.clear()

    def beat(self):
        while True:
            session = self.session
            try:
                if session is None:
                    self.hello()
                    continue
                request = wire.ControlRequest()
                request.heartbeat.session, request.heartbeat.seen_instructions = session, self.seen
                with self.lock:
                    request.heartbeat.leases.extend(self.leases[name] for name in sorted(self.leases) if name not in self.cancelled)
                reply = self.control.request(request)
                if reply.WhichOneof("kind") == "instructions":
                    with self.lock:
                        self.cancelled |= {key(lease) for lease in reply.instructions.cancel}
                    self.seen = reply.instructions.sequence
                    if reply.instructions.drain:
                        self.draining.set()
                else:
                    self.lose(session)
            except pynng.NNGException as error:
                say(f"control: {error}")
                time.sleep(0.2)
            except Refused as error:
                say(f"refused: {error}")
                os._exit(3)

    # ------------------------------------------------------------ work

    def slot(self):
        while not self.draining.is_set():
            session = self.session
            if session is None:
                time.sleep(0.02)
                continue
            try:
                reply = self.work.request(wire.WorkRequest(pull=wire.Pull(session=session)))
            except pynng.NNGException as error:
                say(f"pull: {error}")
                time.sleep(0.2)
                continue
            kind = reply.WhichOneof("kind")
            if kind == "task":
                self.run(session, reply.task)
            elif kind == "unknown_session":
                self.lose(session)

    def run(self, session, order):
        name = key(order.lease)
        with self.lock:
            self.leases[name] = order.lease
        units = [] if self.draining.is_set() else list(order.evaluate.units)
        reports = []
        for unit in units:
            if name in self.cancelled or session != self.session:
                break
            reports.append(self.evaluate(order.evaluate, unit))
            if len(reports) == 1 and unit is not units[-1]:
                # Each unit as it finishes; the last one goes with the end of the task.
                self.report(session, order.lease, reports, False)
                reports = []
        self.report(session, order.lease, reports, True)
        with self.lock:
            self.leases.pop(name, None)

    def report(self, session, lease, units, ended):
        """Again and again, until there is an answer: the first may have been accepted."""
        if key(lease) in self.cancelled:
            return
        request = wire.WorkRequest(report=wire.Report(session=session, lease=lease, units=units, task_ended=ended))
        while session == self.session:
            try:
                kind = self.work.request(request).WhichOneof("kind")
            except pynng.NNGException as error:
                say(f"report: {error}")
                time.sleep(0.2)
                continue
            if kind == "accepted":
                self.finished += len(units)
            elif kind == "unknown_session":
                self.lose(session)
            return

    def evaluate(self, work, unit):
        document = self.blob(work.candidate, wire.PromptDocument)
        sample = self.blob(unit.content, wire.Sample)
        method = self.blob(work.evaluation, wire.EvaluationSpecification)
        assert method.builtin.metric == "exact_match", method
        prompt = document.user
        for variable in sample.variables:
            prompt = prompt.replace("{{" + variable.name + "}}", variable.value)
        kind = "fruit" if prompt.rfind("apples") > prompt.rfind("carrots") else "vegetable"
        output = kind if document.system or document.examples else f"It is a {kind}, I think."
        record = wire.UnitRecord(
            status=wire.UnitRecord.STATUS_SCORED, output=output, score=float(output == sample.reference_response), provider_calls=1,
            usage=wire.Usage(input_tokens=len(prompt) // 4, output_tokens=3, latency_microseconds=1_000, time_to_first_token_microseconds=500))
        return wire.UnitReport(unit=unit.unit, record=record)

    def blob(self, name, kind):
        if name not in self.blobs:
            reply = self.work.request(wire.WorkRequest(fetch=wire.Fetch(session=self.session or 0, hashes=[name])))
            content = reply.blobs.answers[0].content
            assert hashlib.sha256(content).digest() == name, "a blob does not hash to its name"
            self.blobs[name] = content
        message = kind()
        message.ParseFromString(self.blobs[name])
        return message

    def main(self):
        signal.signal(signal.SIGTERM, lambda *_: self.draining.set())
        threading.Thread(target=self.beat, daemon=True).start()
        slots = [threading.Thread(target=self.slot, daemon=True) for _ in range(options.slots)]
        for slot in slots:
            slot.start()
        while not self.draining.wait(0.1):
            pass
        # Pulls that are held end with the goodbye.
        while self.leases:
            time.sleep(0.01)
        if self.session is not None:
            self.control.request(wire.ControlRequest(goodbye=wire.Goodbye(session=self.session)))
        say(f"left after {self.finished} units")
        os._exit(0)


if __name__ == "__main__":
    Worker().main()
