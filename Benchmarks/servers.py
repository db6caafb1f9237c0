"""Servers that a benchmark starts for itself and stops again, for serving and record."""

import contextlib
import pathlib
import re
import shlex
import subprocess
import tempfile
import time

READY_SECONDS = 120  # Loading takes under one; a machine that others share may need far more.
STOP_SECONDS = 20
LOG_BYTES = 2000  # Of the end of a server's output, shown when it does not start.


class NotReady(SystemExit):
    """A server that ended, or was not ready in time; its text shows the command and what it printed."""


def pinion_address(log):
    """The address that pinion prints once it is ready, or None before."""
    line = re.search(r"listening on (http://\S+)\n", log.read_text())
    return line and line[1]


@contextlib.contextmanager
def running(start, environment):
    """A started server's address and process id; it is stopped at the end.

    `start` is given a fresh directory; it returns the command, and a function that finds the address by the log's path.
    """
    with tempfile.TemporaryDirectory() as directory:
        command, address = start(directory)
        log = pathlib.Path(directory, "log")
        with log.open("w") as output:
            process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment)
        try:
            deadline = time.monotonic() + READY_SECONDS
            while not (url := address(log)):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise NotReady(f"{shlex.join(command)} did not get ready:\n{log.read_text()[-LOG_BYTES:]}")
                time.sleep(0.1)
            yield url, process.pid
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
