"""Which real schemas compile: `python score_real.py CORPUS OUT.tsv`, with CORPUS of `gather_schemas.py`.

For Pinion in strict mode (in full or not at all) and in lenient mode (as far as it can be), beside llguidance and
xgrammar as they are by default. OUT has a line for each schema, with the reason where it was refused.
"""

import collections
import json
import pathlib
import re
import subprocess
import sys
import tempfile

from peers import ENGINES, PINION, Engine


def lenient(schema):
    """What lenient mode leaves out of a schema that strict mode refuses; none where it refuses it, too."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(schema, file)
        file.flush()
        text = subprocess.run([PINION, "schema", "check", file.name], capture_output=True, text=True).stdout
    return [line.removeprefix("not enforced: ") for line in text.split("\n") if line.startswith("not enforced: ")]


def without_time(error):
    """xgrammar's errors begin with the time and a line of its source."""
    return re.sub(r"^\[\d\d:\d\d:\d\d\] \S+ ", "", error)


def main(corpus, output):
    engines = {name: Engine(name) for name in ENGINES}
    table, rows = collections.Counter(), []
    for line in pathlib.Path(corpus).read_text().split("\n"):
        if not line:
            continue
        entry = json.loads(line)
        cells = [entry["name"], entry["kind"]]
        table[entry["kind"], "all"] += 1
        for name, engine in engines.items():
            answer = engine.answer(entry["schema"], [])
            cells.append("compiled" if answer.compiled else f"{answer.pointer}: {without_time(answer.error)}")
            table[entry["kind"], name] += answer.compiled
            if name == "pinion":
                left = [] if answer.compiled else lenient(entry["schema"])
                table[entry["kind"], "lenient"] += answer.compiled or bool(left)
                cells.append("" if answer.compiled else "; ".join(left) or "refused")
        rows.append("\t".join(" ".join(cell.split())[:200] for cell in cells))
    for kind in sorted({kind for kind, _ in table}):
        print(f"{kind:11}", *(f"{name} {table[kind, name]:4}" for name in ("all", "pinion", "lenient", *engines)))
    heads = ["name", "kind", "pinion", "lenient leaves out", *[name for name in engines if name != "pinion"]]
    pathlib.Path(output).write_text("\n".join(["\t".join(heads), *rows]) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
