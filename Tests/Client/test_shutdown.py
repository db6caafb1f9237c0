"""A server that is told to stop while it works."""

import http.client
import json
import re
import signal
import threading
import time

import httpx
from conftest import MODEL, Server, run
from ledger_rows import rows
from rounds import quickest
from vitals import eventually
from wire import JSON, completion, plain, serving

GRACE = 30
LIMIT = 40
# Many choices share the machine, so that none ends within the grace; some places are left.
ENDLESS = {"stream": True, "n": 6, "max_tokens": 8000, "ignore_eos": True}
# The other dialects cannot ignore the end of a text: a format does not allow it before so many items.
NUMBERS = {"type": "array", "items": {"type": "integer"}, "minItems": 4000}
STORY = "Tell me a story."
ENDLESS_ELSEWHERE = {
    "/v1/responses": {
        "input": STORY, "max_output_tokens": 8000,
        "text": {"format": {"type": "json_schema", "name": "numbers", "schema": NUMBERS}},
    },
    "/v1/messages": {
        "messages": [{"role": "user", "content": STORY}], "max_tokens": 8000,
        "output_config": {"format": {"type": "json_schema", "schema": NUMBERS}},
    },
}  # fmt: skip


class Stream(threading.Thread):
    """A streamed reply, read to its end; `begun` once it has begun."""

    def __init__(self, server, path="/v1/chat/completions", **fields):
        super().__init__()
        self.connection = plain(server, timeout=LIMIT + 20)
        body = completion(**fields)
        if path in ENDLESS_ELSEWHERE:
            body = json.dumps({"model": MODEL, "stream": True} | ENDLESS_ELSEWHERE[path])
        self.connection.request("POST", path, body, JSON)
        self.begun = threading.Event()
        self.events, self.error = [], None
        self.start()

    def run(self):
        try:
            reply = self.connection.getresponse()
            for line in reply:
                if line.startswith(b"data: "):
                    self.events.append(line.removeprefix(b"data: ").strip())
                    self.begun.set()
        except (OSError, http.client.HTTPException) as error:
            self.error = error
        self.ended = time.monotonic()


def refused(server):
    """Whether a new connection gets no service."""
    try:
        connection = plain(server, timeout=5)
        connection.request("GET", "/health")
        return connection.getresponse().status == 503
    except (OSError, http.client.HTTPException):
        return True


def test_requests_in_flight_get_half_a_minute(new_data):
    with serving(new_data()) as server:
        endless = [Stream(server, **ENDLESS) for _ in range(2)]
        elsewhere = [Stream(server, path) for path in ENDLESS_ELSEWHERE]
        short = Stream(server, stream=True, max_tokens=32, ignore_eos=True)
        for stream in [*endless, *elsewhere, short]:
            assert stream.begun.wait(60)
        server.process.send_signal(signal.SIGTERM)
        told = time.monotonic()
        time.sleep(0.2)
        assert eventually(lambda: refused(server), 1)
        short.join(GRACE)
        assert short.events[-1] == b"[DONE]" and short.error is None
        assert all(stream.is_alive() for stream in [*endless, *elsewhere])
        assert server.process.wait(LIMIT) == 0
        assert GRACE - 1 < time.monotonic() - told < LIMIT
        for stream in [*endless, *elsewhere]:
            stream.join(20)
            assert stream.error is None
            assert b"[DONE]" not in stream.events
        for stream in endless:
            error = json.loads(stream.events[-1])["error"]
            assert (error["type"], error["code"]) == ("server_error", "server_is_overloaded")
            assert error.keys() == {"message", "type", "param", "code"}
        response, message = (json.loads(stream.events[-1]) for stream in elsewhere)
        assert response["type"] == "response.failed" and response["response"]["status"] == "failed"
        assert response["response"]["error"] == {"code": "server_is_overloaded", "message": error["message"]}
        assert [item["status"] for item in response["response"]["output"]] == ["incomplete"]
        assert message.keys() == {"type", "error", "request_id"} and message["type"] == "error"
        assert message["error"] == {"type": "overloaded_error", "message": error["message"]}


def running(server, key):
    """Sequences that the engine computes, of a server that asks for keys."""
    text = httpx.get(f"{server.address}/metrics", headers={"Authorization": f"Bearer {key}"}, timeout=60).text
    return sum(float(value) for value in re.findall(r'^pinion_sequences\{.*?state="running".*?\} (\S+)$', text, re.M))


def test_replies_that_a_stop_cuts_are_billed_as_far_as_they_came(new_data):
    data = new_data()
    for command in (["create"], ["model", "set", MODEL, "--output-price", "1"]):
        done = run("keys", *command, "--data-dir", data)
        assert done.returncode == 0, done.stderr
        secret = done.stdout.strip() if command == ["create"] else secret
    server = Server("--data-dir", data)

    def ask(stream):
        body = {"model": MODEL, "messages": [{"role": "user", "content": STORY}]} | ENDLESS | {"stream": stream, "n": 3}
        try:
            httpx.post(
                f"{server.address}/v1/chat/completions", json=body, headers={"Authorization": f"Bearer {secret}"},
                timeout=LIMIT + 20,
            )  # fmt: skip
        except httpx.TransportError:
            pass

    clients = [threading.Thread(target=ask, args=(stream,)) for stream in (True, True, False)]
    for client in clients:
        client.start()
    assert eventually(lambda: running(server, secret) == len(clients) * 3, 60)
    time.sleep(2)
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(LIMIT) == 0
    for client in clients:
        client.join()
    server.stop()
    found = rows(data)
    assert [row["outcome"] for row in found] == ["stopped"] * 3
    assert all(row["cost"] == row["output"] * 1_000 > 0 for row in found)
    assert sorted(row["status"] for row in found) == [200, 200, 503]


def seconds_of_a_second_signal(data):
    """Until the server ends that was told to stop twice."""
    with serving(data) as server:
        streams = [Stream(server, **ENDLESS), *(Stream(server, path) for path in ENDLESS_ELSEWHERE)]
        for stream in streams:
            assert stream.begun.wait(60)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert server.process.poll() is None
        server.process.send_signal(signal.SIGTERM)
        again = time.monotonic()
        server.process.wait(20)
        seconds = time.monotonic() - again
        for stream in streams:
            stream.join(20)
            # No end that a client could take for that of a whole reply.
            assert b"[DONE]" not in stream.events
            assert not any(word in stream.events[-1] for word in (b"response.completed", b"message_stop"))
        return seconds


def test_a_second_signal_ends_at_once(new_data):
    assert quickest(lambda: seconds_of_a_second_signal(new_data()), 1) < 1


def seconds_of_an_idle_stop(data):
    """Until an idle server ends, to which a connection is open."""
    with serving(data) as server:
        idle = plain(server)
        idle.request("GET", "/health")
        assert idle.getresponse().read()
        server.process.send_signal(signal.SIGTERM)
        told = time.monotonic()
        assert server.process.wait(20) == 0
        return time.monotonic() - told


def test_an_idle_server_stops_at_once(new_data):
    assert quickest(lambda: seconds_of_an_idle_stop(new_data()), 2) < 2
