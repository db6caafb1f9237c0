"""What `make build` shows and returns, with a compiler that only says how it was called."""

import os
import pty
import subprocess

import pytest
from conftest import ROOT

# Prints a dependency's warning, one of ours and a step, and whether its output is a terminal.
SWIFT = """#!/bin/sh
if [ -t 1 ] || [ -t 2 ]; then echo "output: terminal"; else echo "output: pipe"; fi
echo "warning: 'swift-nio': found 1 file(s) which are unhandled" >&2
echo "    /somewhere/.build/checkouts/swift-nio/CMakeLists.txt" >&2
echo "warning: 'pinion': found 1 file(s) which are unhandled" >&2
echo "    /somewhere/Sources/pinion/notes.txt" >&2
echo "[1/2] Compiling Engine.swift"
exit STATUS
"""


@pytest.fixture
def make(tmp_path):
    """Runs `make build` around such a compiler; returns its exit code and what it printed."""

    def make(status, on_terminal):
        swift = tmp_path / "swift"
        swift.write_text(SWIFT.replace("STATUS", str(status)))
        swift.chmod(0o755)
        command = ["make", "--no-print-directory", "-C", ROOT, "build", f"SWIFT={swift}"]
        # Not the variables of the make that runs the tests.
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name != "MFLAGS"}
        reader, writer = pty.openpty() if on_terminal else os.pipe()
        with os.fdopen(reader, "rb") as output:
            process = subprocess.Popen(command, env=kept, stdin=subprocess.DEVNULL, stdout=writer, stderr=writer)
            os.close(writer)
            text = b""
            try:
                while piece := output.read1():
                    text += piece
            except OSError:
                pass  # A terminal nobody has open any more ends with an error.
            return process.wait(60), text.decode()

    return make


@pytest.mark.parametrize("on_terminal", [False, True])
def test_a_compiler_always_writes_into_a_pipe_so_that_its_flags_stay_the_same(make, on_terminal):
    code, text = make(0, on_terminal)
    assert code == 0
    assert "output: pipe" in text
    assert "[1/2] Compiling Engine.swift" in text


@pytest.mark.parametrize("on_terminal", [False, True])
def test_a_dependency_s_warning_is_left_out_and_ours_stays(make, on_terminal):
    _, text = make(0, on_terminal)
    assert "swift-nio" not in text
    assert "warning: 'pinion'" in text and "notes.txt" in text


def test_a_failed_build_fails(make):
    assert make(1, False)[0] != 0
