"""Scores the JSON-Schema-Test-Suite for Pinion, llguidance and xgrammar: `python score_suite.py SUITE OUT.json`.

SUITE is the directory of the suite's tests, the one that holds `draft2020-12` (in the sdist of PyPI's `jsonschema`).
Each instance is a candidate text. A group is *wrong* if an invalid instance is accepted, else *refused* if its schema
does not compile, else *over-strict* if a valid instance is rejected, else *exact*. A schema that an engine refuses
because nothing can satisfy it rejects all instances.
"""

import collections
import json
import pathlib
import sys

from peers import ENGINES, Engine

OUTCOMES = ("exact", "over-strict", "refused", "wrong")


def outcome_of(answer, tests):
    if not answer.compiled and not answer.is_unsatisfiable:
        return "refused"
    accepted = answer.accepted if answer.compiled else [False] * len(tests)
    if any(passed and not test["valid"] for passed, test in zip(accepted, tests)):
        return "wrong"
    if any(test["valid"] and not passed for passed, test in zip(accepted, tests)):
        return "over-strict"
    return "exact"


def main(suite, output):
    root = pathlib.Path(suite) / "draft2020-12"
    parts = {
        "required": sorted(root.glob("*.json")),
        "optional": sorted((root / "optional").glob("*.json")),
        "optional/format": sorted((root / "optional" / "format").glob("*.json")),
    }
    engines = {name: Engine(name) for name in ENGINES}
    table, rows = collections.Counter(), []
    for part, paths in parts.items():
        for path in paths:
            for group in json.loads(path.read_text()):
                tests = group["tests"]
                for name, engine in engines.items():
                    answer = engine.answer(group["schema"], [test["data"] for test in tests])
                    outcome = outcome_of(answer, tests)
                    table[part, name, outcome] += 1
                    misses = [
                        test["description"] for test, passed in zip(tests, answer.accepted) if test["valid"] != passed
                    ]
                    rows.append({
                        "part": part, "file": path.name, "group": group["description"], "engine": name,
                        "outcome": outcome, "error": answer.error, "pointer": answer.pointer, "misses": misses,
                    })
        print(f"\n{part}: {sum(table[part, 'pinion', one] for one in OUTCOMES)} groups")
        for name in engines:
            print(f"  {name:11}", *(f"{one} {table[part, name, one]:4}" for one in OUTCOMES))
    pathlib.Path(output).write_text("\n".join(json.dumps(row) for row in rows) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
