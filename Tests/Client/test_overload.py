"""More requests than the server has room for: some are refused at once, the others do not notice."""

import collections
import json
import socket
import statistics
import threading
import time

from health_watch import HealthWatch
from vitals import SPARE, eventually, sequences, vitals
from wire import JSON, ask, chat, completion, place, plain, serving

RUNNING = 2
WAITING = 6
CAPACITY = RUNNING + WAITING
FLOOD = 4 * CAPACITY
# Sequences that each take their time, so that no place becomes free during the flood.
LONG = {"max_tokens": 300, "ignore_eos": True}
# What the server takes at once; how many more come.
CONNECTIONS, BEYOND = 512, 88


def answered(connection):
    """Status, headers and JSON of the reply to what was asked."""
    reply = connection.getresponse()
    return reply.status, reply.headers, json.loads(reply.read())


def opened(server):
    """A connection that the server has answered on already."""
    connection = plain(server, timeout=120)
    connection.request("GET", "/health")
    assert answered(connection)[0] == 200
    return connection


def seconds_of_a_reply(server):
    start = time.monotonic()
    assert ask(server, max_tokens=16, ignore_eos=True)[0] == 200
    return time.monotonic() - start


class Depth(threading.Thread):
    """Watches how many sequences run or wait."""

    def __init__(self, server):
        super().__init__()
        self.server, self.most, self.ended = server, 0, threading.Event()

    def run(self):
        while not self.ended.wait(0.05):
            self.most = max(self.most, sequences(self.server))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.join()


def flooded(server):
    """The slowest refusal and the slowest answer of health while there are four requests for each place."""
    connections = [opened(server) for _ in range(FLOOD)]
    with HealthWatch(*place(server)) as health, Depth(server) as depth:
        for connection in connections[:CAPACITY]:
            connection.request("POST", "/v1/chat/completions", completion(**LONG), JSON)
        # Each has passed the tokenizer, which takes one prompt after the other.
        assert eventually(lambda: sequences(server) == CAPACITY, 20)
        refusals, times = [], []
        for connection in connections[CAPACITY:]:
            start = time.monotonic()
            connection.request("POST", "/v1/chat/completions", completion(**LONG), JSON)
            refusals.append(answered(connection))
            times.append(time.monotonic() - start)
        accepted = [answered(connection) for connection in connections[:CAPACITY]]
    assert {status for status, _, _ in accepted} == {200}
    assert all(reply["usage"]["completion_tokens"] == LONG["max_tokens"] for _, _, reply in accepted)
    assert {status for status, _, _ in refusals} <= {429, 503}
    assert all(int(headers["retry-after"]) > 0 for _, headers, _ in refusals)
    assert {reply["error"]["code"] for _, _, reply in refusals} == {"server_is_overloaded"}
    assert depth.most <= CAPACITY
    print(f"the slowest refusal took {1000 * max(times):.1f} ms, health {1000 * health.worst:.1f} ms")
    return max(times), health.worst


def test_four_times_the_capacity(new_data):
    with serving(new_data(), "--max-sequences", RUNNING, "--max-waiting", WAITING) as server:
        calm = statistics.median(seconds_of_a_reply(server) for _ in range(5))
        times = [flooded(server)]
        ended = time.monotonic()
        assert eventually(lambda: seconds_of_a_reply(server) < 2 * calm, ended + 5 - time.monotonic())
        # What the machine did for others is not in every round.
        while len(times) < 3 and not in_time(times):
            times.append(flooded(server))
        assert in_time(times), times


def in_time(times):
    """Whether some round's refusals, and some round's health, took no longer than they may."""
    return min(refusal for refusal, _ in times) < 0.05 and min(health for _, health in times) < 0.1


def test_more_connections_than_the_server_takes(new_data):
    with serving(new_data()) as server:
        assert ask(server, max_tokens=1)[0] == 200
        before = vitals(server).descriptors
        clients = [socket.create_connection(place(server), timeout=60) for _ in range(CONNECTIONS + BEYOND)]
        assert eventually(lambda: vitals(server).descriptors - before >= CONNECTIONS - SPARE, 20)
        time.sleep(0.5)
        assert CONNECTIONS - SPARE <= vitals(server).descriptors - before <= CONNECTIONS + SPARE
        for number, client in enumerate(clients):
            # One in twenty asks for work.
            request = chat(max_tokens=1) if number % 20 == 0 else b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n"
            client.sendall(request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
        statuses = collections.Counter(everything(client)[9:12] for client in clients)
        assert statuses == {b"200": len(clients)}
        assert eventually(lambda: vitals(server).descriptors <= before + SPARE, 20)


def everything(client):
    """What is received up to the end of a connection."""
    with client, client.makefile("rb") as data:
        return data.read()
