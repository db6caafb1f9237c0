"""Replies held to a format, through the unmodified openai client."""

import json
import re
import typing

import openai
import pydantic
import pytest
from conftest import MODEL
from wire import JSON, completion, plain

PERSON = [{"role": "user", "content": "Describe a person who lives by the river, as JSON."}]
SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 12},
        "age": {"type": "integer", "minimum": 0, "maximum": 120},
    },
    "required": ["name", "age"],
    "additionalProperties": False,
}
HEADER = "x-pinion-warnings"


class Address(pydantic.BaseModel):
    street: str = pydantic.Field(max_length=16)
    number: int = pydantic.Field(ge=1, le=200)


class Person(pydantic.BaseModel):
    name: str = pydantic.Field(max_length=16)
    age: int = pydantic.Field(ge=0, le=120)
    kind: typing.Literal["farmer", "miller", "smith"]
    address: Address
    nickname: str | None = pydantic.Field(default=None, max_length=8)
    children: list[typing.Literal["Ann", "Ben"]] = pydantic.Field(max_length=2)


def ask(client, messages=PERSON, extra=None, **fields):
    """One completion; its fields have usual values unless given."""
    fields = dict(model=MODEL, messages=messages, temperature=1, seed=3, max_tokens=160) | fields
    return client.chat.completions.create(**fields, extra_body=extra)


def json_schema(schema, strict=None, name="reply"):
    return {
        "type": "json_schema",
        "json_schema": {"name": name, "schema": schema} | ({} if strict is None else {"strict": strict}),
    }


def refusal(client, **request):
    """The error object of a request that is refused."""
    with pytest.raises(openai.BadRequestError) as refused:
        ask(client, **request)
    return refused.value.body


# Pydantic models


@pytest.mark.shows("openai", "chat", "structured")
@pytest.mark.parametrize("seed", range(4))
def test_a_model_is_parsed(client, seed):
    reply = client.chat.completions.parse(
        model=MODEL, messages=PERSON, response_format=Person, temperature=1, seed=seed, max_tokens=300
    )
    (choice,) = reply.choices
    assert choice.finish_reason == "stop"
    assert isinstance(choice.message.parsed, Person)
    assert Person.model_validate_json(choice.message.content) == choice.message.parsed


@pytest.mark.shows("openai", "chat", "plain", "streamed", "structured")
def test_a_streamed_model_is_parsed_and_says_the_same(client):
    request = dict(model=MODEL, messages=PERSON, response_format=Person, temperature=1, seed=1, max_tokens=300)
    whole = client.chat.completions.parse(**request).choices[0].message
    with client.chat.completions.stream(**request) as stream:
        pieces = [event.delta for event in stream if event.type == "content.delta"]
        streamed = stream.get_final_completion().choices[0].message
    assert len(pieces) > 1
    assert "".join(pieces) == streamed.content == whole.content
    assert streamed.parsed == whole.parsed


def test_several_choices_are_each_valid(client):
    reply = client.chat.completions.parse(
        model=MODEL, messages=PERSON, response_format=Person, temperature=1, seed=5, n=3, max_tokens=300
    )
    people = [choice.message.parsed for choice in reply.choices]
    assert all(isinstance(person, Person) for person in people)
    assert len({person.model_dump_json() for person in people}) > 1


# Spellings


JSON_SPELLINGS = {
    "response_format": dict(response_format=json_schema(SCHEMA, strict=True)),
    "json_object with schema": dict(response_format={"type": "json_object", "schema": SCHEMA}),
    "structured_outputs": dict(extra={"structured_outputs": {"json": SCHEMA}}),
    "structured_outputs, text": dict(extra={"structured_outputs": {"json": json.dumps(SCHEMA)}}),
    "guided_json": dict(extra={"guided_json": SCHEMA}),
    "guided_json, text": dict(extra={"guided_json": json.dumps(SCHEMA)}),
    "json_schema": dict(extra={"json_schema": SCHEMA}),
}


@pytest.mark.parametrize("spelling", JSON_SPELLINGS)
def test_every_spelling_of_a_schema_means_the_same(client, spelling):
    content = ask(client, **JSON_SPELLINGS[spelling]).choices[0].message.content
    assert content == ask(client, **JSON_SPELLINGS["response_format"]).choices[0].message.content
    reply = json.loads(content)
    assert list(reply) == ["name", "age"]
    assert len(reply["name"]) <= 12 and 0 <= reply["age"] <= 120


TEXT_SPELLINGS = [
    ({"structured_outputs": {"regex": "[0-9]{3}-[a-c]+x"}}, r"[0-9]{3}-[a-c]+x"),
    ({"guided_regex": "(yes|no)[.!]"}, r"(yes|no)[.!]"),
    ({"structured_outputs": {"choice": ["a river", "a stone"]}}, "a river|a stone"),
    ({"guided_choice": ["ja", "nein", "\U0001f600"]}, "ja|nein|\U0001f600"),
    ({"structured_outputs": {"grammar": 'root ::= "x" [0-9]+ ("," [0-9]+)* "."'}}, r"x[0-9]+(,[0-9]+)*\."),
    ({"guided_grammar": 'start: "x" NUMBER ("," NUMBER)*\nNUMBER: /[1-9][0-9]?/'}, r"x[1-9][0-9]?(,[1-9][0-9]?)*"),
    ({"grammar": 'root ::= item | item " and " root\nitem ::= "a" | "b"'}, "[ab]( and [ab])*"),
]


@pytest.mark.parametrize(("extra", "pattern"), TEXT_SPELLINGS)
def test_every_spelling_of_a_text_holds(client, extra, pattern):
    # The limit comes before the end of some that may go on for ever.
    for seed in range(3):
        choice = ask(client, extra=extra, seed=seed, temperature=1.5, max_tokens=100).choices[0]
        if choice.finish_reason == "stop":
            assert re.fullmatch(pattern, choice.message.content), choice.message.content


@pytest.mark.parametrize(
    "fields",
    [
        dict(response_format={"type": "json_object"}),
        dict(response_format={"type": "json_schema", "json_schema": {"name": "any"}}),
        dict(extra={"structured_outputs": {"json_object": True}}),
    ],
)
def test_any_object(client, fields):
    choice = ask(client, **fields, max_tokens=400, temperature=0.7).choices[0]
    assert choice.message.content.startswith("{")
    if choice.finish_reason == "stop":
        assert isinstance(json.loads(choice.message.content), dict)


# Beside other fields


def test_a_limit_leaves_the_beginning(client):
    whole = ask(client, **JSON_SPELLINGS["response_format"])
    cut = ask(client, **JSON_SPELLINGS["response_format"], max_tokens=6)
    assert whole.choices[0].finish_reason == "stop"
    assert cut.choices[0].finish_reason == "length"
    assert whole.choices[0].message.content.startswith(cut.choices[0].message.content)
    assert cut.usage.completion_tokens == 6


def test_a_stop_string_leaves_the_beginning(client):
    stopped = ask(client, **JSON_SPELLINGS["response_format"], stop=['"age"']).choices[0]
    assert stopped.finish_reason == "stop"
    assert stopped.message.content.startswith("{") and '"age"' not in stopped.message.content


def test_a_bias_chooses_among_what_is_allowed(client):
    reply = ask(client, extra={"guided_choice": ["yes", "no"]}, logprobs=True, top_logprobs=5)
    tokens = reply.choices[0].logprobs.content
    assert "".join(token.token for token in tokens) == reply.choices[0].message.content
    # Log probabilities are the model's own: the likeliest tokens are mostly forbidden ones.
    assert any(candidate.token not in ("yes", "no", "y", "n") for candidate in tokens[0].top_logprobs)


def test_a_complete_text_takes_no_end_token(client):
    reply = ask(client, extra={"guided_regex": "x"})
    assert reply.choices[0].message.content == "x"
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage.completion_tokens == 1


def test_ignore_eos_goes_on_as_long_as_the_format_lets_it(client):
    reply = ask(client, extra={"guided_regex": "(ab)*", "ignore_eos": True}, max_tokens=20)
    assert reply.choices[0].finish_reason == "length"
    assert reply.usage.completion_tokens == 20
    reply = ask(client, extra={"guided_regex": "(ab){1,3}", "ignore_eos": True})
    assert reply.choices[0].message.content == "ababab"


def test_equal_seeds_give_equal_text(client):
    def content():
        return ask(client, **JSON_SPELLINGS["guided_json"], seed=11).choices[0].message.content

    assert content() == content()


# Errors and warnings


@pytest.mark.parametrize(
    ("request_fields", "code", "param", "place"),
    [
        (
            dict(response_format=json_schema({"minLength": "3"})),
            "invalid_value",
            "response_format.json_schema.schema",
            "/minLength",
        ),
        (
            dict(response_format=json_schema({"allOf": [{"type": "string"}, {"type": "null"}]})),
            "invalid_value",
            "response_format.json_schema.schema",
            None,
        ),
        (
            dict(extra={"guided_json": {"type": "array", "items": {}, "uniqueItems": True}}),
            "unsupported_value",
            "guided_json",
            "/uniqueItems",
        ),
        (dict(extra={"guided_regex": "("}), "invalid_value", "guided_regex", None),
        (dict(extra={"guided_regex": r"(a)\1"}), "unsupported_value", "guided_regex", None),
        (dict(extra={"grammar": "root ::= other"}), "invalid_value", "grammar", None),
        (dict(extra={"guided_grammar": "%declare A\nstart: A"}), "unsupported_value", "guided_grammar", None),
        (
            dict(extra={"structured_outputs": {"json": {}, "structural_tag": "{}"}}),
            "unsupported_parameter",
            "structured_outputs.structural_tag",
            None,
        ),
        (
            dict(response_format={"type": "json_object"}, extra={"guided_json": {}}),
            "invalid_value",
            "guided_json",
            None,
        ),
    ],
)
def test_what_cannot_be_enforced_is_refused_with_its_place(client, request_fields, code, param, place):
    error = refusal(client, **request_fields)
    assert (error["type"], error["code"], error["param"]) == ("invalid_request_error", code, param)
    assert place is None or f"'{place}'" in error["message"], error["message"]


def test_a_refusal_of_a_stream_has_its_status(client):
    with pytest.raises(openai.BadRequestError):
        ask(client, extra={"guided_regex": "("}, stream=True)


@pytest.mark.parametrize("streamed", [False, True])
def test_what_is_not_enforced_is_told_in_the_head(client, streamed):
    schema = {"type": "string", "maxLength": 5, "format": "acme-number"}
    reply = client.chat.completions.with_raw_response.create(
        model=MODEL, messages=PERSON, response_format=json_schema(schema, strict=False), max_tokens=20, stream=streamed
    )
    (warning,) = json.loads(reply.headers[HEADER])
    assert (warning["keyword"], warning["pointer"]) == ("format", "/format")
    reply.http_response.close()
    reply = client.chat.completions.with_raw_response.create(
        model=MODEL, messages=PERSON, response_format=json_schema(SCHEMA), max_tokens=20
    )
    assert HEADER not in reply.headers


def test_only_strict_false_lets_an_assertion_go(client):
    schema = {"type": "array", "items": {"type": "array"}, "uniqueItems": True, "maxItems": 2}
    for strict in (None, True):
        assert refusal(client, response_format=json_schema(schema, strict))["code"] == "unsupported_value"
    assert ask(client, response_format=json_schema(schema, False), max_tokens=8).choices[0].message.content


# Clients that misbehave


HOSTILE = {
    "nesting": {
        "guided_json": json.dumps({"type": "array"} | {"items": {}}).replace("{}", '{"items":' * 100 + "{}" + "}" * 100)
    },
    "repetition": {"guided_regex": "(a{1,1000}){1,1000}"},
    "alternatives": {"guided_json": {"anyOf": [{"const": f"text {number}"} for number in range(10_000)]}},
    "explosion": {"guided_regex": "(.*a.{20})*b"},
    "recursion": {"guided_json": {"$ref": "#"}},
    "rules": {
        "grammar": "root ::= "
        + " | ".join(f"r{n}" for n in range(5_000))
        + "\n"
        + "\n".join(f'r{n} ::= "{n}"' for n in range(5_000))
    },
    "names": {"guided_json": {"properties": {"a" + "\u0301\u0316" * 200 + str(n): {} for n in range(500)}}},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_format_is_answered_soon_and_the_server_goes_on(server, client, name):
    headers = JSON | {"Authorization": f"Bearer {server.key}"}
    connection = plain(server, timeout=20)
    connection.request("POST", "/v1/chat/completions", completion("Hi.", max_tokens=4, **HOSTILE[name]), headers)
    reply = connection.getresponse()
    assert reply.status in (200, 400), reply.read()
    assert ask(client, extra={"guided_choice": ["x"]}).choices[0].message.content == "x"
