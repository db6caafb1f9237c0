"""Replies that fit a type, through clients that speak Responses or Messages."""

import asyncio

# First, because it keeps the clients from speaking to anybody as they are imported.
from test_agent_clients import (
    BUDGET,
    MAX_TOKENS,
    QUESTION,
    SYSTEM,
    Answer,
    agents_run,
    nothing_leaves_this_machine,  # noqa: F401
    pydantic_run,
    relay,  # noqa: F401
    thinker,  # noqa: F401
)
from test_dialect_clients import MESSAGES_BODY, messages_relay  # noqa: F401

# isort: split
import agents
import anthropic
import litellm
import openai
import pydantic_ai
import pytest
from langchain_openai import ChatOpenAI
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider


def check(relay, answer, names):
    """One request, which asked for the type in one of some fields, and a reply that has it."""
    assert isinstance(answer, Answer)
    (exchange,) = relay.exchanges
    assert exchange.status == 200 and any(exchange.sent.get(name) for name in names)


@pytest.mark.shows("openai-agents", "responses", "structured")
@pytest.mark.parametrize("stream", [False, True])
def test_agents_output_types_are_held_to(relay, stream):  # noqa: F811
    client = openai.AsyncOpenAI(base_url=relay.address, api_key=relay.key, max_retries=0)
    agent = agents.Agent(
        name="Assistant", instructions=SYSTEM, output_type=Answer,
        model=agents.OpenAIResponsesModel(model="thinker", openai_client=client),
        model_settings=agents.ModelSettings(temperature=0, max_tokens=MAX_TOKENS, extra_body=BUDGET),
    )  # fmt: skip
    result, _ = asyncio.run(agents_run(agent, QUESTION, stream))
    check(relay, result.final_output, ["text"])


@pytest.mark.shows("langchain-openai", "responses", "structured")
@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
@pytest.mark.parametrize("stream", [False, True])
def test_langchain_structured_output_is_held_to(relay, method, stream):  # noqa: F811
    model = ChatOpenAI(
        model="thinker", base_url=relay.address, api_key=relay.key, max_retries=0, temperature=0, max_tokens=MAX_TOKENS,
        extra_body=BUDGET, use_responses_api=True,
    ).with_structured_output(Answer, method=method)  # fmt: skip
    answer = list(model.stream(QUESTION))[-1] if stream else model.invoke(QUESTION)
    check(relay, answer, ["text" if method == "json_schema" else "tools"])


OUTPUTS = [pydantic_ai.ToolOutput, pydantic_ai.NativeOutput]


@pytest.mark.shows("pydantic-ai", "responses", "structured")
@pytest.mark.parametrize("how", ["run", "run_stream", "run_stream_events"])
@pytest.mark.parametrize("output", OUTPUTS)
def test_pydantic_ai_output_types_are_held_to_by_responses(relay, how, output):  # noqa: F811
    model = OpenAIResponsesModel("thinker", provider=OpenAIProvider(base_url=relay.address, api_key=relay.key))
    settings = {"max_tokens": MAX_TOKENS, "temperature": 0, "parallel_tool_calls": False, "extra_body": BUDGET}
    agent = pydantic_ai.Agent(model, instructions=SYSTEM, retries=0, output_type=output(Answer), model_settings=settings)
    answer, _ = asyncio.run(pydantic_run(agent, how, QUESTION))
    check(relay, answer, ["text" if output is pydantic_ai.NativeOutput else "tools"])


@pytest.mark.shows("pydantic-ai", "messages", "structured")
@pytest.mark.parametrize("how", ["run", "run_stream", "run_stream_events"])
@pytest.mark.parametrize("output", OUTPUTS)
def test_pydantic_ai_output_types_are_held_to_by_messages(messages_relay, how, output):  # noqa: F811
    client = anthropic.AsyncAnthropic(base_url=messages_relay.address, auth_token=messages_relay.key, max_retries=0)
    # The client does not know what the model can do, and asks for no format unless it is told.
    model = AnthropicModel(
        "thinker", provider=AnthropicProvider(anthropic_client=client), profile={"supports_json_schema_output": True}
    )
    settings = {"max_tokens": 200, "parallel_tool_calls": False, "extra_body": MESSAGES_BODY}
    agent = pydantic_ai.Agent(model, instructions=SYSTEM, retries=0, output_type=output(Answer), model_settings=settings)
    answer, _ = asyncio.run(pydantic_run(agent, how, QUESTION))
    check(messages_relay, answer, ["output_config", "output_format"] if output is pydantic_ai.NativeOutput else ["tools"])


@pytest.mark.shows("litellm", "responses", "plain", "structured")
def test_litellm_formats_are_held_to_by_responses(relay):  # noqa: F811
    reply = litellm.responses(
        model="openai/thinker", api_base=relay.address, api_key=relay.key, instructions=SYSTEM, input=QUESTION,
        temperature=0, max_output_tokens=MAX_TOKENS, extra_body=BUDGET, text_format=Answer,
    )  # fmt: skip
    (text,) = [part.text for item in reply.output if item.type == "message" for part in item.content]
    check(relay, Answer.model_validate_json(text), ["text"])


@pytest.mark.shows("litellm", "messages", "structured")
@pytest.mark.parametrize("stream", [False, True])
def test_litellm_formats_are_held_to_by_messages(messages_relay, stream):  # noqa: F811
    # The client makes the type a tool, and beside thinking does not demand that it is called.
    reply = litellm.completion(
        model="anthropic/thinker", api_base=messages_relay.address + "/v1/messages", api_key=messages_relay.key,
        messages=[{"role": "user", "content": QUESTION}], response_format=Answer, max_tokens=200, temperature=0,
        stream=stream, thinking={"type": "disabled"}, allowed_openai_params=["thinking"],
    )  # fmt: skip
    message = (litellm.stream_chunk_builder(list(reply)) if stream else reply).choices[0].message
    check(messages_relay, Answer.model_validate_json(message.content), ["output_config", "output_format", "tools"])
