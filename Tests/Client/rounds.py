"""Measures of seconds on a machine that others use, too."""


def quickest(measure, bar, rounds=3):
    """The first of some measures that is below the bar; the least of them when none is.

    What takes too long by itself does so in every round. What the machine did for others meanwhile does not.
    """
    found = []
    while len(found) < rounds and not any(seconds < bar for seconds in found):
        found.append(measure())
    return min(found)
