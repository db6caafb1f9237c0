"""Starts that fail: exit code 1 and one line that says why."""

import json
import os
import signal
import socket
import subprocess

import pytest
from conftest import BINARY, MODEL, ROOT, environment, run


def failure(*arguments, **extra):
    """The one line a failing command prints, without the program's name."""
    done = run(*arguments, **extra)
    assert done.returncode == 1, (done.returncode, done.stdout, done.stderr)
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("pinion: ")
    return line.removeprefix("pinion: ")


def test_a_file_that_is_no_model(tmp_path):
    file = tmp_path / "notes.gguf"
    file.write_text("these are notes, not weights\n" * 100)
    assert str(file) in failure("serve", "--port", 0, "--model", file, "--data-dir", tmp_path / "data")


def test_an_empty_file(tmp_path):
    file = tmp_path / "empty.gguf"
    file.touch()
    assert str(file) in failure("serve", "--port", 0, "--model", file, "--data-dir", tmp_path / "data")


@pytest.mark.parametrize("size", [100, 1 << 20, 50 << 20])
def test_a_truncated_model(model_path, tmp_path, size):
    file = tmp_path / "short.gguf"
    with open(model_path, "rb") as whole:
        file.write_bytes(whole.read(size))
    assert str(file) in failure("serve", "--port", 0, "--model", file, "--data-dir", tmp_path / "data")


TINY = ROOT / "Tests/Fixtures/models/tiny-llama-q4_1.gguf"


def test_an_architecture_that_is_not_supported(tmp_path):
    file = tmp_path / "strange.gguf"
    key = b"general.architecture"
    before, after = TINY.read_bytes().split(key, 1)
    file.write_bytes(before + key + after.replace(b"llama", b"lhama", 1))
    line = failure("serve", "--port", 0, "--model", file, "--data-dir", tmp_path / "data")
    assert str(file) in line and "'lhama'" in line and "expected one of llama" in line


def test_a_tensor_type_that_is_not_supported(tmp_path):
    file = tmp_path / "strange.gguf"
    name = b"blk.0.attn_q.weight"
    content = bytearray(TINY.read_bytes())
    # Behind a tensor's name: its dimension count, two dimensions, its type.
    start = content.index(name) + len(name) + 4 + 2 * 8
    content[start : start + 4] = (10).to_bytes(4, "little")
    file.write_bytes(content)
    line = failure("serve", "--port", 0, "--model", file, "--data-dir", tmp_path / "data")
    assert str(file) in line and name.decode() in line and "Q2_K" in line and "Q4_1" in line


def test_a_context_beyond_the_model(tmp_path):
    line = failure("serve", "--port", 0, "--model", TINY, "--context", 513, "--data-dir", tmp_path / "data")
    assert "513" in line and "512" in line


def test_a_memory_budget_that_is_too_small(tmp_path):
    line = failure("serve", "--port", 0, "--model", TINY, "--memory", "1M", "--data-dir", tmp_path / "data")
    assert "KV cache of one context of 512 tokens" in line


def test_a_model_that_is_not_there(tmp_path):
    line = failure("serve", "--model", tmp_path / "none.gguf", "--data-dir", tmp_path / "data")
    assert str(tmp_path / "none.gguf") in line
    assert MODEL in failure("serve", "--model", "nobody/knows", "--data-dir", tmp_path / "data")


def test_a_port_in_use(new_data):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        data = new_data()
        line = failure("serve", "--port", port, "--data-dir", data)
    assert str(port) in line
    assert "in use" in line.lower()
    # The first key is only made once there is a server to use it with.
    assert json.loads(run("keys", "list", "--json", "--data-dir", data).stdout) == []


def test_a_file_in_place_of_the_data_directory(tmp_path):
    (tmp_path / "data").touch()
    assert str(tmp_path / "data") in failure("serve", "--port", 0, "--data-dir", tmp_path / "data")
    assert str(tmp_path / "data") in failure("keys", "create", "--data-dir", tmp_path / "data")


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_data_directory_that_cannot_be_written(tmp_path):
    tmp_path.chmod(0o500)
    try:
        assert str(tmp_path) in failure("serve", "--port", 0, "--data-dir", tmp_path)
    finally:
        tmp_path.chmod(0o700)


def test_a_damaged_database(new_data):
    data = new_data()
    (data / "pinion.db").write_bytes(b"not a database " * 1000)
    assert str(data / "pinion.db") in failure("serve", "--port", 0, "--data-dir", data)


def test_no_network(tmp_path):
    done = run(
        "serve", "--port", 0, "--data-dir", tmp_path / "data",
        PIP_INDEX_URL="http://127.0.0.1:1", PIP_FIND_LINKS="", PIP_RETRIES="0", PIP_NO_CACHE_DIR="1",
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stdout == ""
    *progress, last = done.stderr.splitlines()
    assert all(line.startswith("pinion: ") for line in progress)
    assert last.startswith("pinion: pip could not download")
    left = [path.name for path in (tmp_path / "data" / "models").iterdir()]
    assert left == [".lock"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_fetch_leaves_nothing(tmp_path, number):
    # An index that accepts the connection and never answers.
    with socket.socket() as index:
        index.bind(("127.0.0.1", 0))
        index.listen()
        process = subprocess.Popen(
            [BINARY, "serve", "--port", "0", "--data-dir", tmp_path / "data"],
            env=environment(
                PIP_INDEX_URL=f"http://127.0.0.1:{index.getsockname()[1]}", PIP_FIND_LINKS="", PIP_NO_CACHE_DIR="1"
            ),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        index.settimeout(60)
        connection, _ = index.accept()
        with connection:
            process.send_signal(number)
            output, errors = process.communicate(timeout=20)
            assert process.returncode == 130
            assert output == ""
            assert len(errors.splitlines()) == 1, errors
            # pip is gone as well: its end of the connection closes.
            connection.settimeout(10)
            while connection.recv(4096):
                pass
    assert [path.name for path in (tmp_path / "data" / "models").iterdir()] == [".lock"]


def test_strangers_are_not_served_without_keys(tmp_path, model_path):
    address = ["--host", "0.0.0.0", "--port", 0, "--data-dir", tmp_path / "data"]
    assert "--no-auth" in failure("serve", "--no-auth", *address)
    assert "pinion keys create" in failure("serve", "--model", model_path, *address)


def test_settings_that_nobody_knows(tmp_path):
    file = tmp_path / "settings.json"
    file.write_text('{"prot": 1}')
    assert "'prot'" in failure("serve", "--config", file)
    file.write_text('{"port": 70000}')
    assert "'port'" in failure("serve", "--config", file)
    assert "PINION_PORT" in failure("serve", PINION_PORT="70000")


def test_wrong_flags_keep_the_usage_exit_code():
    for arguments in (["--port", "abc"], ["--nonsense"], ["--memory", "4X"]):
        done = run("serve", *arguments)
        assert done.returncode == 64
        assert "Usage: pinion serve" in done.stderr
