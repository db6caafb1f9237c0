"""Judges texts that masks let through: `python judge_walks.py gather SUITE DIR`, then the Swift tests with
PINION_SCHEMA_WALKS=DIR, then `python judge_walks.py judge DIR`.

SUITE is the directory of the JSON-Schema-Test-Suite's tests (in the sdist of PyPI's `jsonschema`); DIR holds the schemas,
the texts and nothing else. Needs `jsonschema[format]`. A text is invalid if it is no JSON, holds a name twice in an
object, or breaks its schema.
"""

import json
import pathlib
import sys

import jsonschema

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def gather(suite, directory):
    seen = []
    for path in sorted((pathlib.Path(suite) / "draft2020-12").rglob("*.json")):
        for group in json.loads(path.read_text()):
            if group["schema"] not in seen:
                seen.append(group["schema"])
    lines = [json.dumps(schema) for schema in seen]
    (pathlib.Path(directory) / "schemas.jsonl").write_text("\n".join(lines) + "\n")
    print(f"{len(lines)} schemas")


def once(pairs):
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise ValueError(f"a name stands twice: {names}")
    return dict(pairs)


def judge(directory):
    directory = pathlib.Path(directory)
    schemas = [json.loads(line) for line in (directory / "schemas.jsonl").read_text().strip("\n").split("\n")]
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    validators = [jsonschema.Draft202012Validator(schema, format_checker=checker) for schema in schemas]
    count, invalid, used, unjudged = 0, [], set(), 0
    for line in (directory / "walks.jsonl").read_text().strip("\n").split("\n"):
        walk = json.loads(line)
        index = int(walk["schema"])
        count += 1
        used.add(index)
        try:
            value = json.loads(walk["text"], object_pairs_hook=once)
            error = next(validators[index].iter_errors(value), None)
            if error is not None:
                invalid.append((schemas[index], walk["text"], error.message))
        except ValueError as error:
            invalid.append((schemas[index], walk["text"], str(error)))
        except Exception as error:  # A reference that the validator would have to fetch.
            unjudged += 1
    print(f"{count} texts of {len(used)} schemas: {len(invalid)} invalid, {unjudged} not judged")
    shown = set()
    for schema, text, message in invalid:
        # One of each schema: a schema that is read wrongly is wrong in many texts.
        if json.dumps(schema) not in shown:
            print(json.dumps(schema)[:300], "|", text[:200], "|", message[:200])
        shown.add(json.dumps(schema))
    return 1 if invalid else 0


if __name__ == "__main__":
    sys.exit(gather(*sys.argv[2:]) if sys.argv[1] == "gather" else judge(*sys.argv[2:]))
