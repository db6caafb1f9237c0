"""A streaming client of the OpenAI API for load, long-prompt and serving; made to disturb the server it measures little.

One thread serves all connections from one event loop. Of a reply, chunks are cut and searched as bytes: JSON is parsed only
where usage or an error is told, so that a token costs some 30 microseconds of client time at any number of clients.
"""

import argparse
import asyncio
import dataclasses
import json
import random
import re
import time
import urllib.parse

WORDS = (
    "time year people way day man thing woman life child world school state family student group country problem hand "
    "part place case week company system program question work government number night point home water room mother "
    "area money story fact month lot right study book eye job word business issue side kind head house service friend "
    "father power hour game line end member law car city community name president team minute idea kid body information"
).split()

TIMEOUT = 600  # Seconds to a reply's end.
DELTA = re.compile(rb'"content"\s*:\s*"[^"]')
TOLD = re.compile(rb'"(usage|error)"\s*:\s*[{"]')


@dataclasses.dataclass
class Reply:
    """What came back: when each content delta arrived (`time.perf_counter`), and what the server told at the end."""

    began: float = 0
    times: list = dataclasses.field(default_factory=list)
    status: int = 0
    retry_after: float = 1
    usage: dict | None = None
    error: str | None = None

    def gaps(self):
        """Pairs of the arrivals of one delta and of the next."""
        return zip(self.times, self.times[1:])


class Client(asyncio.BufferedProtocol):
    """One client and its keep-alive connection; one request at a time.

    A buffered protocol, because a plain one asks the allocator for 256 KiB at each read, which costs as much as the rest.
    """

    def __init__(self, options):
        self.url = options.url
        self.head = (
            f"POST {self.url.path}/chat/completions HTTP/1.1\r\nHost: {self.url.netloc}\r\n"
            f"Authorization: Bearer {options.key}\r\nContent-Type: application/json\r\n"
        )
        self.transport = None
        self.buffer = memoryview(bytearray(1 << 14))

    async def ask(self, body, reply=None):
        """Sends a request body and returns its reply; one passed in fills while tokens arrive."""
        reply = reply or Reply()
        reply.began = reply.began or time.perf_counter()
        content = json.dumps(body)
        request = f"{self.head}Content-Length: {len(content)}\r\n\r\n{content}".encode()
        try:
            async with asyncio.timeout(TIMEOUT):
                # A server may close a kept connection just when it is used again; that is no error yet.
                while await self.exchange(request, reply):
                    pass
        except OSError as error:
            reply.error = repr(error)
        finally:
            # Given up in the middle, by a time-out or by its caller: the server is to notice.
            if self.transport and (self.ended.cancelled() or not self.ended.done()):
                self.transport.abort()
                self.transport = None
        if not reply.error and not reply.usage:
            reply.error = "the reply ended without usage"
        return reply

    async def exchange(self, request, reply):
        """One attempt; true if a kept connection turned out to be closed."""
        loop = asyncio.get_running_loop()
        kept = self.transport is not None
        self.ended = loop.create_future()
        self.reply, self.raw, self.text, self.headers = reply, bytearray(), bytearray(), None
        if not kept:
            await loop.create_connection(lambda: self, self.url.hostname, self.url.port or 80)
        self.transport.write(request)
        whole = await self.ended
        if not whole and kept and not self.raw and self.headers is None:
            return True
        if not whole:
            reply.error = reply.error or "the connection closed before the reply's end"
        elif reply.status != 200:
            reply.error = f"{reply.status}: {self.text[:300].decode(errors='replace')}"
        if self.transport and self.headers.get("connection") == "close":
            self.transport.close()
            self.transport = None
        return False

    def connection_made(self, transport):
        self.transport = transport

    def connection_lost(self, error):
        self.transport = None
        if not self.ended.done():
            self.ended.set_result(self.headers is not None and self.length is None)

    def get_buffer(self, hint):
        return self.buffer

    def buffer_updated(self, count):
        now = time.perf_counter()
        if self.ended.done():
            return
        self.raw += self.buffer[:count]
        if self.headers is None and not self.read_head():
            return
        whole = self.read_chunks() if self.length == "chunked" else self.read_plain()
        if self.reply.status == 200:
            self.read_events(now)
        if whole:
            self.ended.set_result(True)

    def read_head(self):
        """Takes status and headers off the input; false while they are not whole."""
        head, end, rest = self.raw.partition(b"\r\n\r\n")
        if not end:
            return False
        status, *lines = head.decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines)
        self.headers = {name.lower(): value.strip().lower() for name, _, value in pairs}
        self.reply.status = int(status.split()[1])
        self.length = self.headers.get("transfer-encoding") or self.headers.get("content-length")
        if self.headers.get("retry-after", "").isdigit():
            self.reply.retry_after = int(self.headers["retry-after"])
        self.raw = rest
        return True

    def read_chunks(self):
        """Moves whole chunks of the input to the text; true after the last."""
        at = 0
        while (end := self.raw.find(b"\r\n", at)) >= 0:
            size = int(self.raw[at:end].partition(b";")[0], 16)
            if len(self.raw) < end + size + 4:
                break
            if size == 0:
                return True
            self.text += self.raw[end + 2 : end + 2 + size]
            at = end + size + 4
        del self.raw[:at]
        return False

    def read_plain(self):
        """Moves all of the input to the text; true when the announced length is there."""
        self.text += self.raw
        self.raw.clear()
        return self.length is not None and len(self.text) >= int(self.length)

    def read_events(self, now):
        *lines, self.text = self.text.split(b"\n")
        for line in lines:
            if DELTA.search(line):
                self.reply.times.append(now)
            if TOLD.search(line):
                event = json.loads(line.partition(b":")[2])
                self.reply.usage = event.get("usage") or self.reply.usage
                if event.get("error"):
                    self.reply.error = str(event["error"])


def http_url(text):
    url = urllib.parse.urlsplit(text)
    if url.scheme != "http" or not url.hostname:
        raise argparse.ArgumentTypeError(f"expected http://HOST:PORT/v1, got {text}")
    return url


def add_server_options(parser):
    parser.add_argument("--url", type=http_url, required=True, help="of the API, ending in /v1")
    parser.add_argument("--model", required=True)
    parser.add_argument("--key", default="none")
    parser.add_argument("--temperature", type=float, default=0)
    parser.add_argument("--seed", help="of the prompts; without it every run has its own, which no prefix cache knows")
    parser.add_argument("--json", action="store_true")


def sources(options, count):
    """Independent sources of randomness, the same for the same `--seed`."""
    seed = options.seed or random.SystemRandom().random()
    return [random.Random(f"{seed} {number}") for number in range(count)]


def some_words(source, count):
    return " ".join(source.choices(WORDS, k=count))


def chat(options, source, prompt, tokens):
    """The request body of a streamed reply with exactly `tokens` tokens."""
    return {
        "model": options.model,
        "messages": [{"role": "user", "content": f"Write a long story about these words: {prompt}"}],
        "max_tokens": tokens,
        "temperature": options.temperature,
        "seed": source.randrange(1 << 30),
        "ignore_eos": True,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def quantile(ordered, share):
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def show(options, report):
    """Prints a report as JSON or as lines."""
    if options.json:
        print(json.dumps(report))
    else:
        for name, value in report.items():
            print(f"{name:<28} {value}")
