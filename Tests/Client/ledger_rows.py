"""The rows of a ledger as its database holds them, and clients that count what they were told."""

import base64
import dataclasses
import json
import sqlite3

import httpx
from conftest import MODEL

QUESTION = "Tell me a story about a river."
# Names of outcomes, in the order of the database's numbers.
OUTCOMES = ["completed", "budget", "cancelled", "disconnected", "stopped", "failed", "lost"]


def request_id(stored):
    """The id as replies tell it: the database packs the random letters of the server's own."""
    return "req_" + base64.b64encode(stored[1:]).decode() if stored[0] == 1 else stored[1:].decode()


def rows(data):
    """The rows that are in the database, oldest first."""
    with sqlite3.connect(f"file:{data}/usage.db?mode=ro", uri=True) as database:
        database.row_factory = sqlite3.Row
        names = dict(database.execute("SELECT id, text FROM name"))
        found = database.execute("SELECT * FROM usage").fetchall()
    shown = [dict(row) for row in found]
    for row in shown:
        for field in ("key", "owner", "model", "route"):
            row[field] = names[row[field]].decode()
        row["outcome"] = OUTCOMES[row["outcome"]]
        row["request"] = request_id(row["request"])
    return sorted(shown, key=lambda row: (row["time"], row["id"]))


@dataclasses.dataclass
class Told:
    """What a client knows of one request."""

    route: str
    # From the head; None where none came.
    request_id: str | None = None
    # Tokens that log probabilities came with.
    tokens: int = 0
    # Tokens of the reply, by the usage; None where none came.
    usage: int | None = None
    status: int | None = None


BODIES = {
    "/v1/chat/completions": {
        "messages": [{"role": "user", "content": QUESTION}],
        "logprobs": True,
        "stream_options": {"include_usage": True},
    },
    "/v1/responses": {"input": QUESTION, "include": ["message.output_text.logprobs"]},
    "/v1/messages": {"messages": [{"role": "user", "content": QUESTION}]},
}
LIMIT_NAMES = {
    "/v1/chat/completions": "max_tokens",
    "/v1/responses": "max_output_tokens",
    "/v1/messages": "max_tokens",
}


def ask(address, key, route, tokens, read=None, **fields):
    """Streams a reply and counts it, until its end, the end of the server, or `read` tokens."""
    told = Told(route)
    body = BODIES[route] | {"model": MODEL, "stream": True, LIMIT_NAMES[route]: tokens, "temperature": 1} | fields
    headers = {"Authorization": f"Bearer {key}", "anthropic-version": "2023-06-01"}
    if route != "/v1/messages":
        del headers["anthropic-version"]
    try:
        with httpx.stream("POST", address + route, json=body, headers=headers, timeout=60) as reply:
            told.request_id, told.status = reply.headers["x-request-id"], reply.status_code
            for line in reply.iter_lines():
                if line.startswith("data: {"):
                    count(told, json.loads(line[6:]))
                if read is not None and told.tokens >= read:
                    break
    except httpx.TransportError:
        pass
    return told


def count(told, event):
    if told.route == "/v1/chat/completions":
        for choice in event.get("choices", []):
            told.tokens += len((choice.get("logprobs") or {}).get("content") or [])
        if event.get("usage"):
            told.usage = event["usage"]["completion_tokens"]
    elif told.route == "/v1/responses":
        if event["type"] == "response.output_text.delta":
            told.tokens += len(event["logprobs"])
        if event["type"] in ("response.completed", "response.incomplete"):
            told.usage = event["response"]["usage"]["output_tokens"]
    elif event["type"] == "message_delta":
        told.usage = event["usage"]["output_tokens"]
