"""Waits beside a wall clock that is being set."""

import fcntl
import os
import threading
import time

import openai
import pytest
from clocks import WallClock, preloaded
from conftest import Server, run
from ledger_rows import rows
from test_limits import ask

# Every look at the wall clock finds it half a minute later: longer than any wait for the database.
RUNAWAY_CLOCK = """
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static long looks;
int clock_gettime(clockid_t clock, struct timespec *time) {
    int result = (int)syscall(SYS_clock_gettime, clock, time);
    if (clock == CLOCK_REALTIME) time->tv_sec += 30 * __atomic_add_fetch(&looks, 1, __ATOMIC_RELAXED);
    return result;
}
int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return 0;
}
"""


def test_a_key_store_is_waited_for_however_the_wall_clock_is_set(tmp_path):
    library = preloaded(RUNAWAY_CLOCK, tmp_path)
    data = tmp_path / "data"
    assert run("keys", "create", "--data-dir", data).returncode == 0
    # As another process does while it opens the store.
    turn = os.open(data, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(turn, fcntl.LOCK_EX)
    release = threading.Timer(1, os.close, [turn])
    release.start()
    done = run("keys", "list", "--json", "--data-dir", data, LD_PRELOAD=library)
    release.join()
    assert done.returncode == 0, done.stderr


DAY = 86_400
BUDGET = 120


class Spender:
    """A key with a budget for each day."""

    def __init__(self, data):
        self.key = run("keys", "create", "--daily-tokens", BUDGET, "--data-dir", data).stdout.strip()
        self.replies = 0

    def spend(self, server):
        """Takes what is left of the day's budget, and returns the replies' tokens."""
        taken = 0
        while True:
            try:
                taken += ask(server, self.key, tokens=8).usage.total_tokens
                self.replies += 1
            except openai.RateLimitError as error:
                assert error.code == "insufficient_quota", error
                assert taken <= BUDGET
                return taken


def test_days_and_budgets_hold_however_the_wall_clock_is_set_beside_a_server(new_data, tmp_path):
    data, clock = new_data(), WallClock(tmp_path)
    # No midnight comes but those that the test makes.
    noon = int(DAY / 2 - time.time() % DAY)
    clock.set(noon)
    spender = Spender(data)
    paced = run("keys", "create", "--requests-per-minute", "2", "--data-dir", data).stdout.strip()
    server = Server("--data-dir", data, **clock.variables)
    try:
        assert spender.spend(server) > 0
        ask(server, paced)
        ask(server, paced)
        # Forward: a new day has its budget, and a rate that was drawn is not full because of it.
        clock.set(noon + DAY)
        assert spender.spend(server) > 0
        with pytest.raises(openai.RateLimitError):
            ask(server, paced)
        # Back by two days: the day that was seen last goes on, and its budget is spent.
        clock.set(noon - DAY)
        assert spender.spend(server) == 0
    finally:
        assert server.stop() == 0, server.errors
    # A restart does not forget it, and the next day is a new one.
    server = Server("--data-dir", data, **clock.variables)
    try:
        assert spender.spend(server) == 0
        clock.set(noon + 2 * DAY)
        assert spender.spend(server) > 0
    finally:
        assert server.stop() == 0, server.errors
    found = rows(data)
    assert len(found) == spender.replies + 2
    first = min(row["day"] for row in found)
    assert {row["day"] for row in found} == {first, first + 1, first + 2}
    for row in found:
        assert 0 <= row["queued"] <= row["first_token"] <= row["run"] < 60_000, row
    done = run("usage", "verify", "--data-dir", data)
    assert done.returncode == 0, done.stderr
