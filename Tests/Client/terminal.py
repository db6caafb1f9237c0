"""The program in a terminal: a pseudo-terminal of Python's own, which is always there, or tmux, which draws a screen."""

import fcntl
import os
import pathlib
import pty
import re
import select
import shlex
import shutil
import signal
import struct
import subprocess
import termios
import time

from conftest import BINARY, environment

WAIT_SECONDS = 60
STOP_SECONDS = 60
# A sequence that a terminal obeys.
SEQUENCE = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")
# What the program itself sends: cursor, clearing, styles, and the marks of pasted text.
OURS = re.compile(rb"\x1b\[(?:\d*[ABCJKH]|2J|\d*m|0(?:;\d+)+m|\?2004[hl])")
# An empty prompt with the cursor in it, last of all that was written.
READY = rb"> (?:\x1b\[0m)?\x1b\[J\r\x1b\[2C$"
DUMB_READY = rb"> $"


def settings_of(descriptor):
    """The terminal's settings without its speeds, to compare."""
    return termios.tcgetattr(descriptor)[:4]


class Terminal:
    """A program behind a pseudo-terminal; `output` is every byte that it wrote to it."""

    def __init__(self, *arguments, columns=80, lines=24, stdin=None, stdout=None, program=BINARY, **extra):
        self.columns, self.lines = columns, lines
        self.output = bytearray()
        self.controller, device = pty.openpty()
        self.resize(columns, lines, tell=False)
        self.device = device
        self.before = settings_of(device)
        variables = {"TERM": "xterm-256color"} | extra
        self.moves_cursor = variables["TERM"] != "dumb"

        def own():
            os.setsid()
            fcntl.ioctl(device, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            [program, *map(str, arguments)],
            env={key: value for key, value in environment(**variables).items() if value is not None},
            stdin=device if stdin is None else stdin,
            stdout=device if stdout is None else stdout,
            stderr=device,
            preexec_fn=own,
        )

    def resize(self, columns, lines, tell=True):
        self.columns, self.lines = columns, lines
        fcntl.ioctl(self.controller, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        if tell:
            self.process.send_signal(signal.SIGWINCH)

    def send(self, text):
        os.write(self.controller, text.encode() if isinstance(text, str) else text)

    def read(self, seconds):
        """Takes what comes within a time; false when the terminal has no writer any more."""
        ready, _, _ = select.select([self.controller], [], [], seconds)
        if not ready:
            return True
        try:
            piece = os.read(self.controller, 1 << 16)
        except OSError:
            return False
        self.output += piece
        return bool(piece)

    def wait_for(self, pattern, since=0):
        """The match in what was written from a position on."""
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            if match := re.compile(pattern, re.S).search(self.output, since):
                return match
            if self.process.poll() is not None:
                self.read(0.2)
                if match := re.compile(pattern, re.S).search(self.output, since):
                    return match
                break
            self.read(0.05)
        raise AssertionError(f"{pattern!r} was not written; it wrote {self.output[since:]!r}")

    def wait_for_prompt(self, since=0):
        return self.wait_for(READY if self.moves_cursor else DUMB_READY, since)

    def ask(self, text):
        """Sends a line and returns what was written until the next prompt."""
        since = len(self.output)
        self.send(text + "\r")
        self.wait_for_prompt(since)
        return self.output[since:]

    def wait_for_end(self):
        """The exit code, as a shell tells it."""
        deadline = time.monotonic() + STOP_SECONDS
        while self.process.poll() is None and time.monotonic() < deadline:
            self.read(0.05)
        code = self.process.wait(1)
        size = -1
        while size < len(self.output):
            size = len(self.output)
            self.read(0.1)
        return code if code >= 0 else 128 - code

    @property
    def text(self):
        return plain(self.output)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.controller)
        os.close(self.device)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def only_child(process):
    """The process that a process has started and not yet waited for."""
    (child,) = pathlib.Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return int(child)


def plain(output):
    """What was written, without sequences."""
    return SEQUENCE.sub(b"", output).decode(errors="replace").replace("\r\n", "\n")


def strange(output):
    """Bytes that would command a terminal and are not the program's own sequences."""
    rest = OURS.sub(b"", output).decode(errors="replace")
    return [hex(ord(sign)) for sign in rest if (ord(sign) < 32 and sign not in "\r\n\t") or 0x7F <= ord(sign) < 0xA0
            or ord(sign) in (0x2028, 0x2029, 0x200E, 0x200F, 0x061C) or 0x202A <= ord(sign) <= 0x202E
            or 0x2066 <= ord(sign) <= 0x2069]


class Tmux:
    """A program in a window of tmux, on a server of its own."""

    def __init__(self, *arguments, columns, lines=30, **extra):
        self.socket = f"pinion-test-{os.getpid()}-{time.monotonic_ns()}"
        variables = [f"{name}={value}" for name, value in extra.items()]
        kept = environment()
        words = ["env", "-u", "TMUX", *variables, str(BINARY), *map(str, arguments)]
        command = " ".join(shlex.quote(word) for word in words)
        self.tmux("-f", "/dev/null", "new-session", "-d", "-s", "t", "-x", str(columns), "-y", str(lines),
                  f"{command}; code=$?; echo; echo ended $code; stty -a | tr ' ' '\\n' | grep -xE -- '-?(icanon|echo|isig)'; exec cat",
                  env=kept | {"LC_ALL": "C.UTF-8"})

    @staticmethod
    def missing():
        return None if shutil.which("tmux") else "tmux is not installed"

    def tmux(self, *arguments, env=None):
        done = subprocess.run(["tmux", "-u", "-L", self.socket, *arguments], capture_output=True, text=True, env=env,
                              timeout=30)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def send(self, *keys):
        """Keys by tmux's names."""
        self.tmux("send-keys", "-t", "t", *keys)

    def type(self, text):
        self.tmux("send-keys", "-t", "t", "-l", "--", text)

    def screen(self, history=False):
        """The lines that are shown, without what is empty at their end."""
        text = self.tmux("capture-pane", "-p", "-t", "t", *(["-S", "-"] if history else []))
        return text.rstrip("\n").split("\n")

    def wait_for(self, pattern):
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            screen = "\n".join(self.screen())
            if re.search(pattern, screen, re.M):
                return screen
            time.sleep(0.05)
        raise AssertionError(f"{pattern!r} is not shown; the screen shows\n{screen}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["tmux", "-L", self.socket, "kill-server"], capture_output=True, timeout=30)
