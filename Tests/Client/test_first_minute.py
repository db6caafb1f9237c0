"""What a newcomer sees and pastes: greeting, hints, help, and a line for each request on a terminal."""

import json
import os
import pathlib
import pty
import re
import select
import shlex
import subprocess

import pytest
from conftest import BINARY, MODEL, ROOT, Server, environment, run
from vitals import eventually
from wire import ask, plain

SNAPSHOTS = pathlib.Path(__file__).parent / "snapshots"
# Of a first start's greeting.
LAST_LINE = "(serve --model FILE.gguf)"
TINY = ROOT / "Tests/Fixtures/models/tiny-llama-q4_1.gguf"


def commands(text):
    """The commands in backquotes or behind `This makes another: `."""
    return re.findall(r"`([^`]+)`", text) + re.findall(r"This makes another: (.*)", text)


def shell(command, **extra):
    return subprocess.run(
        ["sh", "-c", command], env=environment(**extra), capture_output=True, text=True, timeout=120, check=False
    )


def test_a_first_start_prints_what_the_snapshot_shows(server, data):
    server.wait_for(LAST_LINE)
    text = "\n".join(server.output).replace(server.key, "KEY").replace(server.address, "http://127.0.0.1:PORT")
    text = text.replace(str(BINARY), "pinion").replace(str(data), "DATA")
    text = re.sub(r"#sign-in=\w{22}$", "#sign-in=CODE", text, flags=re.MULTILINE)
    assert text == (SNAPSHOTS / "first-start.txt").read_text().rstrip("\n")


def test_the_printed_request_is_answered_sensibly_when_pasted(server):
    server.wait_for(LAST_LINE)
    text = "\n".join(server.output)
    plain_request, streamed = re.findall(r"^curl (?:.*\\\n)+.*", text, re.MULTILINE)
    done = shell(plain_request)
    assert done.returncode == 0, done.stderr
    assert "Paris" in json.loads(done.stdout)["choices"][0]["message"]["content"]
    assert "data: [DONE]" in shell(streamed).stdout


def test_every_hint_works_when_pasted(new_data, tmp_path):
    # A directory whose name a shell would take apart.
    data = tmp_path / "it's data"
    data.mkdir()
    (data / "models").symlink_to(new_data() / "models")
    (hint,) = commands(run("keys", "list", "--data-dir", data).stderr)
    assert shell(hint).returncode == 0
    server = Server("--data-dir", data)
    try:
        server.wait_for("^(Lost the key)")
        output = "\n".join(server.output)
        assert "API keys: 1 stored" in output
        (hint,) = commands(output)
        assert "Lost the key? This makes another: " in output
        # The key lands where the server looks, wherever the terminal thinks its data is.
        key = shell(hint, PINION_DATA_DIR=str(tmp_path / "elsewhere")).stdout.strip()
        assert server.client(key).models.list().data[0].id == MODEL
    finally:
        server.stop()
    assert len(json.loads(run("keys", "list", "--json", "--data-dir", data).stdout)) == 2


def test_a_hint_names_the_data_directory_only_when_it_is_not_the_default(tmp_path):
    home = {"HOME": str(tmp_path), "XDG_DATA_HOME": ""}
    (hint,) = commands(run("keys", "list", **home).stderr)
    assert shlex.split(hint) == [str(BINARY), "keys", "create"]
    (hint,) = commands(run("keys", "list", PINION_DATA_DIR=str(tmp_path / "b"), **home).stderr)
    assert shlex.split(hint) == [str(BINARY), "keys", "create", "--data-dir", str(tmp_path / "b")]


def test_a_refusal_without_keys_names_the_command_for_this_data_directory(tmp_path):
    done = run("serve", "--host", "0.0.0.0", "--model", TINY, "--data-dir", tmp_path)
    (hint,) = commands(done.stderr)
    assert shell(hint).returncode == 0
    assert len(json.loads(run("keys", "list", "--json", "--data-dir", tmp_path).stdout)) == 1


def test_models_are_inspected_by_their_ids(new_data, tmp_path):
    done = run("models", "inspect", MODEL, "--data-dir", new_data())
    assert done.returncode == 0 and "general.architecture" in done.stdout
    assert run("models", "inspect", TINY).returncode == 0
    missing = run("models", "inspect", MODEL, "--data-dir", tmp_path)
    assert missing.returncode == 1
    (hint,) = commands(missing.stderr)
    assert shlex.split(hint) == [str(BINARY), "models", "pull", MODEL, "--data-dir", str(tmp_path)]


def test_the_bench_counts_one_stream_once():
    sizes = ["--prompt", 16, "--generate", 4, "--repetitions", 1, "--threads", 1]
    done = run("bench", "--model", TINY, "--streams", 1, "--json", *sizes)
    names = [figure["name"] for figure in json.loads(done.stdout)["tokensPerSecond"]]
    assert names == ["prompt 16", "1 stream"]
    assert ": avx" not in done.stderr and ", 1 thread, " in run("bench", "--model", TINY, "--streams", 1, *sizes).stdout


@pytest.mark.parametrize(
    "command", ["serve", "models pull", "models inspect", "keys create", "keys revoke", "bench speed"]
)
def test_the_help_shows_every_default(command):
    done = run(*command.split(), "--help", COLUMNS="200")
    assert done.returncode == 0
    described = re.split(r"\n  (?=-|<)", done.stdout[done.stdout.index("OPTIONS:") :])[1:]
    for option in described:
        # Options with a value; flags are off by nature.
        if re.match(r"--\S+ <", option):
            assert "default:" in option, option


def test_the_help_of_serve_is_what_the_snapshot_shows():
    done = run("serve", "--help", COLUMNS="80")
    assert done.stdout == (ROOT / "Tests/Fixtures/help/pinion-serve.txt").read_text()
    # The text is wrapped once, to the reader's width.
    assert max(map(len, run("serve", "--help", COLUMNS="200").stdout.splitlines())) > 80


class WatchedServer:
    """A server whose standard error is a terminal."""

    def __init__(self, *arguments):
        self.reader, writer = pty.openpty()
        self.process = subprocess.Popen(
            [BINARY, "serve", "--port", "0", "--no-auth", *map(str, arguments)],
            env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=writer, text=True,
        )  # fmt: skip
        os.close(writer)
        self.text = ""
        for line in self.process.stdout:
            if found := re.match(r"listening on (\S+)", line):
                self.address = found.group(1)
                break

    def lines(self, count):
        """The terminal's first lines, or what there is of them after half a minute of silence."""
        while self.text.count("\n") < count and select.select([self.reader], [], [], 30)[0]:
            self.text += os.read(self.reader, 4096).decode()
        return self.text.replace("\r\n", "\n").splitlines()

    def stop(self):
        self.process.terminate()
        self.process.wait(40)
        os.close(self.reader)
        self.process.stdout.close()


def test_a_terminal_shows_a_line_for_each_request(new_data):
    server = WatchedServer("--data-dir", new_data())
    try:
        connection = plain(server)
        assert ask(server, connection=connection, temperature=0, max_tokens=20)[0] == 200
        assert ask(server, connection=connection, temperature=0, max_tokens=3)[0] == 200
        connection.request("GET", "/v1/models")
        connection.getresponse().read()
        first, second, third = server.lines(3)
        time = r"\d\d:\d\d:\d\d"
        chat = rf"{time} 200 POST /v1/chat/completions  {MODEL}  "
        rates = r"  first token \d+ ms  \d+ tokens/s  "
        assert re.fullmatch(rf"{chat}\d+ in, 0 cached, \d+ out{rates}stop", first), first
        assert re.fullmatch(rf"{chat}\d+ in, [1-9]\d* cached, 3 out{rates}length", second), second
        assert re.fullmatch(rf"{time} 200 GET /v1/models  \d+ ms", third), third
    finally:
        server.stop()


def test_a_log_file_holds_requests_from_the_level_info_on(new_data):
    data = new_data()
    for level, count in (("notice", 0), ("info", 1)):
        server = Server("--no-auth", "--data-dir", data, "--log-level", level)
        try:
            assert ask(server, temperature=0, max_tokens=2)[0] == 200
            expected = r"status=200.*"
            eventually(lambda: any(re.search(expected, line) for line in server.errors), 20 if count else 0.2)
        finally:
            server.stop()
        found = [line for line in server.errors if "/v1/chat/completions" in line]
        assert len(found) == count, found
        for line in found:
            for part in (f"model={MODEL}", "prompt-tokens=", "cached-tokens=", "completion-tokens=2", "outcome=length"):
                assert part in line
