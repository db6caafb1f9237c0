"""`POST /v1/responses` through the unmodified openai client."""

import asyncio
import json

import httpx
import openai
import pydantic
import pytest
from conftest import MODEL, Server
from test_tools import THINKING

QUESTION = "What is the weather in Bern?"
WEATHER = {
    "type": "function",
    "name": "weather",
    "description": "The weather of a city.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string", "maxLength": 12}},
        "required": ["city"],
        "additionalProperties": False,
    },
    "strict": True,
}
NOTE = {"type": "custom", "name": "note", "format": {"type": "grammar", "syntax": "regex", "definition": "[a-f]{1,8}"}}
CRM = {
    "type": "namespace",
    "name": "crm",
    "description": "Customers.",
    "tools": [{"type": "function", "name": "find", "parameters": {"type": "object", "properties": {}}}],
}


class City(pydantic.BaseModel):
    name: str
    is_capital: bool


def ask(client, input=QUESTION, extra=None, **fields):
    fields = dict(model=MODEL, input=input, temperature=1, max_output_tokens=64) | fields
    return client.responses.create(**fields, extra_body={"seed": 3} | (extra or {}))


def events(server, body):
    """The events of a stream as they are on the wire, and the head's status."""
    headers = {"Authorization": f"Bearer {server.key}"}
    with httpx.stream("POST", f"{server.address}/v1/responses", json=body, headers=headers, timeout=120) as reply:
        found = []
        name = None
        for line in reply.iter_lines():
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                if line[6:] == "[DONE]":
                    found.append(("[DONE]", None))
                else:
                    found.append((name, json.loads(line[6:])))
                    assert found[-1][1]["type"] == name
        return reply, found


@pytest.mark.shows("openai", "responses")
def test_a_text(client):
    reply = ask(client, "Say hello.", instructions="Be brief.", max_output_tokens=16)
    assert reply.object == "response" and reply.status in ("completed", "incomplete")
    assert reply.output_text and reply.output[0].type == "message"
    assert reply.usage.output_tokens <= 16 and reply.usage.total_tokens == reply.usage.input_tokens + reply.usage.output_tokens
    assert reply.instructions == "Be brief." and reply.store is False


@pytest.mark.shows("openai", "responses", "plain", "streamed")
def test_a_stream_tells_what_the_whole_reply_tells(client):
    # The helper wants a reply that comes to its end.
    question = dict(input="What is the capital of France?", temperature=0, max_output_tokens=300)
    whole = ask(client, **question)
    with client.responses.stream(model=MODEL, **question) as stream:
        types = [event.type for event in stream]
        final = stream.get_final_response()
    assert final.output_text == whole.output_text
    assert types[:2] == ["response.created", "response.in_progress"]
    assert types[-1] == f"response.{final.status}"


async def iterate(asynchronous):
    stream = await asynchronous.responses.create(model=MODEL, input="Hi", max_output_tokens=8, stream=True)
    return [event async for event in stream]


@pytest.mark.shows("openai", "responses", "streamed")
def test_an_asynchronous_client_reads_a_stream(asynchronous):
    found = asyncio.run(iterate(asynchronous))
    assert [event.sequence_number for event in found] == list(range(len(found)))
    assert found[-1].type in ("response.completed", "response.incomplete")


@pytest.mark.shows("openai", "responses", "structured")
def test_parse_gives_a_model(client):
    reply = client.responses.parse(
        model=MODEL, input="Is Bern a capital?", text_format=City, temperature=1, max_output_tokens=200, extra_body={"seed": 3}
    )
    if reply.status == "completed":
        assert isinstance(reply.output_parsed, City)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "choice, kind, name",
    [
        ({"type": "function", "name": "weather"}, "function_call", "weather"),
        ({"type": "custom", "name": "note"}, "custom_tool_call", "note"),
        ({"type": "function", "name": "find", "namespace": "crm"}, "function_call", "find"),
    ],
)
def test_a_call_of_each_kind(server, stream, choice, kind, name):
    body = dict(
        model=MODEL, input=QUESTION, tools=[WEATHER, NOTE, CRM], tool_choice=choice, temperature=1, seed=3, stream=stream
    )
    headers = {"Authorization": f"Bearer {server.key}"}
    if stream:
        _, found = events(server, body)
        reply = found[-2][1]["response"]
        assert found[-1][0] == "[DONE]"
    else:
        answer = httpx.post(f"{server.address}/v1/responses", json=body, headers=headers, timeout=120)
        assert answer.status_code == 200, answer.text
        reply = answer.json()
    call = next(item for item in reply["output"] if item["type"] == kind)
    assert call["name"] == name and call["status"] == "completed" and call["call_id"].startswith("call_")
    assert ("namespace" in call) == (name == "find")
    if kind == "function_call":
        assert isinstance(json.loads(call["arguments"]), dict)
    else:
        assert call["input"] and set(call["input"]) <= set("abcdef")


@pytest.mark.shows("openai", "responses", "tools", "three turns")
def test_three_turns_that_send_everything_back(client):
    conversation = [{"role": "user", "content": QUESTION}]
    for turn in range(3):
        reply = ask(client, conversation, tools=[WEATHER], tool_choice="required" if turn < 2 else "none")
        conversation += [item.model_dump() for item in reply.output]
        for item in reply.output:
            if item.type == "function_call":
                conversation.append({"type": "function_call_output", "call_id": item.call_id, "output": "sunny"})
    assert reply.output_text


def test_a_prompt_that_is_too_long_fails_within_the_stream(server, client):
    long = "the river " * 20_000
    reply, found = events(server, dict(model=MODEL, input=long, stream=True, tools=[{"type": "web_search"}]))
    assert reply.status_code == 200
    assert "web_search" in reply.headers["x-pinion-warnings"]
    assert [name for name, _ in found] == ["response.created", "response.in_progress", "response.failed"]
    error = found[-1][1]["response"]["error"]
    assert error["code"] == "context_length_exceeded"
    assert "maximum context length is" in error["message"]
    with pytest.raises(openai.BadRequestError) as refused:
        ask(client, long)
    assert refused.value.code == "context_length_exceeded" and refused.value.param == "input"


@pytest.mark.parametrize(
    "fields, param",
    [
        ({"store": True}, "store"),
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"background": True}, "background"),
        ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "input[0].type"),
        ({"truncation": "auto"}, "truncation"),
    ],
)
def test_what_is_not_done_here_is_refused_by_name(client, fields, param):
    with pytest.raises(openai.BadRequestError) as refused:
        ask(client, **fields)
    assert refused.value.param == param


def test_hosted_tools_are_left_out_and_named(client):
    raw = client.responses.with_raw_response.create(
        model=MODEL, input="Hi", max_output_tokens=4, tools=[{"type": "web_search"}, WEATHER]
    )
    assert "web_search" in raw.headers["x-pinion-warnings"]
    assert [tool.type for tool in raw.parse().tools] == ["function"]


def test_what_codex_sends_is_taken(server):
    body = {
        "model": MODEL,
        "stream": True,
        "input": [
            {"type": "message", "id": "m1", "role": "developer", "content": [{"type": "input_text", "text": "Be an agent."}]},
            {"type": "message", "id": "m2", "role": "developer", "content": [{"type": "input_text", "text": "Be careful."}]},
            {"type": "message", "id": "m3", "role": "user", "content": [{"type": "input_text", "text": "List the files."}]},
        ],
        "tools": [
            {"type": "function", "name": "exec", "description": "Runs.", "strict": False, "parameters": {"type": "object"}},
            {"type": "function", "name": "plan", "strict": False, "parameters": {"type": "object", "properties": {}}},
            CRM,
            {"type": "web_search", "external_web_access": False},
        ],
        "tool_choice": "auto",
        "parallel_tool_calls": True,
        "reasoning": {"summary": "auto"},
        "store": False,
        "include": ["reasoning.encrypted_content"],
        "prompt_cache_key": "k",
        "client_metadata": {"x": "y"},
        "max_output_tokens": 24,
    }
    reply, found = events(server, body)
    assert reply.status_code == 200, reply.read()
    assert found[-2][0] in ("response.completed", "response.incomplete")


def test_thoughts_of_another_key_are_not_opened(new_data, tmp_path):
    template = tmp_path / "thinking.jinja"
    template.write_text(THINKING)
    keys = ["first-key", "second-key"]
    given = [part for key in keys for part in ("--api-key", key)]
    server = Server(*given, "--data-dir", new_data(), "--model", MODEL, "--chat-template", template)
    try:
        first, second = (server.client(key) for key in keys)
        thought = next(item for item in ask(first, max_output_tokens=24).output if item.type == "reasoning")
        sealed = {"type": "reasoning", "id": thought.id, "summary": [], "encrypted_content": thought.encrypted_content}
        conversation = [{"role": "user", "content": "Hi"}, sealed, {"role": "user", "content": "Go on."}]
        for client, removed in ((first, None), (second, thought.id)):
            reply = ask(client, conversation, max_output_tokens=4).model_dump()
            found = [item["id"] for item in reply.get("input_transformations") or []]
            assert found == ([removed] if removed else [])
    finally:
        server.stop()


@pytest.mark.shows("openai", "responses", "reasoning")
def test_thoughts_are_sealed_and_come_back(new_data, tmp_path):
    template = tmp_path / "thinking.jinja"
    template.write_text(THINKING)
    data = new_data()
    server = Server("--no-auth", "--data-dir", data, "--model", MODEL, "--chat-template", template)
    try:
        client = server.client("none")
        reply = ask(client, max_output_tokens=24)
        thought = next(item for item in reply.output if item.type == "reasoning")
        assert thought.encrypted_content and thought.content[0].text
        assert reply.usage.output_tokens_details.reasoning_tokens > 0
        sealed = {"type": "reasoning", "id": thought.id, "summary": [], "encrypted_content": thought.encrypted_content}
        said = [{"role": "assistant", "content": "Hello."}, {"role": "user", "content": "Go on."}]
        conversation = [{"role": "user", "content": "Hi"}, sealed, *said]
        raw = client.responses.with_raw_response.create(model=MODEL, input=conversation, max_output_tokens=4)
        assert "x-pinion-warnings" not in raw.headers
        first = thought.encrypted_content[0]
        sealed["encrypted_content"] = ("A" if first != "A" else "B") + thought.encrypted_content[1:]
        raw = client.responses.with_raw_response.create(model=MODEL, input=conversation, max_output_tokens=4)
        assert "reasoning" in raw.headers["x-pinion-warnings"]
        assert json.loads(raw.text)["input_transformations"][0]["id"] == thought.id
    finally:
        server.stop()
    assert (data / "seal.key").stat().st_mode & 0o777 == 0o600
