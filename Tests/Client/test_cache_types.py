"""Keys and values in bytes or floats: the flag reaches the engine, and replies are as reproducible as with halves."""

import pytest
from conftest import MODEL, Server, run

STORY = "Once there was a ferryman who counted his passengers. " * 20


@pytest.fixture(scope="module", params=["f32", "f16", "q8"])
def served(request, new_data):
    data = new_data()
    key = run("keys", "create", "--data-dir", data).stdout.strip()
    server = Server("--data-dir", data, "--kv-type", request.param)
    yield request.param, server.client(key)
    assert server.stop() == 0, server.errors


def create(client, content, **fields):
    options = {"temperature": 1, "seed": 3, "max_tokens": 24} | fields
    return client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": content}], **options
    )


def texts(reply):
    return [choice.message.content for choice in sorted(reply.choices, key=lambda choice: choice.index)]


def test_choices_and_a_prompt_from_the_cache_do_not_change_the_text(served):
    _, client = served
    afresh = create(client, STORY, n=3)
    again = create(client, STORY, n=3)
    assert afresh.usage.prompt_tokens_details.cached_tokens == 0
    assert again.usage.prompt_tokens_details.cached_tokens > 200
    assert texts(again) == texts(afresh)
    assert texts(create(client, STORY)) == texts(afresh)[:1]
    assert len(set(texts(afresh))) == 3


def test_the_fingerprint_tells_what_the_cache_holds(served, client):
    kind, other = served
    prints = [create(each, "Hello").system_fingerprint for each in (client, other)]
    assert (prints[0] == prints[1]) == (kind == "f16")
