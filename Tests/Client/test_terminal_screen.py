"""Sessions as tmux shows them, at 40 and 120 columns, in colour and without, with Chinese and emoji."""

import os
import pathlib
import re
import signal
import time

import pytest
from chat_server import ChatServer, delta, stream
from conftest import MODEL
from terminal import Tmux, only_child
from vitals import eventually

SNAPSHOTS = pathlib.Path(__file__).parent / "snapshots"
pytestmark = pytest.mark.skipif(Tmux.missing() is not None, reason=str(Tmux.missing()))

REPLY = """\
# Zürich 苏黎世 in a day 🚋

Start at the **main station** (`Zürich HB`) and walk along the *Limmat*; the [old town](https://example.org/altstadt) is
on both sides. 湖边的天气通常很好，但请带上雨衣。

1. Climb the *Lindenhof* 🌳
   - quiet in the morning
   - 可以看到全城
2. Cross the Münsterbrücke

> The lake is colder than it looks.

| place | opens | note |
|:------|------:|------|
| Fraumünster | 10:00 | windows by Chagall |
| 国家博物馆 | 9:30 | closed on Mondays 🚫 |

```python
def day(hours):
    return [visit(hour) for hour in range(hours)]  # one line that is longer than forty columns
```

---
Enjoy 👩‍👩‍👧!
"""


def pieces():
    """The reply as a model tells it: a few characters at a time."""
    return stream(*[REPLY[start : start + 3] for start in range(0, len(REPLY), 3)])


def check(name, lines):
    """Compares with the file; `UPDATE_SNAPSHOTS=1` writes it anew."""
    path = SNAPSHOTS / name
    text = "\n".join(line.rstrip() for line in lines) + "\n"
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.parametrize("columns", [40, 120])
@pytest.mark.parametrize("colour", ["colour", "plain"])
def test_a_session_is_what_the_snapshot_shows(columns, colour, tmp_path):
    extra = {"NO_COLOR": "1"} if colour == "plain" else {}
    with (
        ChatServer(*pieces(), models=[{"id": "test/model"}]) as server,
        Tmux("chat", "--url", server.address, "--data-dir", tmp_path, columns=columns, lines=60, **extra) as tmux,
    ):
        tmux.wait_for(r"^> ?$")
        tmux.type("一天怎么玩？ One day 🚋, please, with a long question that does not fit forty columns")
        tmux.send("Enter")
        screen = tmux.wait_for(r"tokens/s")
        tmux.wait_for(r"^> ?$")
        lines = screen.split("\n")
        end = next(index for index, line in enumerate(lines) if "3 tokens" in line)
        assert server.bodies[-1]["messages"][-1]["content"].startswith("一天怎么玩？ One day 🚋, please")
    assert all(len(line) <= columns for line in lines)
    check(f"chat-{columns}-{colour}.txt", lines[:end])


@pytest.mark.parametrize("columns", [40, 120])
def test_editing_is_shown_where_it_happens(columns, tmp_path):
    with (
        ChatServer(*stream("ok")) as server,
        Tmux("chat", "--url", server.address, "--data-dir", tmp_path, columns=columns) as tmux,
    ):
        tmux.wait_for(r"^> ?$")
        tmux.type("漢字 and words " * 6)
        tmux.send("Home", "Right", "C-k")
        tmux.wait_for(r"^> 漢$")
        tmux.send("C-y", "M-b", "M-b")
        tmux.type("X")
        tmux.send("M-Enter")
        tmux.type("second line")
        tmux.send("Up", "C-a")
        tmux.type(">>")
        tmux.wait_for(r"second line")
        assert eventually(lambda: "> " in (shown := "".join(tmux.screen())) and shown.count("漢字") == 6, 20)
        tmux.send("Enter")
        tmux.wait_for(r"ok")
        text = server.bodies[-1]["messages"][-1]["content"]
        assert "second line" in text and text.count("漢字") == 6 and text.count(">>") == 1


def test_a_paste_with_newlines_is_one_message(tmp_path):
    with (
        ChatServer(*stream("ok")) as server,
        Tmux("chat", "--url", server.address, "--data-dir", tmp_path, columns=60) as tmux,
    ):
        tmux.wait_for(r"^> ?$")
        tmux.tmux("set-buffer", "one\ntwo 漢字\n\nthree\n")
        tmux.tmux("paste-buffer", "-p", "-t", "t")
        tmux.wait_for(r"three")
        assert server.bodies == []
        tmux.send("Enter")
        tmux.wait_for(r"ok")
        assert server.bodies[-1]["messages"][-1]["content"] == "one\ntwo 漢字\n\nthree\n"


def joined(tmux):
    """What is shown, without spaces and the ends of lines."""
    return "".join(tmux.screen()).replace(" ", "")


def test_the_window_can_change_its_size_while_writing(tmp_path):
    with (
        ChatServer(*stream("ok")) as server,
        Tmux("chat", "--url", server.address, "--data-dir", tmp_path, columns=80) as tmux,
    ):
        tmux.wait_for(r"^> ?$")
        words = " ".join(f"word{number}" for number in range(20))
        tmux.type(words)
        tmux.wait_for(r"word19")
        name = tmux.tmux("display-message", "-p", "-t", "t", "#{pane_tty}").strip()
        device = os.open(name, os.O_RDONLY | os.O_NOCTTY)
        for number, columns in enumerate((40, 100, 30, 80), 1):
            tmux.tmux("resize-window", "-t", "t", "-x", str(columns), "-y", "30")
            assert eventually(lambda: os.get_terminal_size(device).columns == columns, 20)
            # What was written for the old size must not arrive in the new one.
            time.sleep(0.5)
            tmux.type("!")
            assert eventually(lambda: f"word19{'!' * number}" in joined(tmux), 20), tmux.screen()
        os.close(device)
        once = ("word7w", "word19!!!!")
        assert eventually(lambda: [joined(tmux).count(word) for word in once] == [1, 1], 20), tmux.screen()
        tmux.send("Enter")
        tmux.wait_for(r"ok")
        assert server.bodies[-1]["messages"][-1]["content"] == words + "!!!!"


def test_the_terminal_is_given_back(tmp_path):
    for key in ("C-d", "kill"):
        with (
            ChatServer(delta("so far "), delta("more"), 30) as server,
            Tmux("chat", "--url", server.address, "--data-dir", tmp_path, columns=80) as tmux,
        ):
            tmux.wait_for(r"^> ?$")
            if key == "kill":
                tmux.type("go")
                tmux.send("Enter")
                tmux.wait_for("so far")
                shell = int(tmux.tmux("display-message", "-p", "-t", "t", "#{pane_pid}"))
                os.kill(only_child(shell), signal.SIGTERM)
            else:
                tmux.send(key)
            # The last of the three that are told.
            screen = tmux.wait_for(r"^-?echo$")
            assert ("ended 143" if key == "kill" else "ended 0") in screen
            assert {"icanon", "echo", "isig"} <= set(screen.split("\n"))


@pytest.mark.parametrize("columns", [40, 120])
def test_a_local_session_is_what_the_snapshot_shows(columns, new_data):
    with Tmux(
        "run", MODEL, "--data-dir", new_data(), "--temperature", "0", "--max-tokens", "40", columns=columns
    ) as tmux:
        tmux.wait_for(r"^> ?$")
        for question in ("What is the capital of France?", "And of Italy?"):
            tmux.type(question)
            tmux.send("Enter")
            tmux.wait_for(r"tokens left[^>]*^> ?$" if columns == 120 else r"left[^>]*^> ?$")
        tmux.type("/set temperature 5")
        tmux.send("Enter")
        screen = tmux.wait_for(r"found '5'")
    # Times and rates differ from machine to machine.
    shown = re.sub(r"\d+\.\d+(?= ?\n?(tokens/s|s ))", "N", screen)
    check(f"run-{columns}.txt", shown.rstrip("\n> ").split("\n"))
