"""Waits beside a wall clock that is being set."""

import fcntl
import os
import subprocess
import threading

from conftest import run

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
    source, library = tmp_path / "clock.c", tmp_path / "clock.so"
    source.write_text(RUNAWAY_CLOCK)
    subprocess.run(["clang", "-shared", "-fPIC", "-O1", source, "-o", library], check=True)
    data = tmp_path / "data"
    assert run("keys", "create", "--data-dir", data).returncode == 0
    # As another process does while it opens the store.
    turn = os.open(data, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(turn, fcntl.LOCK_EX)
    release = threading.Timer(1, os.close, [turn])
    release.start()
    done = run("keys", "list", "--json", "--data-dir", data, LD_PRELOAD=str(library))
    release.join()
    assert done.returncode == 0, done.stderr
