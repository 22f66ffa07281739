"""Hosts in network namespaces of their own, and the switch between them, whose every line can be cut, slowed and healed.

A host is a namespace with one TAP device; this process holds the other end of every device and passes the frames on. So a fault needs no kernel module (netem,
nftables), and nothing is left behind: devices and namespaces go when the processes that hold them end, however they end.
"""

import contextlib
import ctypes
import fcntl
import heapq
import os
import random
import selectors
import struct
import subprocess
import threading
import time
from dataclasses import dataclass

CLONE_NEWNET = 0x40000000
TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000
FRAME_BYTES = 65_536
# What a slow line holds before it drops, as a router's buffer does.
QUEUED_SECONDS = 2.0
_libc = ctypes.CDLL(None, use_errno=True)


def _check(result, what):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def enter(namespace):
    """Takes the calling thread, or a process that was just forked, into a namespace."""
    _check(_libc.setns(namespace, CLONE_NEWNET), "setns")


class Host:
    """One namespace with a loopback and a device `lab0` on the switch."""

    def __init__(self, name, number):
        self.name, self.address = name, f"10.77.0.{number}"
        self.mac = bytes([0x02, 0x77, 0, 0, 0, number])
        home = os.open("/proc/self/ns/net", os.O_RDONLY)
        try:
            _check(_libc.unshare(CLONE_NEWNET), "unshare")
            self.namespace = os.open("/proc/self/ns/net", os.O_RDONLY)
            self.device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            fcntl.ioctl(self.device, TUNSETIFF, struct.pack("16sH22x", b"lab0", IFF_TAP | IFF_NO_PI))
            mac = ":".join(f"{byte:02x}" for byte in self.mac)
            for command in ("link set lo up", f"link set lab0 address {mac}", f"addr add {self.address}/24 dev lab0", "link set lab0 up"):
                subprocess.run(["ip", *command.split()], check=True)
        finally:
            enter(home)
            os.close(home)

    def enter(self):
        enter(self.namespace)

    @contextlib.contextmanager
    def inside(self):
        """What the calling thread does in here it does on this host; sockets stay where they were made."""
        home = os.open("/proc/self/ns/net", os.O_RDONLY)
        try:
            self.enter()
            yield
        finally:
            enter(home)
            os.close(home)


@dataclass
class Line:
    """From one host to another, in this direction alone. Seconds, a share from 0 to 1, bytes a second (0: no limit)."""

    cut: bool = False
    delay: float = 0.0
    jitter: float = 0.0
    loss: float = 0.0
    rate: float = 0.0
    free_at: float = 0.0


class Switch:
    def __init__(self, hosts, seed):
        self.hosts = hosts
        self.counts = {"passed on": 0, "delayed": 0, "lost on a bad line": 0, "dropped by a cut": 0}
        self._lines = {(one, other): Line() for one in hosts for other in hosts if one is not other}
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._late = []
        self._order = 0
        self._ended = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def set(self, pairs, **changes):
        """Changes lines: `pairs` are (from, to)."""
        with self._lock:
            for pair in pairs:
                for name, value in changes.items():
                    setattr(self._lines[pair], name, value)

    def heal(self, pairs=None):
        with self._lock:
            for pair in pairs or list(self._lines):
                self._lines[pair] = Line()

    def close(self):
        self._ended = True
        self._thread.join()

    def _run(self):
        selector = selectors.DefaultSelector()
        for host in self.hosts:
            selector.register(host.device, selectors.EVENT_READ, host)
        while not self._ended:
            pause = 0.05 if not self._late else min(0.05, max(0.0, self._late[0][0] - time.monotonic()))
            for key, _ in selector.select(pause):
                self._read(key.data)
            now = time.monotonic()
            while self._late and self._late[0][0] <= now:
                _, _, device, frame = heapq.heappop(self._late)
                self._write(device, frame)

    def _read(self, host):
        # A burst at most, so that no host starves another.
        for _ in range(64):
            try:
                frame = os.read(host.device, FRAME_BYTES)
            except BlockingIOError:
                return
            to_all = frame[0] & 1
            for other in self.hosts:
                if other is not host and (to_all or frame[:6] == other.mac):
                    self._pass_on(host, other, frame)

    def _pass_on(self, host, other, frame):
        with self._lock:
            line = self._lines[(host, other)]
            if line.cut:
                self.counts["dropped by a cut"] += 1
                return
            now = time.monotonic()
            due = now + line.delay + self._random.random() * line.jitter
            if line.rate:
                line.free_at = max(now, line.free_at) + len(frame) / line.rate
                due += line.free_at - now
            if (line.loss and self._random.random() < line.loss) or line.free_at - now > QUEUED_SECONDS:
                self.counts["lost on a bad line"] += 1
                return
        if due <= now:
            self.counts["passed on"] += 1
            self._write(other.device, frame)
        else:
            self.counts["delayed"] += 1
            self._order += 1
            heapq.heappush(self._late, (due, self._order, other.device, frame))

    @staticmethod
    def _write(device, frame):
        # A device whose queue is full drops, as hardware does.
        with contextlib.suppress(BlockingIOError, OSError):
            os.write(device, frame)
