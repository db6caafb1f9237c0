"""The ledger after its server was killed: what clients were told is in it, once.

PINION_KILLS says how many times; `make test-long` kills 200 times.
"""

import os
import random
import signal
import threading
import time

import pytest
from conftest import Server, run
from ledger_rows import BODIES, ask, rows

KILLS = int(os.environ.get("PINION_KILLS", 6))
# Where a server kills itself, and by the clock.
POINTS = ["before-journal", "after-journal", "before-fold", "before-cut", "after-cut", None]
CLIENTS = 6
# Tokens that can be on their way from the slot to the client: those of a step of the engine, of what is joined while the
# client reads, and of a text that is held back until it cannot be a stop string.
ON_THE_WAY = 64


def killed(data, key, point, seed):
    """Serves clients on all routes until the server dies at a point; what they were told."""
    generator = random.Random(seed)
    extra = {"PINION_KILL_AT": f"{point}:{generator.randint(1, 12)}"} if point else {}
    server = Server("--data-dir", data, **extra)
    told, ended = [], threading.Event()

    def client(number):
        choice = random.Random(seed * CLIENTS + number)
        while not ended.is_set() and server.process.poll() is None:
            route = choice.choice(list(BODIES))
            told.append(ask(server.address, key, route, choice.randint(1, 60), choice.choice([None, None, 3])))

    clients = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in clients:
        thread.start()
    deadline = time.monotonic() + (generator.uniform(0.1, 2) if point is None else 10)
    while time.monotonic() < deadline and server.process.poll() is None:
        time.sleep(0.01)
    server.process.send_signal(signal.SIGKILL)
    ended.set()
    for thread in clients:
        thread.join()
    server.stop()
    return told


@pytest.fixture
def key(new_data):
    data = new_data()
    made = run("keys", "create", "--name", "of the test", "--data-dir", data)
    return data, made.stdout.strip()


def test_what_clients_were_told_is_in_the_ledger_once(key):
    data, secret = key
    told = [
        request for kill in range(KILLS) for request in killed(data, secret, POINTS[kill % len(POINTS)], kill)
    ]
    # Twice, so that what is replayed is replayed again.
    for _ in range(2):
        last = Server("--data-dir", data)
        assert last.stop() == 0
    ledger = rows(data)
    by_id = {row["request"]: row for row in ledger}
    assert len(by_id) == len(ledger)
    assert {row["outcome"] for row in ledger} <= {"completed", "disconnected", "cancelled", "lost"}
    known = [request for request in told if request.status == 200]
    assert known
    exact = 0
    for request in known:
        row = by_id[request.request_id]
        assert row["route"] == request.route
        assert request.tokens <= row["output"], (request, row)
        if request.usage is not None:
            exact += 1
            assert request.usage == row["output"], (request, row)
        elif request.tokens and row["outcome"] == "lost":
            assert row["output"] <= request.tokens + ON_THE_WAY, (request, row)
    assert exact
    # What a client was not told the head of can still have a row; no more than there were requests.
    assert len(ledger) <= len(told)
    print(f"{len(told)} requests, {len(ledger)} rows, {exact} told to the end,"
          f" {sum(row['outcome'] == 'lost' for row in ledger)} lost")
