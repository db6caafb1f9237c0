"""The alert rules, against the metrics that a server tells."""

import re
import shutil
import subprocess

import httpx
import pytest
from conftest import ROOT

RULES = ROOT / "docs/reference/alerts.yml"


@pytest.fixture(scope="module")
def scraped(server):
    head = {"Authorization": f"Bearer {server.key}"}
    return httpx.get(f"{server.address}/metrics", headers=head, timeout=60).text


def test_every_metric_of_a_rule_is_told(scraped):
    named = set(re.findall(r"\b(pinion_\w+)", "".join(re.findall(r"expr: (.*)", RULES.read_text()))))
    told = set(re.findall(r"^# TYPE (\w+)", scraped, re.MULTILINE))
    assert named and named <= told


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_promtool_finds_no_fault(scraped):
    for arguments, text in ((["check", "metrics"], scraped), (["check", "rules", RULES], "")):
        done = subprocess.run(["promtool", *arguments], input=text, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    done = subprocess.run(
        ["promtool", "test", "rules", "alerts.test.yml"], cwd=ROOT / "Tests", capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
