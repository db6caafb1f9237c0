"""Measured times, which the run prints at its end, and the bars that they are held against.

Times by the clock depend on what else the machine does. A figure is measured in up to three rounds, ends at the first that
holds its bar, and may be LENIENCE times as large; `PINION_STRICT=1`, as in `make test-long`, takes the bar itself.
"""

import operator
import os

LENIENCE = 1 if os.environ.get("PINION_STRICT") else 4
ROUNDS = 3

told = []


def tell(line):
    told.append(line)


def hold(name, bar, measure):
    """Measures milliseconds until they are below a bar, at most ROUNDS times."""
    hold_all({name: bar}, lambda: [measure()])


def hold_all(bars, measure):
    """The same for figures that one round gives together: it is over when all of them are below their bars."""
    rounds = []
    while len(rounds) < ROUNDS and not (rounds and all(map(operator.lt, rounds[-1], bars.values()))):
        rounds.append(measure())
    for (name, bar), found in zip(bars.items(), zip(*rounds, strict=True), strict=True):
        tell(f"{name}: {', '.join(f'{figure:.0f}' for figure in found)} ms (bar {bar} ms)")
        assert min(found) < bar * LENIENCE, told[-1]
