"""A model behind OpenAI's HTTP interface that remembers every request: what a fault test needs to see who was asked for what, and when.

Its answers depend on nothing but the request, so that a disturbed job can be held against an undisturbed one. It runs in a thread of its own.
"""

import asyncio
import hashlib
import json
import threading
import time
from dataclasses import dataclass

# Half a name is a count of tokens; larger ones are not believed.
HALF_BITS = 29
KINDS = {"apples": "fruit", "carrots": "vegetable"}


@dataclass
class Call:
    """One request: when it came, and how and when it ended."""

    name: tuple
    # What the request's Authorization says after "Bearer": who asks.
    caller: str
    came: float
    ended: float = 0.0
    # "under way", "answered", or "abandoned": its caller closed the connection first.
    outcome: str = "under way"


def name_of(body):
    """Equal requests have equal names. The answer carries the halves as its counts of input and output tokens: so they reach the coordinator's store."""
    digest = int.from_bytes(hashlib.sha256(body).digest()[:8], "big")
    return (digest % 2**HALF_BITS + 1, (digest >> 32) % 2**HALF_BITS + 1)


def chance(*parts):
    """From 0 to 1, by what is given."""
    return int.from_bytes(hashlib.sha256("\0".join(map(str, parts)).encode()).digest()[:6], "big") / 2**48


def text_of(message):
    content = message.get("content") or ""
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def answer(request):
    """Knows the kind of everything, but says it in one word only after worked examples, and even then is wrong at times: so a search goes on."""
    messages = request["messages"]
    system = text_of(messages[0]) if messages[0]["role"] == "system" else ""
    if system.startswith("You write prompts for language models."):
        return f"<prompt>Fruit or vegetable? One word. Way {int(chance(json.dumps(messages)) * 1e6)}.\n\n{{{{text}}}}</prompt>"
    question = text_of(messages[-1])
    kind = KINDS["apples"] if question.rfind("apples") > question.rfind("carrots") else KINDS["carrots"]
    examples = (len(messages) - 1) // 2
    if chance(json.dumps(messages)) < 0.1 + 0.1 * min(examples, 7):
        return kind
    return f"It is a {kind}, I think."


class Model:
    """The server, in the place that `enter` takes its thread to. `hold` makes requests wait until their caller leaves or `hold` is cleared; `delay` is how long every answer takes, in seconds."""

    def __init__(self, host="127.0.0.1", delay=0.0, hold=False, enter=None):
        self.host, self.delay, self._enter = host, delay, enter
        self.calls = []
        self.port = 0
        self._changed = threading.Condition()
        self._answered = set()
        self._loop = asyncio.new_event_loop()
        self._release = None
        self._hold = hold

    # ---------------------------------------------------------------- from outside

    def start(self):
        ready = threading.Event()
        threading.Thread(target=self._run, args=(ready,), daemon=True).start()
        if not ready.wait(20):
            raise RuntimeError("the model server did not start within 20 s")
        return f"http://{self.host}:{self.port}/v1"

    @property
    def answered(self):
        """How many different requests were answered."""
        return len(self._answered)

    def wait(self, condition, seconds):
        """Waits until `condition` of this server holds; false when it does not in time."""
        with self._changed:
            return self._changed.wait_for(lambda: condition(self), seconds)

    def set_hold(self, hold):
        """Whether answers wait from now on; those that wait are given when it ends."""

        def apply():
            self._hold = hold
            if not hold:
                self._release.set()
            self._release = asyncio.Event()

        self._loop.call_soon_threadsafe(apply)

    def forget(self):
        with self._changed:
            self.calls, self._answered = [], set()

    # ---------------------------------------------------------------- the server

    def _run(self, ready):
        if self._enter:
            self._enter()
        asyncio.set_event_loop(self._loop)
        self._release = asyncio.Event()
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, self.host, 0, backlog=1024))
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        self._loop.run_forever()

    def _conclude(self, call, outcome):
        with self._changed:
            call.ended, call.outcome = time.monotonic(), outcome
            if outcome == "answered":
                self._answered.add(call.name)
            self._changed.notify_all()

    async def _serve(self, reader, writer):
        try:
            await self._serve_one(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _serve_one(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n") if b": " in line)
        body = await reader.readexactly(int(fields.get(b"content-length", 0)))
        call = Call(name_of(body), fields.get(b"authorization", b"").decode().removeprefix("bearer "), time.monotonic())
        with self._changed:
            self.calls.append(call)
            self._changed.notify_all()
        try:
            gone = asyncio.ensure_future(reader.read(1))
            due = asyncio.ensure_future(self._release.wait() if self._hold else asyncio.sleep(self.delay))
            await asyncio.wait([gone, due], return_when=asyncio.FIRST_COMPLETED)
            if gone.done():
                # Whatever a caller sends before it has its answer, it is not what we expect: take it for gone.
                due.cancel()
                self._conclude(call, "abandoned")
                return
            gone.cancel()
            writer.write(self._response(body, call))
            await writer.drain()
            self._conclude(call, "answered")
        except ConnectionError:
            self._conclude(call, "abandoned")
            raise

    @staticmethod
    def _response(body, call):
        text = answer(json.loads(body))
        document = {
            "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": call.name[0], "completion_tokens": call.name[1]},
        }
        payload = json.dumps(document).encode()
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(payload)}\r\nconnection: close\r\n\r\n"
        return head.encode() + payload
