"""Ten turns of an agent in each dialect: what stood in the last prompt is not computed again.

Agents change what does not matter: a billing line before their instructions, the place of a hint for the cache, a time
in the newest message.
"""

import anthropic
import pytest
from conftest import MODEL, Server, run
from test_prefix_cache import BLOCK, RULES

TURNS = 10


@pytest.fixture(scope="module")
def door(new_data):
    """The address of a server, and a function that makes keys."""
    data = new_data()
    run("keys", "create", "--data-dir", data)
    server = Server("--data-dir", data)
    yield server, lambda: run("keys", "create", "--data-dir", data).stdout.strip()
    server.stop()


def question(turn):
    return f"[{12 + turn}:0{turn}:59] Where is the boat of house {turn + 3}?"


def chat(server, key):
    client = server.client(key)
    messages = [{"role": "system", "content": RULES}]
    while True:
        messages.append({"role": "user", "content": question(len(messages))})
        reply = client.chat.completions.create(model=MODEL, messages=messages, temperature=0, max_tokens=12)
        usage = reply.usage
        details = usage.prompt_tokens_details
        yield usage.prompt_tokens, (details.cached_tokens or 0) if details else 0, usage.completion_tokens
        messages.append(reply.choices[0].message.model_dump())


def responses(server, key):
    client = server.client(key)
    items = []
    while True:
        items.append({"role": "user", "content": question(len(items))})
        reply = client.responses.create(
            model=MODEL, instructions=RULES, input=items, temperature=0, max_output_tokens=12, prompt_cache_key="k"
        )
        usage = reply.usage
        yield usage.input_tokens, usage.input_tokens_details.cached_tokens, usage.output_tokens
        items += [item.model_dump() for item in reply.output]


def messages(server, key):
    client = anthropic.Anthropic(base_url=server.address, api_key=key, max_retries=0)
    said = []
    while True:
        turn = len(said)
        for message in said:
            # The hint stands on the newest message alone.
            if isinstance(message["content"], list):
                for block in message["content"]:
                    block.pop("cache_control", None)
        said.append(
            {"role": "user", "content": [{"type": "text", "text": question(turn), "cache_control": {"type": "ephemeral"}}]}
        )
        system = [
            {"type": "text", "text": f"x-anthropic-billing-header: cc_version=2.1; cch={turn:05x};"},
            {"type": "text", "text": RULES, "cache_control": {"type": "ephemeral"}},
        ]
        reply = client.messages.create(
            model=MODEL, system=system, messages=said, max_tokens=12, extra_body={"temperature": 0}
        )
        usage = reply.usage
        yield usage.input_tokens + usage.cache_read_input_tokens, usage.cache_read_input_tokens, usage.output_tokens
        said.append({"role": "assistant", "content": [block.model_dump() for block in reply.content]})


@pytest.mark.parametrize("dialect", [chat, responses, messages])
def test_ten_turns_compute_only_what_is_new(door, dialect):
    server, key = door
    turns = dialect(server, key())
    known = 0
    for turn in range(TURNS):
        prompt, cached, completion = next(turns)
        print(f"{dialect.__name__} {turn}: {prompt} tokens, {cached} cached, {known} known")
        if turn:
            # What was sampled last is not computed, and the end of a turn may be told in other tokens.
            assert abs(cached - known // BLOCK * BLOCK) <= BLOCK, (turn, prompt, cached, known)
        known = prompt + completion
