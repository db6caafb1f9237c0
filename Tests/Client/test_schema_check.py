"""`pinion schema check`: what of a schema is enforced, and which instances pass."""

import json
import subprocess

import pytest
from conftest import BINARY, environment, run

SCHEMA = {
    "title": "A person",
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0}},
    "required": ["age"],
    "additionalProperties": False,
}


@pytest.fixture
def file(tmp_path):
    def make(name, value):
        path = tmp_path / name
        path.write_text(value if isinstance(value, str) else json.dumps(value))
        return path

    return make


def lines(*values, flags=()):
    """What the command answers to lines of JSON."""
    text = "".join((value if isinstance(value, str) else json.dumps(value)) + "\n" for value in values)
    done = subprocess.run(
        [BINARY, "schema", "check", "--jsonl", *map(str, flags)],
        env=environment(),
        input=text,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_schema_is_described_and_its_instances_are_read(file):
    good = file("good.json", '{\n  "age": 3,\n  "name": "A\\u00e9"\n}\n')
    done = run("schema", "check", file("schema.json", SCHEMA), good)
    assert done.returncode == 0, done.stderr
    enforced, annotations, grammar, instance = done.stdout.splitlines()
    assert enforced == "enforced: additionalProperties 1, minimum 1, properties 1, required 1, type 3"
    assert annotations == "annotations: title 1"
    assert grammar.startswith("grammar: ") and grammar.endswith(" ms")
    assert instance == f"{good}: accepted"


def test_a_refused_instance_is_told_with_its_byte(file):
    bad = file("bad.json", {"name": "A", "age": -1})
    done = run("schema", "check", file("schema.json", SCHEMA), bad)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == f'{bad}: refused at byte 18: {{"name":"A","age": -> -1}}'
    short = file("short.json", {"name": "A"})
    done = run("schema", "check", file("schema.json", SCHEMA), short)
    assert done.stdout.splitlines()[-1].startswith(f"{short}: refused at byte 11: ")


def test_a_refused_schema_is_told_with_its_pointer(file):
    done = run("schema", "check", file("schema.json", {"properties": {"a": {"minLength": "3"}}}))
    assert done.returncode == 1
    assert "the schema is refused at /properties/a/minLength: " in done.stderr
    done = run("schema", "check", file("schema.json", "{"))
    assert done.returncode == 1 and "is not JSON" in done.stderr
    assert run("schema", "check").returncode == 64
    assert run("schema", "check", "a.json", "--jsonl").returncode == 64


def test_lines_are_answered_one_by_one():
    answers = lines(
        {"schema": SCHEMA, "instances": [{"age": 1}, {"age": 1, "name": "x"}, {"name": "x"}, {"age": 1.0}, 3]},
        {"schema": {"minLength": "3"}, "instances": [1]},
        {"schema": False},
        {"instances": []},
        "[",
    )
    first, *others = answers
    assert list(first) == ["compiled", "error", "pointer", "compile_ms", "instances", "mask_us"]
    assert first["compiled"] and first["error"] is None and first["pointer"] is None and first["mask_us"] is None
    assert first["compile_ms"] > 0
    assert [instance["accepted"] for instance in first["instances"]] == [True, True, False, False, False]
    assert [instance["at"] for instance in first["instances"]] == [None, None, 11, 8, 0]
    assert [other["compiled"] for other in others] == [False] * 4
    assert all(other["error"] for other in others)
    assert [other["pointer"] for other in others] == ["/minLength", "", None, None]


def test_members_are_put_into_the_schemas_order_and_numbers_keep_their_fraction():
    schema = {
        "$defs": {"point": {"properties": {"x": {"type": "number"}, "y": {"type": "number"}}, "required": ["x", "y"]}},
        "properties": {"b": {"type": "array", "items": {"$ref": "#/$defs/point"}}, "a": {"type": "integer"}},
    }
    (answer,) = lines(
        '{"schema": %s, "instances": [{"z": 1, "a": 1, "b": [{"y": 1.50, "x": 2}, {"x": 1e2, "y": 0.0}]}, {"a": 1e2}]}'
        % json.dumps(schema)
    )
    assert [instance["accepted"] for instance in answer["instances"]] == [True, False]
    assert answer["instances"][1]["at"] == 8


def test_masks_are_timed_over_a_models_tokens(model_path):
    (answer,) = lines(
        {"schema": SCHEMA, "instances": [{"name": "The river", "age": 41}]}, flags=["--model", model_path]
    )
    assert answer["instances"] == [{"accepted": True, "at": None}]
    times = answer["mask_us"]
    assert set(times) == {"mean", "p99", "max"}
    assert 0 < times["mean"] <= times["max"] and times["p99"] <= times["max"]
