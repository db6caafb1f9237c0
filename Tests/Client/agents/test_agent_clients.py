"""Three turns through the clients that agents are built with: each sends back what it was told, in its own way.

Every client speaks to a relay, which passes bodies on as they are and keeps them, so that a test sees what was sent.
"""

import asyncio
import contextlib
import dataclasses
import http.client
import http.server
import json
import os
import re
import socket
import subprocess
import threading
import urllib.parse
from typing import Annotated, Literal

# Before the clients are imported: none of them may tell anybody, or fetch anything.
os.environ |= {
    "DO_NOT_TRACK": "1",
    "LANGCHAIN_TRACING_V2": "false",
    "LANGSMITH_TRACING": "false",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "OPENAI_AGENTS_DISABLE_TRACING": "1",
}

import agents  # noqa: E402
import jsonschema  # noqa: E402
import litellm  # noqa: E402
import openai  # noqa: E402
import pydantic_ai  # noqa: E402
import pytest  # noqa: E402
from agents.items import ItemHelpers  # noqa: E402
from conftest import BINARY, KEPT_DATA, MODEL, Server, environment  # noqa: E402
from langchain_core.messages import (  # noqa: E402
    AIMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
    message_to_dict,
    messages_from_dict,
)
from langchain_openai import ChatOpenAI  # noqa: E402
from pydantic import BaseModel, Field  # noqa: E402
from pydantic_ai.capabilities import AbstractCapability  # noqa: E402
from pydantic_ai.direct import model_request, model_request_stream  # noqa: E402
from pydantic_ai.messages import ModelMessagesTypeAdapter, ModelRequest, ToolReturnPart  # noqa: E402
from pydantic_ai.models import ModelRequestParameters  # noqa: E402
from pydantic_ai.models.openai import OpenAIChatModel  # noqa: E402
from pydantic_ai.providers.openai import OpenAIProvider  # noqa: E402
from pydantic_ai.settings import ToolOrOutput  # noqa: E402

litellm.telemetry = False
litellm.suppress_debug_info = True

SYSTEM = "You are a kind assistant."
QUESTION = "What is the weather in Bern?"
RESULT = "The weather in Bern is sunny with 21 degrees."
NEXT_QUESTION = "Thank you. What is the capital of France?"
MAX_TOKENS = 64
# The model thinks a few words, and then answers in words too: where it may think long, it has no answer left.
BUDGET = {"thinking_budget": 4}
# A template that opens the model's thinking, and that shows calls, results and earlier thinking in a way of its own. It
# shows no mark of a call, because the small model would copy it for ever; the comment tells the format. It shows where
# thinking was, even where a client did not send it back, because the small model would else stop after its own.
TEMPLATE = """{#- Calls are written as <tool_call>{"name": <function-name>, ...}</tool_call>. #}
{%- if tools %}<|im_start|>system
{%- for tool in tools %}
{{ tool | tojson }}
{%- endfor %}<|im_end|>
{% endif %}
{%- for message in messages %}<|im_start|>{{ "user" if message.role == "tool" else message.role }}
{% if message.role == "assistant" and "<think>" not in (message.content or "") %}<think>
{{ message.reasoning_content or "" }}
</think>
{% endif %}{{ message.content or "" }}
{%- for call in message.tool_calls or [] %}
{%- set given = call.function.arguments %}Let me look: {{ call.function.name }} {# -#}
{{ given if given is string else given | tojson }}
{%- endfor %}<|im_end|>
{% endfor %}
{%- if add_generation_prompt %}<|im_start|>assistant
{% if enable_thinking is not defined or enable_thinking %}<think>
{% endif %}{% endif %}"""

City = Literal["Bern", "Basel"]
Days = Annotated[int, Field(ge=1, le=9)]


class Weather(BaseModel):
    """The weather of a city."""

    city: City
    days: Days


class Answer(BaseModel):
    """What is told at last."""

    city: City
    warm: bool


def weather(city: City, days: Days) -> str:
    """The weather of a city."""
    return RESULT


PARAMETERS = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "enum": ["Bern", "Basel"]},
        "days": {"type": "integer", "minimum": 1, "maximum": 9},
    },
    "required": ["city", "days"],
    "additionalProperties": False,
}
TOOL = {
    "type": "function",
    "function": {"name": "weather", "description": "The weather of a city.", "parameters": PARAMETERS},
}
FIELDS = dict(temperature=0, max_tokens=MAX_TOKENS)


# What was sent and answered


@dataclasses.dataclass
class Exchange:
    """A request as it was sent, and the reply as it came."""

    sent: dict
    status: int
    text: str

    def events(self):
        lines = [line.removeprefix("data: ") for line in self.text.splitlines() if line.startswith("data: ")]
        assert lines[-1] == "[DONE]"
        return [json.loads(line) for line in lines[:-1]]

    def read(self):
        """The message, why it ended, and the usage, in a stream or not."""
        if not self.sent.get("stream"):
            reply = json.loads(self.text)
            (choice,) = reply["choices"]
            message = choice["message"]
            if "reasoning" in message:
                message["reasoning_content"] = message.pop("reasoning")
            return message, choice["finish_reason"], reply["usage"]
        message, reason, usage = {"content": None, "tool_calls": []}, None, None
        for event in self.events():
            usage = event.get("usage") or usage
            for choice in event["choices"]:
                delta, reason = choice["delta"], choice["finish_reason"] or reason
                for name in ["content", "reasoning_content", "reasoning"]:
                    if delta.get(name):
                        place = "content" if name == "content" else "reasoning_content"
                        message[place] = (message.get(place) or "") + delta[name]
                for call in delta.get("tool_calls", []):
                    if "id" in call:
                        message["tool_calls"].append(
                            {"id": call["id"], "function": {"name": call["function"]["name"], "arguments": ""}}
                        )
                    message["tool_calls"][call["index"]]["function"]["arguments"] += call["function"]["arguments"]
        return message, reason, usage


# The last bytes of a stream of each dialect.
ENDS = (b"data: [DONE]\n\n", b'{"type":"message_stop"}\n\n')


class Relay(http.server.ThreadingHTTPServer):
    """Passes requests on to a server, and keeps them with their replies."""

    daemon_threads = True

    def __init__(self, address, template):
        super().__init__(("127.0.0.1", 0), RelayHandler)
        self.target = urllib.parse.urlsplit(address).netloc
        self.address = f"http://127.0.0.1:{self.server_port}/v1"
        self.template = template
        self.exchanges = []
        self.thread = threading.Thread(target=self.serve_forever, daemon=True)
        self.thread.start()

    def close(self):
        self.shutdown()
        self.thread.join()
        self.server_close()

    def prompts(self):
        """The prompts that the requests became."""
        done = subprocess.run(
            [BINARY, "models", "render", MODEL, "--jsonl", "--data-dir", KEPT_DATA, "--chat-template", self.template],
            env=environment(),
            input="".join(json.dumps(exchange.sent) + "\n" for exchange in self.exchanges),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        assert [row for row in rows if "error" in row] == []
        return [row["prompt"] for row in rows]


class RelayHandler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        connection = http.client.HTTPConnection(self.server.target)
        headers = {name: self.headers[name] for name in ["Content-Type", "Authorization", "x-api-key", "anthropic-version"] if self.headers[name]}
        connection.request("POST", self.path, body, headers)
        reply, whole = connection.getresponse(), b""
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.headers["Content-Type"])
        self.end_headers()
        while piece := reply.read1(1 << 16):
            whole += piece
            # A client of a stream may read its end before this function returns.
            if reply.isclosed() or whole.endswith(ENDS):
                break
            # A client may leave once it has what it wants; what the server told is kept all the same.
            with contextlib.suppress(OSError):
                self.wfile.write(piece)
        connection.close()
        self.server.exchanges.append(Exchange(json.loads(body), reply.status, whole.decode()))
        self.wfile.write(piece)


@pytest.fixture(scope="module")
def thinker(request, new_data, tmp_path_factory):
    """A server whose model thinks, its key and its template; a parameter is what replies call the thinking."""
    name = getattr(request, "param", "reasoning_content")
    template = tmp_path_factory.mktemp("template") / "thinking.jinja"
    template.write_text(TEMPLATE)
    model = ["--model", f"thinker={MODEL}", "--chat-template", template, "--reasoning-field", name]
    server = Server("--data-dir", new_data(), *model)
    server.key = server.wait_for(r"^\s+(pk-\w+)$")
    server.template = template
    yield server
    assert server.stop() == 0, server.errors


@pytest.fixture
def relay(thinker):
    relay = Relay(thinker.address, thinker.template)
    relay.key = thinker.key
    yield relay
    relay.close()


@pytest.fixture(autouse=True)
def nothing_leaves_this_machine(monkeypatch):
    """No client may speak to anybody else, nor ask for an address; tries are found even where the client hides them."""
    tries = []

    def guarded(function, host_of):
        def call(*arguments, **named):
            host = host_of(*arguments)
            if host not in (None, "127.0.0.1", "::1", "localhost", b"127.0.0.1", b"localhost"):
                tries.append(host)
                raise OSError(f"a test wants to speak to {host}")
            return function(*arguments, **named)

        return call

    def peer(_, address, *rest):
        return address[0] if isinstance(address, tuple) else None

    monkeypatch.setattr(socket.socket, "connect", guarded(socket.socket.connect, peer))
    monkeypatch.setattr(socket.socket, "connect_ex", guarded(socket.socket.connect_ex, peer))
    monkeypatch.setattr(socket, "getaddrinfo", guarded(socket.getaddrinfo, lambda host, *rest: host))
    yield
    assert tries == []


def check_three_turns(relay, thinking_comes_back, stream=False):
    """A call, an answer and an answer to the next question; each request holds what was said before."""
    assert [exchange.status for exchange in relay.exchanges] == [200] * 3, relay.exchanges[-1].text
    assert [bool(exchange.sent.get("stream")) for exchange in relay.exchanges] == [stream] * 3
    messages, reasons, usages = zip(*(exchange.read() for exchange in relay.exchanges))
    prompts = relay.prompts()
    assert reasons == ("tool_calls", "stop", "stop")
    sizes = [usage["prompt_tokens"] for usage in usages]
    assert sizes == sorted(set(sizes))
    thoughts = [message.get("reasoning_content") for message in messages]
    for message, thought, usage in zip(messages, thoughts, usages):
        assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
        assert "think>" not in (message["content"] or "") + (thought or "")
        if thought:
            assert usage["completion_tokens_details"]["reasoning_tokens"] > 0
    # A model that sees that it did not think before may not think again.
    assert all(thoughts) if thinking_comes_back else thoughts[0]

    (call,) = messages[0]["tool_calls"]
    assert messages[0]["content"] is None and not messages[1].get("tool_calls") and not messages[2].get("tool_calls")
    check_arguments(call["function"]["arguments"])
    for prompt in prompts[1:]:
        shown = re.search(r"Let me look: weather (\{[^}]*\})<\|im_end\|>$", prompt, re.MULTILINE)
        assert json.loads(shown.group(1)) == json.loads(call["function"]["arguments"])
        assert RESULT in prompt
        assert (f"<think>\n{thoughts[0]}\n</think>" in prompt) == thinking_comes_back
    last = prompts[2]
    assert f"{messages[1]['content']}<|im_end|>" in last and NEXT_QUESTION in last
    if thoughts[1]:
        thought, answer = re.escape(thoughts[1]), re.escape(messages[1]["content"])
        assert bool(re.search(rf"<think>\n{thought}\n</think>\s*{answer}<", last)) == thinking_comes_back
    return messages


def check_arguments(text):
    jsonschema.validate(json.loads(text), PARAMETERS)


BOTH_NAMES = pytest.mark.parametrize("thinker", ["reasoning_content", "reasoning"], indirect=True)


def thoughts_of(dumps):
    return [dumps[index].get("reasoning_content") or dumps[index].get("reasoning") for index in (2, 4, 6)]


# The client of OpenAI


def plain_turns(relay, turn):
    """Three turns; `turn` asks for a message and returns its dump."""
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTION}]
    messages.append(turn(messages, tool_choice="required", parallel_tool_calls=False))
    (call,) = messages[-1]["tool_calls"]
    check_arguments(call["function"]["arguments"])
    messages.append({"role": "tool", "tool_call_id": call["id"], "content": RESULT})
    messages.append(turn(messages))
    messages.append({"role": "user", "content": NEXT_QUESTION})
    messages.append(turn(messages))
    return messages


@pytest.fixture
def plain(relay):
    return openai.OpenAI(base_url=relay.address, api_key=relay.key, max_retries=0)


@pytest.mark.shows("openai", "chat", "tools", "reasoning", "three turns")
@BOTH_NAMES
@pytest.mark.parametrize("how", ["create", "parse", "stream"])
def test_openai_dumps_come_back_in_three_turns(relay, plain, how):
    tool = openai.pydantic_function_tool(Weather, name="weather")

    def turn(messages, **fields):
        fields |= dict(model="thinker", messages=messages, tools=[tool], extra_body=BUDGET) | FIELDS
        if how == "stream":
            with plain.chat.completions.stream(**fields, stream_options={"include_usage": True}) as stream:
                reply = stream.get_final_completion()
        else:
            reply = getattr(plain.chat.completions, how)(**fields)
        assert reply.usage.completion_tokens > 0
        return reply.choices[0].message.model_dump()

    dumps = plain_turns(relay, turn)
    said = check_three_turns(relay, thinking_comes_back=True, stream=how == "stream")
    assert thoughts_of(dumps) == [one["reasoning_content"] for one in said]


@pytest.mark.shows("openai", "chat", "structured", "reasoning")
def test_openai_dumps_of_a_parsed_answer_come_back(relay, plain):
    messages = [{"role": "user", "content": QUESTION}]
    for _ in range(2):
        reply = plain.chat.completions.parse(
            model="thinker", messages=messages, response_format=Answer, extra_body=BUDGET, **FIELDS
        )
        message = reply.choices[0].message
        assert isinstance(message.parsed, Answer) and message.reasoning_content
        messages += [message.model_dump(), {"role": "user", "content": "And now?"}]
    assert [exchange.status for exchange in relay.exchanges] == [200, 200]
    sent = relay.exchanges[1].sent["messages"][1]
    assert sent["parsed"] == json.loads(sent["content"])


# Calls that the limit cut


CUT = 40


def check_cut_call(relay, stream):
    """The first request's call ended in its arguments; the second request was accepted, and shows the call."""
    assert [exchange.status for exchange in relay.exchanges] == [200, 200], relay.exchanges[-1].text
    message, reason, usage = relay.exchanges[0].read()
    assert bool(relay.exchanges[0].sent.get("stream")) == stream
    assert reason == "length" and usage["completion_tokens"] == CUT
    (call,) = message["tool_calls"]
    with pytest.raises(json.JSONDecodeError):
        json.loads(call["function"]["arguments"])
    (sent,) = relay.exchanges[1].sent["messages"][1]["tool_calls"]
    assert sent["function"] | {"parsed_arguments": None} == call["function"] | {"parsed_arguments": None}
    assert "Let me look: weather" in relay.prompts()[1]


@pytest.mark.parametrize("client", ["openai", "litellm"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_call_that_was_cut_comes_back_as_it_was(relay, plain, client, stream):
    messages = [{"role": "user", "content": QUESTION}]
    fields = dict(tools=[TOOL], tool_choice="required", extra_body=BUDGET) | FIELDS | dict(max_tokens=CUT)
    options = {"stream_options": {"include_usage": True}} if stream else {}
    if client == "openai" and stream:
        with plain.chat.completions.stream(model="thinker", messages=messages, **fields, **options) as pieces:
            for _ in pieces:
                pass
            choice = pieces.current_completion_snapshot.choices[0]
    elif client == "openai":
        choice = plain.chat.completions.create(model="thinker", messages=messages, **fields).choices[0]
    else:
        target = dict(model="openai/thinker", api_base=relay.address, api_key=relay.key)
        reply = litellm.completion(messages=messages, stream=stream, **target, **fields, **options)
        choice = (litellm.stream_chunk_builder(list(reply)) if stream else reply).choices[0]
    (call,) = choice.message.tool_calls
    messages.append(choice.message.model_dump())
    messages.append({"role": "tool", "tool_call_id": call.id, "content": "The arguments are no JSON."})
    fields |= dict(messages=messages, tool_choice="auto")
    if client == "openai":
        plain.chat.completions.create(model="thinker", **fields)
    else:
        litellm.completion(**target, **fields)
    check_cut_call(relay, stream)


@pytest.mark.parametrize("how", ["invoke", "stream"])
def test_langchain_calls_that_were_cut_come_back_as_they_were(relay, how):
    messages = [HumanMessage(QUESTION)]
    caller = chat(relay, max_tokens=CUT).bind_tools([weather], strict=True, tool_choice="required")
    messages.append(chain_turn(caller, messages, how))
    # A client may close what was left open, and take it for a call.
    for call in messages[-1].invalid_tool_calls + messages[-1].tool_calls:
        messages.append(ToolMessage("The arguments are no JSON.", tool_call_id=call["id"], status="error"))
    chat(relay).bind_tools([weather], strict=True).invoke(messages)
    assert len(messages) == 3 and [exchange.status for exchange in relay.exchanges] == [200, 200]
    assert "Let me look: weather" in relay.prompts()[1]


# The Agents SDK


def agents_model(relay, **fields):
    client = openai.AsyncOpenAI(base_url=relay.address, api_key=relay.key, max_retries=0)
    return agents.OpenAIChatCompletionsModel(model="thinker", openai_client=client, **fields)


def agents_settings(**fields):
    fields = dict(temperature=0, max_tokens=MAX_TOKENS, include_usage=True, extra_body=BUDGET) | fields
    return agents.ModelSettings(**fields)


def assistant(relay, tools=True, model=None, **fields):
    """An agent that has to call its tool first; after a call the SDK itself lets it go on without."""
    settings = agents_settings(tool_choice="required", parallel_tool_calls=False) if tools else agents_settings()
    fields = (
        dict(name="Assistant", instructions=SYSTEM, model=model or agents_model(relay), model_settings=settings)
        | fields
    )
    return agents.Agent(tools=[agents.function_tool(weather)] if tools else [], **fields)


async def agents_run(agent, given, stream, **fields):
    """The result of a run, and the types of its events."""
    kinds = []
    if not stream:
        return await agents.Runner.run(agent, given, max_turns=4, **fields), kinds
    result = agents.Runner.run_streamed(agent, given, max_turns=4, **fields)
    async for event in result.stream_events():
        kinds.append(
            event.data.type
            if event.type == "raw_response_event"
            else event.name
            if event.type == "run_item_stream_event"
            else ""
        )
    return result, kinds


FREE = agents.RunConfig(model_settings=agents.ModelSettings(tool_choice="auto"), tracing_disabled=True)


@pytest.mark.shows("openai-agents", "chat", "tools", "reasoning", "three turns")
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("replayed", [False, True])
def test_agents_items_come_back_in_three_turns(relay, stream, replayed):
    """The SDK leaves thinking out where it does not know the model; a hook of its own makes it send thinking too."""
    model = agents_model(relay, should_replay_reasoning_content=(lambda _: True) if replayed else None)

    async def turns():
        agent = assistant(relay, model=model)
        first, kinds = await agents_run(agent, QUESTION, stream)
        given = first.to_input_list() + [{"role": "user", "content": NEXT_QUESTION}]
        second, _ = await agents_run(agent, given, stream, run_config=FREE)
        return first, second, kinds

    first, second, kinds = asyncio.run(turns())
    said = check_three_turns(relay, thinking_comes_back=replayed, stream=stream)
    assert [first.final_output, second.final_output] == [said[1]["content"], said[2]["content"]]
    kept = [item.type for item in first.new_items if item.type != "reasoning_item"]
    assert kept == ["tool_call_item", "tool_call_output_item", "message_output_item"]
    thoughts = [item.raw_item.summary[0].text for item in first.new_items if item.type == "reasoning_item"]
    assert thoughts == [one["reasoning_content"] for one in said[:2] if one.get("reasoning_content")]
    usage = first.context_wrapper.usage
    assert usage.requests == 2 and usage.output_tokens_details.reasoning_tokens > 0
    assert usage.input_tokens == sum(exchange.read()[2]["prompt_tokens"] for exchange in relay.exchanges[:2])
    assert [exchange.sent.get("tool_choice") for exchange in relay.exchanges] == ["required", None, "auto"]
    if stream:
        assert kinds.count("response.completed") == 2
        wanted = {
            "response.reasoning_summary_text.delta",
            "response.function_call_arguments.delta",
            "response.output_text.delta",
        }
        assert wanted | {"tool_called", "tool_output", "reasoning_item_created", "message_output_created"} <= set(kinds)


@pytest.mark.parametrize("stream", [False, True])
def test_agents_sessions_keep_three_turns(relay, stream):
    session = agents.SQLiteSession("three turns")

    async def turns():
        agent = assistant(relay)
        await agents_run(agent, QUESTION, stream, session=session)
        await agents_run(agent, NEXT_QUESTION, stream, session=session, run_config=FREE)

    asyncio.run(turns())
    session.close()
    check_three_turns(relay, thinking_comes_back=False, stream=stream)


@pytest.mark.shows("openai-agents", "chat", "structured")
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("tools", [False, True])
def test_agents_output_types_are_held_to(relay, stream, tools):
    """The tool is taken away after its call: the small model would call it again and again rather than answer."""
    called = []

    def weather_once(city: City, days: Days) -> str:
        """The weather of a city."""
        called.append(city)
        return RESULT

    async def one():
        agent = assistant(relay, tools, output_type=Answer)
        if tools:
            agent.tools = [
                agents.function_tool(weather_once, name_override="weather", is_enabled=lambda *_: not called)
            ]
        return await agents_run(agent, QUESTION, stream)

    result, _ = asyncio.run(one())
    assert isinstance(result.final_output, Answer)
    assert [exchange.status for exchange in relay.exchanges] == [200] * (2 if tools else 1)
    assert relay.exchanges[0].sent["response_format"]["json_schema"]["strict"] is True
    assert [exchange.read()[1] for exchange in relay.exchanges] == ["tool_calls", "stop"][0 if tools else 1 :]


@pytest.mark.parametrize("stream", [False, True])
def test_agents_hand_over_to_one_another(relay, stream):
    """Handing over is a call of a tool that takes nothing, and its result a small JSON text."""
    geographer = assistant(relay, tools=False, name="Geographer")

    async def one():
        door = assistant(relay, tools=False, name="Door", handoffs=[geographer])
        door.model_settings = agents_settings(tool_choice="required", parallel_tool_calls=False)
        return await agents_run(door, "What is the capital of France?", stream)

    result, _ = asyncio.run(one())
    assert result.last_agent.name == "Geographer" and result.final_output
    assert [exchange.read()[1] for exchange in relay.exchanges] == ["tool_calls", "stop"]
    (call,) = relay.exchanges[0].read()[0]["tool_calls"]
    assert (call["function"]["name"], json.loads(call["function"]["arguments"])) == ("transfer_to_geographer", {})


def test_agents_settings_that_ask_for_nothing_special_are_accepted(relay):
    settings = agents_settings(
        metadata={"topic": "weather"}, verbosity="medium", store=False, reasoning={"effort": "low"}, top_logprobs=2,
        top_p=0.9, frequency_penalty=0.1, presence_penalty=0.1,
    )  # fmt: skip
    result, _ = asyncio.run(agents_run(assistant(relay, tools=False, model_settings=settings), QUESTION, False))
    assert ItemHelpers.text_message_outputs(result.new_items) == result.final_output


def test_agents_hints_for_caches_are_accepted(relay):
    """They change no reply."""
    options = {"mode": "implicit", "ttl": "30m"}
    settings = agents_settings(prompt_cache_options=options, extra_args={"prompt_cache_key": "weather"})
    result, _ = asyncio.run(agents_run(assistant(relay, tools=False, model_settings=settings), QUESTION, False))
    assert result.final_output and relay.exchanges[0].sent["prompt_cache_options"] == options


def test_agents_marks_for_caches_are_accepted(relay):
    """They change no reply."""
    part = {"type": "input_text", "text": QUESTION, "prompt_cache_breakpoint": {"mode": "explicit"}}
    given = [{"role": "user", "content": [part]}]
    result, _ = asyncio.run(agents_run(assistant(relay, tools=False), given, False))
    assert result.final_output and "prompt_cache_breakpoint" in relay.exchanges[0].sent["messages"][1]["content"][0]


# LiteLLM


def litellm_turn(relay, provider, how, **given):
    """A function that asks LiteLLM, and returns the message's dump."""
    given |= dict(model=f"{provider}/thinker", api_base=relay.address, api_key=relay.key, num_retries=0)

    def turn(messages, **fields):
        fields |= dict(messages=messages, tools=[TOOL], extra_body=BUDGET) | FIELDS | given
        if how == "stream":
            chunks = list(litellm.completion(**fields, stream=True, stream_options={"include_usage": True}))
            reply = litellm.stream_chunk_builder(chunks, messages=messages)
        elif how == "asynchronous":
            reply = asyncio.run(litellm.acompletion(**fields))
        else:
            reply = litellm.completion(**fields)
        (choice,) = reply.choices
        assert choice.finish_reason == ("tool_calls" if choice.message.tool_calls else "stop")
        _, _, usage = relay.exchanges[-1].read()
        assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (
            usage["prompt_tokens"],
            usage["completion_tokens"],
        )
        return choice.message.model_dump()

    return turn


@pytest.mark.shows("litellm", "chat", "tools", "reasoning", "three turns")
@BOTH_NAMES
@pytest.mark.parametrize("how", ["whole", "stream", "asynchronous"])
@pytest.mark.parametrize("provider", ["openai", "hosted_vllm", "litellm_proxy"])
def test_litellm_dumps_come_back_in_three_turns(relay, provider, how):
    dumps = plain_turns(relay, litellm_turn(relay, provider, how))
    said = check_three_turns(relay, thinking_comes_back=True, stream=how == "stream")
    assert thoughts_of(dumps) == [one["reasoning_content"] for one in said]
    assert [dumps[index]["content"] for index in (4, 6)] == [one["content"] for one in said[1:]]


@pytest.mark.shows("litellm", "chat", "structured", "reasoning")
@pytest.mark.parametrize("stream", [False, True])
def test_litellm_formats_are_held_to(relay, stream):
    reply = litellm.completion(
        model="openai/thinker", api_base=relay.address, api_key=relay.key, response_format=Answer, stream=stream,
        messages=[{"role": "user", "content": QUESTION}], extra_body=BUDGET, **FIELDS,
    )  # fmt: skip
    message = (litellm.stream_chunk_builder(list(reply)) if stream else reply).choices[0].message
    assert Answer.model_validate_json(message.content) and message.reasoning_content


MARK = {"type": "ephemeral"}


@pytest.mark.parametrize("provider", ["openai", "hosted_vllm", "litellm_proxy"])
def test_litellm_marks_for_caches_are_accepted(relay, provider):
    """They change no reply; for some providers LiteLLM takes them out, for others it sends them."""
    messages = [{"role": "user", "content": [{"type": "text", "text": QUESTION, "cache_control": MARK}]}]
    target = dict(model=f"{provider}/thinker", api_base=relay.address, api_key=relay.key)
    reply = litellm.completion(
        messages=messages, tools=[TOOL | {"cache_control": MARK}], tool_choice="required", extra_body=BUDGET,
        parallel_tool_calls=False, **target, **FIELDS,
    )  # fmt: skip
    assert reply.choices[0].finish_reason == "tool_calls"


@pytest.mark.parametrize("provider", ["openai", "hosted_vllm", "litellm_proxy"])
@pytest.mark.parametrize("name", ["thinking_blocks", "provider_specific_fields"])
def test_litellm_dumps_of_other_providers_come_back(relay, provider, name):
    """A conversation that began with another model goes on with this one; the text of its thinking is told twice."""
    kept = {
        "thinking_blocks": [{"type": "thinking", "thinking": "Hm.", "signature": ""}],
        "provider_specific_fields": {"reasoning": "Hm.", "citations": None},
    }
    dump = litellm.Message(content="Hello.", reasoning_content="Hm.", **{name: kept[name]}).model_dump()
    messages = [{"role": "user", "content": "Hi"}, dump, {"role": "user", "content": QUESTION}]
    litellm_turn(relay, provider, "whole")(messages, tool_choice="required", parallel_tool_calls=False)
    assert "<think>\nHm.\n</think>\nHello.<|im_end|>" in relay.prompts()[0]


# LangChain


def chat(relay, **fields):
    fields = dict(temperature=0, max_tokens=MAX_TOKENS, extra_body=BUDGET, stream_usage=True) | fields
    return ChatOpenAI(model="thinker", base_url=relay.address, api_key=relay.key, max_retries=0, **fields)


def chain_turn(model, messages, how):
    if how == "invoke":
        return model.invoke(messages)
    if how == "ainvoke":
        return asyncio.run(model.ainvoke(messages))

    async def pieces():
        return [piece async for piece in model.astream(messages)]

    whole, *rest = list(model.stream(messages)) if how == "stream" else asyncio.run(pieces())
    for piece in rest:
        whole += piece
    return whole


@pytest.mark.shows("langchain-openai", "chat", "tools", "three turns")
@pytest.mark.parametrize("how", ["invoke", "ainvoke", "stream", "astream"])
@pytest.mark.parametrize("kept", ["messages", "JSON"])
def test_langchain_messages_come_back_in_three_turns(relay, how, kept):
    """This client does not know thinking, which therefore must not get into the content either."""
    model = chat(relay)
    caller = model.bind_tools([weather], strict=True, tool_choice="required", parallel_tool_calls=False)
    free = model.bind_tools([weather], strict=True)
    messages = [SystemMessage(SYSTEM), HumanMessage(QUESTION)]
    replies = []
    for asked in [caller, free, free]:
        reply = chain_turn(asked, messages, how)
        assert isinstance(reply, AIMessage) and not reply.invalid_tool_calls
        replies.append(reply)
        messages.append(reply if kept == "messages" else messages_from_dict([message_to_dict(reply)])[0])
        for call in reply.tool_calls:
            messages.append(ToolMessage(weather(**call["args"]), tool_call_id=call["id"]))
        if asked is free:
            messages.append(HumanMessage(NEXT_QUESTION))
    said = check_three_turns(relay, thinking_comes_back=False, stream="stream" in how)
    assert [reply.text for reply in replies] == [one["content"] or "" for one in said]
    assert [reply.response_metadata["finish_reason"] for reply in replies] == ["tool_calls", "stop", "stop"]
    for reply, exchange in zip(replies, relay.exchanges):
        usage = exchange.read()[2]
        assert reply.usage_metadata["input_tokens"] == usage["prompt_tokens"]
        assert (
            reply.usage_metadata["output_token_details"]["reasoning"]
            == usage["completion_tokens_details"]["reasoning_tokens"]
        )


@pytest.mark.shows("langchain-openai", "chat", "structured")
@pytest.mark.parametrize("method", ["json_schema", "function_calling", "json_mode"])
@pytest.mark.parametrize("stream", [False, True])
def test_langchain_structured_output_is_held_to(relay, method, stream):
    question = QUESTION if method != "json_mode" else f'{QUESTION} Answer in JSON: {{"city": "Bern", "warm": true}}'
    model = chat(relay).with_structured_output(Answer if method != "json_mode" else None, method=method)
    answer = list(model.stream(question))[-1] if stream else model.invoke(question)
    assert isinstance(answer, Answer if method != "json_mode" else dict)
    assert [exchange.status for exchange in relay.exchanges] == [200]


def test_langchain_strict_tools_and_formats_go_together(relay):
    model = chat(relay).bind_tools([weather], strict=True, response_format=Answer, tool_choice="none")
    reply = model.invoke([SystemMessage(SYSTEM), HumanMessage(QUESTION)])
    assert isinstance(reply.additional_kwargs["parsed"], Answer)
    chat(relay).invoke([reply, HumanMessage(NEXT_QUESTION)])
    assert [exchange.status for exchange in relay.exchanges] == [200, 200]


def test_langchain_marks_for_caches_are_accepted(relay):
    """They change no reply."""
    reply = chat(relay).invoke([HumanMessage([{"type": "text", "text": QUESTION, "cache_control": MARK}])])
    assert reply.content and "cache_control" in relay.exchanges[0].sent["messages"][0]["content"][0]


# Pydantic AI


PYDANTIC_SETTINGS = dict(temperature=0, max_tokens=MAX_TOKENS, parallel_tool_calls=False, extra_body=BUDGET)


class CallFirst(AbstractCapability):
    """The first request of a conversation has to call a tool; the others may, or are not offered any."""

    def __init__(self, later="auto"):
        self.later = later

    def get_model_settings(self):
        return lambda context: {"tool_choice": "required" if len(context.messages) <= 1 else self.later}


def pydantic_model(relay, **fields):
    return OpenAIChatModel("thinker", provider=OpenAIProvider(base_url=relay.address, api_key=relay.key), **fields)


def pydantic_agent(relay, tools=True, model=None, later="auto", **fields):
    fields = dict(instructions=SYSTEM, model_settings=PYDANTIC_SETTINGS, retries=0) | fields
    capabilities = [CallFirst(later)] if tools else []
    return pydantic_ai.Agent(
        model or pydantic_model(relay), tools=[weather] if tools else [], capabilities=capabilities, **fields
    )


async def pydantic_run(agent, how, *given, **fields):
    """The output and all messages of a run."""
    if how == "run":
        result = await agent.run(*given, **fields)
        return result.output, result.all_messages()
    if how == "run_stream":
        async with agent.run_stream(*given, **fields) as result:
            output = await result.get_output()
            return output, result.all_messages()
    async with agent.run_stream_events(*given, **fields) as events:
        last = [event async for event in events][-1]
    return last.result.output, last.result.all_messages()


PROFILES = {
    "found": {},
    "tags": {"openai_chat_send_back_thinking_parts": "tags"},
    "field": {"openai_chat_send_back_thinking_parts": "field", "openai_chat_thinking_field": "reasoning_content"},
    "reasoning": {"openai_chat_send_back_thinking_parts": "field", "openai_chat_thinking_field": "reasoning"},
}


@pytest.mark.shows("pydantic-ai", "chat", "tools", "reasoning", "three turns")
@pytest.mark.parametrize("how", ["run", "run_stream", "run_stream_events"])
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("kept", ["messages", "JSON"])
def test_pydantic_ai_messages_come_back_in_three_turns(relay, how, profile, kept):
    async def turns():
        agent = pydantic_agent(relay, model=pydantic_model(relay, profile=PROFILES[profile]))
        first, messages = await pydantic_run(agent, how, QUESTION)
        if kept == "JSON":
            messages = ModelMessagesTypeAdapter.validate_json(ModelMessagesTypeAdapter.dump_json(messages))
        second, messages = await pydantic_run(agent, how, NEXT_QUESTION, message_history=messages)
        return [first, second], messages

    outputs, messages = asyncio.run(turns())
    said = check_three_turns(relay, thinking_comes_back=True, stream=how != "run")
    assert outputs == [one["content"] for one in said[1:]]
    replies = [message for message in messages if message.kind == "response"]
    assert [reply.finish_reason for reply in replies] == ["tool_call", "stop", "stop"]
    assert [reply.thinking for reply in replies] == [one["reasoning_content"] for one in said]
    sizes = [exchange.read()[2]["prompt_tokens"] for exchange in relay.exchanges]
    assert [reply.usage.input_tokens for reply in replies] == sizes


@pytest.mark.shows("pydantic-ai", "chat", "structured")
@pytest.mark.parametrize("how", ["run", "run_stream", "run_stream_events"])
@pytest.mark.parametrize("output", [pydantic_ai.ToolOutput, pydantic_ai.NativeOutput])
@pytest.mark.parametrize("tools", [False, True])
def test_pydantic_ai_output_types_are_held_to(relay, how, output, tools):
    agent = pydantic_agent(relay, tools, later=ToolOrOutput([]), output_type=output(Answer))
    answer, messages = asyncio.run(pydantic_run(agent, how, QUESTION))
    assert isinstance(answer, Answer)
    assert [exchange.status for exchange in relay.exchanges] == [200] * (2 if tools else 1)
    reasons = ["tool_calls", "tool_calls" if output is pydantic_ai.ToolOutput else "stop"]
    assert [exchange.read()[1] for exchange in relay.exchanges] == reasons[0 if tools else 1 :]


@pytest.mark.parametrize("stream", [False, True])
def test_pydantic_ai_requests_without_a_loop_take_the_reply_back(relay, stream):
    tool = pydantic_ai.ToolDefinition(
        name="weather", description="The weather of a city.", parameters_json_schema=PARAMETERS
    )
    parameters = ModelRequestParameters(function_tools=[tool])

    async def ask(messages, choice):
        fields = dict(model_request_parameters=parameters, model_settings=PYDANTIC_SETTINGS | {"tool_choice": choice})
        if not stream:
            return await model_request(pydantic_model(relay), messages, **fields)
        async with model_request_stream(pydantic_model(relay), messages, **fields) as pieces:
            async for _ in pieces:
                pass
        return pieces.get()

    async def turns():
        messages = [ModelRequest.user_text_prompt(QUESTION, instructions=SYSTEM)]
        messages.append(await ask(messages, "required"))
        (call,) = messages[-1].tool_calls
        check_arguments(call.args_as_json_str())
        messages.append(ModelRequest([ToolReturnPart("weather", RESULT, call.tool_call_id)], instructions=SYSTEM))
        messages.append(await ask(messages, "auto"))
        messages.append(ModelRequest.user_text_prompt(NEXT_QUESTION, instructions=SYSTEM))
        messages.append(await ask(messages, "auto"))

    asyncio.run(turns())
    check_three_turns(relay, thinking_comes_back=True, stream=stream)
