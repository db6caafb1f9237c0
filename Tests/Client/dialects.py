"""The routes that answer with text, as a test asks each of them, and the shape of what each refuses with."""

import dataclasses
import json

import httpx
import pytest
from conftest import MODEL

HELLO = [{"role": "user", "content": "Hi"}]
# The value of a field that is not sent.
ABSENT = object()
# One for all requests: making one takes longer than asking.
HTTP = httpx.Client(timeout=60)


@dataclasses.dataclass(frozen=True)
class Dialect:
    """How one route is asked."""

    path: str
    body: dict
    # Where a client of the route puts its key, and what it says of itself.
    key: str = "Authorization"
    scheme: str = "Bearer "
    headers: dict = dataclasses.field(default_factory=dict)

    def __str__(self):
        return self.path.rsplit("/", 1)[1]

    def head(self, key):
        return self.headers | ({self.key: self.scheme + key} if key else {})

    def post(self, server, key, change=None, **fields):
        body = {name: value for name, value in (self.body | (change or {})).items() if value is not ABSENT}
        return HTTP.post(server.address + self.path, json=body | fields, headers=self.head(key))


CHAT = Dialect("/v1/chat/completions", {"model": MODEL, "messages": HELLO, "max_tokens": 4})
RESPONSES = Dialect("/v1/responses", {"model": MODEL, "input": "Hi", "max_output_tokens": 4})
MESSAGES = Dialect(
    "/v1/messages", {"model": MODEL, "messages": HELLO, "max_tokens": 4},
    key="x-api-key", scheme="", headers={"anthropic-version": "2023-06-01"},
)  # fmt: skip
EVERY_DIALECT = pytest.mark.parametrize("dialect", [CHAT, RESPONSES, MESSAGES], ids=str)
BOTH_WAYS = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])


def refused(dialect, reply, status, code, param=None, kind="invalid_request_error", anthropic="invalid_request_error"):
    """Checks a reply against its row; the message."""
    if dialect is not MESSAGES:
        assert reply.status_code == status, reply.text
        assert reply.headers["x-request-id"]
        assert reply.json().keys() == {"error"}
        error = reply.json()["error"]
        assert error.keys() == {"message", "type", "param", "code"}
        assert (error["type"], error["code"], error["param"]) == (kind, code, param)
    else:
        assert reply.status_code == (529 if status == 503 else status), reply.text
        body = reply.json()
        assert body.keys() == {"type", "error", "request_id"} and body["type"] == "error"
        assert body["request_id"] == reply.headers["request-id"] == reply.headers["x-request-id"]
        error = body["error"]
        assert error.keys() == {"type", "message"}
        assert error["type"] == anthropic
    assert reply.headers["content-type"] == "application/json"
    return error["message"]


def events_of(dialect, text):
    """The objects of a stream's events, the marks of its end left as texts."""
    found = []
    for event in text.removesuffix("\n\n").split("\n\n"):
        *name, data = event.split("\n")
        assert data.startswith("data: ")
        data = data.removeprefix("data: ")
        found.append(data if data == "[DONE]" else json.loads(data))
        assert dialect is CHAT or data == "[DONE]" or name == [f"event: {found[-1]['type']}"]
    return found
