"""Codex itself, against a server that nothing else can reach: see `codex_scene.py`."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest
from conftest import BINARY

SCENE = pathlib.Path(__file__).with_name("codex_scene.py")


def namespace():
    """The command that gives a process a network of its own, with or without being the superuser."""
    for command in (["unshare", "-n"], ["unshare", "-rn"]):
        if shutil.which("unshare") and subprocess.run([*command, "true"], capture_output=True).returncode == 0:
            return command
    return None


NAMESPACE = namespace()
pytestmark = pytest.mark.skipif(NAMESPACE is None, reason="no network namespaces here, without which Codex is not run")


def play(folder, *steps, **scene):
    """What Codex and the server said in a scene, and what the server refused with a 400."""
    script = folder / "scene.json"
    script.write_text(json.dumps({"steps": steps} | scene))
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "PINION_BINARY": str(BINARY)}
    done = subprocess.run(
        [*NAMESPACE, sys.executable, SCENE, folder, script], env=environment, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    refused = [exchange["text"] for exchange in told["exchanges"] if exchange["status"] == 400]
    return told, refused


def said(told):
    return [event["item"]["text"] for event in told["events"] if event.get("item", {}).get("type") == "agent_message"]


def failures(told):
    return [event.get("message", "") for event in told["events"] if event["type"] == "error"]


def items(exchange, kind):
    return [item for item in exchange["sent"]["input"] if item["type"] == kind]


@pytest.mark.shows("Codex", "responses", "streamed", "tools", "three turns")
def test_a_function_a_tool_of_a_namespace_and_a_text(tmp_path):
    told, refused = play(
        tmp_path,
        {"call": "exec_command", "arguments": {"cmd": "echo pinion-$((40 + 2))"}},
        {"call": "close_agent", "namespace": "multi_agent_v1", "arguments": {"target": "nobody"}},
        {"say": "Done."},
    )
    assert told["code"] == 0 and refused == [], (told["events"], told["errors"], refused)
    assert any(event.get("item", {}).get("type") == "command_execution" for event in told["events"])
    assert said(told) == ['"Done."']
    last = told["exchanges"][-1]
    assert [call["name"] for call in items(last, "function_call")] == ["exec_command", "close_agent"]
    assert items(last, "function_call")[1]["namespace"] == "multi_agent_v1"
    assert "pinion-42" in json.dumps(items(last, "function_call_output")[0])


@pytest.mark.shows("Codex", "responses", "streamed", "tools")
def test_a_custom_tool_with_a_grammar_changes_a_file(tmp_path):
    patch = "*** Begin Patch\n*** Add File: a.txt\n+hello\n*** End Patch\n"
    # Codex gives this tool to models that it knows.
    told, refused = play(tmp_path, {"call": "apply_patch", "input": patch}, {"say": "Done."}, model="gpt-5.5")
    assert told["code"] == 0 and refused == [], (told["events"], told["errors"], refused)
    assert (tmp_path / "work/a.txt").read_text() == "hello\n"
    assert items(told["exchanges"][-1], "custom_tool_call")[0]["input"] == patch


def test_a_prompt_beyond_the_context_is_understood(tmp_path):
    told, _ = play(tmp_path, {"pass": True}, context=4096)
    assert told["exchanges"][0]["status"] == 200
    assert "context_length_exceeded" in told["exchanges"][0]["text"]
    assert told["code"] != 0 and "ran out of room" in failures(told)[-1]


def test_a_rate_that_is_used_up_is_waited_for(tmp_path):
    message = "Rate limit reached on requests per min. Please try again in 0.5s."
    told, refused = play(tmp_path, {"failed": "rate_limit_exceeded", "message": message}, {"say": "Done."})
    assert told["code"] == 0 and refused == [] and said(told) == ['"Done."']
    assert any("rate limit" in failure for failure in failures(told))


def test_a_429_is_told_as_one(tmp_path):
    told, _ = play(tmp_path, {"status": 429})
    assert told["code"] != 0 and "429" in failures(told)[-1]


@pytest.mark.skipif("PINION_LONG_PROMPT" not in os.environ, reason="takes minutes; PINION_LONG_PROMPT=LAYERS runs it")
def test_a_prompt_that_takes_minutes_is_waited_for(tmp_path):
    told, refused = play(tmp_path, {"say": "Done."}, layers=int(os.environ["PINION_LONG_PROMPT"]))
    assert told["code"] == 0 and refused == [] and said(told) == ['"Done."']
    text = told["exchanges"][0]["text"]
    print(f"{told['exchanges'][0]['seconds']:.0f} s, {text.count('event: response.in_progress')} signs of life")
    assert text.count("event: response.in_progress") > told["exchanges"][0]["seconds"] / 20
