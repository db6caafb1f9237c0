"""Judges texts that masks let through: `python judge_walks.py gather DIR SUITE CORPUS`, then the Swift tests with
PINION_SCHEMA_WALKS=DIR, then `python judge_walks.py judge DIR`.

SUITE is the directory of the JSON-Schema-Test-Suite's tests (in the sdist of PyPI's `jsonschema`), CORPUS the output of
`gather_schemas.py`; DIR holds the schemas, the texts and nothing else. A text is invalid if it is no JSON, holds a name
twice in an object, or breaks its schema (`exact_judge.py`).
"""

import json
import pathlib
import sys

import exact_judge


def lines(path):
    # Not `splitlines`: a text may hold U+2028.
    return [line for line in path.read_text().split("\n") if line]


def gather(directory, suite, corpus):
    schemas = []
    for path in sorted((pathlib.Path(suite) / "draft2020-12").rglob("*.json")):
        schemas += [group["schema"] for group in json.loads(path.read_text())]
    schemas += [json.loads(line)["schema"] for line in lines(pathlib.Path(corpus))]
    texts = list(dict.fromkeys(json.dumps(schema) for schema in schemas))
    (pathlib.Path(directory) / "schemas.jsonl").write_text("\n".join(texts) + "\n")
    print(f"{len(texts)} schemas")


def judge(directory):
    directory = pathlib.Path(directory)
    schemas = [exact_judge.parse(line) for line in lines(directory / "schemas.jsonl")]
    validators = [exact_judge.validator(schema) for schema in schemas]
    count, invalid, used, unjudged = 0, [], set(), {}
    for line in lines(directory / "walks.jsonl"):
        walk = json.loads(line)
        index = int(walk["schema"])
        count += 1
        used.add(index)
        try:
            value = exact_judge.parse(walk["text"])
        except ValueError as error:
            invalid.append((index, walk["text"], str(error)))
            continue
        try:
            error = next(validators[index].iter_errors(value), None)
        except Exception as error:  # A pattern or reference that the judge does not know.
            unjudged[index] = unjudged.get(index, []) + [str(error)]
            continue
        if error is not None:
            invalid.append((index, walk["text"], error.message))
    print(
        f"{count} texts of {len(used)} schemas: {len(invalid)} invalid, "
        f"{sum(map(len, unjudged.values()))} of {len(unjudged)} schemas not judged"
    )
    shown = set()
    for index, text, message in invalid:
        # One of each schema: a schema that is read wrongly is wrong in many texts.
        if index not in shown:
            print(json.dumps(schemas[index], default=str)[:300], "|", text[:200], "|", message[:200])
        shown.add(index)
    for index, messages in unjudged.items():
        print("not judged:", json.dumps(schemas[index], default=str)[:200], "|", messages[0][:100])
    return 1 if invalid else 0


if __name__ == "__main__":
    sys.exit(gather(*sys.argv[2:]) if sys.argv[1] == "gather" else judge(*sys.argv[2:]))
