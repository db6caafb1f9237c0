"""Adds up test reports and prints `N passed, M failed`; exits with 1 unless everything passed.

Arguments: NAME:STATUS:REPORT for each runner, its exit status and its JUnit file. A runner that failed without
reporting a failure (a crash, a missing report) counts as one failed test, so a broken run never looks green.
"""

import sys
import xml.etree.ElementTree as ElementTree


def count(report):
    """Passed and failed tests of a JUnit file, case by case: runners disagree whether a suite's total holds the skipped."""
    passed = failed = 0
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.find("skipped") is None:
            passed += 1
    return passed, failed


def main():
    passed_in_all = failed_in_all = 0
    for argument in sys.argv[1:]:
        name, status, path = argument.split(":", 2)
        passed = failed = 0
        try:
            passed, failed = count(path)
        except (OSError, ElementTree.ParseError) as error:
            print(f"{name}: no whole report: {error}")
        if status != "0" and failed == 0 or passed + failed == 0:
            print(f"{name}: ended with status {status} without reporting a failure")
            failed += 1
        print(f"{name}: {passed} passed, {failed} failed")
        passed_in_all += passed
        failed_in_all += failed
    print(f"{passed_in_all} passed, {failed_in_all} failed")
    sys.exit(failed_in_all > 0)


if __name__ == "__main__":
    main()
