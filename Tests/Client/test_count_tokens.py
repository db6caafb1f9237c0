"""`POST /v1/messages/count_tokens` for conversations as long as agents': what it costs, and that it waits for no engine."""

import contextlib
import itertools
import json
import statistics
import time

import anthropic
import pytest
from conftest import MODEL
from vitals import eventually, sequences
from wire import JSON, completion, plain, serving

BYTES = 80_000
ROUNDS = 15
# Replies that keep every core busy for as long as the test runs.
REPLIES = 4
LONG = {"max_tokens": 8000, "ignore_eos": True}
# Seconds that one count may take on a machine that does nothing else, and beside an engine that has every core.
IDLE, BUSY = 0.2, 1.0


def conversation(turns):
    """What agents send: instructions, tools, and turns that read files."""
    tools = [
        {
            "name": f"tool_{index}",
            "description": "Does one thing and tells what came of it. " * 8,
            "input_schema": {"type": "object", "properties": {"path": {"type": "string", "description": "A file."}}},
        }
        for index in range(30)
    ]
    messages = []
    for turn in range(turns):
        call = {"type": "tool_use", "id": f"toolu_{turn}", "name": "tool_0", "input": {"path": f"Sources/part_{turn}.swift"}}
        text = "".join(f"{line}: let value{line} = table[{line * turn}] // the river\n" for line in range(20))
        messages += [
            {"role": "user", "content": [{"type": "text", "text": f"Read part {turn}, and say what you found."}]},
            {"role": "assistant", "content": [call]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call["id"], "content": text}]},
        ]
    return {"model": MODEL, "system": "Read before you write. " * 200, "tools": tools, "messages": messages}


@pytest.fixture(scope="module")
def server(new_data):
    with serving(new_data()) as server:
        yield server


@pytest.fixture(scope="module")
def body():
    return next(body for body in map(conversation, itertools.count(1)) if len(json.dumps(body)) >= BYTES)


def milliseconds(server, body):
    """The count, and what each of some rounds took."""
    claude = anthropic.Anthropic(base_url=server.address, api_key="none", max_retries=0, timeout=30)
    times, counts = [], set()
    for _ in range(ROUNDS):
        start = time.monotonic()
        counts.add(claude.messages.count_tokens(**body).input_tokens)
        times.append(1000 * (time.monotonic() - start))
    (count,) = counts
    return count, times


def told(what, count, times):
    print(f"{what}: {count} tokens, {statistics.median(times):.1f} ms, at most {max(times):.1f} ms")


def test_eighty_kilobytes_are_counted_in_milliseconds(server, body):
    count, times = milliseconds(server, body)
    told("idle", count, times)
    assert count > 8192, "more than the context, which a count does not need"
    assert statistics.median(times) < 1000 * IDLE


def test_a_count_waits_for_no_engine(server, body):
    with contextlib.ExitStack() as busy:
        for _ in range(REPLIES):
            connection = busy.enter_context(contextlib.closing(plain(server, timeout=120)))
            connection.request("POST", "/v1/chat/completions", completion(**LONG), JSON)
        assert eventually(lambda: sequences(server) == REPLIES, 60)
        count, times = milliseconds(server, body)
        assert sequences(server) == REPLIES, "the replies ended before the counts"
    told("busy", count, times)
    assert statistics.median(times) < 1000 * BUSY
