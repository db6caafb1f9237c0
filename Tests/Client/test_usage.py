"""What `pinion usage` and `pinion store` tell, beside a running server and without one."""

import csv
import io
import json
import re
import stat
import time

import pytest
from conftest import MODEL, Server, run

HOSTILE_USER = '=HYPERLINK("http://x")\x1b[2J,\n\u202e'


@pytest.fixture(scope="module")
def used(new_data):
    """A stopped server's data directory, and the usage that its replies told, by request id."""
    data = new_data()
    server = Server("--data-dir", data)
    try:
        key = server.wait_for(r"^\s+(pk-\w+)$")
        client = server.client(key)
        told = {}
        for index in range(5):
            reply = client.chat.completions.with_raw_response.create(
                model=MODEL,
                messages=[{"role": "user", "content": f"Count to {index}."}],
                max_tokens=4 + index,
                user=HOSTILE_USER if index == 0 else f"user-{index % 2}",
                metadata={"trace": "a"},
            )
            told[reply.headers["x-request-id"]] = reply.parse().usage
        # Beside the running server, as soon as its journal was moved into the database.
        deadline = time.monotonic() + 60
        while total(data)["requests"] < len(told):
            assert time.monotonic() < deadline
            time.sleep(0.2)
    finally:
        server.stop()
    return data, told


def usage(data, *arguments):
    done = run("usage", *arguments, "--data-dir", data)
    assert done.returncode == 0, done.stderr
    return done.stdout


def total(data):
    done = run("usage", "--format", "json", "--data-dir", data)
    return json.loads(done.stdout)["total"] if done.returncode == 0 else {"requests": 0}


def test_sums_are_what_replies_told(used):
    data, told = used
    sums = total(data)
    assert sums["requests"] == len(told)
    assert sums["input_tokens"] == sum(usage.prompt_tokens for usage in told.values())
    assert sums["output_tokens"] == sum(usage.completion_tokens for usage in told.values())
    by_user = json.loads(usage(data, "--by", "user", "--by", "outcome", "--format", "json"))
    assert by_user["by"] == ["user", "outcome"]
    assert {(line["user"], line["outcome"], line["requests"]) for line in by_user["lines"]} == {
        (HOSTILE_USER, "completed", 1),
        ("user-0", "completed", 2),
        ("user-1", "completed", 2),
    }
    assert json.loads(usage(data, "--since", "2d", "--model", MODEL, "--format", "json"))["total"] == sums
    assert json.loads(usage(data, "--until", "2020-01-01", "--format", "json"))["lines"] == []
    assert json.loads(usage(data, "--since", "0001-01-01", "--until", "9999-12-31", "--format", "json"))["total"] == sums
    assert json.loads(usage(data, "--user", "nobody", "--format", "json"))["total"]["requests"] == 0


def test_a_request_is_shown(used):
    data, told = used
    for request, counts in told.items():
        shown = json.loads(usage(data, "show", request, "--json"))
        assert shown["id"] == request
        assert (shown["input_tokens"], shown["output_tokens"]) == (counts.prompt_tokens, counts.completion_tokens)
        assert shown["route"] == "/v1/chat/completions"
        assert shown["metadata"] == {"trace": "a"}
        assert shown["run_ms"] >= shown["first_token_ms"] >= 0
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", shown["time"])
        assert request in usage(data, "show", request)
    done = run("usage", "show", "req_unknown", "--data-dir", data)
    assert (done.returncode, done.stdout) == (1, "")


def test_a_hostile_user_is_harmless_in_every_format(used):
    data, _ = used
    table = usage(data, "--by", "user")
    assert "\x1b" not in table and "\u202e" not in table
    assert len(table.splitlines()) == 5
    cells = list(csv.reader(io.StringIO(usage(data, "--by", "user", "--format", "csv"), newline="")))
    assert cells[0][:2] == ["user", "requests"]
    assert "'" + HOSTILE_USER in {line[0] for line in cells[1:]}
    assert len(cells) == 4


def test_sums_are_verified_and_old_rows_pruned(used):
    data, told = used
    assert f"{len(told)} rows and" in usage(data, "verify")
    assert "pruned 0 rows" in usage(data, "prune", "--keep", "2d")
    done = run("usage", "prune", "--keep", "1d", "--data-dir", data)
    assert done.returncode == 1 and "at least 2 days" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [["--by", "colour"], ["--by", "day", "--by", "key", "--by", "day"], ["--since", "2026-02-30"], ["--since", "0d"], ["--until", "7d"], ["--format", "xml"], ["prune"]],
)
def test_arguments_that_are_none_are_refused(used, arguments):
    assert run("usage", *arguments, "--data-dir", used[0]).returncode == 64


def test_without_a_ledger_nothing_is_made(tmp_path):
    for command in (["usage"], ["usage", "verify"], ["usage", "prune", "--keep", "9d"], ["store", "check"]):
        done = run(*command, "--data-dir", tmp_path)
        assert done.returncode == 1 and done.stderr.startswith("pinion: ")
    assert [file.name for file in tmp_path.glob("*.db*")] == []


def test_a_backup_is_restored(used, tmp_path):
    data, told = used
    backup, other = tmp_path / "backup", tmp_path / "other"
    assert run("store", "check", "--thorough", "--data-dir", data).returncode == 0
    assert run("store", "backup", backup, "--data-dir", data).returncode == 0
    assert stat.S_IMODE(backup.stat().st_mode) == 0o700
    assert run("store", "backup", backup, "--data-dir", data).returncode == 1
    assert run("store", "restore", backup, "--data-dir", other).returncode == 0
    assert total(other) == total(data)
    assert run("keys", "list", "--data-dir", other).stdout == run("keys", "list", "--data-dir", data).stdout
    again = run("store", "restore", backup, "--data-dir", other)
    (aside,) = other.glob("replaced-*")
    assert again.returncode == 0 and str(aside) in again.stderr
    assert total(other)["requests"] == len(told)
    (backup / "usage.db").write_bytes((backup / "usage.db").read_bytes() + b"x")
    refused = run("store", "restore", backup, "--data-dir", other)
    assert refused.returncode == 1 and "usage.db" in refused.stderr


def test_what_a_manifest_says_moves_no_cursor(used, tmp_path):
    data, _ = used
    backup, other = tmp_path / "backup", tmp_path / "other"
    assert run("store", "backup", backup, "--data-dir", data).returncode == 0
    manifest = json.loads((backup / "manifest.json").read_text())
    (backup / "manifest.json").write_text(json.dumps(manifest | {"created": "\x1b[2Jnow\n"}))
    done = run("store", "restore", backup, "--data-dir", other)
    assert done.returncode == 0 and "\\u{1B}[2Jnow\\u{A}" in done.stdout, done
    (backup / "manifest.json").write_text(json.dumps(manifest | {"files": []}))
    before = sorted(file.name for file in other.iterdir())
    done = run("store", "restore", backup, "--data-dir", other)
    assert done.returncode == 1 and "names no pinion.db" in done.stderr
    assert sorted(file.name for file in other.iterdir()) == before


def test_a_store_that_is_served_is_neither_restored_nor_pruned(used, tmp_path):
    data, _ = used
    backup = tmp_path / "backup"
    server = Server("--data-dir", data)
    try:
        assert run("store", "backup", backup, "--data-dir", data).returncode == 0
        assert run("store", "check", "--data-dir", data).returncode == 0
        for command in (["store", "restore", backup], ["usage", "prune", "--keep", "9d"]):
            done = run(*command, "--data-dir", data)
            assert done.returncode == 1 and str(server.process.pid) in done.stderr
    finally:
        server.stop()
    assert run("store", "restore", backup, "--data-dir", data).returncode == 0
