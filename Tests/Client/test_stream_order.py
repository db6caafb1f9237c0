"""Streams that were tampered with: the clients notice, so that their taking ours means something.

A stream of a real reply is recorded, and a server of the test's own plays it with one event left out, told twice, or
swapped with the next one.
"""

import http.server
import threading

import anthropic
import httpx
import openai
import pytest
from conftest import MODEL

WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string", "maxLength": 12}},
    "required": ["city"],
    "additionalProperties": False,
}
# What openai's helper does not look at; Codex and others take an item from its `done`. Anthropic's helper misses nothing.
UNREAD = {
    "response.in_progress",
    "response.output_text.done",
    "response.function_call_arguments.done",
    "response.content_part.done",
    "response.output_item.done",
}
# What it may hear twice.
REPEATED = {"response.created", "response.content_part.added", "response.completed"}


class Player(http.server.ThreadingHTTPServer):
    """Answers every POST with one stream."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), PlayerHandler)
        self.stream = b""
        threading.Thread(target=self.serve_forever, daemon=True).start()


class PlayerHandler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.wfile.write(self.server.stream)


@pytest.fixture(scope="module")
def player():
    player = Player()
    yield player
    player.shutdown()
    player.server_close()


def record(server, route, body):
    """The events of a reply, each with the blank line behind it."""
    headers = {"Authorization": f"Bearer {server.key}", "anthropic-version": "2023-06-01"}
    if route == "responses":
        del headers["anthropic-version"]
    reply = httpx.post(f"{server.address}/v1/{route}", json=body, headers=headers, timeout=120)
    assert reply.status_code == 200, reply.text
    return [event + "\n\n" for event in reply.text.split("\n\n") if event]


def name(event):
    return event.splitlines()[0].removeprefix("event: ")


def mutants(events):
    """Each mutant with what was done to it, the names of the events at fault, and its events."""
    for index, event in enumerate(events):
        yield f"without {index} {name(event)}", {name(event)}, events[:index] + events[index + 1 :]
        yield f"twice {index} {name(event)}", {name(event)}, events[: index + 1] + events[index:]
        if index + 1 < len(events):
            both = {name(event), name(events[index + 1])}
            swapped = [*events[:index], events[index + 1], event, *events[index + 2 :]]
            yield f"swapped {index} {' and '.join(sorted(both))}", both, swapped


def responses(player, events):
    """What openai's helper makes of a stream."""
    player.stream = "".join(events).encode()
    client = openai.OpenAI(base_url=f"http://127.0.0.1:{player.server_port}/v1", api_key="k", max_retries=0)
    snapshots = []
    with client.responses.stream(model=MODEL, input="q") as stream:
        for event in stream:
            if event.type in ("response.output_text.delta", "response.function_call_arguments.delta"):
                snapshots.append(event.snapshot)
        final = stream.get_final_response()
    return snapshots, [item.model_dump() for item in final.output]


def messages(player, events):
    """What anthropic's helper makes of a stream."""
    player.stream = "".join(events).encode()
    client = anthropic.Anthropic(base_url=f"http://127.0.0.1:{player.server_port}", api_key="k", max_retries=0)
    with client.messages.stream(model=MODEL, messages=[{"role": "user", "content": "q"}], max_tokens=5) as stream:
        told = [event.type for event in stream]
        return told, stream.get_final_message().model_dump()


QUESTION = "What is the capital of France?"
TOOL = {"type": "function", "name": "weather", "parameters": WEATHER, "strict": True}
BODIES = {
    "responses": (
        responses,
        [
            {"input": QUESTION, "max_output_tokens": 300},
            {"input": QUESTION, "tools": [TOOL], "tool_choice": "required", "parallel_tool_calls": False},
        ],
    ),
    "messages": (
        messages,
        [
            {"messages": [{"role": "user", "content": QUESTION}], "max_tokens": 300},
            {
                "messages": [{"role": "user", "content": QUESTION}],
                "max_tokens": 300,
                "tools": [{"name": "weather", "input_schema": WEATHER}],
                "tool_choice": {"type": "any", "disable_parallel_tool_use": True},
            },
        ],
    ),
}


@pytest.mark.parametrize("route", BODIES)
@pytest.mark.parametrize("kind", [0, 1])
def test_clients_notice_what_is_wrong_with_a_stream(server, player, route, kind):
    read, bodies = BODIES[route]
    events = record(server, route, {"model": MODEL, "temperature": 0, "stream": True} | bodies[kind])
    expected = read(player, events)
    unnoticed, tried = [], 0
    for what, names, mutant in mutants(events):
        # The end of the stream, which no client waits for, has no name.
        if any(event.startswith("data:") for event in names):
            continue
        tried += 1
        try:
            noticed = read(player, mutant) != expected
        except Exception:
            noticed = True
        is_repeated = what.startswith("twice") and names <= REPEATED
        if not noticed and not names & UNREAD and not is_repeated:
            unnoticed.append(what)
    print(f"{route} {kind}: {tried} mutants")
    assert tried > 20
    assert unnoticed == []
