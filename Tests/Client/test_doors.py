"""What the server takes of clients before it knows them: hostile headers, bodies, early replies."""

import contextlib
import json
import re
import selectors
import signal
import threading
import time

import pytest
from conftest import MODEL, ROOT, Server
from health_watch import HealthWatch
from rounds import quickest
from vitals import MEBIBYTE, eventually, vitals
from wire import completion, connected, head, place, serving

KEY = "door-key"
TINY = ROOT / "Tests/Fixtures/models/tiny-llama-q8_0.gguf"
# Combining marks that a normalisation has to sort: cheap to send, dear to compare.
MARKS = "\u0301\u0316".encode()
HEADER_MARKS = MARKS * 7_500
# A body of the largest size that is read.
BODY = 4 * MEBIBYTE
# What the server holds of bodies at one time.
BODIES_IN_FLIGHT = 64 * MEBIBYTE


@contextlib.contextmanager
def keyed(data, *arguments):
    """A server of a test's own, which asks for a key."""
    server = Server("--api-key", KEY, "--data-dir", data, *arguments)
    try:
        yield server
    finally:
        server.stop()


def request_head(length=0, method=b"POST", path=b"/v1/chat/completions", **fields):
    """A head with header fields of any bytes."""
    fields = {"Host": b"localhost", "Content-Type": b"application/json", "Content-Length": b"%d" % length} | fields
    lines = [b"%s: %s\r\n" % (name.replace("_", "-").encode(), value) for name, value in fields.items()]
    return b"%s %s HTTP/1.1\r\n%s\r\n" % (method, path, b"".join(lines))


def reply_of(client):
    """Everything up to the end of the JSON, or of the connection."""
    data = b""
    while not data.endswith(b"}}") and (part := client.recv(1 << 16)):
        data += part
    return data


# Hostile clients


class Hostile(threading.Thread):
    """Sends one hostile request after the other until it is told to end."""

    def __init__(self, server, requests, ended):
        super().__init__()
        self.server, self.requests, self.ended, self.sent = server, requests, ended, 0

    def run(self):
        while not self.ended.is_set():
            for request in self.requests:
                with contextlib.suppress(OSError), connected(self.server) as client:
                    client.sendall(request)
                    client.recv(1 << 16)
                    self.sent += 1


def hostile_headers(key):
    own = {"Authorization": b"Bearer " + key.encode()} if key else {}
    yield request_head(method=b"GET", path=b"/v1/models", **own | {"Host": b"a" + HEADER_MARKS})
    for name in ["Connection", "Expect", "Authorization", "Origin", "Sec_Fetch_Site", "Content_Type", "X_Other"]:
        yield request_head(**own | {name: b"a" + HEADER_MARKS})
    yield request_head(**own | {"Authorization": b"Bearer a" + HEADER_MARKS})


def hostile_bodies(key):
    """Bodies of 4 MiB whose words are marks, in every place that takes a word."""
    own = {"Authorization": b"Bearer " + key.encode()} if key else {}
    marks = "a" + "\u0301\u0316" * ((BODY - 1024) // 4)
    message = {"role": "user", "content": "Hi"}
    for change in [
        {"model": marks},
        {"messages": [message | {"role": marks}]},
        {"messages": [message | {"content": [{"type": marks, "text": "Hi"}]}]},
        {"response_format": {"type": marks}},
        {"service_tier": marks},
        {marks: 1},
    ]:
        fields = {"model": MODEL, "messages": [message]} | change
        body = json.dumps(fields, ensure_ascii=False).encode()
        yield request_head(len(body), **own) + body


@contextlib.contextmanager
def attacked(server, *attacks):
    """Has each attack's requests come from a client of its own, for as long as the block lasts."""
    ended = threading.Event()
    clients = [Hostile(server, requests, ended) for requests in attacks]
    for client in clients:
        client.start()
    try:
        yield clients
    finally:
        ended.set()
        for client in clients:
            client.join()


def slowest_health(server, attacks, least):
    """Seconds of the slowest answer during some seconds of attacks, of which so many requests are sent at least."""
    with HealthWatch(*place(server)) as health, attacked(server, *attacks) as clients:
        time.sleep(6)
    sent = sum(client.sent for client in clients)
    print(f"{sent} hostile requests, the slowest of {len(health.times)} answers took {1000 * health.worst:.0f} ms")
    assert sent >= least
    return health.worst


def test_hostile_headers_do_not_hold_up_health(new_data):
    with keyed(new_data(), "--model", TINY) as server:
        attacks = [list(hostile_headers(key)) for key in [KEY] * 4 + [None] * 4]
        assert quickest(lambda: slowest_health(server, attacks, 500), 0.1) < 0.1


def test_hostile_bodies_do_not_hold_up_health(new_data):
    with keyed(new_data(), "--model", TINY) as server:
        attacks = [[*hostile_headers(key), *hostile_bodies(key)] for key in [KEY] * 4 + [None] * 4]
        assert quickest(lambda: slowest_health(server, attacks, 1), 0.1) < 0.1


def test_two_signals_end_a_server_beside_hostile_clients(new_data):
    def seconds():
        with keyed(new_data(), "--model", TINY) as server:
            with attacked(server, *[[*hostile_headers(KEY), *hostile_bodies(KEY)]] * 8):
                time.sleep(2)
                server.process.send_signal(signal.SIGTERM)
                time.sleep(0.3)
                server.process.send_signal(signal.SIGTERM)
                again = time.monotonic()
                server.process.wait(20)
                return time.monotonic() - again

    assert quickest(seconds, 1) < 1


# Bodies on their way


def test_unfinished_bodies_take_bounded_memory(new_data):
    with serving(new_data(), "--model", TINY) as server:
        with connected(server) as client:
            body = completion(model="tiny-llama-q8_0", max_tokens=1)
            client.sendall(head(len(body)) + body)
            assert reply_of(client)
        before = vitals(server)
        slowest = []
        for _ in range(2):
            with unfinished_bodies(server, 40) as refusals:
                assert eventually(lambda: len(refusals()) >= 40 - BODIES_IN_FLIGHT // BODY, 20), refusals()
                time.sleep(0.5)
                assert len(refusals()) == 40 - BODIES_IN_FLIGHT // BODY
                slowest.append(max(refusals()))
                assert vitals(server).resident - before.resident < BODIES_IN_FLIGHT + 32 * MEBIBYTE
            assert eventually(lambda: vitals(server).descriptors <= before.descriptors, 20)
            time.sleep(0.3)
        assert min(slowest) < 0.05, slowest


@contextlib.contextmanager
def unfinished_bodies(server, count):
    """Clients that have sent nearly the whole of a body; looks which were refused, and after how many seconds."""
    with contextlib.ExitStack() as clients, selectors.DefaultSelector() as unanswered:
        seconds = []

        def refusals(wait=0):
            for key, _ in unanswered.select(wait):
                seconds.append(time.monotonic() - key.data)
                reply = key.fileobj.recv(1 << 16)
                assert reply.startswith(b"HTTP/1.1 503 ") and b"retry-after: " in reply.lower()
                unanswered.unregister(key.fileobj)
            return seconds

        for _ in range(count):
            client = clients.enter_context(connected(server))
            unanswered.register(client, selectors.EVENT_READ, time.monotonic())
            client.sendall(request_head(BODY))
            refusals(0.02)
            # Of one that is refused, not all is read.
            with contextlib.suppress(ConnectionError):
                client.sendall(b" " * (BODY - 1000))
        yield refusals


# Replies that come while the client is still sending


def oversized(server, key, fields, reads_meanwhile):
    """The reply to a body of 20 MiB, and how sending it ended; the reply is read during the sending or after it."""
    size = 20 * MEBIBYTE
    reply = []
    with connected(server) as client:
        client.sendall(request_head(size, Authorization=b"Bearer " + key.encode(), **fields))
        reader = threading.Thread(target=lambda: reply.append(reply_of(client)))
        if reads_meanwhile:
            reader.start()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            client.sendall(b" " * size)
        if not reads_meanwhile:
            reader.start()
        reader.join()
    return reply[0] if reply else b""


@pytest.mark.parametrize("fields", [{}, {"Connection": b"close"}, {"Expect": b"100-continue"}], ids=str)
@pytest.mark.parametrize("reads_meanwhile", [True, False])
def test_an_early_reply_can_be_read_whole(new_data, fields, reads_meanwhile):
    with keyed(new_data(), "--model", TINY) as server:

        def seconds(key, status):
            start = time.monotonic()
            reply = oversized(server, key, fields, reads_meanwhile)
            reply = reply.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
            assert reply.startswith(b"HTTP/1.1 " + status), reply[:100]
            header, _, body = reply.partition(b"\r\n\r\n")
            length = int(re.search(rb"content-length: (\d+)", header, re.IGNORECASE).group(1))
            assert len(body) == length and json.loads(body)["error"]["type"] == "invalid_request_error"
            return time.monotonic() - start

        # Half a second of grace for a machine under load.
        assert quickest(lambda: seconds(KEY, b"413"), 1.5) < 1.5
        assert quickest(lambda: seconds("wrong", b"401"), 1.5) < 1.5


def test_a_client_that_sends_on_and_on_is_cut_off(new_data):
    with keyed(new_data(), "--model", TINY) as server:

        def seconds():
            with connected(server) as client:
                client.sendall(request_head(1 << 40, Authorization=b"Bearer " + KEY.encode()))
                start, sent = time.monotonic(), 0
                with contextlib.suppress(OSError):
                    while time.monotonic() - start < 10:
                        sent += client.send(b" " * (1 << 16))
                # What is read of it, and what the kernels' buffers hold.
                assert sent < 24 * MEBIBYTE
                return time.monotonic() - start

        assert quickest(seconds, 2) < 2


# Addresses


def test_an_address_that_others_reach_is_pointed_out(new_data):
    with keyed(new_data(), "--model", TINY, "--host", "0.0.0.0") as reached:
        pass
    assert sum("TLS" in line for line in reached.errors) == 1
    with keyed(new_data(), "--model", TINY) as alone:
        pass
    assert not any("TLS" in line for line in alone.errors)
