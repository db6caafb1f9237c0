"""What Responses and Messages make of items that are not theirs: of other servers, of other conversations, or changed.

The lists of types are those of the clients' packages, so that a type which a new version adds is tried, too.
"""

import base64
import json
import typing

import pytest
import tiny_folder
from anthropic.types import ContentBlockParam, ToolUnionParam
from anthropic.types.beta import BetaContentBlockParam, BetaToolUnionParam
from conftest import MODEL, Server
from dialects import HTTP
from openai.types.responses import ResponseInputItemParam, ToolParam
from test_tools import THINKING

KEYS = ["pk-of-one-client-0123456789", "pk-of-another-0123456789"]
OTHER = "another/model"
QUESTION = {"role": "user", "content": "Hi"}
# Replies that do not end before their limit: the model's numbers are random, and any token may be the next one.
WORDY = {"logit_bias": {str(256 + control): -100 for control in range(len(tiny_folder.CONTROLS))}}
# What every service of AES-GCM puts around a text.
NONCE, TAG = 12, 16


def named(union):
    """The words that a union of objects has for their types."""
    found = sorted(set(words(union)))
    assert len(found) > 10
    return found


def words(kind):
    if isinstance(kind, str):
        yield kind
    elif parts := typing.get_args(kind):
        for part in parts:
            yield from words(part)
    elif fields := getattr(kind, "model_fields", None):
        yield from words(fields["type"].annotation if "type" in fields else None)
    elif hasattr(kind, "__required_keys__"):
        yield from words(typing.get_type_hints(kind).get("type"))


# The template shows what was thought, so that a prompt tells by its length whether that is in it.
SHOWING = THINKING.replace("{{ message.content }}", "{{ message.reasoning_content or '' }}{{ message.content }}")


@pytest.fixture(scope="module")
def server(new_data, tmp_path_factory):
    """A server whose models take no time and think; two clients have a key."""
    folder = tmp_path_factory.mktemp("model") / "model"
    tiny_folder.write(folder, template=SHOWING, max_position_embeddings=4096)
    models = [word for name in (MODEL, OTHER) for word in ("--model", f"{name}={folder}")]
    keys = [word for key in KEYS for word in ("--api-key", key)]
    server = Server("--data-dir", new_data(), "--tool-format", "hermes", *models, *keys)
    server.models = models
    yield server
    server.stop()


def ask(server, key=KEYS[0], items=None, **fields):
    body = {"model": MODEL, "input": [QUESTION, *(items or []), QUESTION], "max_output_tokens": 1} | fields
    return HTTP.post(f"{server.address}/v1/responses", json=body, headers={"Authorization": f"Bearer {key}"})


def write(server, key=KEYS[0], blocks=None, **fields):
    said = [{"role": "assistant", "content": blocks}] if blocks else []
    body = {"model": MODEL, "messages": [QUESTION, *said, QUESTION], "max_tokens": 1} | fields
    return HTTP.post(f"{server.address}/v1/messages", json=body, headers={"x-api-key": key})


# Types


ITEMS = [kind for kind in named(ResponseInputItemParam) if kind != "reasoning"]


@pytest.mark.parametrize("kind", [*ITEMS, "", "messages", "Message", "message\u0301", 7, [], {}], ids=str)
def test_an_item_of_any_type_is_taken_or_refused_by_name(server, kind):
    reply = ask(server, items=[{"type": kind}])
    # None of them has all that its type wants, so that each is refused for its type or for what it lacks.
    assert reply.status_code == 400, reply.text
    error = reply.json()["error"]
    if kind in ("message", "function_call", "custom_tool_call", "function_call_output", "custom_tool_call_output"):
        assert error["code"] == "missing_required_parameter" and error["param"].startswith("input[1].")
    else:
        assert error["param"] == "input[1].type"
        assert not kind or not isinstance(kind, str) or kind in error["message"]


def test_reasoning_without_anything_is_passed_over(server):
    reply = ask(server, items=[{"type": "reasoning"}])
    assert reply.status_code == 200 and reply.json()["usage"]["input_tokens"] == ask(server).json()["usage"]["input_tokens"]


BLOCKS = {*named(ContentBlockParam), *named(BetaContentBlockParam)}


@pytest.mark.parametrize("kind", [*sorted(BLOCKS), "", "texts", "text\u0301"])
@pytest.mark.parametrize("role", ["user", "assistant", "system"])
def test_a_block_of_any_type_is_taken_or_refused_by_name(server, role, kind):
    reply = write(server, messages=[QUESTION, {"role": role, "content": [{"type": kind}]}, QUESTION])
    assert reply.status_code == 400, reply.text
    message = reply.json()["error"]["message"]
    assert "messages[1].content[0]" in message or f"'{kind}'" in message


@pytest.mark.parametrize("kind", [*named(ToolParam), "", "functions", 7], ids=str)
def test_a_tool_of_any_type_of_openai_is_left_out_or_refused_by_name(server, kind):
    reply = ask(server, tools=[{"type": kind}])
    if kind in ("function", "custom", "namespace"):
        assert reply.status_code == 400 and reply.json()["error"]["param"] == "tools[0].name"
    elif kind in named(ToolParam):
        assert reply.status_code == 200 and reply.json()["tools"] == []
        assert f"'{kind}'" in reply.headers["x-pinion-warnings"]
        demanded = ask(server, tools=[{"type": kind}], tool_choice={"type": kind})
        assert demanded.status_code == 400 and demanded.json()["error"]["param"].startswith("tool_choice")
    else:
        assert reply.status_code == 400 and reply.json()["error"]["param"] == "tools[0].type"


@pytest.mark.parametrize("kind", sorted({*named(ToolUnionParam), *named(BetaToolUnionParam), "", "bashful", "customs"}))
def test_a_tool_of_any_type_of_anthropic_is_left_out_or_refused_by_name(server, kind):
    reply = write(server, tools=[{"type": kind}])
    if kind == "custom":
        assert reply.status_code == 400 and "'tools[0].name'" in reply.json()["error"]["message"]
    elif kind in named(ToolUnionParam) or kind in named(BetaToolUnionParam):
        assert reply.status_code == 200 and f"'{kind}'" in reply.headers["x-pinion-warnings"]
    else:
        assert reply.status_code == 400 and f"'{kind}'" in reply.json()["error"]["message"]


# Seals


@pytest.fixture(scope="module")
def sealed(server):
    """What the model thought, sealed."""
    reply = ask(server, max_output_tokens=40, thinking_budget=12, **WORDY).json()
    (thought,) = [item for item in reply["output"] if item["type"] == "reasoning"]
    return thought["encrypted_content"]


def tampered(seal):
    """A change of every part of a seal, and of its spelling."""
    data = base64.b64decode(seal)
    parts = {
        "nonce": 0, "end of nonce": NONCE - 1, "model": NONCE, "end of model": NONCE + len(MODEL) - 1,
        "mark behind model": NONCE + len(MODEL), "text": NONCE + len(MODEL) + 1, "end of text": len(data) - TAG - 1,
        "tag": len(data) - TAG, "end of tag": len(data) - 1,
    }  # fmt: skip
    for name, place in parts.items():
        for bit in (0x01, 0x80):
            yield f"{name} {bit}", data[:place] + bytes([data[place] ^ bit]) + data[place + 1 :]
    for length in [0, 1, NONCE - 1, NONCE, NONCE + TAG - 1, NONCE + TAG, len(data) - 1]:
        yield f"first {length}", data[:length]
    yield "one byte more", data + b"\0"
    yield "one byte before", b"\0" + data
    yield "twice", data + data
    yield "halves swapped", data[len(data) // 2 :] + data[: len(data) // 2]
    yield "nothing but zeros", bytes(len(data))


def spelled(seal):
    """Texts that are no seal, some of which are nearly one."""
    yield from ["", " ", "=", "====", "null", "\0", seal[:-1], seal + "A", seal.replace(seal[5], "\u00e9", 1)]
    yield from [f"{seal} {seal}", f"gAAAAA{seal}", "data:;base64," + seal, "\u0301" * 64]


def reasoning(seal):
    """Items of a turn that begins with a thought."""
    thought = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": seal}
    return [thought, {"role": "assistant", "content": "Ho."}]


def size(reply):
    """The tokens of a prompt."""
    assert reply.status_code == 200, reply.text
    usage = reply.json()["usage"]
    return usage["input_tokens"] + usage.get("cache_read_input_tokens", 0)


def test_a_seal_that_was_changed_opens_nothing(server, sealed):
    text = {"type": "text", "text": "Ho."}
    bare = size(ask(server, items=reasoning(sealed)[1:])), size(write(server, blocks=[text]))
    whole = size(ask(server, items=reasoning(sealed))), size(write(server, blocks=[thinking(sealed), text]))
    assert whole[0] - bare[0] == whole[1] - bare[1] > 8
    changed = [(name, base64.b64encode(data).decode()) for name, data in tampered(sealed)]
    for name, seal in changed + [(repr(text), text) for text in spelled(sealed)]:
        reply = ask(server, items=reasoning(seal))
        assert size(reply) == bare[0], name
        (removed,) = reply.json()["input_transformations"]
        assert removed.pop("reason") and removed == {"id": "rs_1", "type": "reasoning", "action": "removed"}, name
        assert "reasoning" in reply.headers["x-pinion-warnings"]
        for block in (thinking(seal), {"type": "redacted_thinking", "data": seal}):
            reply = write(server, blocks=[block, text])
            assert size(reply) == bare[1], name
            assert "/messages/1/content/0" in reply.headers["x-pinion-warnings"]


def thinking(seal):
    return {"type": "thinking", "thinking": "", "signature": seal}


@pytest.mark.parametrize("stream", [False, True])
def test_a_seal_of_another_model_is_left_out_and_named(server, sealed, stream):
    reply = ask(server, items=reasoning(sealed), model=OTHER, stream=stream)
    body = json.loads(reply.text.split("data: ")[-2].strip())["response"] if stream else reply.json()
    assert body["input_transformations"][0]["reason"] == "model_mismatch"
    assert MODEL in json.loads(reply.headers["x-pinion-warnings"])[0]["message"]


def test_a_seal_of_another_server_opens_nothing(server, sealed, new_data):
    other = Server("--no-auth", "--data-dir", new_data(), *server.models)
    try:
        reply = ask(other, items=reasoning(sealed))
    finally:
        other.stop()
    assert reply.json()["input_transformations"][0]["id"] == "rs_1"


# Ids


def test_ids_of_other_conversations_bring_nothing_of_them(server):
    secret = "The word is heliotrope, and it is told to one client alone. " * 4
    items = [{"role": "user", "content": secret}]
    first = ask(server, items=items, max_output_tokens=20, thinking_budget=4, **WORDY).json()
    item = first["output"][0]["id"]
    for fields, param in [
        ({"previous_response_id": first["id"]}, "previous_response_id"),
        ({"conversation": first["id"]}, "conversation"),
        ({"conversation": {"id": first["id"]}}, "conversation"),
        ({"prompt": {"id": first["id"]}}, "prompt"),
        ({"items": [{"type": "item_reference", "id": item}]}, "input[1].type"),
    ]:
        for key in KEYS:
            reply = ask(server, key, **fields)
            assert reply.status_code == 400 and reply.json()["error"]["param"] == param
            assert "heliotrope" not in reply.text
    headers = {"Authorization": f"Bearer {KEYS[0]}"}
    for path in ["responses/{}", "responses/{}/input_items", "conversations/{}"]:
        for method in ["GET", "DELETE"]:
            reply = HTTP.request(method, f"{server.address}/v1/{path.format(first['id'])}", headers=headers)
            assert reply.status_code == 404


def test_ids_are_labels_that_change_no_prompt(server):
    """An item that names another conversation's ids is what it says, and nothing that those ids stood for."""
    said = [{"role": "assistant", "content": "Ho. " * 40}]
    first = ask(server, items=said, max_output_tokens=20, thinking_budget=4, **WORDY).json()

    def items(id, call):
        return [
            {"type": "message", "id": id, "role": "assistant", "content": "Ho."},
            {"type": "function_call", "id": id, "call_id": call, "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "id": id, "call_id": call, "output": "a"},
        ]

    foreign = ask(server, KEYS[1], items=items(first["output"][0]["id"], "call_" + first["id"]))
    assert foreign.json()["usage"]["input_tokens_details"]["cached_tokens"] == 0
    assert size(foreign) == size(ask(server, KEYS[1], items=items("msg_1", "call_1")))

    def blocks(id):
        use, result = {"type": "tool_use", "id": id, "name": "f", "input": {}}, {"type": "tool_result", "tool_use_id": id}
        return [QUESTION, {"role": "assistant", "content": [use]}, {"role": "user", "content": [result]}]

    assert size(write(server, messages=blocks("toolu_1"))) == size(write(server, messages=blocks(first["id"])))
