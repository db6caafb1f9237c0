"""Asks `/health` all the time, in a process of its own: what the test does meanwhile must not delay its clock."""

import http.client
import json
import select
import subprocess
import sys
import time

INTERVAL = 0.02


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
        self.times = json.loads(output)

    @property
    def worst(self):
        """The slowest answer but for one in a thousand, which is left to the pauses of a machine that others use."""
        return sorted(self.times)[-1 - len(self.times) // 1000]


def measure(connection):
    start = time.monotonic()
    connection.request("GET", "/health")
    reply = connection.getresponse()
    reply.read()
    assert reply.status == 200
    return time.monotonic() - start


def main(host, port):
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    # The first answer includes the connection's opening.
    measure(connection)
    print("watching", flush=True)
    times = []
    # The test ends the watch by closing its end.
    while not select.select([sys.stdin], [], [], INTERVAL)[0]:
        times.append(measure(connection))
    print(json.dumps(times))


if __name__ == "__main__":
    main(*sys.argv[1:])
