"""A chat at a terminal of Python's own: commands, keys, signals, and the terminal as it was before."""

import json
import os
import re
import shutil
import signal
import stat
import time

import pytest
from chat_server import ChatServer, delta, stream
from conftest import BINARY, MODEL
from terminal import Terminal, only_child, settings_of, strange

HOSTILE = "\x1b[31m\x9b2J\u202e"


@pytest.fixture
def chat(tmp_path):
    """Starts chats with a scripted server; all are ended with the test."""
    opened = []

    def start(*pieces, arguments=(), columns=80, lines=24, term="xterm-256color", **options):
        variables = {name: options.pop(name) for name in list(options) if name.isupper()}
        server = ChatServer(*pieces, **options)
        terminal = Terminal(
            "chat",
            "--url",
            server.address,
            "--data-dir",
            tmp_path / "data",
            *arguments,
            columns=columns,
            lines=lines,
            TERM=term,
            **variables,
        )
        terminal.server = server
        opened.append(terminal)
        terminal.wait_for_prompt()
        return terminal

    yield start
    for terminal in opened:
        terminal.close()
        terminal.server.__exit__()


def test_a_reply_is_shown_with_its_counts_and_the_conversation_goes_on(chat):
    terminal = chat(delta("Hello **bo"), 0.1, *stream("ld** world"))
    assert "test/model" in terminal.text
    shown = terminal.ask("hi there")
    assert b"\x1b[0;1mbold\x1b[0m" in shown
    text = terminal.text
    assert "3 tokens" in text and "tokens/s" in text and "first after" in text and "90 of 100 tokens left" in text
    terminal.ask("and again")
    assert [message["content"] for message in terminal.server.bodies[-1]["messages"]] == [
        "hi there",
        "Hello **bold** world",
        "and again",
    ]
    terminal.send("\x04")
    assert terminal.wait_for_end() == 0
    assert strange(terminal.output) == []


def test_commands_change_the_conversation(chat, tmp_path):
    models = [{"id": "test/model"}, {"id": "b/two", "context_length": 50}, {"id": "x" + HOSTILE}]
    terminal = chat(*stream("reply"), models=models, columns=200)
    assert b"/regenerate" in terminal.ask("/help")
    terminal.ask("/system Be kind.")
    terminal.ask("/set temperature 0.3")
    terminal.ask("/set max_tokens=5")
    assert b"temperature 0.3" in terminal.ask("/set")
    terminal.ask("one")
    body = terminal.server.bodies[-1]
    assert body["messages"] == [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "one"}]
    assert body["temperature"] == 0.3 and body["max_tokens"] == 5
    terminal.ask("/set temperature default")
    terminal.ask("two")
    assert "temperature" not in terminal.server.bodies[-1]
    terminal.ask("/undo")
    terminal.ask("/regenerate")
    assert [message["content"] for message in terminal.server.bodies[-1]["messages"]] == ["Be kind.", "one"]
    assert b"b/two" in terminal.ask("/model")
    terminal.ask("/model b/two")
    assert b"40 of 50 tokens left" in terminal.ask("three")
    assert terminal.server.bodies[-1]["model"] == "b/two"
    saved = tmp_path / "talk.json"
    terminal.ask(f"/save {saved}")
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    messages = json.loads(saved.read_text())["messages"]
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user", "assistant"]
    assert b"it is there already" in terminal.ask(f"/save {saved}")
    terminal.ask(f"/save {tmp_path / 'talk.md'}")
    assert "## assistant\n\nreply" in (tmp_path / "talk.md").read_text()
    terminal.ask("/clear")
    terminal.ask("/system none")
    terminal.ask("four")
    assert [message["content"] for message in terminal.server.bodies[-1]["messages"]] == ["four"]
    terminal.ask(f"/load {saved}")
    terminal.ask("five")
    assert [message["content"] for message in terminal.server.bodies[-1]["messages"]] == [
        "Be kind.",
        "one",
        "reply",
        "three",
        "reply",
        "five",
    ]
    terminal.send("/quit\r")
    assert terminal.wait_for_end() == 0
    assert strange(terminal.output) == []


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("/regenrate", "did you mean /regenerate?"),
        ("/nothing", "/help lists the commands"),
        ("/set temperature 3", "temperature: expected a number from 0 to 2, found '3'"),
        ("/set temperture 1", "did you mean temperature?"),
        ("/set seed -1", "seed: expected a whole number from 0 on"),
        ("/undo now", "/undo takes nothing"),
        ("/undo", "there is no message to take out"),
        ("/regenerate", "there is no reply to ask for again"),
        ("/file", "/file takes a path"),
        ("/file /no/such", "No such file"),
        ("/file /dev/zero", "it is no file"),
        ("/save /tmp/x.md", "there is nothing to save yet"),
        ("/load /etc/passwd", "is no conversation"),
        ("/model nope", "no model 'nope'"),
    ],
)
def test_wrong_commands_and_values_are_told_and_sent_to_nobody(chat, line, told):
    terminal = chat(*stream("reply"), columns=200)
    terminal.ask(line)
    assert told in terminal.text
    assert terminal.server.bodies == []


def test_a_line_with_a_space_before_its_slash_is_a_message(chat):
    terminal = chat(*stream("reply"))
    terminal.ask(" /etc/passwd is what?")
    assert terminal.server.bodies[-1]["messages"][-1]["content"] == " /etc/passwd is what?"


def test_a_file_goes_with_the_next_message(chat, tmp_path):
    (tmp_path / "notes.md").write_text("line\n```\ncode\n```\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "huge").write_bytes(b"x" * ((1 << 20) + 1))
    terminal = chat(*stream("reply"), columns=200)
    assert b"notes.md: 18 bytes, 4 lines; it goes with your next message" in terminal.ask(f"/file {tmp_path}/notes.md")
    assert b"no text in UTF-8" in terminal.ask(f"/file {tmp_path}/binary")
    assert b"larger than 1 MiB" in terminal.ask(f"/file {tmp_path}/huge")
    terminal.ask("read it")
    terminal.ask("next")
    messages = terminal.server.bodies[-1]["messages"]
    assert messages[0]["content"] == "read it\n\nFile notes.md:\n````\nline\n```\ncode\n```\n````"
    assert messages[2]["content"] == "next"


def test_control_c_stops_the_reply_and_keeps_it(chat):
    terminal = chat(delta("so far "), delta("so good "), 30)
    terminal.send("go\r")
    terminal.wait_for(rb"so good")
    since = len(terminal.output)
    terminal.send("\x03")
    terminal.wait_for(rb"stopped", since)
    terminal.wait_for_prompt(since)
    assert terminal.process.poll() is None
    terminal.server.pieces = stream("more")
    terminal.ask("go on")
    assert [message["content"] for message in terminal.server.bodies[-1]["messages"]] == [
        "go",
        "so far so good ",
        "go on",
    ]


def test_a_reply_that_was_stopped_before_its_first_word_takes_the_message_back(chat):
    terminal = chat(30)
    terminal.send("go\r")
    while not terminal.server.bodies:
        terminal.read(0.05)
    since = len(terminal.output)
    terminal.send("\x03")
    terminal.wait_for(rb"not part of the conversation", since)
    terminal.wait_for_prompt(since)
    terminal.server.pieces = stream("more")
    terminal.ask("again")
    assert [message["content"] for message in terminal.server.bodies[-1]["messages"]] == ["again"]


def test_control_c_at_an_empty_prompt_leaves_at_the_second_time(chat):
    terminal = chat()
    terminal.send("text")
    terminal.wait_for(rb"text")
    terminal.send("\x03")
    terminal.wait_for(rb"text.*> ")
    terminal.send("\x03")
    terminal.wait_for(rb"Ctrl-C again")
    terminal.send("x\x7f\x03")
    terminal.wait_for(rb"Ctrl-C again.*Ctrl-C again")
    assert terminal.process.poll() is None
    terminal.send("\x03")
    assert terminal.wait_for_end() == 0
    assert settings_of(terminal.device) == terminal.before


def test_a_lost_connection_keeps_the_reply_and_regenerate_asks_again(chat):
    terminal = chat(delta("half of "), None, columns=200)
    assert b"was lost" in terminal.ask("go")
    assert "/regenerate asks again" in terminal.text
    terminal.server.pieces = stream("whole")
    terminal.ask("/regenerate")
    assert [message["content"] for message in terminal.server.bodies[-1]["messages"]] == ["go"]
    # A server that is gone altogether.
    terminal.server.__exit__()
    assert b"cannot be reached" in terminal.ask("still there?")
    assert "not part of the conversation" in terminal.text
    assert terminal.process.poll() is None


def test_a_refused_key_and_a_full_context_are_told_and_the_chat_goes_on(chat):
    terminal = chat(columns=200)
    terminal.server.status = 401
    terminal.server.body = b'{"error": {"message": "Incorrect API key provided."}}'
    assert b"401: Incorrect API key provided." in terminal.ask("go")
    terminal.server.status = 400
    terminal.server.body = b'{"error": {"message": "too long", "code": "context_length_exceeded"}}'
    assert b"/undo takes the last exchange out of it" in terminal.ask("go")
    terminal.server.status, terminal.server.pieces = 200, stream("fine")
    assert b"fine" in terminal.ask("go")


def test_nothing_hostile_reaches_the_terminal(chat):
    pieces = [delta(sign) for sign in HOSTILE + "\x1b]0;t\x07"]
    pieces += [
        delta(reasoning_content=HOSTILE),
        delta(tool_calls=[{"index": 0, "id": "c", "function": {"name": HOSTILE, "arguments": HOSTILE + "\n"}}]),
        delta(finish="odd" + HOSTILE),
    ]
    terminal = chat(*pieces, models=[{"id": "name" + HOSTILE}])
    shown = terminal.ask("go").decode()
    assert "\\u{1B}[31m\\u{9B}2J\\u{202E}" in shown and strange(terminal.output) == []
    terminal.ask("/model")
    terminal.ask("/set stop " + HOSTILE[:5])
    terminal.ask("/system a\u202eb")
    terminal.ask("/system")
    assert strange(terminal.output) == []


def test_pasted_lines_are_one_message_and_keys_edit_characters(chat):
    terminal = chat(*stream("reply"))
    terminal.send("\x1b[200~first\r\nsecond 漢字\r/quit\x1b[201~")
    terminal.read(0.5)
    assert terminal.server.bodies == []
    terminal.ask(" end")
    assert terminal.server.bodies[-1]["messages"][-1]["content"] == "first\nsecond 漢字\n/quit end"
    # Typed ahead in pieces that cut a character, then a word taken away, and the cursor moved before an emoji.
    family = "ab \N{FAMILY}".encode()
    for piece in (family[:5], family[5:], b" word", b"\x17", b"\x1b[D", b"\x1b[D", b"x"):
        terminal.send(piece)
        time.sleep(0.01)
    terminal.ask("")
    assert terminal.server.bodies[-1]["messages"][-1]["content"] == "ab x\N{FAMILY} "
    terminal.send("one\x1b\rtwo\\\rthree")
    terminal.ask("")
    assert terminal.server.bodies[-1]["messages"][-1]["content"] == "one\ntwo\nthree"


def test_keys_that_come_during_a_reply_wait_for_its_end(chat):
    terminal = chat(delta("slow"), 0.5, *stream("reply"))
    terminal.send("go\r")
    terminal.wait_for(rb"slow")
    terminal.send("next\r")
    while len(terminal.server.bodies) < 2:
        terminal.read(0.05)
    assert terminal.server.bodies[-1]["messages"][-1]["content"] == "next"


def test_the_history_is_kept_for_its_owner_and_not_for_single_questions(chat, tmp_path):
    terminal = chat(*stream("reply"))
    terminal.ask("remember 漢 this")
    terminal.send("\x04")
    assert terminal.wait_for_end() == 0
    kept = tmp_path / "data/chat-history"
    assert kept.read_text() == '"remember 漢 this"\n' and stat.S_IMODE(kept.stat().st_mode) == 0o600
    kept.write_bytes(kept.read_bytes() + b'damaged\n"last"\n')
    again = chat(*stream("reply"))
    again.send("\x1b[A\x1b[A")
    again.ask("")
    assert again.server.bodies[-1]["messages"][-1]["content"] == "remember 漢 this"
    again.send("\x12memb")
    again.wait_for(rb"search 'memb'")
    again.ask("")
    assert again.server.bodies[-1]["messages"][-1]["content"] == "remember 漢 this"
    size = kept.stat().st_size
    with Terminal("chat", "--url", again.server.address, "single", "--data-dir", tmp_path / "data") as single:
        assert single.wait_for_end() == 0
    assert kept.stat().st_size == size


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGSEGV, signal.SIGABRT])
@pytest.mark.parametrize("is_replying", [False, True])
def test_the_terminal_is_given_back_when_a_signal_ends_the_program(chat, number, is_replying):
    terminal = chat(delta("so far "), delta("more"), 30)
    assert settings_of(terminal.device) != terminal.before
    if is_replying:
        terminal.send("go\r")
        terminal.wait_for(rb"so far")
    terminal.process.send_signal(number)
    assert terminal.wait_for_end() == 128 + number
    assert settings_of(terminal.device) == terminal.before
    assert b"\x1b[?2004l" in terminal.output


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed, whose job control is needed")
@pytest.mark.parametrize("is_replying", [False, True])
def test_control_z_gives_the_terminal_back_and_going_on_takes_it_again(is_replying, tmp_path):
    command = f"'{BINARY}' chat --data-dir '{tmp_path}' --url"
    with (
        ChatServer(delta("so far "), delta("more"), 4, *stream("the end")) as server,
        Terminal("--norc", "--noprofile", "-i", program="/bin/bash", PS1="shell$ ") as terminal,
    ):

        def shell(line, pattern):
            since = len(terminal.output)
            terminal.send(line)
            terminal.wait_for(pattern, since + len(line))
            return terminal.output[since:]

        def settings():
            return re.search(rb"[0-9a-f]+(:[0-9a-f]+){10,}", shell("stty -g\r", rb":\w+\r\n.*shell\$ ")).group()

        terminal.wait_for(rb"shell\$ ")
        before = settings()
        shell(f"{command} {server.address}\r", rb"help lists.*> (\x1b\[0m)?\x1b\[J\r\x1b\[2C")
        if is_replying:
            shell("go\r", rb"so far")
        shell("\x1a", rb"Stopped.*shell\$ ")
        assert settings() == before
        shell("fg\r", rb"the end" if is_replying else rb"> (\x1b\[0m)?\x1b\[J\r\x1b\[2C")
        if is_replying:
            terminal.wait_for(rb"tokens/s.*> ")
        # A second time, by a signal from elsewhere, and gone on with by another.
        since = len(terminal.output)
        os.kill(only_child(terminal.process.pid), signal.SIGTSTP)
        terminal.wait_for(rb"Stopped.*shell\$ ", since)
        assert settings() == before
        shell("fg\r", rb"> (\x1b\[0m)?\x1b\[J\r\x1b\[2C")
        shell("\x04", rb"shell\$ ")
        assert settings() == before


def test_a_terminal_that_is_closed_ends_the_program(chat):
    terminal = chat()
    os.close(terminal.controller)
    code = terminal.process.wait(60)
    assert code in (0, -signal.SIGHUP)
    terminal.controller = os.open("/dev/null", os.O_RDWR)


def test_a_dumb_terminal_is_sent_no_sequence_at_all(chat):
    terminal = chat(*stream("a **b** `c`"), term="dumb")
    since = len(terminal.output)
    terminal.send("hello\n")
    terminal.wait_for(rb"tokens left\r\n\r\n> $", since)
    assert b"\x1b" not in terminal.output and "a **b** `c`" in terminal.text
    terminal.server.pieces = [delta("so far\n\n"), 30]
    terminal.send("again\n")
    terminal.wait_for(rb"so far")
    terminal.send("\x03")
    terminal.wait_for(rb"stopped.*> $", since)
    terminal.send("\x04")
    assert terminal.wait_for_end() == 0 and b"\x1b" not in terminal.output
    assert settings_of(terminal.device) == terminal.before


def test_without_colour_only_the_cursor_is_moved(chat):
    terminal = chat(*stream("a **b** `c`\n\n# h"), NO_COLOR="1")
    terminal.ask("hello")
    assert b"m" not in b"".join(piece for piece in re.findall(rb"\x1b\[[0-9;?]*[A-Za-z]", terminal.output))
    assert "a **b** `c`\n\n# h" in terminal.text


def test_a_narrower_window_wraps_what_follows(chat):
    words = "word " * 12
    terminal = chat(delta(words), 3, delta(words), delta(finish="stop"))
    terminal.send("go\r")
    terminal.wait_for(rb"word word")
    terminal.resize(40, 24)
    terminal.wait_for(rb"first after")
    lines = [line for line in terminal.text.split("\n") if line.startswith("word")]
    assert max(len(line) for line in lines[1:]) <= 40


def test_a_local_model_is_talked_to_and_changed_without_a_server(new_data):
    data = new_data()
    with Terminal(
        "run", MODEL, "--data-dir", data, "--temperature", "0", "--max-tokens", "24", "--context", "256", columns=300
    ) as terminal:
        terminal.wait_for_prompt()
        assert b"Paris" in terminal.ask("What is the capital of France?")
        assert "of 256 tokens left" in terminal.text and "tokens/s" in terminal.text
        assert b"no/such/model" in terminal.ask("/model no/such/model").split(b"changing to", 1)[1].split(b"\n", 1)[1]
        # A file that cannot be loaded: the model of before is loaded again, and answers.
        (data / "bad.gguf").write_bytes(b"GGUF nothing")
        assert f"{MODEL} stays" in terminal.ask(f"/model {data / 'bad.gguf'}").decode()
        assert b"Rome" in terminal.ask("And of Italy?")
        assert b"smollm2" in terminal.ask("/model")
        assert f"{MODEL}; the conversation goes on" in terminal.ask(f"/model {MODEL}").decode()
        shown = terminal.ask("word " * 300).decode()
        assert "the context holds 256 tokens" in shown and "/undo takes the last exchange" in shown
        terminal.ask("/set max-tokens default")
        since = len(terminal.output)
        terminal.send("Write a long story about a dog and a cat.\r")
        terminal.wait_for(rb"\r\x1b\[K\w", since)
        terminal.send("\x03")
        terminal.wait_for(rb"stopped|context is full", since)
        terminal.send("\x04")
        assert terminal.wait_for_end() == 0
        assert strange(terminal.output) == []
