"""A server that cannot answer: no place is left, or its model fails, before the head of a reply or after it."""

import contextlib
import json
import struct

import anthropic
import openai
import pytest
import tiny_folder
from conftest import MODEL
from dialects import BOTH_WAYS, CHAT, EVERY_DIALECT, MESSAGES, RESPONSES, events_of, refused
from vitals import eventually, sequences
from wire import JSON, completion, plain, serving

# What the broken model says before it fails, and where it has a choice, which it cannot make.
SCHEMA = {"type": "string", "pattern": "^aaaaZ[bc]{9}$"}
FORMATS = {
    CHAT.path: {"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": SCHEMA, "strict": True}}},
    RESPONSES.path: {"text": {"format": {"type": "json_schema", "name": "a", "schema": SCHEMA, "strict": True}}},
    MESSAGES.path: {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
}
LIMITS = {CHAT.path: "max_tokens", RESPONSES.path: "max_output_tokens", MESSAGES.path: "max_tokens"}


def break_after(letter, folder):
    """Changes a model so that its numbers are infinite once it has read a letter.

    The letter alone has something in the last of the hidden dimensions, which no layer writes to, and which the output
    multiplies beyond the largest number there is.
    """
    path = folder / "model.safetensors"
    data = bytearray(path.read_bytes())
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    last = tiny_folder.HIDDEN - 1

    def write(name, value, rows=None, columns=None):
        height, width = header[name]["shape"]
        for row in range(height) if rows is None else rows:
            for column in range(width) if columns is None else columns:
                place = 8 + length + header[name]["data_offsets"][0] + 4 * (row * width + column)
                struct.pack_into("<f", data, place, value)

    write("model.embed_tokens.weight", 0, columns=[last])
    write("model.embed_tokens.weight", 100, rows=[ord(letter)], columns=[last])
    write("model.layers.0.self_attn.o_proj.weight", 0, rows=[last])
    write("model.layers.0.mlp.down_proj.weight", 0, rows=[last])
    write("lm_head.weight", 3e38, columns=[last])
    path.write_bytes(data)


@pytest.fixture(scope="module")
def broken(new_data, tmp_path_factory):
    """A server whose model cannot go on once it has said `Z`."""
    folder = tiny_folder.write(tmp_path_factory.mktemp("broken") / "model")
    break_after("Z", folder)
    with serving(new_data(), "--model", f"{MODEL}={folder}") as server:
        yield server


def failing(dialect):
    return FORMATS[dialect.path] | {LIMITS[dialect.path]: 40}


@EVERY_DIALECT
def test_a_failure_of_the_model_before_the_head(broken, dialect):
    reply = dialect.post(broken, None, failing(dialect))
    message = refused(dialect, reply, 500, "internal_error", kind="server_error", anthropic="api_error")
    assert "number" not in message, "what happened is for the log"
    # The likeliest tokens, of which none is the letter that breaks the model.
    assert dialect.post(broken, None, temperature=0).status_code == 200, "the failure of one request is its own"


@EVERY_DIALECT
def test_a_failure_of_the_model_after_the_head(broken, dialect):
    reply = dialect.post(broken, None, failing(dialect), stream=True)
    assert reply.status_code == 200
    *told, last = events_of(dialect, reply.text)
    assert "aaaa" in "".join(delta_of(dialect, event) for event in told)
    if dialect is CHAT:
        assert last.keys() == {"error"}
        assert last["error"].keys() == {"message", "type", "param", "code"}
        assert (last["error"]["type"], last["error"]["code"]) == ("server_error", "internal_error")
    elif dialect is RESPONSES:
        assert [event["sequence_number"] for event in [*told, last]] == list(range(len(told) + 1))
        assert last.keys() == {"type", "sequence_number", "response"} and last["type"] == "response.failed"
        assert last["response"].keys() == told[0]["response"].keys()
        assert last["response"]["status"] == "failed"
        (item,) = last["response"]["output"]
        assert item["status"] == "incomplete" and item["content"][0]["text"] == '"aaaaZ'
        assert last["response"]["error"].keys() == {"code", "message"}
        # The word of the clients' types, where the other dialect says `internal_error`.
        assert last["response"]["error"]["code"] == "server_error"
    else:
        assert last.keys() == {"type", "error", "request_id"} and last["type"] == "error"
        assert last["error"].keys() == {"type", "message"} and last["error"]["type"] == "api_error"
        assert last["request_id"] == reply.headers["x-request-id"]


def delta_of(dialect, event):
    if dialect is CHAT:
        return event["choices"][0]["delta"].get("content") or ""
    delta = event.get("delta", "")
    return delta if isinstance(delta, str) else delta.get("text", "")


def test_clients_hear_of_a_failure_after_the_head(broken):
    client = broken.client("none", _strict_response_validation=True)
    with pytest.raises(openai.APIError) as caught:
        list(client.chat.completions.create(**CHAT.body | failing(CHAT), stream=True))
    assert caught.value.code == "internal_error"
    *_, last = client.responses.create(**RESPONSES.body | failing(RESPONSES), stream=True)
    assert last.type == "response.failed" and last.response.error.code == "server_error"
    claude = anthropic.Anthropic(base_url=broken.address, api_key="none", max_retries=0)
    with pytest.raises(anthropic.APIStatusError) as caught:
        list(claude.messages.create(**MESSAGES.body | failing(MESSAGES), stream=True))
    assert caught.value.body["error"]["type"] == "api_error"


# Last, because it leaves no core to others.


@pytest.fixture(scope="module")
def full(new_data, tmp_path_factory):
    """A server that has one place, and one to wait in, both taken for as long as the tests need."""
    folder = tiny_folder.write(tmp_path_factory.mktemp("full") / "model", max_position_embeddings=1 << 17)
    places = ["--max-sequences", 1, "--max-waiting", 1, "--context", 1 << 17]
    with serving(new_data(), "--model", f"{MODEL}={folder}", *places) as server, contextlib.ExitStack() as taken:
        for _ in range(2):
            connection = taken.enter_context(contextlib.closing(plain(server)))
            connection.request("POST", CHAT.path, completion(max_tokens=120_000, ignore_eos=True), JSON)
        assert eventually(lambda: sequences(server) == 2, 60)
        yield server
        assert sequences(server) == 2, "the places were free before the tests had ended"


@EVERY_DIALECT
@BOTH_WAYS
def test_no_place_is_left(full, dialect, stream):
    reply = dialect.post(full, None, stream=stream)
    refused(dialect, reply, 503, "server_is_overloaded", kind="server_error", anthropic="overloaded_error")
    assert int(reply.headers["retry-after"]) > 0
