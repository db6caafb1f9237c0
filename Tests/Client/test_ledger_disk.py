"""The ledger on a disk that is full for a while."""

import os
import re
import subprocess
import time

import httpx
import pytest
from conftest import BINARY, KEPT_DATA, MODEL, START_SECONDS, environment
from ledger_rows import rows

# Makes a small disk of its own, serves from it, and does what its input says; each line of input is answered with one.
SCRIPT = """
    mount -t tmpfs -o size=40m tmpfs "$1" && ln -s "$2" "$1/models" || exit 1
    "$3" keys create --name test --data-dir "$1"
    "$3" serve --port 0 --data-dir "$1" >"$4/out" 2>&1 &
    while read -r word; do
        case $word in
            fill) dd if=/dev/zero of="$1/filling" bs=4k >/dev/null 2>&1 ;;
            free) rm "$1/filling" ;;
            copy) cp "$1"/usage.db* "$4" ;;
            stop) kill %1 && wait %1 ;;
        esac
        echo "$word"
    done
"""
NAMESPACE = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
# Until a disk that was filled is noticed.
FULL_SECONDS = 60


class SmallDisk:
    """A server whose data directory is a disk of 40 MB."""

    def __init__(self, directory):
        self.copies = directory / "copies"
        disk = directory / "disk"
        for made in (self.copies, disk):
            made.mkdir()
        self.process = subprocess.Popen(
            [*NAMESPACE, "bash", "-c", SCRIPT, "bash", disk, KEPT_DATA / "models", BINARY, self.copies],
            env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        self.key = self.process.stdout.readline().strip()
        deadline = time.monotonic() + START_SECONDS
        while not (found := re.search(r"^listening on (\S+)$", self.printed(), re.MULTILINE)):
            assert time.monotonic() < deadline, self.printed()
            time.sleep(0.05)
        self.address = found.group(1)

    def printed(self):
        path = self.copies / "out"
        return path.read_text() if path.exists() else ""

    def tell(self, word):
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline().strip() == word

    def end(self):
        """Stops the server, also for a test that failed, and keeps a copy of its ledger."""
        self.tell("stop")
        self.tell("copy")
        self.process.stdin.close()
        self.process.wait()

    def ask(self):
        body = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 2}
        head = {"Authorization": f"Bearer {self.key}"}
        return httpx.post(f"{self.address}/v1/chat/completions", json=body, headers=head, timeout=60)

    def metric(self, name):
        text = httpx.get(f"{self.address}/metrics", headers={"Authorization": f"Bearer {self.key}"}, timeout=60).text
        return float(re.search(rf"^{name} (\S+)$", text, re.MULTILINE).group(1))

    def waits(self, name, wanted, seconds=60):
        deadline = time.monotonic() + seconds
        while not wanted(self.metric(name)):
            assert time.monotonic() < deadline, self.metric(name)
            time.sleep(0.1)


def test_what_was_told_while_the_disk_was_full_is_in_the_ledger(model_path, tmp_path):
    if subprocess.run([*NAMESPACE, "mount", "-t", "tmpfs", "tmpfs", tmp_path], capture_output=True).returncode != 0:
        pytest.skip("this system lets nobody mount a disk in a namespace")
    disk = SmallDisk(tmp_path)
    try:
        told = fill_and_free(disk)
    finally:
        disk.end()
    assert [row["request"] for row in rows(disk.copies)] == told


def fill_and_free(disk):
    """The ids of requests that were answered, before, while and after the disk was full."""
    told = [disk.ask().headers["x-request-id"]]
    disk.tell("fill")
    # The log behind the database has some room of its own.
    deadline = time.monotonic() + FULL_SECONDS
    while disk.metric("pinion_ledger_fold_failed") == 0:
        assert time.monotonic() < deadline
        reply = disk.ask()
        assert reply.status_code == 200, reply.text
        told.append(reply.headers["x-request-id"])
    assert disk.metric("pinion_ledger_journal_bytes") > 0
    disk.tell("free")
    disk.waits("pinion_ledger_fold_failed", lambda failed: failed == 0)
    told.append(disk.ask().headers["x-request-id"])
    return told
