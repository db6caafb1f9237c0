"""Bodies of Responses and Messages that are made to hurt: every text, every number and every list of a whole request.

The tests walk through `whole_bodies.py`, so that a field which is added there is tried with everything.
"""

import json

import pytest
import tiny_folder
from conftest import MODEL
from vitals import MEBIBYTE, cpu_seconds
from whole_bodies import MESSAGES, RESPONSES
from wire import JSON, plain, serving

# Of the marks that a normalisation has to sort, in a text that it would take seconds for.
MARKS = "a" + "\u0301\u0316" * 75_000
# Processor time for a megabyte of body, and what one of these requests may take at all.
SECONDS_A_MEGABYTE, SECONDS = 0.05, 0.1
NUMBERS = [-1, 0, 1 << 31, 1 << 63, 1e308, "NaN", "seven", None, [], {}]
BODIES = {"/v1/responses": RESPONSES, "/v1/messages": MESSAGES}
# It makes a prompt however long the texts are, where a reply to them is refused before.
COUNT_TOKENS = "/v1/messages/count_tokens"
ROUTES = pytest.mark.parametrize("route", BODIES)


@pytest.fixture(scope="module")
def server(new_data, tmp_path_factory):
    """A server whose model takes no time."""
    folder = tiny_folder.write(tmp_path_factory.mktemp("model") / "model", max_position_embeddings=4096)
    with serving(new_data(), "--model", f"{MODEL}={folder}", "--tool-format", "hermes") as server:
        yield server


def places(value, kind, path=()):
    """The paths of all values of a kind, and those of all names where the kind is `str`."""
    if isinstance(value, dict):
        for name, part in value.items():
            if kind is str:
                yield (*path, [name])
            yield from places(part, kind, (*path, name))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from places(part, kind, (*path, index))
    elif kind is str and isinstance(value, str) or kind is not str and type(value) in (int, float):
        yield path


def changed(body, path, new):
    """The body with another value, or another name, in one place."""
    # Not copy.deepcopy: it leaves parts one that stand in several places.
    body = json.loads(json.dumps(body))
    place = body
    for step in path[:-1]:
        place = place[step]
    if isinstance(path[-1], list):
        place[new] = place.pop(path[-1][0])
    else:
        place[path[-1]] = new
    return body


def shown(path):
    return ".".join(f"{step}" for step in path)


def post(server, connection, route, body):
    """The status, the JSON and the head of a reply, and the processor time that it took the server."""
    data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
    before = cpu_seconds(server)
    connection.request("POST", route, data, JSON)
    reply = connection.getresponse()
    told = json.loads(reply.read())
    return reply, told, cpu_seconds(server) - before, len(data)


def check(route, reply, told):
    """An answer, or a refusal in the dialect's shape; the refusal's message."""
    assert reply.status in (200, 400, 404), (reply.status, told)
    if reply.status == 200:
        return ""
    error = told["error"]
    keys = {"message", "type", "param", "code"} if route == "/v1/responses" else {"type", "message"}
    assert error.keys() == keys
    assert len(error["message"].encode()) < 1500, "a refusal mirrors at most a small part of a body"
    return error["message"]


@ROUTES
def test_the_body_is_answered_as_it_is(server, route):
    reply, told, _, _ = post(server, plain(server), route, BODIES[route])
    assert reply.status == 200, told


@pytest.mark.parametrize("route", [*BODIES, COUNT_TOKENS])
def test_texts_of_combining_marks_cost_linear_time(server, route):
    connection, body = plain(server), BODIES.get(route, MESSAGES)
    total, megabytes = 0, 0
    for path in places(body, str):
        # A name has at most 1,024 bytes.
        text = MARKS[:500] if isinstance(path[-1], list) else MARKS
        reply, told, seconds, size = post(server, connection, route, changed(body, path, text))
        check(route, reply, told)
        assert seconds < SECONDS, shown(path)
        total, megabytes = total + seconds, megabytes + size / MEBIBYTE
    print(f"{route}: {total:.2f} s for {megabytes:.1f} MB")
    assert total < SECONDS + SECONDS_A_MEGABYTE * megabytes


@ROUTES
def test_lone_surrogates_are_no_json(server, route):
    connection = plain(server)
    for path in places(BODIES[route], str):
        for text in ["a\ud800", "\udc00\ud800"]:
            body = json.dumps(changed(BODIES[route], path, text)).encode()
            reply, told, _, _ = post(server, connection, route, body)
            assert reply.status == 400 and "a lone surrogate" in check(route, reply, told), (shown(path), told)
    for text in ["\\ud83d" * 50_000, "a" * 300_000 + "\\udc00"]:
        body = json.dumps(changed(BODIES[route], ("model",), "%")).replace("%", text).encode()
        reply, told, seconds, size = post(server, connection, route, body)
        assert reply.status == 400 and "a lone surrogate" in check(route, reply, told)
        assert seconds < SECONDS + SECONDS_A_MEGABYTE * size / MEBIBYTE


@ROUTES
def test_numbers_are_in_their_range_or_refused_by_name(server, route):
    connection = plain(server)
    found = list(places(BODIES[route], (int, float)))
    assert len(found) > 6
    for path in found:
        for number in NUMBERS:
            reply, told, _, _ = post(server, connection, route, changed(BODIES[route], path, number))
            message = check(route, reply, told)
            assert reply.status == 200 or path[0] in message or path[-1] in message, (shown(path), number, told)
            if route == "/v1/responses" and reply.status == 400:
                codes = ("invalid_type", "invalid_value", "unsupported_value", "unsupported_parameter")
                ranges = ("decimal_", "integer_")
                assert told["error"]["code"].startswith(codes + ranges), (shown(path), number, told)
        if path[0] not in ("tools", "text", "output_config", "logit_bias"):
            reply, _, _, _ = post(server, connection, route, changed(BODIES[route], path, 1e308))
            assert reply.status == 400, shown(path)
        # No JSON, though Python writes and reads it.
        reply, told, _, _ = post(server, connection, route, changed(BODIES[route], path, float("nan")))
        assert reply.status == 400 and "JSON" in check(route, reply, told)


COUNT = 10_000
CALLS = [{"type": "function_call", "call_id": str(index), "name": "f", "arguments": "{}"} for index in range(COUNT // 2)]
OUTPUTS = [{"type": "function_call_output", "call_id": str(index), "output": "a"} for index in range(COUNT // 2)]
NOTES = {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "custom", "name": "note"}] * COUNT}
QUESTION, ANSWER = {"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}
USES = [{"type": "tool_use", "id": str(index), "name": "weather", "input": {}} for index in range(COUNT)]
RESULTS = [{"type": "tool_result", "tool_use_id": str(index), "content": "a"} for index in range(COUNT)]
TOOLS = [{"type": "function", "name": f"f{index}"} for index in range(COUNT)]
# Lists of 10,000, and what becomes of them: None where they are taken until the prompt is too long.
LISTS = {
    "/v1/responses": [
        ({"input": [QUESTION] * COUNT}, None),
        ({"input": [{"role": "user", "content": [{"type": "input_text", "text": "a"}] * COUNT}]}, None),
        ({"input": CALLS + OUTPUTS}, None),
        ({"input": [*RESPONSES["input"], *[{"type": "reasoning", "summary": [], "encrypted_content": "a"}] * COUNT]}, None),
        ({"tools": TOOLS}, "tools"),
        ({"tools": [{"type": "namespace", "name": "n", "tools": TOOLS}]}, "tools"),
        ({"tools": [{"type": "web_search"}] * COUNT}, "tools"),
        ({"tool_choice": NOTES}, None),
        ({"include": ["message.output_text.logprobs"] * COUNT}, None),
        ({"metadata": {str(index): "a" for index in range(COUNT)}}, None),
        ({"logit_bias": {str(index): 1 for index in range(COUNT)}}, "logit_bias"),
    ],
    "/v1/messages": [
        ({"messages": [*[QUESTION, ANSWER] * (COUNT // 2), QUESTION]}, None),
        ({"messages": [QUESTION] * COUNT}, None),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}] * COUNT}]}, None),
        ({"messages": [QUESTION, ANSWER | {"content": USES}, QUESTION | {"content": RESULTS}]}, None),
        ({"messages": [QUESTION, ANSWER | {"content": [{"type": "redacted_thinking", "data": "a"}] * COUNT}, QUESTION]}, None),
        ({"system": [{"type": "text", "text": "a"}] * COUNT}, None),
        ({"tools": [{"name": f"f{index}", "input_schema": {}} for index in range(COUNT)]}, "tools"),
        ({"tools": [MESSAGES["tools"][0] | {"input_examples": [{"a": "b"}] * COUNT}]}, None),
        ({"stop_sequences": ["a"] * COUNT}, "stop_sequences"),
        ({"metadata": {str(index): "a" for index in range(COUNT)}}, None),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    "route, change, refused",
    [(route, *row) for route in LISTS for row in LISTS[route]],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_lists_of_ten_thousand(server, route, change, refused):
    reply, told, seconds, size = post(server, plain(server), route, BODIES[route] | change)
    message = check(route, reply, told)
    if refused:
        assert reply.status == 400 and refused in message
    else:
        assert reply.status == 200 or "maximum context length" in message or "prompt is too long" in message, told
    # Each element is a message, a part or a tool that the template is asked to show.
    assert seconds < 1 + SECONDS_A_MEGABYTE * size / MEBIBYTE
    assert len(reply.headers.get("x-pinion-warnings") or "") <= 2048
