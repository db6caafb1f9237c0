"""The memory budget: refused when too small, kept when not."""

import concurrent.futures
import random
import re

import pytest
from conftest import run
from vitals import MEBIBYTE, vitals
from wire import WORDS, ask, plain, serving

CONTEXT = 1024
CLIENTS = 32
# Beyond the smallest budget, in MiB: far less cache than the clients would use if they could.
MORE = 48


@pytest.fixture(scope="module")
def smallest(model_path, tmp_path_factory):
    """The smallest budget in MiB, by the arithmetic of a refusal."""
    data = tmp_path_factory.mktemp("data")
    flags = ["--port", 0, "--no-auth", "--model", model_path, "--context", CONTEXT, "--data-dir", data]
    done = run("serve", *flags, "--memory", "64M")
    assert done.returncode == 1 and done.stdout == ""
    (line,) = done.stderr.splitlines()
    budget, *parts, total = map(int, re.findall(r"(\d+) MiB", line))
    assert budget == 64
    # Each is rounded up by itself.
    assert sum(parts) - len(parts) < total <= sum(parts)
    assert re.search(r"weights \d+ MiB \+ buffers \d+ MiB \+ overhead \d+ MiB \+ KV cache .* \d+ MiB", line), line
    assert line.endswith(f"raise --memory to {total}M"), line
    assert run("serve", *flags, "--memory", f"{total - 1}M").returncode == 1
    return total


def test_the_smallest_budget_that_a_refusal_shows_is_enough(new_data, smallest):
    with serving(new_data(), "--context", CONTEXT, "--memory", f"{smallest}M") as server:
        # One sequence fills the context.
        status, _, reply = ask(server, connection=plain(server, timeout=300), ignore_eos=True)
        assert status == 200
        assert reply["usage"]["total_tokens"] == CONTEXT


def test_the_budget_holds_under_load(new_data, smallest):
    budget = smallest + MORE
    with serving(new_data(), "--context", CONTEXT, "--memory", f"{budget}M") as server:

        def client(number):
            text = " ".join(random.Random(number).choices(WORDS, k=150))
            return ask(server, text, plain(server, timeout=300), max_tokens=24, ignore_eos=True)

        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
            replies = list(pool.map(client, range(CLIENTS)))
        assert all(status == 200 for status, _, _ in replies)
        assert all(reply["usage"]["completion_tokens"] == 24 for _, _, reply in replies)
        peak = vitals(server).peak
        print(f"{peak // MEBIBYTE} MiB of {budget} MiB")
        assert peak < budget * MEBIBYTE, peak // MEBIBYTE


def test_a_refusal_advises_only_what_is_not_in_force(model_path, tmp_path, smallest):
    flags = ["--port", 0, "--no-auth", "--model", model_path, "--context", CONTEXT, "--data-dir", tmp_path]
    plain = run("serve", *flags, "--memory", f"{smallest - 4}M").stderr
    assert "--kv-type q8" in plain and "lower --context to" in plain and f"raise --memory to {smallest}M" in plain
    done = run("serve", *flags, "--memory", "64M", "--kv-type", "q8")
    assert done.returncode == 1
    assert "--kv-type" not in done.stderr and "--memory" in done.stderr
