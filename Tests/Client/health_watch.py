"""Asks `/health` all the time, in a process of its own: what the test does meanwhile must not delay its clock.

Beside it a process on each processor only sleeps. Where one of them wakes late, the machine ran something else or
nothing at all for that long (other machines on the same host, a quota); such pauses are taken off the answers that
they fall into, because the server's thread may have been on that processor.
"""

import http.client
import json
import os
import select
import subprocess
import sys
import time

INTERVAL = 0.02
# Seconds that a sleeping process sleeps, and how late it may wake before that counts as a pause of the machine. Other
# threads' slices of the processor are shorter.
NAP, SLICE = 0.005, 0.02


class HealthWatch:
    """Watches a server for as long as the block lasts; `times` then holds the seconds of every answer."""

    def __init__(self, host, port):
        self.command = [sys.executable, "-B", __file__, host, str(port)]
        self.times = []

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "watching\n"
        return self

    def __exit__(self, *_):
        output, _ = self.process.communicate(timeout=30)
        assert self.process.returncode == 0, output
        answers, pauses = json.loads(output)
        self.times = [without(pauses, *answer) for answer in answers]

    @property
    def worst(self):
        """The slowest answer but for one in a thousand, which is left to pauses that the sleepers did not see."""
        return sorted(self.times)[-1 - len(self.times) // 1000]


def without(pauses, start, end):
    """Seconds from start to end, less the longest pause of a processor in between."""
    shares = (max(0.0, min(end, until) - max(start, since)) for since, until in pauses)
    return end - start - max(shares, default=0.0)


def measure(connection):
    start = time.monotonic()
    connection.request("GET", "/health")
    reply = connection.getresponse()
    reply.read()
    assert reply.status == 200
    return start, time.monotonic()


def ends(seconds):
    """Whether the test closed its end within some seconds, which ends the watch."""
    return bool(select.select([sys.stdin], [], [], seconds)[0])


def sleeper(processor):
    """Sleeps on a processor; when it was woken late, from when it should have run until it did."""
    os.sched_setaffinity(0, {processor})
    pauses = []
    due = time.monotonic() + NAP
    while not ends(NAP):
        if (now := time.monotonic()) - due > SLICE:
            pauses.append((due, now))
        due = time.monotonic() + NAP
    return pauses


def start_sleeper(processor):
    """Starts the process; what it writes to the pipe that is returned is its pauses."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.write(writer, json.dumps(sleeper(processor)).encode())
        os._exit(0)
    os.close(writer)
    return reader


def main(host, port):
    pipes = [start_sleeper(processor) for processor in sorted(os.sched_getaffinity(0))]
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    # The first answer includes the connection's opening.
    measure(connection)
    print("watching", flush=True)
    answers = []
    while not ends(INTERVAL):
        answers.append(measure(connection))
    pauses = [pause for pipe in pipes for pause in json.loads(open(pipe).read())]
    print(json.dumps([answers, pauses]))


if __name__ == "__main__":
    main(*sys.argv[1:])
