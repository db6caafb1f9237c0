"""Clients that stop reading, or hardly send: what they cost, when they are closed, and that others do not notice."""

import concurrent.futures
import contextlib
import json
import pathlib
import re
import selectors
import socket
import statistics
import time
import types

import pytest
from conftest import MODEL, ROOT
from health_watch import HealthWatch
from vitals import MEBIBYTE, SPARE, eventually, sequences, vitals
from wire import JSON, chat, completion, head, place, plain, serving, stalled

READERS = 100
SENDERS = 50
# The readers ask a model that fills their buffers in no time; everybody else asks the real one.
TINY = ROOT / "Tests/Fixtures/models/tiny-llama-q8_0.gguf"
# Half a megabyte for each choice, which is more than a kernel takes of it.
LONG = {"model": "tiny", "max_tokens": 400, "ignore_eos": True, "logprobs": True, "top_logprobs": 20}
# What the process may hold of such a reply, in its own form and that of the wire, and allocators' waste.
READER_BYTES = 2 * MEBIBYTE
# Seconds that a machine under load may add to a time-out.
MARGIN = 3
# Bytes a second of a reader that is slow and does not stop: slower than the reply by far.
STEADY_RATE = 50_000


@pytest.fixture(scope="module")
def scene(model_path, new_data):
    """All of them at once, for a minute; what became of each."""
    models = ["--model", f"{MODEL}={model_path}", "--model", f"tiny={TINY}"]
    with (
        serving(new_data(), *models) as server,
        serving(new_data(), *models) as other,
        concurrent.futures.ThreadPoolExecutor() as pool,
    ):
        with HealthWatch(*place(server)) as health:
            heads = pool.submit(trickle, server, b"", head(1000))
            bodies = pool.submit(trickle, server, head(1000), completion())
            time.sleep(1)
            queued, before = sequences(server), vitals(server)
            steady = pool.submit(read_steadily, server)
            readers = pool.submit(Stalls, server, [stalled(server, chat(stream=True, **LONG)) for _ in range(READERS)])
            meanwhile, calm = [], []
            while not readers.done():
                meanwhile.append(neighbour(server))
                # The same at the same time, of a server that has no other clients.
                calm.append(neighbour(other))
                time.sleep(0.1)
        # The last connections are closed a moment later.
        eventually(lambda: vitals(server).descriptors <= before.descriptors - 2 * SENDERS + SPARE, 5)
        yield types.SimpleNamespace(
            calm=calm, meanwhile=meanwhile, health=health, heads=heads.result(), bodies=bodies.result(),
            steady=steady.result(), queued=queued, before=before, readers=readers.result(), after=vitals(server),
        )  # fmt: skip


def neighbour(server):
    """When a well-behaved client began its stream, and the seconds it took."""
    start = time.monotonic()
    connection = plain(server)
    connection.request("POST", "/v1/chat/completions", completion(stream=True, max_tokens=24, ignore_eos=True), JSON)
    reply = connection.getresponse()
    events = [line for line in reply if line != b"\n"]
    assert reply.status == 200
    assert len(events) > 2 and events[-1] == b"data: [DONE]\n"
    return start, time.monotonic() - start


def trickle(server, opening, rest):
    """Sends requests a byte a second; of each the seconds it was let, and the first bytes it was answered."""
    ends = []
    with selectors.DefaultSelector() as open_ones:
        for _ in range(SENDERS):
            client = socket.create_connection(place(server))
            client.sendall(opening)
            open_ones.register(client, selectors.EVENT_READ)
        start = time.monotonic()
        for second, byte in enumerate(rest):
            for key in list(open_ones.get_map().values()):
                # One that was closed in this moment is seen below.
                with contextlib.suppress(ConnectionError):
                    key.fileobj.send(bytes([byte]))
            while (left := start + second + 1 - time.monotonic()) > 0:
                for key, _ in open_ones.select(left):
                    ends.append((time.monotonic() - start, last_words(key.fileobj)))
                    open_ones.unregister(key.fileobj)
                    key.fileobj.close()
            if not open_ones.get_map():
                return ends
    raise AssertionError(f"{SENDERS - len(ends)} were never closed")


def last_words(client):
    try:
        return client.recv(4096)
    except ConnectionResetError:
        # A byte on its way met a closed connection.
        return b""


def read_steadily(server):
    """The JSON of a long reply to a client that takes it slowly."""
    client = stalled(server, chat(n=2, **LONG))
    client.settimeout(60)
    data = b""
    start = time.monotonic()
    while not data.endswith(b"}}") and (part := client.recv(1 << 15)):
        data += part
        time.sleep(max(0, start + len(data) / STEADY_RATE - time.monotonic()))
    header, _, body = data.partition(b"\r\n\r\n")
    return header, body


class Stalls:
    """When each connection last took something, and when the server gave it up."""

    def __init__(self, server, clients):
        self.ports = {client.getsockname()[1] for client in clients}
        self.held, self.moved, self.closed, self.resident = {}, {}, {}, 0
        while len(self.closed) < len(clients):
            self._look(held_by_kernel(server), time.monotonic())
            self.resident = max(self.resident, vitals(server).resident)
            time.sleep(0.25)
        for client in clients:
            client.close()

    def _look(self, held, now):
        for port in self.ports - self.closed.keys():
            if port not in held:
                self.closed[port] = now
            elif self.held.get(port) != held[port]:
                self.held[port], self.moved[port] = held[port], now

    @property
    def seconds(self):
        return [self.closed[port] - self.moved[port] for port in self.ports]


def held_by_kernel(server):
    """Bytes written and not yet sent on each open connection of the server, by the client's port."""
    port = f":{place(server)[1]:04X}"
    rows = [line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {
        int(row[2].split(":")[1], 16): int(row[4].split(":")[0], 16)
        for row in rows
        if row[1].endswith(port) and row[3] == "01"
    }


def test_readers_that_stop_are_closed_after_half_a_minute(scene):
    assert len(scene.readers.seconds) == READERS
    # A tenth of the time may pass between two looks.
    assert 25 < min(scene.readers.seconds) and max(scene.readers.seconds) < 33 + MARGIN, sorted(scene.readers.seconds)


def test_readers_that_stop_take_bounded_memory(scene):
    assert (scene.readers.resident - scene.before.resident) / READERS < READER_BYTES
    assert max(scene.readers.held.values()) < MEBIBYTE
    assert scene.after.descriptors <= scene.before.descriptors - 2 * SENDERS + SPARE


def test_a_reader_that_is_only_slow_gets_everything(scene):
    header, body = scene.steady
    assert re.search(rb"content-length: (\d+)", header, re.IGNORECASE).group(1) == str(len(body)).encode()
    assert len(json.loads(body)["choices"][0]["logprobs"]["content"]) == LONG["max_tokens"]


def test_slow_heads_are_closed_after_ten_seconds(scene):
    assert len(scene.heads) == SENDERS
    assert 9 < min(scene.heads)[0] and max(scene.heads)[0] < 10 + MARGIN


def test_slow_bodies_are_refused_after_half_a_minute(scene):
    assert len(scene.bodies) == SENDERS
    assert 29 < min(scene.bodies)[0] and max(scene.bodies)[0] < 30 + MARGIN
    assert {answer[:13] for _, answer in scene.bodies} <= {b"HTTP/1.1 408 ", b""}


def test_slow_senders_hold_no_place_in_the_queue(scene):
    assert scene.queued == 0


def test_others_are_not_harmed(scene):
    """That each of their streams is whole, the scene has seen to."""
    since = max(scene.readers.moved.values())
    stalled, calm = ([seconds for start, seconds in each if start > since] for each in (scene.meanwhile, scene.calm))
    assert len(stalled) > 10
    assert statistics.median(stalled) < 3 * statistics.median(calm)


def test_health_answers_at_once_all_the_time(scene):
    assert len(scene.health.times) > 200
    assert scene.health.worst < 0.1, sorted(scene.health.times)[-10:]
