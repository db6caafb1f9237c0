"""Every row of the dialects' tables of errors before the head of a reply, in each dialect's exact shape.

A full queue and failures of the server's own, before and after the head, are in `test_failures.py`; what a stop of the
server makes of streams is in `test_shutdown.py`.
"""

import json

import pytest
from conftest import run
from dialects import ABSENT, BOTH_WAYS, CHAT, EVERY_DIALECT, HTTP, MESSAGES, RESPONSES, Dialect, events_of, refused
from vitals import eventually
from wire import JSON, plain

LONG = "the river " * 20_000
BODY_LIMIT = 4 << 20


# Keys


@EVERY_DIALECT
@BOTH_WAYS
def test_no_key(server, dialect, stream):
    message = refused(dialect, dialect.post(server, None, stream=stream), 401, None, anthropic="authentication_error")
    assert dialect.key.lower() in message.lower()


@EVERY_DIALECT
@BOTH_WAYS
def test_a_wrong_and_a_revoked_key_are_told_the_same(server, data, dialect, stream):
    key = run("keys", "create", "--name", f"{dialect} {stream}", "--data-dir", data).stdout.strip()
    listed = json.loads(run("keys", "list", "--json", "--data-dir", data).stdout)
    (record,) = [record for record in listed if record["name"] == f"{dialect} {stream}"]
    assert dialect.post(server, key, {"nonsense": 1}).status_code == 400
    run("keys", "revoke", record["id"], "--data-dir", data)
    assert eventually(lambda: dialect.post(server, key).status_code == 401, 1)
    messages = set()
    for bad in [key, "pk-wrong"]:
        reply = dialect.post(server, bad, stream=stream)
        messages.add(refused(dialect, reply, 401, "invalid_api_key", anthropic="authentication_error"))
    assert len(messages) == 1 and key not in messages.pop()


# Limits of keys: the options that make the key, the status, and what OpenAI's dialects and Messages call the error.
LIMITS = [
    (["--requests-per-minute", 1], 429, "requests", "rate_limit_exceeded", "rate_limit_error"),
    (["--tokens-per-minute", 60], 429, "tokens", "rate_limit_exceeded", "rate_limit_error"),
    (["--daily-tokens", 60], 429, "insufficient_quota", "insufficient_quota", "rate_limit_error"),
    (["--model", "nobody/*"], 404, "invalid_request_error", "model_not_found", "not_found_error"),
]


@EVERY_DIALECT
@BOTH_WAYS
@pytest.mark.parametrize(
    "options, status, kind, code, anthropic", LIMITS, ids=lambda value: value[0] if isinstance(value, list) else ""
)
def test_a_limit_of_the_key(server, data, one_day, dialect, options, status, kind, code, anthropic, stream):
    key = run("keys", "create", *options, "--data-dir", data).stdout.strip()
    replies = [dialect.post(server, key, stream=stream) for _ in range(3)]
    assert (replies[0].status_code == 200) == (status == 429), replies[0].text
    if dialect is RESPONSES and stream and status == 429:
        # Agents know limits, like overflows, from this event alone.
        *_, last = events_of(dialect, replies[-1].text)
        assert replies[-1].status_code == 200 and last["type"] == "response.failed"
        assert last["response"]["error"]["code"] == code
        assert (". Please try again in " in last["response"]["error"]["message"]) == (code == "rate_limit_exceeded")
        return
    refused(dialect, replies[-1], status, code, kind=kind, anthropic=anthropic)
    headers = replies[-1].headers
    assert ("retry-after" in headers) == (code == "rate_limit_exceeded")
    if code == "insufficient_quota":
        # Clients repeat a 429 that says nothing of it.
        assert headers["x-should-retry"] == "false"


# Bodies


# Of OpenAI's dialects, which share all but the names of some fields: what is changed, status, code and parameter.
SHARED_ROWS = [
    ({"model": "nobody/knows"}, 404, "model_not_found", None),
    ({"model": ABSENT}, 400, "missing_required_parameter", "model"),
    ({"temperature": "hot"}, 400, "invalid_type", "temperature"),
    ({"service_tier": "flex"}, 400, "unsupported_value", "service_tier"),
    ({"moderation": {}}, 400, "unsupported_parameter", "moderation"),
    ({"temperature": 3}, 400, "decimal_above_max_value", "temperature"),
    ({"top_p": 0}, 400, "decimal_below_min_value", "top_p"),
    ({"nonsense": 1}, 400, "unknown_parameter", "nonsense"),
]
CHAT_ROWS = [
    ({"messages": [{"role": "user"}]}, 400, "missing_required_parameter", "messages[0].content"),
    ({"messages": [{"role": "king", "content": "Hi"}]}, 400, "invalid_value", "messages[0].role"),
    ({"max_tokens": 1 << 31}, 400, "integer_above_max_value", "max_tokens"),
    ({"max_tokens": 0}, 400, "integer_below_min_value", "max_tokens"),
    ({"messages": [{"role": "user", "content": LONG}]}, 400, "context_length_exceeded", "messages"),
]
RESPONSES_ROWS = [
    ({"input": [{"role": "user"}]}, 400, "missing_required_parameter", "input[0].content"),
    ({"input": [{"role": "king", "content": "Hi"}]}, 400, "invalid_value", "input[0].role"),
    ({"max_output_tokens": 1 << 31}, 400, "integer_above_max_value", "max_output_tokens"),
    ({"max_output_tokens": 0}, 400, "integer_below_min_value", "max_output_tokens"),
]
# Of Messages, whose errors have no code: what is changed, status, type, and what the message says.
MESSAGES_ROWS = [
    ({"model": "nobody/knows"}, 404, "not_found_error", "nobody/knows"),
    ({"model": ABSENT}, 400, "invalid_request_error", "'model'"),
    ({"max_tokens": ABSENT}, 400, "invalid_request_error", "'max_tokens'"),
    ({"messages": [{"role": "user"}]}, 400, "invalid_request_error", "'messages[0].content'"),
    ({"messages": [{"role": "king", "content": "Hi"}]}, 400, "invalid_request_error", "'king'"),
    ({"temperature": "hot"}, 400, "invalid_request_error", "'temperature'"),
    ({"service_tier": "flex"}, 400, "invalid_request_error", "'service_tier'"),
    ({"container": "c"}, 400, "invalid_request_error", "'container'"),
    ({"temperature": 2}, 400, "invalid_request_error", "'temperature'"),
    ({"top_p": 0}, 400, "invalid_request_error", "'top_p'"),
    ({"max_tokens": 1 << 31}, 400, "invalid_request_error", "'max_tokens'"),
    ({"max_tokens": 0}, 400, "invalid_request_error", "'max_tokens'"),
    ({"nonsense": 1}, 400, "invalid_request_error", "'nonsense'"),
    ({"messages": [{"role": "user", "content": LONG}]}, 400, "invalid_request_error", "prompt is too long: "),
]


@BOTH_WAYS
@pytest.mark.parametrize(
    "dialect, change, status, code, param",
    [(CHAT, *row) for row in SHARED_ROWS + CHAT_ROWS] + [(RESPONSES, *row) for row in SHARED_ROWS + RESPONSES_ROWS],
    ids=lambda value: str(value) if isinstance(value, (str, Dialect)) else "",
)
def test_a_body_that_is_wrong_in_one_place(server, dialect, change, status, code, param, stream):
    message = refused(dialect, dialect.post(server, server.key, change, stream=stream), status, code, param)
    assert message.endswith(".")


@BOTH_WAYS
@pytest.mark.parametrize(
    "change, status, kind, says", MESSAGES_ROWS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_body_of_messages_that_is_wrong_in_one_place(server, change, status, kind, says, stream):
    reply = MESSAGES.post(server, server.key, change, stream=stream)
    assert says in refused(MESSAGES, reply, status, None, anthropic=kind)


@EVERY_DIALECT
@pytest.mark.parametrize("body", [b"{not json", b"", b'{"model": "\xff"}', b'{"model":1,"model":1}', b"[" * 200])
def test_a_body_that_is_no_json(server, dialect, body):
    headers = dialect.head(server.key) | JSON
    reply = HTTP.post(server.address + dialect.path, content=body, headers=headers)
    assert "JSON" in refused(dialect, reply, 400, None)


def test_a_prompt_that_is_too_long_for_responses(server):
    """A stream tells it with the status 200, because agents know it from there alone."""
    whole = RESPONSES.post(server, server.key, {"input": LONG})
    message = refused(RESPONSES, whole, 400, "context_length_exceeded", "input")
    assert "This model's maximum context length is" in message
    reply = RESPONSES.post(server, server.key, {"input": LONG}, stream=True)
    assert reply.status_code == 200
    events = events_of(RESPONSES, reply.text)
    assert [event["type"] for event in events] == ["response.created", "response.in_progress", "response.failed"]
    failed = events[-1]["response"]
    assert failed["error"] == {"code": "context_length_exceeded", "message": message}
    assert (failed["status"], failed["output"], failed["usage"]) == ("failed", [], None)


# Routes and sizes


@EVERY_DIALECT
def test_a_wrong_method_and_an_unknown_route(server, dialect):
    headers = dialect.head(server.key)
    wrong = HTTP.get(server.address + dialect.path, headers=headers)
    refused(dialect, wrong, 405, "method_not_supported")
    assert wrong.headers["allow"] == "POST"
    missing = HTTP.post(f"{server.address}{dialect.path}/nothing", json=dialect.body, headers=headers)
    refused(dialect, missing, 404, None, anthropic="not_found_error")


class Early:
    """A reply to a head whose body was never sent, as `refused` reads replies."""

    def __init__(self, server, dialect, key, length):
        connection = plain(server)
        connection.putrequest("POST", dialect.path)
        for name, value in (dialect.head(key) | JSON | {"Content-Length": str(length)}).items():
            connection.putheader(name, value)
        connection.endheaders()
        reply = connection.getresponse()
        self.status_code, self.headers, self.text = reply.status, reply.headers, reply.read().decode()
        connection.close()

    def json(self):
        return json.loads(self.text)


@EVERY_DIALECT
def test_a_body_that_is_too_large(server, dialect):
    reply = Early(server, dialect, server.key, BODY_LIMIT + 1)
    assert str(BODY_LIMIT) in refused(dialect, reply, 413, None, anthropic="request_too_large")
