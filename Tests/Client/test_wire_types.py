"""Replies and events of Responses and Messages against the clients' own types: nothing required is missing, nothing
else is there but what this server adds on purpose."""

import json
import re

import httpx
import pydantic
import pytest
from anthropic import types as anthropic_types
from conftest import MODEL, Server
from openai.types.responses import Response, ResponseStreamEvent
from test_stream_order import TOOL, WEATHER
from test_tools import THINKING

ADDED = {"system_fingerprint", "input_transformations"}
# What clients in other languages require, and the types in Python do not know.
REQUIRED_ELSEWHERE = {"presence_penalty", "frequency_penalty", "store"}
# Every key of a response, also where the client's type would let it be absent.
RESPONSE_KEYS = {
    "id", "object", "created_at", "status", "completed_at", "error", "incomplete_details", "output", "usage", "model",
    "instructions", "max_output_tokens", "metadata", "parallel_tool_calls", "prompt_cache_key", "reasoning",
    "safety_identifier", "temperature", "top_p", "presence_penalty", "frequency_penalty", "text", "tool_choice", "tools",
    "top_logprobs", "user", "background", "max_tool_calls", "previous_response_id", "service_tier", "store", "truncation",
}  # fmt: skip
# What OpenAI's types have in some places and leave out in others: the status of custom tools' items, the bytes of tokens
# in deltas, and the name of a function whose arguments are done.
ELSEWHERE = re.compile(r"(output\[\d+\]|item)\.status$|logprobs\[\d+\]\.bytes$|^\$\.name$")
QUESTION = "What is the capital of France?"


@pytest.fixture(scope="module")
def thinker(new_data, tmp_path_factory):
    template = tmp_path_factory.mktemp("template") / "thinking.jinja"
    template.write_text(THINKING)
    server = Server("--no-auth", "--data-dir", new_data(), "--model", MODEL, "--chat-template", template)
    yield server
    server.stop()


def extras(value, path="$"):
    """Where a parsed value holds fields that its type does not know."""
    if isinstance(value, pydantic.BaseModel):
        for name in value.model_extra or {}:
            yield f"{path}.{name}"
        for name in type(value).model_fields:
            yield from extras(getattr(value, name, None), f"{path}.{name}")
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from extras(element, f"{path}[{index}]")


def check(kind, value):
    parsed = pydantic.TypeAdapter(kind).validate_python(value)
    known = ADDED | REQUIRED_ELSEWHERE
    unknown = [path for path in extras(parsed) if path.rsplit(".", 1)[1] not in known and not ELSEWHERE.search(path)]
    assert unknown == [], unknown


RESPONSES = {
    "text": {"input": QUESTION},
    "cut": {"input": QUESTION, "max_output_tokens": 2},
    "reports": {"input": QUESTION, "include": ["message.output_text.logprobs"], "top_logprobs": 2},
    "call": {"input": QUESTION, "tools": [TOOL], "tool_choice": "required", "reasoning": {"effort": "none"}},
    "custom": {
        "input": QUESTION,
        "tools": [{"type": "custom", "name": "note", "format": {"type": "text"}}],
        "tool_choice": {"type": "custom", "name": "note"},
        "max_output_tokens": 40,
    },
    "summary": {"input": QUESTION, "reasoning": {"summary": "auto"}, "thinking_budget": 6},
}


@pytest.mark.parametrize("name", RESPONSES)
def test_responses_have_the_keys_of_their_types(thinker, name):
    body = {"model": MODEL, "temperature": 0, "max_output_tokens": 200, "thinking_budget": 6} | RESPONSES[name]
    whole = httpx.post(f"{thinker.address}/v1/responses", json=body, timeout=120).json()
    assert whole.keys() - ADDED == RESPONSE_KEYS
    check(Response, whole)
    stream = httpx.post(f"{thinker.address}/v1/responses", json=body | {"stream": True}, timeout=120).text
    events = [json.loads(line[6:]) for line in stream.splitlines() if line.startswith("data: {")]
    for event in events:
        check(ResponseStreamEvent, event)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    told = [item["type"] for item in events[-1]["response"]["output"]]
    assert told == [item["type"] for item in whole["output"]]


MESSAGES = {
    "text": {},
    "cut": {"max_tokens": 2},
    "thinking": {"thinking": {"type": "enabled", "budget_tokens": 6}},
    "omitted": {"thinking": {"type": "enabled", "budget_tokens": 6, "display": "omitted"}},
    "call": {
        "tools": [{"name": "weather", "input_schema": WEATHER}],
        "tool_choice": {"type": "any", "disable_parallel_tool_use": True},
    },
    "stop": {"stop_sequences": ["a", "e"]},
}


@pytest.mark.parametrize("name", MESSAGES)
def test_messages_have_the_keys_of_their_types(thinker, name):
    messages = [{"role": "user", "content": QUESTION}]
    body = {"model": MODEL, "temperature": 0, "max_tokens": 200, "messages": messages, "thinking": {"type": "disabled"}}
    body |= MESSAGES[name]
    whole = httpx.post(f"{thinker.address}/v1/messages", json=body, timeout=120).json()
    check(anthropic_types.Message, whole)
    stream = httpx.post(f"{thinker.address}/v1/messages", json=body | {"stream": True}, timeout=120).text
    events = [json.loads(line[6:]) for line in stream.splitlines() if line.startswith("data: {")]
    for event in events:
        check(anthropic_types.RawMessageStreamEvent, event)
    started = [event["content_block"]["type"] for event in events if event["type"] == "content_block_start"]
    assert started == [block["type"] for block in whole["content"]]
