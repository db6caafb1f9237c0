"""What `GET /admin/status` tells of a real server, also while it is busy."""

import json
import statistics
import threading
import time

import httpx
import pytest
from conftest import MODEL, Server, run
from rounds import quickest
from vitals import eventually

ADMIN = "the-admins-own-key-0123456789"
# The status of a busy server is there within this time.
LONGEST_SECONDS = 0.05
COLUMNS = (
    "requests refusals errors prompt_tokens cached_tokens generated_tokens running waiting first_token_p50_ms"
    " first_token_p95_ms gap_p50_ms gap_p95_ms"
).split()


@pytest.fixture(scope="module")
def place(new_data):
    """A server with an admin key and a key of an owner."""
    data = new_data()
    run("owners", "create", "team", "--data-dir", data)
    key = run("keys", "create", "--name", "ana", "--owner", "team", "--data-dir", data).stdout.strip()
    server = Server("--data-dir", data, "--max-sequences", 4, PINION_ADMIN_KEY=ADMIN)
    server.data = data
    yield server, key
    assert server.stop() == 0


def status(server, client=httpx):
    reply = client.get(f"{server.address}/admin/status", headers={"authorization": f"Bearer {ADMIN}"}, timeout=60)
    assert reply.status_code == 200
    return reply.json()


def chat(server, key, **fields):
    body = {"model": MODEL, "messages": [{"role": "user", "content": "Count to ten."}], "temperature": 0} | fields
    return httpx.post(
        f"{server.address}/v1/chat/completions", json=body, headers={"authorization": f"Bearer {key}"}, timeout=120
    )


def test_the_status_tells_what_requests_took(place, one_day):
    server, key = place
    usages = [chat(server, key, max_tokens=20).json()["usage"] for _ in range(3)]
    secret = "a canary of a prompt"
    assert chat(server, key, temperature=3).status_code == 400
    refused = chat(server, key, messages=[{"role": secret, "content": secret}])
    assert refused.status_code == 400
    assert chat(server, "pk-wrong-canary").status_code == 401
    # The row of a request is in the database a second later, and what is counted of a reply follows its last byte.
    assert eventually(lambda: sum(row["requests"] for row in status(server)["keys"]) >= 3, 60)
    assert eventually(lambda: sum(status(server)["minutes"]["requests"]) >= 6, 60)
    told = status(server)

    (model,) = told["models"]
    assert (model["id"], model["state"], model["running"], model["waiting"]) == (MODEL, "ready", 0, 0)
    assert model["prompt_tokens"] == sum(usage["prompt_tokens"] for usage in usages)
    assert model["cached_tokens"] == sum(usage["prompt_tokens_details"]["cached_tokens"] for usage in usages) > 0
    assert model["generated_tokens"] == sum(usage["completion_tokens"] for usage in usages)
    assert min(model["weight_bytes"], model["cache_bytes"], model["other_bytes"]) > 1 << 20
    assert model["cache_tokens_kept"] >= 16 and model["cache_tokens_free"] > 0

    minutes = told["minutes"]
    assert all(len(minutes[name]) == 60 for name in COLUMNS)
    assert sum(minutes["requests"]) == 6 and sum(minutes["refusals"]) == 3 and sum(minutes["errors"]) == 0
    assert sum(minutes["generated_tokens"]) == model["generated_tokens"] and max(minutes["running"]) == 1
    for name in COLUMNS[8:]:
        assert any(value and 0 < value < 60_000 for value in minutes[name]), name

    (row,) = told["keys"]
    assert (row["name"], row["owner"], row["requests"]) == ("ana", "team", 3)
    assert row["output_tokens"] == model["generated_tokens"]
    slow = told["slow_requests"]
    assert len(slow) == 3 and [entry["key_name"] for entry in slow] == ["ana"] * 3
    assert slow == sorted(slow, key=lambda entry: -entry["total_ms"])
    assert all(entry["queued_ms"] <= entry["first_token_ms"] <= entry["total_ms"] for entry in slow)
    errors = told["errors"]
    assert [(error["status"], error["code"], error["count"]) for error in errors] == [
        (401, "invalid_api_key", 1), (400, refused.json()["error"]["code"], 1), (400, "decimal_above_max_value", 1),
    ]  # fmt: skip
    assert errors[1]["request_id"] == refused.headers["x-request-id"]
    assert told["ledger"]["failure"] is None and told["resident_bytes"] > 1 << 20
    text = json.dumps(told)
    assert not any(word in text for word in (key, ADMIN, "canary"))


def usual_seconds(server, client):
    """The time that three quarters of some looks at the status take at most.

    A quarter may have met threads of the load, or of other tests: client and server share the machine.
    """
    times = []
    for _ in range(40):
        begin = time.monotonic()
        status(server, client)
        times.append(time.monotonic() - begin)
        time.sleep(0.05)
    print(f"status under load: median {statistics.median(times) * 1e3:.1f} ms, longest {max(times) * 1e3:.1f} ms")
    return statistics.quantiles(times, n=4)[2]


def test_the_status_of_a_busy_server_is_there_at_once(place):
    server, key = place
    busy = threading.Event()
    busy.set()

    def load():
        while busy.is_set():
            chat(server, key, max_tokens=64, stream=True)

    threads = [threading.Thread(target=load) for _ in range(8)]
    for thread in threads:
        thread.start()
    try:
        with httpx.Client() as client:
            assert eventually(lambda: status(server, client)["models"][0]["running"] == 4, 60)
            assert quickest(lambda: usual_seconds(server, client), LONGEST_SECONDS) < LONGEST_SECONDS
            told = status(server, client)
        assert told["models"][0]["tokens_per_second"] > 0 and max(told["minutes"]["waiting"]) >= 1
    finally:
        busy.clear()
        for thread in threads:
            thread.join()


def test_the_status_is_there_without_the_ledgers_database_and_says_so(place):
    server, _ = place
    database = server.data / "usage.db"
    moved = database.rename(server.data / "moved.db")
    told = status(server)
    assert "usage.db" in told["ledger"]["failure"] and told["keys"] == [] and told["models"][0]["id"] == MODEL
    moved.rename(database)
    # Rows that were to be moved there meanwhile are tried again.
    assert eventually(lambda: status(server)["ledger"]["failure"] is None, 60)


def test_the_route_is_the_admins_alone(place):
    server, key = place
    for wrong in (key, ADMIN + "x", None):
        head = {"authorization": f"Bearer {wrong}"} if wrong else {}
        assert httpx.get(f"{server.address}/admin/status", headers=head, timeout=60).status_code == 401
