"""The last line of `make test`: what it counts, and when it fails."""

import pathlib
import subprocess
import sys

import pytest

SCRIPT = pathlib.Path(__file__).with_name("summarize.py")

PASSED = '<testcase classname="Tests.Sound" name="a()" />'
FAILED = '<testcase classname="Tests.Sound" name="b()"><failure message="no" /></testcase>'
BROKEN = '<testcase classname="Tests.Sound" name="c()"><error message="no" /></testcase>'
SKIPPED = '<testcase classname="Tests.Model" name="d()"><skipped>no file</skipped></testcase>'
MODEL = '<testcase classname="Tests.Model" name="e()" />'


@pytest.fixture
def summary(tmp_path):
    """Runs the script over reports of the given test cases, and returns its lines and exit status."""

    def run(*runners, must_run=()):
        arguments = [f"--must-run={suite}" for suite in must_run]
        for index, (status, cases) in enumerate(runners):
            report = tmp_path / f"{index}.xml"
            if cases is not None:
                report.write_text(f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>")
            arguments.append(f"r{index}:{status}:{report}")
        done = subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, text=True, timeout=30)
        assert done.stderr == ""
        return done.stdout.splitlines(), done.returncode

    return run


def test_runners_are_added_up_and_the_sum_stands_alone_on_the_last_line(summary):
    lines, status = summary((0, [PASSED, PASSED]), (0, [PASSED]))
    assert lines == ["r0: 2 passed, 0 failed, 0 skipped", "r1: 1 passed, 0 failed, 0 skipped", "3 passed, 0 failed, 0 skipped"]
    assert status == 0


def test_failures_and_errors_fail(summary):
    lines, status = summary((1, [PASSED, FAILED, BROKEN]))
    assert (lines[-1], status) == ("1 passed, 2 failed, 0 skipped", 1)


def test_skipped_tests_are_counted_and_named_with_their_reason(summary):
    lines, status = summary((0, [PASSED, SKIPPED, '<testcase classname="t" name="f"><skipped message="later" /></testcase>']))
    assert lines == [
        "r0: skipped Tests.Model.d(): no file", "r0: skipped t.f: later", "r0: 1 passed, 0 failed, 2 skipped",
        "1 passed, 0 failed, 2 skipped",
    ]  # fmt: skip
    assert status == 0


@pytest.mark.parametrize("runner", [(139, [PASSED]), (0, None), (0, []), (0, [SKIPPED]), (0, ["<broken"])])
def test_a_runner_that_breaks_off_or_runs_nothing_is_a_failure(summary, runner):
    lines, status = summary(runner)
    assert " 1 failed, " in lines[-1] and status == 1


def test_a_suite_that_must_run_fails_when_it_is_skipped_or_absent(summary):
    for cases, reason in [
        ([PASSED, SKIPPED, MODEL], "Model must run: 1 of its 2 tests were skipped"),
        ([PASSED], "Model must run: no test of it is reported"),
    ]:
        lines, status = summary((0, cases), must_run=["Model"])
        assert lines[-2] == reason
        assert " 1 failed, " in lines[-1] and status == 1
    lines, status = summary((0, [PASSED, MODEL]), must_run=["Model"])
    assert (lines[-1], status) == ("2 passed, 0 failed, 0 skipped", 0)
