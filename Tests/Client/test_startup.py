"""Starts that fail: exit code 1 and one line that says why."""

import json
import os
import re
import signal
import socket
import subprocess

import pytest
from conftest import BINARY, MODEL, ROOT, Server, environment, run


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
    content[start : start + 4] = (40).to_bytes(4, "little")
    file.write_bytes(content)
    line = failure("serve", "--port", 0, "--model", file, "--data-dir", tmp_path / "data")
    assert str(file) in line and name.decode() in line and "NVFP4" in line and "Q4_1" in line


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
    assert line == (
        f"port {port} of 127.0.0.1 is in use by another program; take another with --port, or any free one with --port 0"
    )
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
            output, errors = process.communicate(timeout=60)
            assert process.returncode == 130
            assert output == ""
            assert len(errors.splitlines()) == 1, errors
            # pip is gone as well: its end of the connection closes.
            connection.settimeout(60)
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
    assert failure("serve", "--config", file) == f"unknown setting 'prot' in {file}; did you mean 'port'?"
    file.write_text('{"port": 70000}')
    assert "'port'" in failure("serve", "--config", file)
    assert "PINION_PORT" in failure("serve", PINION_PORT="70000")


def test_a_settings_file_that_cannot_be_used_says_why(tmp_path):
    file = tmp_path / "settings.json"
    assert failure("serve", "--config", file) == f"cannot read the settings file {file}: No such file or directory"
    assert failure("serve", "--config", tmp_path) == f"cannot read the settings file {tmp_path}: Is a directory"
    file.write_text('{"port": 8081,')
    assert f"{file} is not JSON: Unexpected end of file" in failure("serve", "--config", file)
    file.write_text('["port"]')
    assert "is not a JSON object of settings" in failure("serve", "--config", file)
    for value in ("1.5", "{}", '["a", null]'):
        file.write_text(f'{{"threads": {value}}}')
        assert failure("serve", "--config", file).startswith(f"'threads' in {file}: expected a string, a whole number")


def test_null_leaves_a_setting_out(tmp_path):
    file = tmp_path / "settings.json"
    # The context would be refused, as would the file if null were a value.
    file.write_text('{"context": null, "memory": "1M", "model": "%s"}' % TINY)
    line = failure("serve", "--port", 0, "--config", file, "--data-dir", tmp_path / "data")
    assert "KV cache of one context of 512 tokens" in line


def test_an_address_that_is_not_this_machine_s(tmp_path):
    serve = ["serve", "--model", TINY, "--api-key", "given", "--data-dir", tmp_path / "data"]
    line = failure(*serve, "--host", "nowhere.invalid")
    assert line.startswith("there is no host named 'nowhere.invalid'; --host takes 127.0.0.1")
    # An address of the block for documentation.
    assert failure(*serve, "--host", "192.0.2.1").startswith("192.0.2.1 is no address of this machine; --host takes")


def test_two_models_of_one_name_are_told_apart_by_their_files(tmp_path):
    line = failure("serve", "--model", TINY, "--model", TINY, "--port", 0, "--data-dir", tmp_path / "data")
    assert line == (
        f"{TINY} and {TINY} are both named tiny-llama-q4_1/default; name one of them yourself with --model ID=FILE"
    )


def test_a_text_to_score_that_cannot_be_read(tmp_path):
    text = tmp_path / "text.txt"
    perplexity = ["bench", "perplexity", "--model", TINY, text]
    assert failure(*perplexity) == f"cannot read the text {text}: No such file or directory"
    text.write_bytes(b"\xff\xfe")
    assert failure(*perplexity) == f"the text {text} is not UTF-8"


def usage_error(*arguments, **extra):
    """What is wrong with a command line, by its first line."""
    done = run("serve", *arguments, **extra)
    assert done.returncode == 64, (done.returncode, done.stderr)
    assert "Usage: pinion serve" in done.stderr
    return done.stderr.splitlines()[0].removeprefix("Error: ")


def test_wrong_flags_keep_the_usage_exit_code():
    for arguments in (["--port", "abc"], ["--nonsense"], ["--memory", "4X"]):
        usage_error(*arguments)


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (["-m", "a.gguf"], "Unknown option '-m'; did you mean --model FILE?"),
        (["-c", "4096"], "Unknown option '-c'; did you mean --context N?"),
        (["--ctx-size", "4096"], "Unknown option '--ctx-size'; did you mean --context N?"),
        (["--ctx-size=4096"], "Unknown option '--ctx-size'; did you mean --context N?"),
        (["-ngl", "99"], "Unknown option '-ngl'; models run on the processor, so leave it out"),
        (["--parallel", "4"], "Unknown option '--parallel'; did you mean --max-sequences N?"),
        (["--temp", "0.2"], "Unknown option '--temp'; it belongs in each request, such as \"temperature\": 0.2"),
        (["--verbose"], "Unknown option '--verbose'; did you mean --log-level debug?"),
        (["--modle", "a.gguf"], "Unknown option '--modle'. Did you mean '--model'?"),
        (["a.gguf"], "Unexpected argument 'a.gguf'; a model is given as --model a.gguf"),
        (["a model.gguf"], "Unexpected argument 'a model.gguf'; a model is given as --model 'a model.gguf'"),
        (["--port", "0", "a.gguf"], "Unexpected argument 'a.gguf'; a model is given as --model a.gguf"),
    ],
)
def test_other_servers_spellings_are_refused_with_ours(arguments, advice):
    assert usage_error(*arguments) == advice


def test_a_number_of_bytes_without_a_unit_is_refused():
    assert usage_error("--memory", "4") == (
        "--memory: expected a size with its unit, such as 512M or 4G, found '4'"
    )  # fmt: skip
    assert failure("serve", PINION_MEMORY="16").startswith("PINION_MEMORY: expected a size with its unit")


def test_more_memory_than_the_machine_has_is_refused_with_what_it_has():
    line = usage_error("--memory", "1000T")
    assert re.fullmatch(
        r"--memory: expected at most the [\d.]+ [KMGT]iB of memory that this machine has, found '1000T'", line
    ), line


def notices(*arguments, **extra):
    """What a server that starts says on standard error."""
    server = Server("--no-auth", "--model", TINY, *arguments, **extra)
    assert server.stop() == 0
    return server.errors


def test_more_threads_than_processors_are_told_of(tmp_path):
    (line,) = notices("--threads", 500, "--data-dir", tmp_path)
    assert re.fullmatch(r"pinion: 500 threads share \d+ processors?, which is slower .* without --threads it is \d+", line)


def test_a_mistyped_variable_is_told_of(tmp_path):
    lines = notices("--data-dir", tmp_path, PINION_PROT="1", PINION_OTHER="1", PINION_ISA="portable", PINION_HOST="")
    other, port = lines
    assert re.fullmatch(r"pinion: PINION_OTHER is no setting and is ignored; `\S+ serve --help` lists the settings", other)
    assert port == "pinion: PINION_PROT is no setting and is ignored; did you mean PINION_PORT?"
    assert notices("--data-dir", tmp_path) == []
