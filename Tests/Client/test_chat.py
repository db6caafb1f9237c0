"""Completions through the unmodified openai client, which validates every reply strictly."""

import asyncio
import math

import httpx
import pytest
from conftest import MODEL

CAPITAL = [{"role": "user", "content": "What is the capital of France?"}]
STORY = [{"role": "user", "content": "Write a long story about a river and the town beside it."}]


@pytest.mark.shows("openai", "chat")
def test_greedy_reply_is_right_and_has_the_documented_shape(client):
    reply = client.chat.completions.create(model=MODEL, messages=CAPITAL, temperature=0, max_tokens=32)
    assert reply.id.startswith("chatcmpl-")
    assert reply.object == "chat.completion"
    assert reply.model == MODEL
    assert reply.system_fingerprint.startswith("fp_")
    (choice,) = reply.choices
    assert choice.index == 0
    assert choice.message.role == "assistant"
    assert "Paris" in choice.message.content
    assert choice.logprobs is None
    assert choice.finish_reason == "stop"
    usage = reply.usage
    assert usage.prompt_tokens > 0
    assert 0 < usage.completion_tokens <= 32
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens


@pytest.mark.shows("openai", "chat", "plain", "streamed")
def test_stream_carries_the_same_text_as_the_plain_reply(client):
    plain = client.chat.completions.create(model=MODEL, messages=CAPITAL, temperature=0, max_tokens=32)
    chunks = list(
        client.chat.completions.create(model=MODEL, messages=CAPITAL, temperature=0, max_tokens=32, stream=True)
    )
    first, last = chunks[0], chunks[-1]
    assert first.choices[0].delta.role == "assistant"
    assert first.choices[0].delta.content == ""
    assert last.choices[0].finish_reason == "stop"
    assert last.choices[0].delta.content is None
    assert len({chunk.id for chunk in chunks}) == 1
    assert len({chunk.created for chunk in chunks}) == 1
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    assert all(chunk.usage is None for chunk in chunks)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert text == plain.choices[0].message.content
    assert len(chunks) > 4, "the text did not arrive piece by piece"


def test_usage_of_a_stream_comes_last_when_asked_for(client):
    plain = client.chat.completions.create(model=MODEL, messages=CAPITAL, temperature=0, max_tokens=8)
    chunks = list(
        client.chat.completions.create(
            model=MODEL,
            messages=CAPITAL,
            temperature=0,
            max_tokens=8,
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    assert chunks[-1].choices == []
    assert chunks[-1].usage == plain.usage
    assert all(chunk.usage is None for chunk in chunks[:-1])


@pytest.mark.shows("openai", "chat", "plain", "streamed")
def test_asynchronous_client(asynchronous):
    async def ask():
        async with asynchronous as client:
            plain = await client.chat.completions.create(model=MODEL, messages=CAPITAL, temperature=0, max_tokens=16)
            stream = await client.chat.completions.create(
                model=MODEL, messages=CAPITAL, temperature=0, max_tokens=16, stream=True
            )
            parts = [chunk.choices[0].delta.content or "" async for chunk in stream]
            return plain.choices[0].message.content, "".join(parts)

    plain, streamed = asyncio.run(ask())
    assert plain == streamed
    assert "Paris" in plain


def test_several_choices(client):
    reply = client.chat.completions.create(model=MODEL, messages=STORY, n=2, seed=7, max_tokens=24)
    assert sorted(choice.index for choice in reply.choices) == [0, 1]
    first, second = (choice.message.content for choice in reply.choices)
    assert first and second
    assert first != second
    assert reply.usage.completion_tokens <= 48


def test_several_choices_streamed_are_those_of_the_plain_reply(client):
    request = dict(model=MODEL, messages=STORY, n=2, seed=7, max_tokens=24)
    plain = client.chat.completions.create(**request)
    texts, ends = ["", ""], [None, None]
    for chunk in client.chat.completions.create(**request, stream=True):
        for choice in chunk.choices:
            texts[choice.index] += choice.delta.content or ""
            ends[choice.index] = choice.finish_reason or ends[choice.index]
    assert texts == [choice.message.content for choice in sorted(plain.choices, key=lambda choice: choice.index)]
    assert None not in ends


def test_equal_seeds_give_equal_text(client):
    def ask(seed):
        reply = client.chat.completions.create(model=MODEL, messages=STORY, seed=seed, max_tokens=32)
        return reply.system_fingerprint, reply.choices[0].message.content

    assert ask(1) == ask(1)
    assert len({ask(seed)[1] for seed in (1, 2, 3)}) > 1


def test_stop_string_ends_the_text_before_it(client):
    whole = client.chat.completions.create(model=MODEL, messages=CAPITAL, temperature=0, max_tokens=32)
    stopped = client.chat.completions.create(
        model=MODEL, messages=CAPITAL, temperature=0, max_tokens=32, stop=["Paris"]
    )
    assert stopped.choices[0].finish_reason == "stop"
    assert stopped.choices[0].message.content == whole.choices[0].message.content.split("Paris")[0]
    assert stopped.usage.completion_tokens < whole.usage.completion_tokens


def test_length_is_reported(client):
    reply = client.chat.completions.create(model=MODEL, messages=STORY, seed=7, max_tokens=5)
    assert reply.choices[0].finish_reason == "length"
    assert reply.usage.completion_tokens == 5
    reply = client.chat.completions.create(model=MODEL, messages=STORY, seed=7, max_completion_tokens=6)
    assert reply.usage.completion_tokens == 6


def test_logprobs(client):
    reply = client.chat.completions.create(
        model=MODEL, messages=CAPITAL, temperature=0, max_tokens=12, logprobs=True, top_logprobs=3
    )
    content = reply.choices[0].logprobs.content
    spelled = b"".join(bytes(token.bytes) for token in content).decode()
    assert spelled.startswith(reply.choices[0].message.content)
    for token in content:
        assert token.logprob <= 0
        assert len(token.top_logprobs) == 3
        ranked = [top.logprob for top in token.top_logprobs]
        assert ranked == sorted(ranked, reverse=True)
        assert math.fsum(math.exp(logprob) for logprob in ranked) <= 1.0001
        # Greedy decoding takes the most likely token.
        assert token.token == token.top_logprobs[0].token


def test_messages_may_be_spelled_as_the_specification_spells_them(server, client):
    expected = client.chat.completions.create(model=MODEL, messages=CAPITAL, temperature=0, max_tokens=16)
    reply = httpx.post(
        f"{server.address}/v1/chat/completions",
        headers={"Authorization": f"Bearer {server.key}"},
        json={"model": MODEL, "message": CAPITAL, "temperature": 0, "max_tokens": 16},
        timeout=120,
    )
    assert reply.status_code == 200, reply.text
    assert reply.json()["choices"][0]["message"]["content"] == expected.choices[0].message.content


def test_bare_model_name_means_its_default_version(client):
    reply = client.chat.completions.create(model=MODEL.split("/")[0], messages=CAPITAL, temperature=0, max_tokens=16)
    assert "Paris" in reply.choices[0].message.content


def test_content_may_be_a_list_of_text_parts(client):
    parts = [{"type": "text", "text": "What is the capital "}, {"type": "text", "text": "of France?"}]
    reply = client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": parts}], temperature=0, max_tokens=16
    )
    assert "Paris" in reply.choices[0].message.content


def test_models_are_listed_and_retrieved(client):
    listed = client.models.list().data
    assert [model.id for model in listed] == [MODEL]
    assert listed[0].object == "model"
    assert client.models.retrieve(MODEL).id == MODEL


def test_a_client_that_leaves_mid_stream_leaves_the_server_well(client):
    for _ in range(3):
        stream = client.chat.completions.create(model=MODEL, messages=STORY, seed=7, max_tokens=400, stream=True)
        received = 0
        for chunk in stream:
            received += len(chunk.choices[0].delta.content or "")
            if received > 20:
                break
        assert received > 20
        stream.close()
    reply = client.chat.completions.create(model=MODEL, messages=CAPITAL, temperature=0, max_tokens=16)
    assert "Paris" in reply.choices[0].message.content


@pytest.mark.parametrize("count", [8])
def test_concurrent_streams_say_what_each_says_alone(asynchronous, client, count):
    numbers = range(count)
    questions = [[{"role": "user", "content": f"Tell me something about the number {number}."}] for number in numbers]

    async def ask(client, messages):
        stream = await client.chat.completions.create(
            model=MODEL, messages=messages, temperature=0, max_tokens=24, stream=True
        )
        return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    async def together():
        async with asynchronous as client:
            return await asyncio.gather(*(ask(client, messages) for messages in questions))

    alone = [
        client.chat.completions.create(model=MODEL, messages=messages, temperature=0, max_tokens=24)
        .choices[0]
        .message.content
        for messages in questions
    ]
    assert asyncio.run(together()) == alone
