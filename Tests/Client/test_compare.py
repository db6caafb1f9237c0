"""The comparison of two builds' rates: taken in turn, judged pair by pair."""

import json
import pathlib
import subprocess
import sys

import pytest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "Benchmarks/compare"
# Stands for a pinion whose `bench` writes its name to the file `order` and makes a third of its rate in every third run.
BENCH = """#!{python}
import json
order = open({order!r}, "a+")
order.seek(0)
runs = order.read().count({name!r})
print({name!r}, file=order)
rate = {rate} * (runs % 3 + 1)
figures = [{{"name": name, "rates": [rate]}} for name in ("prompt 512", "1 stream", "16 streams")]
print(json.dumps({{"loadSeconds": 0.1, "residentBytes": 1, "tokensPerSecond": figures}}))
"""


@pytest.fixture
def compare(tmp_path):
    """Runs the comparison over builds of the given rates; returns its exit status and report, and who ran when."""

    def run(newer, older, *flags):
        order = tmp_path / "order"
        for name, rate in (("newer", newer), ("older", older)):
            build = tmp_path / name
            build.write_text(BENCH.format(python=sys.executable, order=str(order), name=name, rate=rate))
            build.chmod(0o755)
        command = [sys.executable, SCRIPT, "--json", "--model=m", f"--pinion={tmp_path / 'newer'}"]
        done = subprocess.run([*command, f"--baseline={tmp_path / 'older'}", *flags], capture_output=True, text=True)
        return done, json.loads(done.stdout), order.read_text().split()

    return run


def test_two_builds_run_in_turn_and_are_compared_pair_by_pair(compare):
    done, report, order = compare(95, 100)
    assert done.returncode == 0, done.stderr
    assert order == ["newer", "older"] * 7
    assert [figure["name"] for figure in report["figures"]] == ["prompt", "1 stream", "16 streams"]
    for figure in report["figures"]:
        assert (figure["pinion"], figure["rival"]) == (190, 200)
        # The builds' speed drifts by the same in both, so that every pair has the ratio that their medians have.
        assert figure["ratios"] == [0.95] * 7
        assert {figure[name] for name in ("ratio_of_medians", "lowest", "median", "highest")} == {0.95}


@pytest.mark.parametrize("newer, status", [(97, 1), (98, 0), (110, 0)])
def test_the_check_fails_below_98_hundredths(compare, newer, status):
    done, _, order = compare(newer, 100, "--check", "--pairs=2")
    assert done.returncode == status
    assert ("1 stream" in done.stderr) == (status == 1)
    assert len(order) == 4
