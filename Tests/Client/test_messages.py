"""Messages through the unmodified anthropic client, which validates every reply strictly."""

import asyncio
import datetime
import json
import re

import anthropic
import httpx
import jsonschema
import pydantic
import pytest
from anthropic import types
from conftest import MODEL

CAPITAL = [{"role": "user", "content": "What is the capital of France?"}]
STORY = [{"role": "user", "content": "Write a long story about a river and the town beside it."}]
# The client's newer types have no temperature; the wire has.
GREEDY = {"temperature": 0}
WEATHER = {
    "name": "weather",
    "description": "Tells the weather of a city.",
    "input_schema": {
        "type": "object",
        "properties": {
            "city": {"type": "string", "maxLength": 12},
            "days": {"type": "integer", "minimum": 1, "maximum": 9},
        },
        "required": ["city"],
        "additionalProperties": False,
    },
}
CLOCK = {"name": "clock", "input_schema": {"type": "object", "properties": {}, "additionalProperties": False}}
SCHEMA = {
    "type": "object",
    "properties": {"ok": {"type": "boolean"}},
    "required": ["ok"],
    "additionalProperties": False,
}
# Every key of a reply, also where the client's types would let it be absent.
MESSAGE_KEYS = {
    *("id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "stop_details", "container"),
    *("diagnostics", "usage"),
}
USAGE_KEYS = {
    *("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens"),
    *("output_tokens_details", "cache_creation", "server_tool_use", "service_tier"),
}
# Of a block's deltas, by the block's type; the last of a thinking block is its signature.
DELTAS = {"text": ["text_delta"], "thinking": ["thinking_delta", "signature_delta"], "tool_use": ["input_json_delta"]}


def client_of(server, kind=anthropic.Anthropic, **options):
    fields = dict(api_key=server.key, base_url=server.address, max_retries=0, timeout=120) | options
    return kind(**fields, _strict_response_validation=True)


@pytest.fixture(scope="module")
def claude(server):
    return client_of(server)


def ask(client, messages=CAPITAL, extra=None, **fields):
    fields = dict(model=MODEL, messages=messages, max_tokens=32) | fields
    return client.messages.create(**fields, extra_body=GREEDY | (extra or {}))


def streamed(client, messages=CAPITAL, extra=None, **fields):
    """The events of a stream and the message that the client's helper put together."""
    fields = dict(model=MODEL, messages=messages, max_tokens=32) | fields
    with client.messages.stream(**fields, extra_body=GREEDY | (extra or {})) as stream:
        return list(stream), stream.get_final_message()


def post(server, path="/v1/messages", headers=None, **fields):
    body = dict(model=MODEL, messages=CAPITAL, max_tokens=16, temperature=0) | fields
    headers = {"x-api-key": server.key, "anthropic-version": "2023-06-01"} if headers is None else headers
    return httpx.post(server.address + path, headers=headers, json=body, timeout=120)


def text_of(message):
    return "".join(block.text for block in message.content if block.type == "text")


def blocks_of(message):
    """Content as a client stores it, without what its stream helper adds."""
    return [block.model_dump(exclude={"parsed_output"}) for block in message.content]


# Whole replies


@pytest.mark.shows("anthropic", "messages")
def test_greedy_reply_is_right_and_has_the_documented_shape(claude):
    reply = ask(claude)
    assert reply.id.startswith("msg_")
    assert (reply.type, reply.role, reply.model) == ("message", "assistant", MODEL)
    (block,) = reply.content
    assert block.type == "text"
    assert "Paris" in block.text
    assert reply.stop_reason == "end_turn"
    assert reply.stop_sequence is None
    assert reply.usage.input_tokens + reply.usage.cache_read_input_tokens > 0
    assert reply.usage.cache_creation_input_tokens == 0
    assert 0 < reply.usage.output_tokens <= 32


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"stop_sequences": ["Paris"]},
        {"max_tokens": 2},
        {"tools": [WEATHER, CLOCK], "tool_choice": {"type": "any"}, "max_tokens": 64},
        {"thinking": {"type": "adaptive"}},
    ],
    ids=["text", "stopped", "cut", "call", "thinking"],
)
def test_a_reply_has_every_key_of_the_types(server, fields):
    reply = post(server, **fields)
    assert reply.status_code == 200, reply.text
    body = reply.json()
    jsonschema.validate(body, pydantic.TypeAdapter(types.Message).json_schema(mode="validation"))
    assert MESSAGE_KEYS <= set(body)
    assert USAGE_KEYS <= set(body["usage"])
    assert set(body["usage"]["output_tokens_details"]) == {"thinking_tokens"}
    for kind, value in [(types.Message, body), (types.Usage, body["usage"])]:
        assert {name for name, field in kind.model_fields.items() if field.is_required()} <= set(value)


def test_length_is_reported(claude):
    reply = ask(claude, STORY, max_tokens=5)
    assert reply.stop_reason == "max_tokens"
    assert reply.usage.output_tokens == 5


def test_a_stop_sequence_ends_the_text_before_it_and_is_told(claude):
    whole = ask(claude)
    stopped = ask(claude, stop_sequences=["nowhere to be found", "Paris"])
    assert stopped.stop_reason == "stop_sequence"
    assert stopped.stop_sequence == "Paris"
    assert text_of(stopped) == text_of(whole).split("Paris")[0]
    assert stopped.usage.output_tokens < whole.usage.output_tokens


def test_a_limit_beyond_the_context_is_no_error(claude):
    _, reply = streamed(claude, max_tokens=32_000)
    assert reply.stop_reason in ("end_turn", "model_context_window_exceeded")
    assert "Paris" in text_of(reply)


def test_the_prompt_is_counted_once(claude):
    request = dict(model=MODEL, messages=CAPITAL, system="Answer in one word.", tools=[WEATHER])
    counted = claude.messages.count_tokens(**request).input_tokens
    for _ in range(2):
        usage = ask(claude, CAPITAL, system=request["system"], tools=request["tools"]).usage
        assert usage.input_tokens + usage.cache_read_input_tokens == counted


def test_a_system_prompt_and_blocks_reach_the_prompt(claude):
    def count(**fields):
        return claude.messages.count_tokens(**(dict(model=MODEL, messages=CAPITAL) | fields)).input_tokens

    blocks = [{"type": "text", "text": "Answer in French.", "cache_control": {"type": "ephemeral"}}]
    header = {"type": "text", "text": "x-anthropic-billing-header: cc_version=1; cch=5f;"}
    assert count(system="Answer in French.") == count(system=blocks) == count(system=[header, *blocks])
    assert count(system=blocks + blocks) > count(system=blocks)
    middle = [*CAPITAL, {"role": "assistant", "content": "Paris."}, {"role": "system", "content": "Be brief."}]
    assert count(messages=[*middle, *CAPITAL]) > count(messages=[*middle[:2], *CAPITAL])


def test_a_last_assistant_message_is_where_the_reply_begins(claude):
    reply = ask(claude, [*CAPITAL, {"role": "assistant", "content": "The capital of France is"}])
    assert "Paris" in text_of(reply)
    assert "The capital of France is" not in text_of(reply)


@pytest.mark.shows("anthropic", "messages", "plain", "streamed")
def test_asynchronous_client(server):
    async def both():
        async with client_of(server, anthropic.AsyncAnthropic) as client:
            fields = dict(model=MODEL, messages=CAPITAL, max_tokens=16, extra_body=GREEDY)
            plain = await client.messages.create(**fields)
            async with client.messages.stream(**fields) as stream:
                text = "".join([piece async for piece in stream.text_stream])
                return plain, text, await stream.get_final_message()

    plain, text, final = asyncio.run(both())
    assert "Paris" in text
    assert text_of(plain) == text == text_of(final)


# Streams


@pytest.mark.shows("anthropic", "messages", "plain", "streamed")
def test_the_stream_helper_puts_the_plain_reply_together(claude):
    plain = ask(claude)
    events, final = streamed(claude)
    assert blocks_of(final) == blocks_of(plain)
    assert (final.stop_reason, final.stop_sequence) == (plain.stop_reason, plain.stop_sequence)
    assert final.usage.output_tokens == plain.usage.output_tokens
    total = [usage.input_tokens + usage.cache_read_input_tokens for usage in (final.usage, plain.usage)]
    assert total[0] == total[1]
    assert sum(event.type == "text" for event in events) > 4, "the text did not arrive piece by piece"


def server_sent(server, **fields):
    """The events of a stream as they are on the wire: name and data."""
    reply = post(server, stream=True, **fields)
    assert reply.status_code == 200, reply.text
    assert reply.headers["content-type"].startswith("text/event-stream")
    *events, end = reply.text.split("\n\n")
    assert end == ""
    for event in events:
        name, data = event.split("\n")
        assert name.startswith("event: ")
        assert data.startswith("data: ")
        yield name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"stop_sequences": ["Paris"]},
        {"max_tokens": 2},
        {"tools": [WEATHER, CLOCK], "tool_choice": {"type": "any"}, "max_tokens": 64},
        {"tools": [CLOCK], "tool_choice": {"type": "tool", "name": "clock"}, "max_tokens": 64},
        {"thinking": {"type": "adaptive", "display": "omitted"}},
    ],
    ids=["text", "stopped", "cut", "any", "without arguments", "thinking"],
)
def test_events_come_in_the_order_of_the_protocol(server, fields):
    events = [pair for pair in server_sent(server, **fields) if pair[0] != "ping"]
    assert all(data["type"] == name for name, data in events)
    names = [name for name, _ in events]
    assert names[0] == "message_start"
    assert names[-2:] == ["message_delta", "message_stop"]
    message = events[0][1]["message"]
    assert message["content"] == []
    assert message["stop_reason"] is None
    assert message["usage"]["input_tokens"] > 0

    position, index = 1, 0
    while names[position] == "content_block_start":
        start = events[position][1]
        block = start["content_block"]
        assert start["index"] == index
        assert {"text": "", "thinking": "", "tool_use": {}}[block["type"]] == next(
            block[name] for name in ("text", "thinking", "input") if name in block
        )
        deltas = []
        position += 1
        while names[position] == "content_block_delta":
            assert events[position][1]["index"] == index
            deltas.append(events[position][1]["delta"]["type"])
            position += 1
        assert deltas, "a block without content"
        assert set(deltas) <= set(DELTAS[block["type"]])
        if block["type"] == "thinking":
            assert deltas.count("signature_delta") == 1
            assert deltas[-1] == "signature_delta"
        assert names[position] == "content_block_stop"
        assert events[position][1]["index"] == index
        position, index = position + 1, index + 1
    assert index > 0
    assert position == len(events) - 2

    delta = events[-2][1]
    assert delta["delta"]["stop_reason"]
    assert set(delta["delta"]) >= {"stop_reason", "stop_sequence", "stop_details"}
    assert delta["usage"]["output_tokens"] > 0
    assert delta["usage"]["input_tokens"] + delta["usage"]["cache_read_input_tokens"] == (
        message["usage"]["input_tokens"] + message["usage"]["cache_read_input_tokens"]
    )


# Tools


@pytest.mark.shows("anthropic", "messages", "plain", "streamed", "tools")
@pytest.mark.parametrize("tools", [[WEATHER], [CLOCK], [WEATHER, CLOCK]], ids=["weather", "clock", "both"])
def test_any_demands_a_call_that_fits_its_schema(claude, tools):
    fields = dict(tools=tools, tool_choice={"type": "any", "disable_parallel_tool_use": True}, max_tokens=96)
    reply = ask(claude, [{"role": "user", "content": "What is the weather in Bern?"}], **fields)
    assert reply.stop_reason == "tool_use"
    (call,) = [block for block in reply.content if block.type == "tool_use"]
    schemas = {tool["name"]: tool["input_schema"] for tool in tools}
    jsonschema.validate(call.input, schemas[call.name])
    assert call.id
    _, final = streamed(claude, [{"role": "user", "content": "What is the weather in Bern?"}], **fields)
    calls = [block for block in final.content if block.type == "tool_use"]
    assert [(block.name, block.input) for block in calls] == [(call.name, call.input)]


def test_a_named_tool_is_called(claude):
    reply = ask(claude, tools=[WEATHER, CLOCK], tool_choice={"type": "tool", "name": "clock"}, max_tokens=64)
    calls = [block for block in reply.content if block.type == "tool_use"]
    assert {block.name for block in calls} == {"clock"}
    assert all(block.input == {} for block in calls)


def test_none_forbids_calls(claude):
    reply = ask(claude, tools=[WEATHER], tool_choice={"type": "none"})
    assert {block.type for block in reply.content} <= {"text", "thinking"}
    assert reply.stop_reason != "tool_use"


@pytest.mark.parametrize("limit", [3, 6, 9, 14])
def test_a_cut_call_is_a_reply_all_the_same(claude, limit):
    reply = ask(claude, tools=[WEATHER], tool_choice={"type": "any"}, max_tokens=limit)
    assert reply.stop_reason in ("max_tokens", "tool_use")
    assert all(isinstance(block.input, dict) for block in reply.content if block.type == "tool_use")
    streamed(claude, tools=[WEATHER], tool_choice={"type": "any"}, max_tokens=limit)


def test_hosted_tools_are_left_out_and_told(server, claude):
    hosted = {"type": "web_search_20250305", "name": "web_search"}
    raw = post(server, tools=[hosted, WEATHER])
    assert raw.status_code == 200, raw.text
    assert "web_search_20250305" in raw.headers["x-pinion-warnings"]
    with pytest.raises(anthropic.BadRequestError, match="web_search"):
        ask(claude, tools=[hosted, WEATHER], tool_choice={"type": "tool", "name": "web_search"})


def test_the_failure_of_a_tool_reaches_the_prompt(claude):
    def count(**fields):
        call = {"type": "tool_use", "id": "toolu_1", "name": "clock", "input": {}}
        result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "broken"} | fields
        messages = [*CAPITAL, {"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]
        return claude.messages.count_tokens(model=MODEL, messages=messages, tools=[CLOCK]).input_tokens

    assert count(is_error=True) > count(is_error=False) == count()


# Formats and thinking


@pytest.mark.shows("anthropic", "messages", "structured")
@pytest.mark.parametrize("name", ["output_config", "output_format"])
def test_a_format_is_enforced(claude, name):
    schema = {"type": "json_schema", "schema": SCHEMA}
    extra = {name: {"format": schema} if name == "output_config" else schema}
    reply = ask(claude, STORY, extra=extra, max_tokens=64)
    jsonschema.validate(json.loads(text_of(reply)), SCHEMA)


@pytest.mark.parametrize(
    "thinking",
    [
        {"type": "disabled"},
        {"type": "adaptive"},
        {"type": "adaptive", "display": "omitted"},
        {"type": "enabled", "budget_tokens": 1024, "display": "summarized"},
    ],
    ids=lambda thinking: "-".join(map(str, thinking.values())),
)
def test_thinking_is_a_wish_that_a_model_without_it_ignores(claude, thinking):
    reply = ask(claude, extra={"thinking": thinking, "output_config": {"effort": "high"}})
    assert "Paris" in text_of(reply)
    assert reply.usage.output_tokens_details.thinking_tokens == 0
    _, final = streamed(claude, extra={"thinking": thinking})
    assert "Paris" in text_of(final)


# Round trips


@pytest.mark.shows("anthropic", "messages", "tools", "three turns")
@pytest.mark.parametrize("form", ["objects", "dumps", "messages"])
@pytest.mark.parametrize("is_streamed", [False, True], ids=["plain", "streamed"])
def test_three_turns_with_every_reply_sent_back(claude, form, is_streamed):
    messages = list(CAPITAL)
    for turn in range(3):
        choice = {"type": "any"} if turn == 1 else {"type": "auto"}
        fields = dict(tools=[WEATHER, CLOCK], tool_choice=choice, max_tokens=64)
        reply = streamed(claude, messages, **fields)[1] if is_streamed else ask(claude, messages, **fields)
        dump = reply.model_dump()
        match form:
            case "objects":
                messages.append({"role": "assistant", "content": reply.content})
            case "dumps":
                messages.append({"role": "assistant", "content": dump["content"]})
            case "messages":
                messages.append(dump)
        results = [
            {"type": "tool_result", "tool_use_id": block.id, "content": [{"type": "text", "text": "Rain."}]}
            for block in reply.content
            if block.type == "tool_use"
        ]
        messages.append({"role": "user", "content": [*results, {"type": "text", "text": "And now?"}]})
    assert ask(claude, messages, tools=[WEATHER, CLOCK]).content is not None


def test_thinking_that_this_server_did_not_seal_is_left_out_and_told(server):
    sealed = {"type": "thinking", "thinking": "", "signature": "EqoBCkgIARAB"}
    history = [*CAPITAL, {"role": "assistant", "content": [sealed, {"type": "text", "text": "Paris."}]}, *CAPITAL]
    reply = post(server, messages=history)
    assert reply.status_code == 200, reply.text
    assert "/messages/1/content/0" in reply.headers["x-pinion-warnings"]


# Models


def test_models_are_listed_and_retrieved(claude):
    page = claude.models.list()
    assert [model.id for model in page.data] == [MODEL]
    assert page.has_more is False
    assert (page.first_id, page.last_id) == (MODEL, MODEL)
    (model,) = page.data
    assert model.type == "model"
    assert model.display_name
    assert isinstance(model.created_at, datetime.datetime)
    assert claude.models.retrieve(MODEL) == model
    assert [model.id for model in claude.models.list(limit=1)] == [MODEL]


# Refusals


def test_a_bearer_key_is_a_key_too(server):
    client = client_of(server, api_key=None, auth_token=server.key)
    assert "Paris" in text_of(ask(client))


def test_a_wrong_key(server):
    with pytest.raises(anthropic.AuthenticationError) as caught:
        ask(client_of(server, api_key="pk-wrong"))
    assert caught.value.body["error"]["type"] == "authentication_error"


def test_an_unknown_model(claude):
    with pytest.raises(anthropic.NotFoundError) as caught:
        ask(claude, model="nobody/knows")
    assert caught.value.body["error"]["type"] == "not_found_error"


def test_a_prompt_that_is_too_long_says_so_as_agents_look_for_it(claude):
    for attempt in (ask, streamed):
        with pytest.raises(anthropic.BadRequestError) as caught:
            attempt(claude, [{"role": "user", "content": "river " * 20_000}])
        found = re.search(r"prompt is too long: (\d+) tokens > (\d+) maximum", caught.value.body["error"]["message"])
        assert int(found[1]) > int(found[2])


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"foo": 1}, "foo"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"temperature": 1.5}, "temperature"),
        ({"stop_sequences": [""]}, "stop_sequences[0]"),
        ({"thinking": {"type": "enabled"}}, "thinking.budget_tokens"),
        ({"container": "c"}, "container"),
        ({"mcp_servers": [{"type": "url", "name": "a", "url": "b"}]}, "mcp_servers"),
        ({"tools": [{"name": "f"}]}, "tools[0].input_schema"),
        ({"tool_choice": {"type": "any"}}, "tool_choice"),
        ({"messages": [{"role": "user", "content": [{"type": "image", "source": {}}]}]}, "'image'"),
        ({"messages": [{"role": "user", "content": [{"type": "document", "source": {}}]}]}, "'document'"),
        ({"messages": [{"role": "user", "content": [{"type": "new_block"}]}]}, "'new_block'"),
        ({"messages": [*CAPITAL, {"role": "assistant", "content": "Paris "}]}, "trailing whitespace"),
    ],
)
def test_what_is_wrong_is_named(server, fields, named):
    reply = post(server, **fields)
    assert reply.status_code == 400
    body = reply.json()
    assert set(body) == {"type", "error", "request_id"}
    assert body["type"] == "error"
    assert set(body["error"]) == {"type", "message"}
    assert body["error"]["type"] == "invalid_request_error"
    assert named in body["error"]["message"]
    assert body["request_id"] == reply.headers["request-id"]


def test_a_body_that_is_no_json_and_a_wrong_method(server):
    headers = {"x-api-key": server.key}
    broken = httpx.post(f"{server.address}/v1/messages", headers=headers, content=b"{", timeout=120)
    assert broken.status_code == 400
    assert broken.json()["error"]["type"] == "invalid_request_error"
    wrong = httpx.get(f"{server.address}/v1/messages", headers=headers, timeout=120)
    assert wrong.status_code == 405
    assert wrong.json()["type"] == "error"
