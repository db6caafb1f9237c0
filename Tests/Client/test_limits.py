"""Limits as clients meet them, and what the ledger keeps of requests."""

import threading
import time

import httpx
import openai
import pytest
from conftest import MODEL, Server, run
from dialects import CHAT, MESSAGES, RESPONSES
from ledger_rows import rows
from vitals import eventually

HELLO = [{"role": "user", "content": "Hi"}]
pytestmark = pytest.mark.usefixtures("one_day")


@pytest.fixture(scope="module")
def place(new_data):
    """A data directory, and a server over it."""
    data = new_data()
    run("owners", "create", "team", "--daily-tokens", "100000", "--data-dir", data)
    run("keys", "create", "--name", "first", "--data-dir", data)
    prices = ["--input-price", "0.15", "--cached-price", "0.075", "--output-price", "0.6"]
    done = run("keys", "model", "set", MODEL, *prices, "--data-dir", data)
    assert done.returncode == 0, done.stderr
    server = Server("--data-dir", data)
    yield data, server
    assert server.stop() == 0, server.errors


def made(data, *limits):
    """A new key's identifier and secret."""
    done = run("keys", "create", "--name", "limited", *limits, "--data-dir", data)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def ask(server, key, tokens=4, **fields):
    """Whole, without retries."""
    return server.client(key).chat.completions.create(model=MODEL, messages=HELLO, max_tokens=tokens, **fields)


def folded(data, request_id, seconds=60):
    """The row of a request, once it is in the database."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for row in rows(data):
            if row["request"] == request_id:
                return row
        time.sleep(0.1)
    raise AssertionError(f"no row of {request_id}")


def test_a_row_has_what_the_reply_told(place):
    data, server = place
    key = made(data, "--owner", "team")
    client = server.client(key)
    for retries in range(2):
        reply = client.chat.completions.with_raw_response.create(
            model=MODEL, messages=HELLO, max_tokens=6, user="ada", metadata={"job": "7"},
            extra_headers={"x-stainless-retry-count": str(retries)},
        )  # fmt: skip
        usage = reply.parse().usage
        row = folded(data, reply.headers["x-request-id"])
        cached = usage.prompt_tokens_details.cached_tokens
        assert (row["input"], row["cached"], row["output"]) == (usage.prompt_tokens, cached, usage.completion_tokens)
        # Nano-units: 0.15 of the currency for a million tokens are 150 for one.
        assert row["cost"] == (usage.prompt_tokens - cached) * 150 + cached * 75 + usage.completion_tokens * 600
        assert (row["owner"], row["model"], row["route"]) == ("team", MODEL, "/v1/chat/completions")
        assert (row["outcome"], row["status"], row["retries"]) == ("completed", 200, retries)
        assert row["metadata"] == b'{"job":"7"}'
        assert 0 <= row["queued"] <= row["first_token"] <= row["run"]


def test_requests_per_minute(place):
    data, server = place
    key = made(data, "--requests-per-minute", "2")
    heads = [
        server.client(key).chat.completions.with_raw_response.create(
            model=MODEL, messages=HELLO, max_tokens=1
        ).headers
        for _ in range(2)
    ]
    assert [head["x-ratelimit-limit-requests"] for head in heads] == ["2", "2"]
    assert [head["x-ratelimit-remaining-requests"] for head in heads] == ["1", "0"]
    with pytest.raises(openai.RateLimitError) as caught:
        ask(server, key)
    assert (caught.value.code, caught.value.type) == ("rate_limit_exceeded", "requests")
    assert 1 <= int(caught.value.response.headers["retry-after"]) <= 30
    # A refusal has no row.
    time.sleep(1.2)
    assert caught.value.response.headers["x-request-id"] not in {row["request"] for row in rows(data)}


def test_a_spent_budget_is_not_tried_again(place):
    data, server = place
    key = made(data, "--daily-tokens", "60")
    first = ask(server, key, tokens=10)
    assert first.usage.total_tokens <= 60
    sent = []
    with httpx.Client(timeout=120, event_hooks={"request": [sent.append]}) as http:
        client = server.client(key, http_client=http).with_options(max_retries=5)
        with pytest.raises(openai.RateLimitError) as caught:
            client.chat.completions.create(model=MODEL, messages=HELLO, max_tokens=50)
    assert caught.value.code == "insufficient_quota"
    assert caught.value.response.headers["x-should-retry"] == "false"
    assert len(sent) == 1


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ("--daily-money", "the daily money of this key is spent. Ask the operator of this server to raise it."),
        ("--credit", "the credit of this key is spent. Ask the operator of this server to raise it."),
        ("--daily-tokens", "the daily tokens of this key are spent. Ask the operator of this server to raise them."),
    ],
)
def test_a_refusal_is_a_sentence(place, limit, words):
    data, server = place
    with pytest.raises(openai.RateLimitError) as caught:
        ask(server, made(data, limit, "0"))
    assert words in caught.value.message


@pytest.mark.parametrize("dialect", [CHAT, RESPONSES, MESSAGES], ids=str)
def test_a_budget_refuses_in_every_dialect(place, dialect):
    data, server = place
    key = made(data, "--daily-tokens", "5")
    reply = dialect.post(server, key)
    assert reply.status_code == 429
    assert reply.headers["x-should-retry"] == "false"
    stream = dialect.post(server, key, stream=True)
    if dialect is RESPONSES:
        assert stream.status_code == 200
        assert '"code":"insufficient_quota"' in stream.text and "event: response.failed" in stream.text
    else:
        assert stream.status_code == 429


def test_a_budget_of_money_ends_a_reply_and_is_never_exceeded(place):
    data, server = place
    # The prompt's 31 tokens and the first 1,024 of the reply at their prices, and some 100 tokens more.
    budget = 31 * 150 + 1_124 * 600
    key = made(data, "--credit", f"0.{budget:09d}")
    reply = server.client(key).chat.completions.with_raw_response.create(
        model=MODEL, messages=HELLO, max_tokens=1_500, temperature=0, extra_body={"ignore_eos": True}
    )
    parsed = reply.parse()
    assert parsed.choices[0].finish_reason == "length"
    assert parsed.usage.completion_tokens == 1_124
    row = folded(data, reply.headers["x-request-id"])
    assert row["outcome"] == "budget"
    assert row["cost"] <= budget


def test_a_budget_is_shared_by_an_owners_keys_and_holds_over_a_restart(new_data):
    data = new_data()
    run("owners", "create", "small", "--monthly-tokens", "100", "--data-dir", data)
    keys = [made(data, "--owner", "small") for _ in range(2)]
    server = Server("--data-dir", data)
    assert ask(server, keys[0], tokens=10).usage.total_tokens <= 50
    assert server.stop() == 0
    server = Server("--data-dir", data)
    try:
        with pytest.raises(openai.RateLimitError):
            ask(server, keys[1], tokens=80)
        assert ask(server, keys[1], tokens=10)
    finally:
        server.stop()


def test_a_crowd_never_takes_more_than_a_budget(place):
    data, server = place
    key = made(data, "--daily-tokens", "400")
    taken, lock = [], threading.Lock()

    def client(number):
        for turn in range(3):
            reply = CHAT.post(server, key, max_tokens=5 + number + turn, stream=False)
            if reply.status_code == 200:
                with lock:
                    taken.append(reply.json()["usage"]["total_tokens"])
            else:
                assert reply.status_code == 429

    threads = [threading.Thread(target=client, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert taken and sum(taken) <= 400


def use(server, key):
    """What a key is told of itself."""
    return httpx.get(f"{server.address}/v1/usage", headers={"Authorization": f"Bearer {key}"}, timeout=60).json()


def test_a_key_is_told_its_use_and_its_limits(place):
    data, server = place
    key = made(data, "--owner", "team", "--daily-tokens", "500")
    total = ask(server, key).usage.total_tokens
    told = use(server, key)
    assert told["key"]["limits"] == {"daily_tokens": 500}
    assert [told["key"][period]["tokens"] for period in ("day", "month", "total")] == [total] * 3
    assert told["key"]["reserved"] == {"tokens": 0, "cost": 0}
    assert told["owner"]["id"] == "team" and told["owner"]["day"]["tokens"] >= total
    assert httpx.get(f"{server.address}/v1/usage", timeout=60).status_code == 401


def test_the_admin_key_opens_reports_and_no_other_key_does(new_data):
    data = new_data()
    run("owners", "create", "team", "--data-dir", data)
    key = made(data, "--owner", "team")
    server = Server("--data-dir", data, PINION_ADMIN_KEY="the-admins-own-key")

    def get(path, key="the-admins-own-key"):
        head = {"Authorization": f"Bearer {key}"} if key else {}
        return httpx.get(server.address + path, headers=head, timeout=60)

    try:
        total = ask(server, key).usage.total_tokens
        report = "/admin/usage?by=owner&by=model&since=1d"
        assert eventually(lambda: get(report).json()["lines"], 60)
        assert [owner["name"] for owner in get("/admin/owners").json()] == ["team"]
        assert [found["owner"] for found in get("/admin/keys").json()] == ["team"]
        (line,) = get(report).json()["lines"]
        assert (line["owner"], line["model"], line["requests"]) == ("team", MODEL, 1)
        assert line["input_tokens"] + line["output_tokens"] == total
        for path in ("/admin/usage", "/admin/keys", "/admin/owners", "/admin/status"):
            assert get(path, key=key).status_code == get(path, key=None).status_code == 401
        assert get("/v1/models").status_code == 401, "the admin key is no client's"
        for query in ("by=moon", "by=day&by=key&by=day", "since=x", "x=1"):
            code = "unknown_parameter" if query == "x=1" else "invalid_value"
            reply = get("/admin/usage?" + query)
            assert (reply.status_code, reply.json()["error"]["code"]) == (400, code)
    finally:
        server.stop()


def test_without_an_admin_key_there_are_no_admin_routes(place):
    data, server = place
    head = {"Authorization": "Bearer x"}
    assert httpx.get(f"{server.address}/admin/keys", headers=head, timeout=60).status_code == 404


def test_a_key_may_use_its_models_only(place):
    data, server = place
    key = made(data, "--model", "other/*")
    with pytest.raises(openai.NotFoundError) as caught:
        ask(server, key)
    assert caught.value.code == "model_not_found"
    assert server.client(key).models.list().data == []
    with pytest.raises(openai.NotFoundError):
        server.client(key).models.retrieve(MODEL)
    count = httpx.post(
        f"{server.address}/v1/messages/count_tokens", json={"model": MODEL, "messages": HELLO},
        headers={"x-api-key": key}, timeout=60,
    )  # fmt: skip
    assert count.status_code == 404


def test_a_rotated_key_is_good_until_its_grace_ends(new_data):
    data = new_data()
    keys = [made(data)]

    def rotated(grace):
        keys.append(run("keys", "rotate", keys[0], "--grace", grace, "--data-dir", data).stdout.strip())

    def states(server):
        heads = [{"Authorization": f"Bearer {key}"} for key in keys]
        return [httpx.get(f"{server.address}/v1/models", headers=head, timeout=60).status_code for head in heads]

    rotated("1h")
    server = Server("--data-dir", data)
    assert states(server) == [200, 200]
    assert server.stop() == 0
    server = Server("--data-dir", data)
    try:
        assert states(server) == [200, 200]
        rotated("0s")
        assert states(server) == [401, 401, 200]
    finally:
        server.stop()


def test_a_second_server_of_a_directory_is_told_of_the_first_and_changes_nothing(place):
    data, server = place
    second = run("serve", "--port", "0", "--data-dir", data, "--currency", "EUR")
    assert second.returncode == 1
    assert f"process {server.process.pid}" in second.stderr
    # The first goes on: what is used after that is in the database, in the same currency.
    key = made(data)
    reply = server.client(key).chat.completions.with_raw_response.create(model=MODEL, messages=HELLO, max_tokens=1)
    assert folded(data, reply.headers["x-request-id"])["output"] == 1
    assert '"currency":"USD"' in run("usage", "--format", "json", "--data-dir", data).stdout


def test_metrics_tell_of_refusals_and_the_journal(place):
    data, server = place
    key = made(data, "--daily-tokens", "1")
    assert CHAT.post(server, key).status_code == 429
    head = {"Authorization": f"Bearer {made(data)}"}
    text = httpx.get(f"{server.address}/metrics", headers=head, timeout=60).text
    assert 'pinion_refusals_total{reason="budget"}' in text
    assert "pinion_ledger_reserved_tokens 0" in text


def test_a_key_given_at_start_follows_the_default_policy(new_data):
    data, key = new_data(), "sk-given-at-start"
    run("keys", "policy", "create", "guests", "--output-tokens", "3", "--data-dir", data)
    server = Server("--data-dir", data, PINION_API_KEY=key)
    try:
        whole = {"ignore_eos": True}
        assert ask(server, key, tokens=8, extra_body=whole).usage.completion_tokens == 8
        done = run("keys", "policy", "default", "guests", "--data-dir", data)
        assert done.returncode == 0, done.stderr
        reply = ask(server, key, tokens=8, extra_body=whole)
        assert (reply.usage.completion_tokens, reply.choices[0].finish_reason) == (3, "length")
        assert use(server, key)["key"]["limits"] == {"output_tokens": 3}
    finally:
        assert server.stop() == 0, server.errors


def test_a_ledger_keeps_the_currency_that_its_amounts_are_in(new_data):
    data = new_data()
    run("keys", "model", "set", MODEL, "--output-price", "1", "--data-dir", data)

    def report(*arguments):
        return run("usage", "--data-dir", data, *arguments).stdout

    server = Server("--data-dir", data, "--currency", "EUR")
    key = server.wait_for(r"^\s+(pk-\w+)$")
    try:
        assert use(server, key)["currency"] == "EUR"
    finally:
        assert server.stop() == 0, server.errors
    # Nothing has cost anything yet.
    server = Server("--data-dir", data, PINION_CURRENCY="CREDITS")
    try:
        ask(server, key)
    finally:
        assert server.stop() == 0, server.errors
    done = run("serve", "--port", "0", "--currency", "EUR", "--data-dir", data)
    assert done.returncode == 1
    assert "are in CREDITS and cannot become EUR" in done.stderr
    assert run("serve", "--currency", "euro", "--data-dir", data).returncode == 64
    assert report().split("\n")[0].split()[-1] == "CREDITS"
    assert '"currency":"CREDITS"' in report("--format", "json")
    assert report("--format", "csv").splitlines()[1].endswith(",CREDITS")
    # Without a word the ledger's own goes on.
    assert Server("--data-dir", data).stop() == 0
