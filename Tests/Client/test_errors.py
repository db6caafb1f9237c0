"""Refusals as the openai client and a bare HTTP client see them."""

import httpx
import openai
import pytest
from conftest import MODEL

HELLO = [{"role": "user", "content": "Hello!"}]


def post(server, body, key=None):
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx.post(f"{server.address}/v1/chat/completions", headers=headers, json=body, timeout=120)


def test_a_wrong_key(server):
    with pytest.raises(openai.AuthenticationError) as caught:
        server.client("pk-wrong").chat.completions.create(model=MODEL, messages=HELLO)
    assert caught.value.code == "invalid_api_key"
    assert caught.value.type == "invalid_request_error"


def test_no_key(server):
    reply = post(server, {"model": MODEL, "messages": HELLO})
    assert reply.status_code == 401
    assert reply.headers["x-request-id"]
    error = reply.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["code"] is None


def test_an_unknown_model(client):
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(model="nobody/knows", messages=HELLO)
    assert caught.value.code == "model_not_found"
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("nobody/knows")
    assert caught.value.code == "model_not_found"


@pytest.mark.parametrize(
    "change, code, param",
    [
        ({"temperature": 3}, "decimal_above_max_value", "temperature"),
        ({"temperature": -1}, "decimal_below_min_value", "temperature"),
        ({"top_p": 0}, "decimal_below_min_value", "top_p"),
        ({"presence_penalty": 2.5}, "decimal_above_max_value", "presence_penalty"),
        ({"frequency_penalty": -2.5}, "decimal_below_min_value", "frequency_penalty"),
        ({"max_tokens": 0}, "integer_below_min_value", "max_tokens"),
        ({"temperature": "hot"}, "invalid_type", "temperature"),
        ({"stream": "yes"}, "invalid_type", "stream"),
        ({"extra_body": {"nonsense": 1}}, "unknown_parameter", "nonsense"),
    ],
)
def test_a_bad_parameter_is_named(client, change, code, param):
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(**({"model": MODEL, "messages": HELLO, "max_tokens": 4} | change))
    assert caught.value.code == code
    assert caught.value.param == param
    assert caught.value.type == "invalid_request_error"


def test_a_missing_field_is_named(server):
    reply = post(server, {"messages": HELLO}, server.key)
    assert reply.status_code == 400
    assert reply.json()["error"]["code"] == "missing_required_parameter"
    assert reply.json()["error"]["param"] == "model"


def test_both_spellings_of_messages_at_once(server):
    reply = post(server, {"model": MODEL, "messages": HELLO, "message": HELLO}, server.key)
    assert reply.status_code == 400


def test_a_prompt_longer_than_the_context(client):
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "word " * 20_000}])
    assert caught.value.code == "context_length_exceeded"
    assert caught.value.param == "messages"


def test_a_text_that_cannot_fit_is_refused_without_reading_it(client):
    # More bytes than the context has room for, were every token the longest of the vocabulary.
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "word " * 600_000}])
    assert caught.value.code == "context_length_exceeded"
    assert "resulted in more than " in caught.value.message


def test_a_body_that_is_no_json(server):
    reply = httpx.post(
        f"{server.address}/v1/chat/completions",
        headers={"Authorization": f"Bearer {server.key}", "Content-Type": "application/json"},
        content=b"{not json",
        timeout=60,
    )
    assert reply.status_code == 400
    assert set(reply.json()["error"]) == {"message", "type", "param", "code"}


def test_unknown_routes_and_methods_answer_in_json(server):
    headers = {"Authorization": f"Bearer {server.key}"}
    missing = httpx.get(f"{server.address}/v1/nothing", headers=headers, timeout=60)
    assert missing.status_code == 404
    assert set(missing.json()["error"]) == {"message", "type", "param", "code"}
    wrong = httpx.get(f"{server.address}/v1/chat/completions", headers=headers, timeout=60)
    assert wrong.status_code == 405
    assert "POST" in wrong.headers["allow"]
    assert wrong.json()["error"]["code"] == "method_not_supported"


def test_health_is_open(server):
    assert httpx.get(f"{server.address}/health", timeout=60).status_code == 200
