"""`pinion run` and `pinion chat` with one question: standard output is the reply, and what goes wrong is one line."""

import json
import shutil
import signal
import ssl
import subprocess
import time

import pytest
from chat_server import ChatServer, delta, stream
from conftest import BINARY, MODEL, environment, run
from pulls import folder_files
from terminal import Terminal, strange

QUESTION = "What is the capital of France?"
SCHEMA = {
    "type": "object",
    "properties": {"city": {"enum": ["Paris", "Bern"]}, "large": {"type": "boolean"}},
    "required": ["city", "large"],
    "additionalProperties": False,
}
# Sequences that command a terminal, of each kind, and text that hides or turns itself.
HOSTILE = [
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\x1b]52;c;aGk=\x1b\\",
    "\x9b2J",
    "\x9d0;x\x9c",
    "\x1bP+q544e\x1b\\",
    "\x1b[?1049h",
    "a\x08\x08\x7f",
    "\x85",
    "\u202egpj.exe\u202c",
    "\u2066a\u2069",
    "a\u2028b\u2029",
    "\rover",
    "\x00\x0e",
]


def piped(text, *arguments, **extra):
    return subprocess.run(
        [BINARY, *map(str, arguments)],
        env=environment(**extra),
        input=text,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture(scope="module")
def local(new_data):
    """Arguments of a local question with the likeliest tokens."""
    return ["--data-dir", new_data(), "--temperature", "0", "--max-tokens", "24"]


def started(*arguments):
    """A command that runs, with nothing on its standard input."""
    return subprocess.Popen(
        [BINARY, *arguments],
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_a_piped_text_and_a_prompt_give_the_reply_and_nothing_else(local):
    done = piped("Paris is the capital of France.\n\n", "run", MODEL, QUESTION, *local)
    assert done.returncode == 0 and done.stderr == ""
    assert "capital of France" in done.stdout and done.stdout.count("\n") == 1 and done.stdout.endswith("\n")
    # The same again: the likeliest tokens are the same tokens.
    again = piped("Paris is the capital of France.", "run", MODEL, *QUESTION.split(), *local)
    assert again.stdout == done.stdout


def test_the_message_is_the_prompt_a_blank_line_and_the_text():
    with ChatServer(*stream("ok")) as server:
        assert piped("text\n  more\n\n", "chat", "--url", server.address, "two", "words").stdout == "ok\n"
        assert piped("text\n", "chat", "--url", server.address).stdout == "ok\n"
        assert run("chat", "--url", server.address, "alone", "--system", "Be brief.").stdout == "ok\n"
        messages = [body["messages"] for body in server.bodies]
    assert messages == [
        [{"role": "user", "content": "two words\n\ntext\n  more"}],
        [{"role": "user", "content": "text"}],
        [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "alone"}],
    ]


def test_options_are_fields_of_the_request_and_what_is_not_set_is_not_sent():
    with ChatServer(*stream("ok")) as server:
        options = (
            "--temperature 0.3 --top-p 0.9 --top-k 40 --min-p 0.05 --max-tokens 9 --seed 7 --stop END --effort low"
        )
        assert run("chat", "--url", server.address, "x", *options.split(), "--thinking", "off").returncode == 0
        assert run("chat", "--url", server.address, "x", "--model", "other").returncode == 0
        full, plain = server.bodies
    assert {key: full[key] for key in full if key != "messages"} == {
        "model": "test/model",
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.3,
        "top_p": 0.9,
        "top_k": 40,
        "min_p": 0.05,
        "max_tokens": 9,
        "seed": 7,
        "stop": ["END"],
        "reasoning_effort": "low",
        "chat_template_kwargs": {"enable_thinking": False},
    }
    assert sorted(plain) == ["messages", "model", "stream", "stream_options"] and plain["model"] == "other"


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("temperature", "2.1"),
        ("temperature", "nan"),
        ("top-p", "0"),
        ("top-k", "-1"),
        ("max-tokens", "0"),
        ("seed", "x"),
        ("thinking", "maybe"),
        ("effort", "3"),
    ],
)
def test_a_wrong_value_is_told_with_what_was_expected(option, value):
    done = run("chat", f"--{option}={value}", "x")
    assert done.returncode == 64 and f"--{option}: expected" in done.stderr and done.stdout == ""


def test_json_and_schema_hold_for_the_local_model(local, tmp_path):
    done = piped("", "run", MODEL, "Describe Paris as JSON.", *local[:4], "--json", "--max-tokens", "200")
    if done.returncode == 0:
        assert isinstance(json.loads(done.stdout), dict)
    else:
        # A toy may go on until the limit: then it is said that this is no JSON.
        assert "cut at the token limit, so that it is not JSON" in done.stderr
    (tmp_path / "schema.json").write_text(json.dumps(SCHEMA))
    done = piped("", "run", MODEL, "Describe Paris.", *local, "--schema", tmp_path / "schema.json")
    assert done.returncode == 0, done.stderr
    assert sorted(json.loads(done.stdout)) == ["city", "large"]


def test_a_schema_that_is_refused_is_told_with_its_place(local, tmp_path):
    (tmp_path / "schema.json").write_text('{"type": "object", "properties": {"a": {"type": "obj"}}}')
    done = run("run", MODEL, "x", *local, "--schema", tmp_path / "schema.json")
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith("pinion: the schema at /properties/a") and "'obj'" in done.stderr


def test_a_reply_that_is_not_the_json_that_was_asked_for_fails(tmp_path):
    (tmp_path / "schema.json").write_text(json.dumps(SCHEMA))
    with ChatServer(*stream("no JSON")) as server:
        done = run("chat", "--url", server.address, "x", "--json")
        assert done.returncode == 1 and "not JSON" in done.stderr and done.stdout == "no JSON\n"
        assert server.bodies[-1]["response_format"] == {"type": "json_object"}
        run("chat", "--url", server.address, "x", "--schema", tmp_path / "schema.json")
        told = server.bodies[-1]["response_format"]["json_schema"]
        assert told["strict"] is True and told["schema"] == SCHEMA
    with ChatServer(*stream("[1]")) as server:
        assert "an array and not a JSON object" in run("chat", "--url", server.address, "x", "--json").stderr
    (tmp_path / "schema.json").write_text("{")
    assert "is not JSON" in run("chat", "x", "--schema", tmp_path / "schema.json").stderr
    assert "exclude each other" in run("chat", "x", "--json", "--schema", tmp_path / "schema.json").stderr


@pytest.mark.parametrize("text", HOSTILE, ids=repr)
def test_no_control_reaches_a_pipe_or_a_terminal_wherever_the_stream_is_cut(text):
    # Each character in an event of its own, and each event in two pieces.
    pieces = []
    for sign in text:
        event = delta(sign)
        pieces += [event[: len(event) // 2], event[len(event) // 2 :]]
    with ChatServer(*pieces, *stream("end", text)) as server:
        done = run("chat", "--url", server.address, "x")
        assert done.returncode == 0 and strange(done.stdout.encode()) == [] and "end" in done.stdout
        assert "\r" not in done.stdout
        raw = subprocess.run(
            [BINARY, "chat", "--url", server.address, "x", "--raw"],
            env=environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
        )
        assert raw.stdout.decode() == text + "end" + text
        with Terminal("chat", "--url", server.address, "x") as terminal:
            assert terminal.wait_for_end() == 0
            assert strange(terminal.output) == [] and b"end" in terminal.output


def test_json_keeps_the_meaning_of_controls_in_a_pipe():
    with ChatServer(*stream('{"a": "\u202e\x7f\U000e0041"}')) as server:
        done = run("chat", "--url", server.address, "x", "--json")
    assert json.loads(done.stdout) == {"a": "\u202e\x7f\U000e0041"} and done.stdout.isascii()


def test_raw_is_refused_on_a_terminal():
    with Terminal("chat", "--raw", "x") as terminal:
        assert terminal.wait_for_end() == 1
        assert "send the reply to a file or pipe" in terminal.text


def test_thinking_and_remarks_go_to_standard_error_and_only_to_a_terminal(tmp_path):
    pieces = [
        delta(reasoning_content="thought\x1b[2J"),
        delta(
            tool_calls=[
                {"index": 0, "id": "c", "type": "function", "function": {"name": "look\x1b[31m", "arguments": "{}"}}
            ]
        ),
        *stream("reply", finish="length"),
    ]
    with ChatServer(*pieces) as server:
        done = run("chat", "--url", server.address, "x")
        assert done.stdout == "reply\n" and done.stderr == ""
        with (
            open(tmp_path / "out", "wb") as out,
            Terminal("chat", "--url", server.address, "x", stdout=out) as terminal,
        ):
            assert terminal.wait_for_end() == 0
            assert "thought\\u{1B}[2J" in terminal.text and "look\\u{1B}[31m" in terminal.text
            assert "cut at the token limit" in terminal.text and strange(terminal.output) == []
        assert (tmp_path / "out").read_text() == "reply\n"


def test_a_lost_connection_is_told_after_what_came():
    for pieces in ([delta("so far")], [delta("so far"), b"data: {", None]):
        with ChatServer(*pieces) as server:
            done = run("chat", "--url", server.address, "x")
        assert done.returncode == 1 and done.stdout == "so far\n"
        assert len(done.stderr.splitlines()) == 1 and "was lost" in done.stderr


def test_a_stream_without_its_end_mark_is_whole_if_it_said_why_it_ended():
    with ChatServer(delta("all"), delta(finish="stop")) as server:
        assert run("chat", "--url", server.address, "x").returncode == 0


def test_errors_of_the_server_are_one_line(server):
    # A real server, and a key that it does not know.
    done = run("chat", "--url", server.address, "x", "--api-key", "pk-wrong")
    assert done.returncode == 1 and done.stdout == "" and len(done.stderr.splitlines()) == 1
    assert "401" in done.stderr and "pk-wrong" not in done.stderr
    assert "401" in run("chat", "--url", server.address, "x").stderr
    done = run("chat", "--url", server.address, "x", "--model", "nope", PINION_API_KEY=server.key)
    assert done.returncode == 1 and "404" in done.stderr and "nope" in done.stderr
    body = json.dumps({"error": {"message": "no\x1b[2J\nway " + "x" * 5000, "code": None}}).encode()
    with ChatServer(status=500, body=body) as broken:
        done = run("chat", "--url", broken.address, "x", "--model", "m")
        assert done.returncode == 1 and strange(done.stderr.encode()) == [] and len(done.stderr) < 1000
        assert "500" in done.stderr and len(done.stderr.splitlines()) == 1
    with ChatServer(delta("a"), b'data: {"error": {"message": "engine failed"}}\n\n') as failing:
        done = run("chat", "--url", failing.address, "x")
        assert done.returncode == 1 and done.stdout == "a\n" and "engine failed" in done.stderr


def test_a_reply_of_a_real_server_is_printed(server):
    for variable in ("PINION_API_KEY", "OPENAI_API_KEY"):
        done = run(
            "chat",
            "--url",
            server.address,
            QUESTION,
            "--temperature",
            "0",
            "--max-tokens",
            "24",
            **{variable: server.key},
        )
        assert done.returncode == 0 and "Paris" in done.stdout and done.stderr == ""


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed, which makes a certificate")
def test_a_certificate_that_is_not_trusted_ends_it_before_the_key_is_sent(tmp_path):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / "key", "-out", tmp_path / "pem",
         "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "pem", tmp_path / "key")
    with ChatServer(*stream("text")) as server:
        server.server.socket = context.wrap_socket(server.server.socket, server_side=True)
        address = server.address.replace("http://127.0.0.1", "https://localhost")
        done = run("chat", "--url", address, "x", PINION_API_KEY="pk-canary")
        assert done.returncode == 1 and "certificate that this machine does not trust" in done.stderr
        assert server.requests == []


def test_a_model_of_a_hub_is_fetched_and_asked(hub, tmp_path):
    hub.add("Maker/Tiny", folder_files(tmp_path))
    asked = ["run", "hf:Maker/Tiny", "x", "--data-dir", tmp_path / "data", "--max-tokens", "4", "--temperature", "0"]
    done = run(*asked, **hub.environment())
    # A model of random weights says anything, or nothing; no word of progress stands beside it.
    assert done.returncode == 0 and done.stderr == "", done.stderr
    assert run(*asked, "--offline").stdout == done.stdout
    (tmp_path / "elsewhere").mkdir()
    asked[4] = tmp_path / "elsewhere"
    refused = run(*asked, "--offline", **hub.environment())
    assert refused.returncode == 1 and "--offline forbids fetching it" in refused.stderr


def test_an_address_that_cannot_be_reached_is_told():
    done = run("chat", "--url", "http://127.0.0.1:9", "x")
    assert done.returncode == 1 and "http://127.0.0.1:9/v1 cannot be reached" in done.stderr
    for address in ("ftp://x", "nonsense", "http://", "http://u:p@x", "http://x/?q=1"):
        done = run("chat", "--url", address, "x")
        assert done.returncode == 1 and "--url" in done.stderr, address


def test_the_key_goes_to_no_other_host_and_is_not_shown():
    with ChatServer(*stream("stolen")) as other:
        elsewhere = [("location", f"{other.address}/v1/chat/completions")]
        with ChatServer(status=307, headers=elsewhere) as server:
            done = run("chat", "--url", server.address, "x", "--model", "m", PINION_API_KEY="pk-canary")
            assert done.returncode == 1 and "redirects to" in done.stderr and "canary" not in done.stderr
            assert all(headers["authorization"] == "Bearer pk-canary" for headers, _, _ in server.requests)
        assert other.requests == []
    done = run("chat", "x", PINION_API_KEY="pk can\nary")
    assert done.returncode == 1 and "PINION_API_KEY" in done.stderr and "can" not in done.stderr.split(":", 2)[2]


def test_a_key_of_a_flag_is_blanked():
    with ChatServer(delta("a"), 3, *stream("b")) as server:
        process = subprocess.Popen(
            [BINARY, "chat", "--url", server.address, "x", "--api-key", "pk-canary"],
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
        try:
            process.stdout.read(1)
            with open(f"/proc/{process.pid}/cmdline", "rb") as line:
                assert b"canary" not in line.read()
        finally:
            process.kill()
            process.communicate()


def test_nothing_to_ask_is_told(local):
    for command in (["chat"], ["run", MODEL, *local]):
        done = run(*command)
        assert done.returncode == 1 and "there is nothing to ask" in done.stderr
    done = subprocess.run([BINARY, "chat"], env=environment(), input=b"\xff", capture_output=True, timeout=60)
    assert done.returncode == 1 and b"not UTF-8" in done.stderr
    done = run("run", "no/such", "x", *local)
    assert done.returncode == 1 and "no/such" in done.stderr and len(done.stderr.splitlines()) == 1


def test_control_c_ends_a_question_with_130_and_what_came():
    with ChatServer(delta("so far"), 30) as server:
        process = started("chat", "--url", server.address, "x")
        assert process.stdout.read(6) == b"so far"
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=60)
    assert (process.returncode, out, errors) == (130, b"\n", b"")


def test_control_c_stops_a_local_reply(new_data):
    story = "Write a long story about a dog and a cat."
    process = started("run", MODEL, story, "--temperature", "0", "--data-dir", new_data())
    assert process.stdout.read(4)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, b"")


def test_a_reader_that_leaves_ends_the_program_quietly():
    with ChatServer(*[piece for _ in range(2000) for piece in (delta("word " * 50), 0.01)]) as server:
        process = started("chat", "--url", server.address, "x")
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == -signal.SIGPIPE
        # The server notices too: nothing goes on in secret.
        assert server.gone.wait(60)


def test_a_full_output_is_told():
    with open("/dev/full", "wb") as full, ChatServer(*stream("text")) as server:
        done = subprocess.run(
            [BINARY, "chat", "--url", server.address, "x"],
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
        )
    assert done.returncode == 1 and b"cannot write the reply" in done.stderr


def test_a_server_that_does_not_stream_is_understood():
    reply = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "whole"}, "finish_reason": "stop"}]}
    with ChatServer(b"data: " + json.dumps(reply).encode() + b"\n\n") as server:
        assert run("chat", "--url", server.address, "x").stdout == "whole\n"


def test_an_endless_reply_is_ended():
    megabyte = delta("x" * (1 << 20))
    with ChatServer(*[megabyte for _ in range(200)]) as server:
        done = subprocess.run(
            [BINARY, "chat", "--url", server.address, "x"],
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=120,
        )
        assert done.returncode == 1 and b"longer than 64 MiB" in done.stderr
        assert server.gone.wait(60)


def test_a_template_cannot_command_the_terminal(local, tmp_path):
    (tmp_path / "hostile.jinja").write_text("{{ raise_exception('no\\x1b[2J\x1b[31m\u202e') }}")
    done = run("run", MODEL, "x", *local, "--chat-template", tmp_path / "hostile.jinja")
    assert done.returncode == 1 and strange(done.stderr.encode()) == [] and "no" in done.stderr


def test_ten_megabytes_are_shown_in_linear_time():
    text = "word **bold** `code` [link](http://x) " * 30
    count = 10_000_000 // len(text)
    with ChatServer(*[delta(text) for _ in range(count)], *stream("end")) as server:
        start = time.monotonic()
        with Terminal("chat", "--url", server.address, "x", columns=100) as terminal:
            while terminal.read(1) and terminal.process.poll() is None:
                pass
            assert terminal.wait_for_end() == 0
            assert terminal.text.count("bold") >= count * 30
        assert time.monotonic() - start < 60


def test_control_c_at_a_terminal_ends_the_style_and_the_line_of_a_question():
    with (
        # The last word comes with the one before it, and waits for its end.
        ChatServer(delta("a **bold and "), delta("more** `co` "), delta("next word"), 30) as server,
        Terminal("chat", "--url", server.address, "x") as terminal,
    ):
        terminal.wait_for(rb"next")
        terminal.send("\x03")
        assert terminal.wait_for_end() == 130
        # The terminal itself shows the key that was pressed.
        assert terminal.text.replace("^C", "") == "a bold and more co next word\n"
        assert terminal.output.rfind(b"\x1b[0m") > terminal.output.rfind(b"\x1b[0;")
