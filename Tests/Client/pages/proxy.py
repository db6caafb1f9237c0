"""A proxy in front of a real server, which can give the page replies of a test's own.

It forwards everything, under a path prefix if it has one. A test puts replies to chat requests in `replies`, which are
given in turn; a chat request that finds none is forwarded. Each proxy is an origin of its own for the browser, so that
what pages of different tests keep there stays apart: no port is used twice in a run.

With `PINION_PAGE_FILES` the pages' files are read from that folder instead, so that an edit is seen without a build.
"""

import http.client
import http.server
import json
import os
import pathlib
import queue
import threading
import time
import urllib.parse
import urllib.request

CHAT = "/v1/chat/completions"
MODELS = "/v1/models"
FILES = os.environ.get("PINION_PAGE_FILES")
SHELLS = {"/": "chat.html", "/status": "status.html"}
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}
KINDS |= {".svg": "image/svg+xml"}
# Between two looks whether a test has let a held reply go on.
LOOK_SECONDS = 0.02
# A held reply ends after this, so that a failed test leaves no thread behind.
HELD_SECONDS = 60
# Fields that belong to one connection, or that the proxy writes itself.
OWN_FIELDS = {"connection", "transfer-encoding", "content-length", "keep-alive"}


class Dropped(Exception):
    """The connection is to end here, in the middle of a reply."""


class Reply:
    """A scripted reply: an error before the stream, or a stream of steps, each of which may write, wait or fail.

    Reply().text("Hello").pause(0.1).text(" world").end()
    """

    def __init__(self, status=200, body=None, **fields):
        self.status, self.body, self.fields = status, body, fields
        self.steps = []
        self.started, self.finished, self.gone = threading.Event(), threading.Event(), threading.Event()

    @classmethod
    def refusal(cls, status, message, kind="invalid_request_error", code=None, **fields):
        return cls(status, {"error": {"message": message, "type": kind, "param": None, "code": code}}, **fields)

    def _step(self, step):
        self.steps.append(step)
        return self

    def _delta(self, logprobs=None, **delta):
        return self._step(lambda out: out.delta(delta, logprobs))

    def text(self, *pieces):
        for piece in pieces:
            self._delta(content=piece)
        return self

    def token(self, token, logprob, **others):
        """A token with its log probability, and the log probabilities of the most likely ones."""
        reports = [{"token": other, "logprob": chance} for other, chance in others.items()]
        return self._delta({"content": [{"token": token, "logprob": logprob, "top_logprobs": reports}]}, content=token)

    def reasoning(self, *pieces):
        for piece in pieces:
            self._delta(reasoning_content=piece)
        return self

    def tool_call(self, name, arguments, index=0):
        call = {"index": index, "id": f"call_{index}", "type": "function", "function": {"name": name, "arguments": ""}}
        self._delta(tool_calls=[call])
        return self._delta(tool_calls=[{"index": index, "function": {"arguments": arguments}}])

    def each(self, pieces, seconds):
        """Text pieces with a pause after each."""
        for piece in pieces:
            self.text(piece).pause(seconds)
        return self

    def flow(self, event, seconds):
        """Numbered paragraphs with a pause after each, until the test sets the event, or the page went away."""

        def write(out):
            deadline, number = time.monotonic() + HELD_SECONDS, 0
            while not event.wait(seconds) and time.monotonic() < deadline:
                out.delta({"content": f"flow {number}\n\n"})
                number += 1

        return self._step(write)

    def pause(self, seconds):
        return self._step(lambda out: time.sleep(seconds))

    def hold(self, event):
        """Goes on when the test sets the event, or the page went away."""

        def wait(out):
            deadline = time.monotonic() + HELD_SECONDS
            while not event.wait(LOOK_SECONDS) and time.monotonic() < deadline:
                out.ping()

        return self._step(wait)

    def fault(self, message, kind="server_error"):
        """An error in the stream, which ends it."""
        return self._step(
            lambda out: out.event({"error": {"message": message, "type": kind, "param": None, "code": None}})
        )

    def drop(self):
        def fail(out):
            raise Dropped

        return self._step(fail)

    def end(self, reason="stop", prompt=7, cached=3, completion=5):
        usage = {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
            "prompt_tokens_details": {"cached_tokens": cached},
        }
        self._step(lambda out: out.event({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}))
        self._step(lambda out: out.event({"choices": [], "usage": usage}))
        return self._step(lambda out: out.write(b"data: [DONE]\n\n"))


class Outlet:
    """Writes a scripted stream as chunks."""

    def __init__(self, handler, model):
        self.handler, self.model = handler, model

    def write(self, data):
        self.handler.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.handler.wfile.flush()

    def event(self, fields):
        if "error" not in fields:
            fields = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": self.model} | fields
        self.write(b"data: %s\n\n" % json.dumps(fields).encode())

    def delta(self, delta, logprobs=None):
        self.event({"choices": [{"index": 0, "delta": delta, "finish_reason": None, "logprobs": logprobs}]})

    def ping(self):
        self.write(b": ping\n\n")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        self.answer()

    do_POST = do_PUT = do_DELETE = do_HEAD = do_GET

    def answer(self):
        proxy = self.server.proxy
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        path = urllib.parse.urlsplit(self.path).path
        if not path.startswith(proxy.prefix + "/"):
            return self.plain(404, b"outside the prefix")
        path = path.removeprefix(proxy.prefix)
        proxy.requests.append((self.command, path, dict(self.headers), body))
        try:
            if self.command == "POST" and path == CHAT and (reply := proxy.next_reply()):
                return self.scripted(reply, body)
            if path in proxy.answers:
                return self.plain(200, json.dumps(proxy.answers[path]).encode(), "application/json")
            if FILES and (file := edited(path)):
                return self.plain(200, file.read_bytes(), KINDS[file.suffix], proxy.policy())
            self.forward(body, path)
        except Dropped:
            self.close_connection = True
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def plain(self, status, body, kind="text/plain", fields=()):
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        for name, value in dict(fields).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def scripted(self, reply, body):
        reply.started.set()
        try:
            if reply.body is not None:
                kind = "application/json"
                data = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
                return self.plain(reply.status, data, kind, reply.fields)
            self.send_response(reply.status)
            self.send_header("content-type", "text/event-stream")
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            out = Outlet(self, json.loads(body).get("model"))
            out.event({"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}]})
            for step in reply.steps:
                step(out)
            self.wfile.write(b"0\r\n\r\n")
        except (BrokenPipeError, ConnectionResetError):
            reply.gone.set()
            raise
        finally:
            reply.finished.set()

    def forward(self, body, path):
        upstream = urllib.parse.urlsplit(self.server.proxy.upstream)
        connection = http.client.HTTPConnection(upstream.hostname, upstream.port, timeout=120)
        fields = {name: value for name, value in self.headers.items() if name.lower() not in OWN_FIELDS}
        query = urllib.parse.urlsplit(self.path).query
        try:
            try:
                target = path + (f"?{query}" if query else "")
                connection.request(self.command, target, body or None, fields)
                response = connection.getresponse()
            except OSError:
                # As a proxy says it while the server restarts.
                return self.plain(502, b"no server")
            self.pass_on(response)
        finally:
            connection.close()

    def pass_on(self, response):
        proxy = self.server.proxy
        self.send_response(response.status)
        for name, value in response.getheaders():
            if name.lower() not in OWN_FIELDS | {"date", "server"}:
                self.send_header(name, value)
        if self.command == "HEAD" or response.status in (204, 304):
            self.send_header("content-length", "0")
            return self.end_headers()
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        passed, streams = 0, "event-stream" in response.getheader("content-type", "")
        while True:
            try:
                part = response.read1(1 << 16)
            except (OSError, http.client.HTTPException) as error:
                raise Dropped from error
            if not part:
                break
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
            self.wfile.flush()
            passed += len(part)
            if streams and proxy.hold_after is not None and passed >= proxy.hold_after:
                proxy.hold_stream()
            if streams and proxy.pace:
                time.sleep(proxy.pace)
        # A stream without its last chunk ended in the middle.
        if response.length:
            raise Dropped
        self.wfile.write(b"0\r\n\r\n")


def edited(path):
    """The file of a page that is being edited."""
    name = SHELLS.get(path) or path.removeprefix("/pages/")
    file = pathlib.Path(FILES) / name
    return file if "/" not in name and file.is_file() else None


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, address):
        """A browser that closes a connection is no fault."""


# Servers that answer no more, whose ports nobody else gets.
closed = []


class Proxy:
    """`answers` replaces what paths answer; `hold_after` and `pace` are about streams of the server.

    A stream is held once, after `hold_after` bytes, until the test sets `go_on`. It then ends if it `cuts`. What ends a
    connection takes with it what the page has not read yet, so that a test first waits for what the page shows of it.

    After each part of a stream `pace` seconds go by: the model alone may be done before a person could press a button.
    """

    def __init__(self, upstream, prefix=""):
        self.upstream, self.prefix = upstream, prefix
        self.replies, self.requests = queue.SimpleQueue(), []
        self.answers, self.pace = {}, 0
        self.hold_after, self.cuts, self.held, self.go_on = None, False, threading.Event(), threading.Event()
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.proxy = self
        self.address = f"http://127.0.0.1:{self.server.server_port}{prefix}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def policy(self):
        """The fields that the server gives with a page."""
        with urllib.request.urlopen(self.upstream + "/") as reply:
            return {
                name: reply.headers[name]
                for name in ("content-security-policy", "x-content-type-options", "referrer-policy")
            }

    def next_reply(self):
        try:
            return self.replies.get_nowait()
        except queue.Empty:
            return None

    def asked(self, path):
        """How often a path was asked."""
        return sum(path == asked for _, asked, _, _ in self.requests)

    def offer(self, *models):
        """Gives these names as the list of models."""
        data = [{"id": name, "object": "model", "created": 1, "owned_by": "test"} for name in models]
        self.answers[MODELS] = {"object": "list", "data": data}

    def hold_stream(self):
        """Holds the stream of the thread that calls."""
        self.hold_after = None
        self.held.set()
        self.go_on.wait(HELD_SECONDS)
        if self.cuts:
            raise Dropped

    def script(self, reply):
        """The next chat request gets this reply."""
        self.replies.put(reply)
        return reply

    def chats(self):
        """The bodies of the chat requests so far."""
        return [json.loads(body) for method, path, _, body in self.requests if (method, path) == ("POST", CHAT)]

    def close(self):
        """Answers no more. The port stays taken: the browser would give a later proxy what pages kept at this one."""
        self.server.shutdown()
        closed.append(self.server)
