"""How many valid instances Pinion lets through: `python complete_instances.py SCHEMAS.jsonl OUT.jsonl`, with SCHEMAS of
`judge_walks.py gather`; needs `hypothesis-jsonschema` beside what `exact_judge.py` needs.

Hypothesis makes the instances, and those count that the judge finds valid. They are written as replies are: compact,
whole numbers without a fraction. An instance with a number that Python writes with an exponent is left out: how many
digits a reply's numbers may have is documented. OUT has a line for each instance that is refused.
"""

import json
import math
import pathlib
import signal
import sys
import warnings

import exact_judge
import hypothesis
import hypothesis_jsonschema

from peers import Pinion

INSTANCES = 25
SECONDS_OF_A_SCHEMA = 10


class TooSlow(BaseException):
    pass


def plain(value):
    """The value with floats as a reply would write them; raises ValueError where there is no plain decimal."""
    if isinstance(value, float):
        if value == 0 or math.isfinite(value) and value == int(value) and abs(value) < 1e16:
            return int(value)
        if "e" in repr(value) or not math.isfinite(value):
            raise ValueError(value)
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return value


def instances_of(schema):
    found = []

    @hypothesis.settings(
        max_examples=INSTANCES, database=None, deadline=None, derandomize=True, phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(hypothesis_jsonschema.from_schema(schema))
    def collect(value):
        found.append(value)

    signal.alarm(SECONDS_OF_A_SCHEMA)
    try:
        collect()
    finally:
        signal.alarm(0)
    return found


def too_slow(*_):
    raise TooSlow


def main(schemas, output):
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, too_slow)
    pinion, counts, misses = Pinion(), {"schemas": 0, "instances": 0, "accepted": 0, "with exponent": 0}, []
    for line in pathlib.Path(schemas).read_text().split("\n"):
        if not line or not pinion.answer(json.loads(line), []).compiled:
            continue
        schema = json.loads(line)
        judge = exact_judge.validator(exact_judge.parse(line))
        try:
            made = instances_of(json.loads(line))
        except (Exception, TooSlow):  # Hypothesis knows no instance, not this keyword or not in time.
            continue
        valid = []
        for instance in made:
            try:
                text = json.dumps(plain(instance), ensure_ascii=False)
                text.encode()
                if judge.is_valid(exact_judge.parse(text)):
                    valid.append(json.loads(text))
            except ValueError:
                counts["with exponent"] += 1
            except Exception:  # A reference that the judge does not know.
                break
        if not valid:
            continue
        answer = pinion.answer(schema, valid)
        counts["schemas"] += 1
        counts["instances"] += len(valid)
        counts["accepted"] += sum(answer.accepted)
        for instance, accepted, at in zip(valid, answer.accepted, answer.at):
            if not accepted:
                misses.append(json.dumps({"schema": schema, "instance": instance, "at": at}))
    print(counts, f"{100 * counts['accepted'] / counts['instances']:.2f} %")
    pathlib.Path(output).write_text("\n".join(misses) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
