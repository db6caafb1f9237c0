"""Adds up test reports and prints `N passed, N failed, N skipped`, the skipped ones named above; exits with 1 unless
everything passed.

    python summarize.py [--must-run SUITE ...] NAME:STATUS:REPORT ...

NAME:STATUS:REPORT is a runner, its exit status and its JUnit file. A runner that failed without reporting a failure (a
crash, a missing report) counts as one failed test, so a broken run never looks green. A SUITE of which no test ran, or
any was skipped, counts as one failed test, too: it is a suite whose absence must not look green either.
"""

import argparse
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter


def outcomes(report):
    """(class, name, outcome, reason) of each test of a JUnit file: runners disagree whether a suite's total holds the
    skipped."""
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        outcome, reason = "passed", ""
        if case.find("failure") is not None or case.find("error") is not None:
            outcome = "failed"
        elif (skipped := case.find("skipped")) is not None:
            outcome, reason = "skipped", skipped.get("message") or (skipped.text or "").strip()
        yield case.get("classname", ""), case.get("name", ""), outcome, reason


def unrun(suite, cases):
    """Why a suite that must run did not run whole; None if it did."""
    found = [outcome for kind, _, outcome, _ in cases if suite in kind.split(".")]
    if not found:
        return "no test of it is reported"
    if skipped := found.count("skipped"):
        return f"{skipped} of its {len(found)} tests were skipped"
    return None


def main():
    parser = argparse.ArgumentParser(description="Adds up test reports.")
    parser.add_argument("--must-run", action="append", default=[], metavar="SUITE")
    parser.add_argument("runners", nargs="+", metavar="NAME:STATUS:REPORT")
    arguments = parser.parse_args()
    total, every_case = Counter(), []
    for argument in arguments.runners:
        name, status, path = argument.split(":", 2)
        cases = []
        try:
            cases = list(outcomes(path))
        except (OSError, ElementTree.ParseError) as error:
            print(f"{name}: no whole report: {error}")
        counts = Counter(outcome for _, _, outcome, _ in cases)
        if status != "0" and counts["failed"] == 0 or counts["passed"] + counts["failed"] == 0:
            print(f"{name}: ended with status {status} without reporting a failure")
            counts["failed"] += 1
        for kind, test, outcome, reason in cases:
            if outcome == "skipped":
                print(f"{name}: skipped {kind}.{test}" + (f": {reason}" if reason else ""))
        print(f"{name}: {counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
        total += counts
        every_case += cases
    for suite in arguments.must_run:
        if reason := unrun(suite, every_case):
            print(f"{suite} must run: {reason}")
            total["failed"] += 1
    print(f"{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped")
    sys.exit(total["failed"] > 0)


if __name__ == "__main__":
    main()
