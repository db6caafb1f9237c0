"""Three turns through clients that speak Responses or Messages: a call, an answer, and an answer to the next question.

Each sends back what it was told, with thinking and calls, in its own way.
"""

import asyncio
import json
import time

# First, because it keeps the clients from speaking to anybody as they are imported.
from test_agent_clients import (
    BUDGET,
    MAX_TOKENS,
    NEXT_QUESTION,
    PARAMETERS,
    QUESTION,
    RESULT,
    SYSTEM,
    CallFirst,
    Relay,
    agents_run,
    chain_turn,
    check_arguments,
    nothing_leaves_this_machine,  # noqa: F401
    pydantic_agent,
    pydantic_run,
    relay,  # noqa: F401
    thinker,  # noqa: F401
    weather,
)

# isort: split
import agents
import anthropic
import litellm
import openai
import pydantic_ai
import pytest
from langchain_core.messages import HumanMessage, SystemMessage, ToolMessage
from langchain_openai import ChatOpenAI
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider

TOOL = {"name": "weather", "description": "The weather of a city.", "parameters": PARAMETERS}
# Of Messages, which has its own word for the budget.
THINKING = {"type": "enabled", "budget_tokens": 1024}
# A budget as small as the model, and a reply that is the same every time: the client's types take neither.
MESSAGES_BODY = {"temperature": 0, "thinking": {"type": "enabled", "budget_tokens": 4}}


def check(relay, route, stream):
    """Three requests, all taken, of which each shows what was said before, and what was thought."""
    # The relay keeps an exchange when the server has ended it, which a client need not wait for.
    deadline = time.monotonic() + 5
    while len(relay.exchanges) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [exchange.status for exchange in relay.exchanges] == [200] * 3, relay.exchanges[-1].text
    assert [bool(exchange.sent.get("stream")) for exchange in relay.exchanges] == [stream] * 3
    second, third = (json.dumps(exchange.sent) for exchange in relay.exchanges[1:])
    for later in (second, third):
        assert RESULT in later
        assert ("function_call" if route == "responses" else "tool_use") in later
    for exchange in relay.exchanges[1:]:
        assert any(thoughts(exchange.sent, route)), exchange.sent
    assert NEXT_QUESTION in third


def thoughts(sent, route):
    """What a request brings of earlier thoughts: their seals, or in Responses their text where a client keeps that."""
    if route == "responses":
        items = [item for item in sent["input"] if item.get("type") == "reasoning"]
        return [item.get("encrypted_content") or item.get("content") for item in items]
    blocks = [block for message in sent["messages"] for block in message["content"] if isinstance(block, dict)]
    return [block["signature"] for block in blocks if block["type"] == "thinking"]


def responses_loop(turn):
    """The loop that a user writes; `turn` returns the dumps of a reply's items."""
    items = [{"role": "user", "content": QUESTION}]
    items += turn(items, tool_choice="required", parallel_tool_calls=False)
    calls = [item for item in items if item.get("type") == "function_call"]
    assert len(calls) == 1
    check_arguments(calls[0]["arguments"])
    items.append({"type": "function_call_output", "call_id": calls[0]["call_id"], "output": RESULT})
    items += turn(items)
    items.append({"role": "user", "content": NEXT_QUESTION})
    items += turn(items)
    thoughts = [item for item in items if item.get("type") == "reasoning"]
    assert thoughts and all(thought["encrypted_content"] for thought in thoughts)


@pytest.mark.shows("openai", "responses", "tools", "reasoning", "three turns")
@pytest.mark.parametrize("how", ["create", "stream"])
def test_openai_items_come_back_in_three_turns(relay, how):  # noqa: F811
    client = openai.OpenAI(base_url=relay.address, api_key=relay.key, max_retries=0)

    def turn(items, **fields):
        fields = dict(
            model="thinker", instructions=SYSTEM, input=items, tools=[{"type": "function", "strict": True} | TOOL],
            temperature=0, max_output_tokens=MAX_TOKENS, extra_body=BUDGET, **fields,
        )  # fmt: skip
        if how == "create":
            return [item.model_dump() for item in client.responses.create(**fields).output]
        with client.responses.stream(**fields) as stream:
            events = list(stream)
        assert events[-1].type in ("response.completed", "response.incomplete")
        return [item.model_dump() for item in events[-1].response.output]

    responses_loop(turn)
    check(relay, "responses", how == "stream")


@pytest.mark.shows("litellm", "responses", "plain", "tools", "reasoning", "three turns")
@pytest.mark.parametrize("stream", [False, True])
def test_litellm_responses_come_back_in_three_turns(relay, stream):  # noqa: F811
    def turn(items, **fields):
        reply = litellm.responses(
            model="openai/thinker", api_base=relay.address, api_key=relay.key, instructions=SYSTEM, input=items,
            tools=[{"type": "function", "strict": True} | TOOL], temperature=0, max_output_tokens=MAX_TOKENS,
            extra_body=BUDGET, stream=stream, **fields,
        )  # fmt: skip
        if stream:
            events = list(reply)
            reply = events[-1].response
        return [item if isinstance(item, dict) else item.model_dump() for item in reply.output]

    responses_loop(turn)
    # It makes a stream of a whole reply where it does not know the model.
    check(relay, "responses", stream=False)


@pytest.mark.shows("openai-agents", "responses", "tools", "reasoning", "three turns")
@pytest.mark.parametrize("stream", [False, True])
def test_agents_items_come_back_in_three_turns(relay, stream):  # noqa: F811
    client = openai.AsyncOpenAI(base_url=relay.address, api_key=relay.key, max_retries=0)
    model = agents.OpenAIResponsesModel(model="thinker", openai_client=client)
    settings = agents.ModelSettings(
        temperature=0, max_tokens=MAX_TOKENS, extra_body=BUDGET, tool_choice="required", parallel_tool_calls=False,
        response_include=["reasoning.encrypted_content"],
    )  # fmt: skip
    agent = agents.Agent(
        name="Assistant", instructions=SYSTEM, model=model, model_settings=settings,
        tools=[agents.function_tool(weather)],
    )  # fmt: skip
    free = agents.RunConfig(model_settings=agents.ModelSettings(tool_choice="auto"), tracing_disabled=True)

    async def turns():
        first, _ = await agents_run(agent, QUESTION, stream)
        given = first.to_input_list() + [{"role": "user", "content": NEXT_QUESTION}]
        second, _ = await agents_run(agent, given, stream, run_config=free)
        return first, second

    first, second = asyncio.run(turns())
    assert first.final_output and second.final_output
    check(relay, "responses", stream)


@pytest.mark.shows("langchain-openai", "responses", "tools", "reasoning", "three turns")
@pytest.mark.parametrize("how", ["invoke", "ainvoke", "stream", "astream"])
def test_langchain_messages_come_back_in_three_turns(relay, how):  # noqa: F811
    model = ChatOpenAI(
        model="thinker", base_url=relay.address, api_key=relay.key, max_retries=0, temperature=0, max_tokens=MAX_TOKENS,
        extra_body=BUDGET, use_responses_api=True, include=["reasoning.encrypted_content"],
    )  # fmt: skip
    caller = model.bind_tools([weather], strict=True, tool_choice="required", parallel_tool_calls=False)
    free = model.bind_tools([weather], strict=True)
    messages = [SystemMessage(SYSTEM), HumanMessage(QUESTION)]
    for asked in [caller, free, free]:
        reply = chain_turn(asked, messages, how)
        messages.append(reply)
        for call in reply.tool_calls:
            messages.append(ToolMessage(weather(**call["args"]), tool_call_id=call["id"]))
        if asked is free:
            messages.append(HumanMessage(NEXT_QUESTION))
    check(relay, "responses", "stream" in how)


@pytest.mark.shows("pydantic-ai", "responses", "tools", "reasoning", "three turns")
@pytest.mark.parametrize("how", ["run", "run_stream", "run_stream_events"])
def test_pydantic_ai_responses_come_back_in_three_turns(relay, how):  # noqa: F811
    model = OpenAIResponsesModel("thinker", provider=OpenAIProvider(base_url=relay.address, api_key=relay.key))
    pydantic_turns(pydantic_agent(relay, model=model), how)
    check(relay, "responses", how != "run")


def pydantic_turns(agent, how):
    async def turns():
        _, messages = await pydantic_run(agent, how, QUESTION)
        await pydantic_run(agent, how, NEXT_QUESTION, message_history=messages)

    asyncio.run(turns())


# Messages


class MessagesRelay(Relay):
    """A relay whose address has no version, as Anthropic's clients add it themselves."""

    def __init__(self, address, template):
        super().__init__(address, template)
        self.address = self.address.removesuffix("/v1")


@pytest.fixture
def messages_relay(thinker):  # noqa: F811
    relay = MessagesRelay(thinker.address, thinker.template)
    relay.key = thinker.key
    yield relay
    relay.close()


@pytest.mark.shows("anthropic", "messages", "tools", "reasoning", "three turns")
@pytest.mark.parametrize("how", ["create", "stream"])
def test_anthropic_blocks_come_back_in_three_turns(messages_relay, how):
    client = anthropic.Anthropic(base_url=messages_relay.address, auth_token=messages_relay.key, max_retries=0)
    tools = [{"name": "weather", "description": "The weather of a city.", "input_schema": PARAMETERS, "strict": True}]

    def turn(messages, **fields):
        fields = dict(
            model="thinker", system=SYSTEM, messages=messages, tools=tools, max_tokens=400, thinking=THINKING,
            extra_body=MESSAGES_BODY, **fields,
        )  # fmt: skip
        if how == "create":
            return client.messages.create(**fields)
        with client.messages.stream(**fields) as stream:
            return stream.get_final_message()

    messages = [{"role": "user", "content": QUESTION}]
    reply = turn(messages, tool_choice={"type": "any", "disable_parallel_tool_use": True})
    assert [block.type for block in reply.content] == ["thinking", "tool_use"] and reply.content[0].signature
    messages.append({"role": "assistant", "content": [block.model_dump() for block in reply.content]})
    result = {"type": "tool_result", "tool_use_id": reply.content[1].id, "content": RESULT}
    messages.append({"role": "user", "content": [result]})
    messages.append({"role": "assistant", "content": [block.model_dump() for block in turn(messages).content]})
    messages.append({"role": "user", "content": NEXT_QUESTION})
    assert turn(messages).content
    check(messages_relay, "messages", how == "stream")


@pytest.mark.shows("pydantic-ai", "messages", "tools", "reasoning", "three turns")
@pytest.mark.parametrize("how", ["run", "run_stream", "run_stream_events"])
def test_pydantic_ai_messages_come_back_in_three_turns(messages_relay, how):
    client = anthropic.AsyncAnthropic(
        base_url=messages_relay.address, auth_token=messages_relay.key, api_key=None, max_retries=0
    )
    model = AnthropicModel("thinker", provider=AnthropicProvider(anthropic_client=client))
    agent = pydantic_ai.Agent(
        model, tools=[weather], instructions=SYSTEM, capabilities=[CallFirst("none")], retries=0,
        # Of many calls in a row the limit cuts the last one, which is told as text; and a text, even one behind calls,
        # is for `run_stream` the end of the run.
        model_settings={"max_tokens": 400, "parallel_tool_calls": False, "extra_body": MESSAGES_BODY},
    )  # fmt: skip
    pydantic_turns(agent, how)
    check(messages_relay, "messages", how != "run")


@pytest.mark.shows("litellm", "messages", "tools", "reasoning", "three turns")
@pytest.mark.parametrize("stream", [False, True])
def test_litellm_messages_come_back_in_three_turns(messages_relay, stream):
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTION}]

    def turn(**fields):
        reply = litellm.completion(
            model="anthropic/thinker", api_base=messages_relay.address + "/v1/messages", api_key=messages_relay.key,
            messages=messages, tools=[{"type": "function", "function": TOOL}], max_tokens=400, stream=stream, temperature=0,
            thinking={"type": "enabled", "budget_tokens": 4}, allowed_openai_params=["thinking"], **fields,
        )  # fmt: skip
        if stream:
            reply = litellm.stream_chunk_builder(list(reply), messages=messages)
        return reply.choices[0].message.model_dump()

    messages.append(turn(tool_choice="required", parallel_tool_calls=False))
    (call,) = messages[-1]["tool_calls"]
    messages.append({"role": "tool", "tool_call_id": call["id"], "content": RESULT})
    messages.append(turn())
    messages.append({"role": "user", "content": NEXT_QUESTION})
    turn()
    check(messages_relay, "messages", stream)
