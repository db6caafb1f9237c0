"""Interrupted pulls, the store of pulled models, and serving from it."""

import hashlib
import signal
import subprocess
import threading
import time

import pytest
from conftest import BINARY, Server, environment, run
from pulls import MEBIBYTE, fetched, folder_files, gguf_files, noise, pull, refusal
from vitals import eventually


# Interruptions


def begin(hub, data, source):
    command = [BINARY, "models", "pull", source, "--data-dir", data]
    return subprocess.Popen(
        command, env=environment(**hub.environment()), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # fmt: skip


def wait_until_sent(hub, size):
    assert eventually(lambda: hub.sent >= size, 60), "the download does not go on"


def wait_until_written(folder):
    """Waits until a pull has written all that it was sent, of which its connections hold some: for a second nothing."""
    seen, since = None, time.monotonic()
    while time.monotonic() - since < 1:
        if (written := {path.name: path.stat().st_mtime_ns for path in folder.rglob("*.part*")}) != seen:
            seen, since = written, time.monotonic()
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_an_interrupted_pull_goes_on_where_it_was(hub, tmp_path, number):
    size = 40 * MEBIBYTE
    repository = hub.add("m/large", {"x-Q8_0.gguf": noise(size), "y-F16.gguf": noise(5_000)})
    repository.fault("x-Q8_0.gguf", seconds_per_chunk=0.02)
    process = begin(hub, tmp_path, "hf:m/large")
    wait_until_sent(hub, 15 * MEBIBYTE)
    # From here on the hub is silent.
    repository.faults["x-Q8_0.gguf"].seconds_per_chunk = 60
    wait_until_written(tmp_path)
    process.send_signal(number)
    process.communicate()
    assert process.returncode == (-9 if number == signal.SIGKILL else 130)
    (part,) = [path for path in tmp_path.rglob("*.part")]
    assert part.name == "x-Q8_0.gguf.part" and not list(tmp_path.rglob("manifest*"))
    hub.forget()
    repository.faults.clear()
    path = fetched(pull(hub, tmp_path, "hf:m/large"))
    assert path.read_bytes() == noise(size)
    # Four connections lose at most a piece each.
    assert hub.sent <= size - 15 * MEBIBYTE + 5 * MEBIBYTE
    assert not list(tmp_path.rglob("*.part*"))


def test_large_files_come_over_several_connections(hub, tmp_path):
    hub.add("m/large", {"x-Q8_0.gguf": noise(33 * MEBIBYTE + 1)}).fault("x-Q8_0.gguf", seconds_per_chunk=0.005)
    assert hashlib.sha256(fetched(pull(hub, tmp_path, "hf:m/large")).read_bytes()).digest() == (
        hashlib.sha256(noise(33 * MEBIBYTE + 1)).digest()
    )
    assert len(hub.paths("storage")) >= 4 and hub.sent == 33 * MEBIBYTE + 1


def test_two_pulls_of_one_model_share_one_download(hub, tmp_path):
    size = 6 * MEBIBYTE
    repository = hub.add("m/shared", {"x-Q8_0.gguf": noise(size)})
    repository.fault("x-Q8_0.gguf", seconds_per_chunk=0.5)
    processes = [begin(hub, tmp_path, "hf:m/shared") for _ in range(2)]
    told = []

    def read(stream):
        for line in stream:
            told.append(line)

    readers = [threading.Thread(target=read, args=(process.stderr,)) for process in processes]
    for reader in readers:
        reader.start()
    # Whichever came first is slow until the other one has seen it.
    waits = eventually(lambda: any("waiting for another process" in line for line in told), 60)
    repository.faults["x-Q8_0.gguf"].seconds_per_chunk = 0
    paths = [process.stdout.read() for process in processes]
    for reader in readers:
        reader.join()
    assert [process.wait(60) for process in processes] == [0, 0], told
    assert waits and paths[0] == paths[1] and hub.sent == size


# The store


def test_a_new_commit_comes_and_the_old_one_is_pruned(hub, tmp_path):
    repository = hub.add("m/new", gguf_files("Q8_0") | {"keep-F16.gguf": noise(30_000, 9)})
    old = fetched(pull(hub, tmp_path, "hf:m/new"))
    hub.forget()
    done = pull(hub, tmp_path, "hf:m/new")
    assert fetched(done) == old and "newest commit" in done.stderr and hub.sent == 0
    repository.files["Tiny-Q8_0.gguf"] = noise(60_000, 5)
    new = fetched(pull(hub, tmp_path, "m/new"))
    assert new != old and new.read_bytes() == noise(60_000, 5) and old.exists()
    assert "freed" in run("models", "prune", "--data-dir", tmp_path).stdout
    assert new.exists() and not old.exists() and not old.parent.exists()


def test_damage_is_found_and_mended(hub, tmp_path):
    hub.add("m/v", gguf_files("Q8_0"))
    path = fetched(pull(hub, tmp_path, "hf:m/v"))
    assert run("models", "verify", "--data-dir", tmp_path).stdout == "m/v: as it was fetched\n"
    path.write_bytes(b"x" + path.read_bytes()[1:])
    done = run("models", "verify", "m/v", "--data-dir", tmp_path)
    assert done.returncode == 1 and str(path) in done.stderr and "expected SHA-256" in done.stderr
    assert "models pull hf:m/v" in run("models", "path", "m/v", "--data-dir", tmp_path).stderr
    assert fetched(pull(hub, tmp_path, "hf:m/v")).read_bytes() == noise(50_000, 0)


def test_removing_keeps_what_others_need(hub, tmp_path):
    hub.add("m/r", gguf_files("Q8_0", "Q4_0"))
    first = fetched(pull(hub, tmp_path, "hf:m/r"))
    second = fetched(pull(hub, tmp_path, "hf:m/r:q8_0"))
    assert "removed m/r, " in run("models", "remove", "m/r", "--data-dir", tmp_path).stdout
    assert not first.exists() and second.exists()
    done = run("models", "remove", "m/r", "--data-dir", tmp_path)
    assert done.returncode == 1 and "m/r:q8_0" in done.stderr
    run("models", "remove", "m/r:q8_0", "--data-dir", tmp_path)
    assert not list((tmp_path / "models/pulled").glob("hf/*"))


def test_pruning_leaves_what_a_link_leads_to(hub, tmp_path):
    hub.add("m/q", gguf_files("Q8_0"))
    fetched(pull(hub, tmp_path / "data", "hf:m/q"))
    mine = tmp_path / "mine" / "models" / "sub"
    mine.mkdir(parents=True)
    (mine / "precious.gguf").write_bytes(b"GGUF")
    (owner,) = (tmp_path / "data").rglob("hf")
    (owner / "local").symlink_to(tmp_path / "mine")
    assert run("models", "prune", "--data-dir", tmp_path / "data").returncode == 0
    assert (mine / "precious.gguf").exists()


def test_offline_takes_what_is_here_and_nothing_else(hub, tmp_path):
    hub.add("m/o", gguf_files("Q8_0", "Q4_0"))
    path = fetched(pull(hub, tmp_path, "hf:m/o"))
    hub.forget()
    assert fetched(pull(hub, tmp_path, "hf:m/o", "--offline")) == path
    assert "--offline forbids" in refusal(pull(hub, tmp_path, "hf:m/o:q8_0", "--offline"))
    assert hub.requests == []


# Serving


def test_a_model_of_a_hub_is_served_from_an_empty_directory(hub, tmp_path):
    hub.add("Maker/Tiny", folder_files(tmp_path), gated=True)
    environment = hub.environment(HF_TOKEN=hub.token)
    ask = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 4, "temperature": 0}
    for source, name in (("hf:Maker/Tiny", "maker/tiny"), ("mine/one=maker/tiny", "mine/one")):
        server = Server("--data-dir", tmp_path / "data", "--model", source, "--api-key", "k", **environment)
        try:
            reply = server.client("k").chat.completions.create(model=name, **ask)
            assert reply.usage.completion_tokens > 0 and reply.model == name
        finally:
            assert server.stop() == 0, server.errors
        # The second start asks nobody.
        environment = {"HF_ENDPOINT": "http://127.0.0.1:9", "PINION_OFFLINE": "true"}
    rows = run("models", "list", "--data-dir", tmp_path / "data").stdout.splitlines()
    assert rows[-1].split()[:5] == ["maker/tiny", "0", "MB", "F32", "llama"]


def test_a_model_file_can_be_replaced_while_it_is_served(hub, tmp_path):
    repository = hub.add("Maker/Tiny", folder_files(tmp_path))
    ask = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 8, "temperature": 0}
    data = tmp_path / "data"
    server = Server("--data-dir", data, "--model", "hf:Maker/Tiny", "--api-key", "k", **hub.environment())
    try:
        before = server.client("k").chat.completions.create(model="maker/tiny", **ask).choices[0].message.content
        repository.files["chat_template.jinja"] = b"{{ 'other' }}"
        fetched(pull(hub, data, "hf:Maker/Tiny"))
        run("models", "prune", "--data-dir", data)
        after = server.client("k").chat.completions.create(model="maker/tiny", **ask).choices[0].message.content
        assert before == after
    finally:
        assert server.stop() == 0, server.errors
