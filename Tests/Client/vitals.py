"""What a server process takes of the machine, and what it says of itself."""

import collections
import dataclasses
import os
import pathlib
import re
import time

from wire import plain

MEBIBYTE = 1 << 20
# Descriptors and threads that may come and go beside what is tested.
SPARE = 4


@dataclasses.dataclass
class Vitals:
    """Counts, and bytes."""

    descriptors: int
    threads: int
    resident: int
    peak: int


def vitals(server):
    process = pathlib.Path("/proc", str(server.process.pid))
    status = dict(re.findall(r"^(\w+):\s+(\d+)", (process / "status").read_text(), re.MULTILINE))
    return Vitals(
        descriptors=len(os.listdir(process / "fd")),
        threads=int(status["Threads"]),
        resident=int(status["VmRSS"]) * 1024,
        peak=int(status["VmHWM"]) * 1024,
    )


def cpu_seconds(server):
    """Processor time that the server has taken, in all its threads."""
    fields = pathlib.Path("/proc", str(server.process.pid), "stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def gauges(server):
    """Gauges of the engines by name and state, such as `("sequences", "running")`, over all models."""
    connection = plain(server)
    connection.request("GET", "/metrics")
    reply = connection.getresponse()
    text = reply.read().decode()
    assert reply.status == 200, text
    found = re.findall(r'^pinion_(sequences|kv_blocks)\{.*?state="(\w+)".*?\} ([\d.e+]+)$', text, re.MULTILINE)
    assert found, text
    totals = collections.Counter()
    for name, state, value in found:
        totals[name, state] += int(float(value))
    return totals


def sequences(server):
    """Sequences in the engines' hands."""
    found = gauges(server)
    return found["sequences", "running"] + found["sequences", "waiting"]


def eventually(condition, seconds):
    """Waits for a condition; returns whether it came true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
