"""Calls of tools and thinking, through the unmodified openai client."""

import itertools
import json
import os
import random

import jsonschema
import openai
import pytest
from conftest import MODEL, Server

# Calls of random tools; the rest of a long run.
CALLS = int(os.environ.get("PINION_TOOL_CALLS", "45"))
QUESTION = [{"role": "user", "content": "What is the weather in Bern?"}]
HEADER = "x-pinion-warnings"
# A template that opens the model's thinking unless it is switched off.
THINKING = """{%- for message in messages %}<|im_start|>{{ message.role }}
{{ message.content }}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% if enable_thinking is not defined or enable_thinking %}<think>
{% endif %}{% endif %}"""


def function(name, parameters=None, **fields):
    body = {"name": name, "description": f"The tool {name}."} | fields
    return {"type": "function", "function": body | ({} if parameters is None else {"parameters": parameters})}


WEATHER = function(
    "weather",
    {
        "type": "object",
        "properties": {"city": {"type": "string", "maxLength": 12}, "days": {"type": "integer", "minimum": 1, "maximum": 9}},
        "required": ["city"],
        "additionalProperties": False,
    },
)
CLOCK = function("clock")
TOOLS = [WEATHER, CLOCK]
SCHEMA = {
    "type": "object",
    "properties": {"ok": {"type": "boolean"}},
    "required": ["ok"],
    "additionalProperties": False,
}
FORMAT = {"type": "json_schema", "json_schema": {"name": "reply", "schema": SCHEMA, "strict": True}}


def ask(client, messages=QUESTION, extra=None, **fields):
    fields = dict(model=MODEL, messages=messages, temperature=1, seed=3, max_tokens=64, tools=TOOLS) | fields
    return client.chat.completions.create(**fields, extra_body=extra)


def schema_of(tool):
    empty = {"type": "object", "additionalProperties": False}
    return tool["function"].get("parameters", empty)


def check(choice, tools, required=False):
    """A choice holds whole calls of these tools, or was cut."""
    message, named = choice.message, {tool["function"]["name"]: tool for tool in tools}
    calls = message.tool_calls or []
    if choice.finish_reason == "length":
        return
    assert choice.finish_reason == ("tool_calls" if calls else "stop")
    assert calls or not required
    for call in calls:
        assert call.id.startswith("call_")
        arguments = json.loads(call.function.arguments)
        # Where the model decides, a name that nobody gave passes as it said it.
        assert call.function.name in named or not required
        if call.function.name in named:
            jsonschema.validate(arguments, schema_of(named[call.function.name]))
    assert len({call.id for call in calls}) == len(calls)


def assembled(chunks):
    """The message of the first choice of a stream, and why it ended."""
    text, calls, reason = "", [], None
    for chunk in chunks:
        for choice in chunk.choices:
            text += choice.delta.content or ""
            for delta in choice.delta.tool_calls or []:
                if delta.id:
                    assert delta.index == len(calls) and delta.type == "function" and delta.function.arguments == ""
                    calls.append([delta.function.name, ""])
                calls[delta.index][1] += delta.function.arguments or ""
            reason = choice.finish_reason or reason
    return text, calls, reason


# Choices of tools


@pytest.mark.shows("openai", "chat", "tools")
def test_a_required_call_is_made(client):
    for seed in range(4):
        choice = ask(client, tool_choice="required", seed=seed, temperature=1.5).choices[0]
        check(choice, TOOLS, required=True)


def test_a_named_tool_is_called_once(client):
    choice = ask(client, tool_choice={"type": "function", "function": {"name": "clock"}}).choices[0]
    assert [(call.function.name, call.function.arguments) for call in choice.message.tool_calls] == [("clock", "{}")]
    assert choice.finish_reason == "tool_calls" and choice.message.content is None


def test_allowed_tools_are_called_and_no_others(client):
    allowed = {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [CLOCK["function"] | {"type": "function"}]}}
    allowed["allowed_tools"]["tools"] = [{"type": "function", "function": {"name": "clock"}}]
    for seed in range(3):
        calls = ask(client, tool_choice=allowed, seed=seed, parallel_tool_calls=False).choices[0].message.tool_calls
        assert [call.function.name for call in calls] == ["clock"]


def test_no_tool_is_called_where_none_is_allowed(client):
    choice = ask(client, tool_choice="none").choices[0]
    assert choice.message.tool_calls is None and choice.message.content


@pytest.mark.parametrize("choice", ["weather", {"type": "function", "function": {"name": "nobody"}}])
def test_a_choice_of_nothing_is_refused(client, choice):
    with pytest.raises(openai.BadRequestError):
        ask(client, tool_choice=choice)


# Streams and round trips


@pytest.mark.shows("openai", "chat", "plain", "streamed", "tools")
def test_a_stream_tells_what_the_whole_reply_tells(client):
    for seed, choice in itertools.product(range(3), ["required", "auto"]):
        fields = dict(tool_choice=choice, seed=seed, temperature=1.2)
        whole = ask(client, **fields).choices[0]
        text, calls, reason = assembled(ask(client, stream=True, **fields))
        assert text == (whole.message.content or "")
        assert calls == [[call.function.name, call.function.arguments] for call in whole.message.tool_calls or []]
        assert reason == whole.finish_reason


@pytest.mark.shows("openai", "chat", "tools", "three turns")
def test_three_turns_take_the_reply_back_as_it_was(client):
    messages = list(QUESTION)
    for _ in range(3):
        message = ask(client, messages, tool_choice="required", parallel_tool_calls=False).choices[0].message
        assert len(message.tool_calls) == 1
        messages.append(message.model_dump())
        messages.append({"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": [{"type": "text", "text": "Sun."}]})
    reply = ask(client, messages, tool_choice="none")
    assert reply.choices[0].message.content


@pytest.mark.parametrize("choice", ["none", "auto", "required"])
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize("held", [False, True])
def test_every_cell_of_the_matrix(client, choice, stream, n, held):
    fields = dict(tool_choice=choice, n=n, stream=stream, max_tokens=48, temperature=0.8)
    if held:
        fields["response_format"] = FORMAT
    reply = ask(client, **fields)
    if stream:
        chunks = list(reply)
        reasons = {c.index: c.finish_reason for chunk in chunks for c in chunk.choices if c.finish_reason}
        assert sorted(reasons) == list(range(n))
        text, calls, reason = assembled([chunk for chunk in chunks if chunk.choices and chunk.choices[0].index == 0])
        if held and reason == "stop":
            jsonschema.validate(json.loads(text), SCHEMA)
        assert calls or choice != "required" or reason == "length"
        return
    assert [c.index for c in reply.choices] == list(range(n))
    for one in reply.choices:
        check(one, TOOLS, required=choice == "required")
        if held and one.finish_reason == "stop":
            jsonschema.validate(json.loads(one.message.content), SCHEMA)


# Many tools


def many_tools(draw):
    """Sixty tools: empty, large, recursive, of every type."""
    node = {"type": "object", "properties": {"value": {"type": "integer"}, "next": {"$ref": "#/$defs/node"}}, "required": ["value"]}
    tools = []
    for index in range(60):
        kind = index % 6
        if kind == 0:
            parameters = None
        elif kind == 1:
            parameters = {"type": "object", "properties": {"head": {"$ref": "#/$defs/node"}}, "required": ["head"], "$defs": {"node": node}}
        elif kind == 2:
            properties = {f"field_{i}": {"type": draw.choice(["string", "integer", "boolean", "number"])} for i in range(30)}
            parameters = {"type": "object", "properties": properties, "required": list(properties)[:2], "additionalProperties": False}
        elif kind == 3:
            parameters = {"type": "object", "properties": {"mode": {"enum": ["fast", "slow", None, 3]}}, "required": ["mode"]}
        elif kind == 4:
            parameters = {"type": "object", "properties": {"list": {"type": "array", "items": {"type": "string", "maxLength": 5}, "maxItems": 3}}}
        else:
            parameters = {"type": "object", "properties": {"at": {"type": "string", "format": "date"}, "name": {"type": "string", "maxLength": 8}}, "required": ["at"]}
        tools.append(function(f"tool_{index}", parameters))
    return tools


def test_calls_of_many_tools_are_valid_whatever_their_budget(client):
    draw = random.Random(5)
    tools = many_tools(draw)
    cut = 0
    for index in range(CALLS):
        budget = index % 45 + 1
        tool = draw.choice(tools)["function"]["name"]
        choice = "required" if index % 3 else {"type": "function", "function": {"name": tool}}
        reply = ask(client, tools=tools, tool_choice=choice, temperature=1.5, seed=index, max_tokens=budget, parallel_tool_calls=False)
        check(reply.choices[0], tools, required=True)
        cut += reply.choices[0].finish_reason == "length"
    assert 0 < cut < CALLS


# Other shapes


def test_old_functions_are_answered_in_their_own_shape(client):
    reply = client.chat.completions.create(
        model=MODEL, messages=QUESTION, functions=[WEATHER["function"]], function_call={"name": "weather"}, seed=1, max_tokens=60,
        temperature=1,
    )  # fmt: skip
    choice = reply.choices[0]
    assert choice.finish_reason == "function_call" and choice.message.tool_calls is None
    assert choice.message.function_call.name == "weather"
    jsonschema.validate(json.loads(choice.message.function_call.arguments), schema_of(WEATHER))


def test_a_custom_tool_takes_a_text_of_its_format(client):
    tool = {"type": "custom", "custom": {"name": "code", "format": {"type": "grammar", "grammar": {"syntax": "regex", "definition": "[a-c]{3}"}}}}
    message = ask(client, tools=[tool], tool_choice="required", parallel_tool_calls=False).choices[0].message
    (call,) = message.tool_calls
    assert call.type == "custom" and len(call.custom.input) == 3 and set(call.custom.input) <= set("abc")


def test_what_a_schema_leaves_open_is_told(client):
    loose = function("loose", {"type": "object", "properties": {"a": {"type": "string", "format": "made-up"}}})
    raw = client.chat.completions.with_raw_response.create(
        model=MODEL, messages=QUESTION, tools=[loose], tool_choice="required", max_tokens=8
    )
    assert "made-up" in raw.headers[HEADER] or "format" in raw.headers[HEADER]


def test_a_strict_tool_that_cannot_be_enforced_is_refused(client):
    strict = function("strict", {"type": "object", "properties": {"a": {"uniqueItems": True, "type": "array"}}}, strict=True)
    with pytest.raises(openai.BadRequestError) as refused:
        ask(client, tools=[CLOCK, strict])
    assert refused.value.body["param"].startswith("tools[1]")


# Thinking


@pytest.fixture(scope="module")
def thinker(new_data, tmp_path_factory):
    template = tmp_path_factory.mktemp("template") / "thinking.jinja"
    template.write_text(THINKING)
    server = Server("--data-dir", new_data(), "--model", MODEL, "--chat-template", template)
    server.key = server.wait_for(r"^\s+(pk-\w+)$")
    yield server.client(server.key)
    assert server.stop() == 0, server.errors


def test_thinking_ends_with_its_budget(thinker):
    reply = ask(thinker, extra={"thinking_budget": 12}, tools=openai.NOT_GIVEN)
    message = reply.choices[0].message
    assert message.reasoning_content and message.content
    assert "</think>" not in message.content + message.reasoning_content
    assert 12 <= reply.usage.completion_tokens_details.reasoning_tokens <= 20


def test_thinking_that_is_switched_off_is_not_there(thinker):
    reply = ask(thinker, extra={"enable_thinking": False}, tools=openai.NOT_GIVEN)
    assert not getattr(reply.choices[0].message, "reasoning_content", None) and reply.choices[0].message.content


@pytest.mark.shows("openai", "chat", "tools", "structured", "reasoning")
def test_thinking_stands_in_front_of_a_call_and_of_a_format(thinker):
    for fields in [dict(tool_choice="required", parallel_tool_calls=False), dict(response_format=FORMAT, tools=openai.NOT_GIVEN)]:
        choice = ask(thinker, extra={"thinking_budget": 10}, **fields).choices[0]
        assert choice.message.reasoning_content
        if "response_format" in fields:
            jsonschema.validate(json.loads(choice.message.content), SCHEMA)
        else:
            check(choice, TOOLS, required=True)


@pytest.mark.shows("openai", "chat", "plain", "streamed", "reasoning")
def test_streamed_thinking_comes_first_and_is_the_same(thinker):
    fields = dict(extra={"thinking_budget": 10}, tools=openai.NOT_GIVEN, max_tokens=40)
    whole = ask(thinker, **fields).choices[0].message
    thought, text = "", ""
    for chunk in ask(thinker, stream=True, **fields):
        delta = chunk.choices[0].delta
        more = getattr(delta, "reasoning_content", None)
        assert not (more and text)
        thought += more or ""
        text += delta.content or ""
    assert (thought, text) == (whole.reasoning_content, whole.content)
