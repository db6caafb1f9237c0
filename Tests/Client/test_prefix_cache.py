"""What was computed once for a key is not computed again for it, and never shows to another."""

import pytest
from conftest import MODEL, Server, run

BLOCK = 16
RULES = "You are the clerk of a small river town. " + " ".join(
    f"Rule {number}: visitors of house {number} are greeted and their boat is moored at pole {number * 3}."
    for number in range(1, 25)
)


@pytest.fixture(scope="module")
def visitor(new_data):
    """Makes clients, each with a key of its own."""
    data = new_data()
    run("keys", "create", "--data-dir", data)
    server = Server("--data-dir", data)
    yield lambda: server.client(run("keys", "create", "--data-dir", data).stdout.strip())
    server.stop()


def create(client, *turns, **fields):
    """A reply to a conversation under the long rules."""
    roles = ["user", "assistant"]
    messages = [{"role": roles[place % 2], "content": text} for place, text in enumerate(turns)]
    options = {"temperature": 0, "max_tokens": 24} | fields
    return client.chat.completions.create(
        model=MODEL, messages=[{"role": "system", "content": RULES}, *messages], **options
    )


def cached(reply):
    details = reply.usage.prompt_tokens_details
    return (details.cached_tokens or 0) if details else 0


def text(reply):
    return [choice.message.content for choice in reply.choices]


def test_a_long_prefix_is_cached_for_its_key_alone(visitor):
    first, other = visitor(), visitor()
    once = create(first, "Who is greeted?")
    assert cached(once) == 0
    again = create(first, "Where is the boat of house seven?")
    assert cached(again) >= once.usage.prompt_tokens * 3 // 4
    assert cached(again) % BLOCK == 0 and cached(again) < again.usage.prompt_tokens
    assert cached(create(other, "Who is greeted?")) == 0


def test_a_whole_prompt_that_was_seen_still_has_a_reply(visitor):
    client = visitor()
    first, second = create(client, "Who is greeted?"), create(client, "Who is greeted?")
    assert text(first) == text(second)
    assert first.usage.prompt_tokens == second.usage.prompt_tokens
    assert second.usage.prompt_tokens - BLOCK <= cached(second) < second.usage.prompt_tokens


def test_the_second_turn_computes_only_what_is_new(visitor):
    client = visitor()
    first = create(client, "Who is greeted?", max_tokens=64)
    second = create(client, "Who is greeted?", text(first)[0], "And where is the boat of house two?")
    known = first.usage.prompt_tokens + first.usage.completion_tokens
    assert cached(second) >= known // BLOCK * BLOCK - BLOCK


def test_the_prompt_of_several_choices_is_counted_once(visitor):
    client = visitor()
    single = create(client, "Name a boat.")
    several = create(client, "Name a boat.", n=3, temperature=1, seed=5)
    assert several.usage.prompt_tokens == single.usage.prompt_tokens
    assert len(several.choices) == 3


@pytest.mark.parametrize("fields", [{}, {"temperature": 1, "seed": 11}, {"n": 3, "temperature": 1, "seed": 11}])
def test_the_text_is_the_same_with_and_without_the_cache(visitor, fields):
    client = visitor()
    without = create(client, "Tell me of house nine.", **fields)
    assert cached(without) == 0
    with_cache = create(client, "Tell me of house nine.", **fields)
    assert cached(with_cache) > 0
    assert text(with_cache) == text(without)


def test_a_stream_tells_what_was_cached(visitor):
    client = visitor()
    create(client, "Who is greeted?")
    *_, last = create(client, "Who is greeted?", stream=True, stream_options={"include_usage": True})
    assert cached(last) > 0
