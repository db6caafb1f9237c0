"""Plays one scene with Codex in a network namespace that has nothing but its loopback device.

    unshare -n python codex_scene.py DATA SCENE.json

A tiny random model answers, of more layers where the scene says so, and a relay between Codex and the server scripts what it says, by constraints alone: it
names the tool that has to be called and leaves its arguments one value, or holds the text to one. SCENE.json is a list
of steps, one for each request that Codex is to make:

    {"call": NAME, "arguments": {...}, "namespace": NAME}    a call of a function
    {"call": NAME, "input": TEXT}                            a call of a custom tool
    {"say": TEXT}                                            a text
    {"status": 429}                                          a refusal by the relay, as a server with limits makes it
    {"failed": CODE, "message": TEXT}                        the same, told in the stream
    {"pass": true}                                           what the model says

Prints one JSON object: what Codex printed, its exit code, and the requests and replies.
"""

import fcntl
import http.client
import http.server
import json
import os
import pathlib
import socket
import struct
import subprocess
import sys
import threading
import time

import codex_cli_bin

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

import tiny_folder  # noqa: E402
from conftest import Server  # noqa: E402

# Room for what Codex sends first, byte by byte.
CONTEXT = 1 << 17
SECONDS = 840
KEY = "pk-of-a-scene-0123456789"
CONFIGURATION = """model = "{name}"
model_provider = "pinion"
model_context_window = {context}
[model_providers.pinion]
name = "pinion"
base_url = "http://127.0.0.1:{port}/v1"
env_key = "PINION_KEY"
wire_api = "responses"
{more}
"""
REFUSAL = {"error": {"message": "Rate limit reached on requests per min: Limit 1. Please try again in 1s.",
                     "type": "requests", "param": None, "code": "rate_limit_exceeded"}}  # fmt: skip


def raise_loopback():
    """Switches the loopback device of this namespace on."""
    with socket.socket() as probe:
        flags = 0x1 | 0x40  # IFF_UP | IFF_RUNNING
        fcntl.ioctl(probe, 0x8914, struct.pack("16sh14x", b"lo", flags))


def constant(value):
    """A schema that one JSON value satisfies, in a spelling that every engine knows."""
    if isinstance(value, dict):
        properties = {name: constant(part) for name, part in value.items()}
        return {"type": "object", "properties": properties, "required": list(value), "additionalProperties": False}
    return {"const": value}


def scripted(body, step):
    """The request that makes the model say what the step wants."""
    if "say" in step:
        schema = {"type": "json_schema", "name": "text", "schema": {"const": step["say"]}, "strict": True}
        return body | {"tool_choice": "none", "text": {"format": schema}}
    if "call" not in step:
        return body
    choice = {"type": "custom" if "input" in step else "function", "name": step["call"]}
    if "namespace" in step:
        choice["namespace"] = step["namespace"]

    def rewritten(tool):
        if tool.get("name") != step["call"]:
            return tool
        if "input" in step:
            escaped = "".join(f"\\u{ord(letter):04x}" for letter in step["input"])
            return tool | {"format": {"type": "grammar", "syntax": "regex", "definition": escaped}}
        return tool | {"parameters": constant(step["arguments"]), "strict": True}

    tools = [
        tool | {"tools": [rewritten(part) for part in tool["tools"]]} if tool["type"] == "namespace" else rewritten(tool)
        for tool in body["tools"]
    ]
    return body | {"tools": tools, "tool_choice": choice, "parallel_tool_calls": False}


class Relay(http.server.BaseHTTPRequestHandler):
    """Passes requests on to the server, each changed by its step."""

    steps = []
    exchanges = []
    upstream = 0
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.forward(None)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        index = len(self.exchanges)
        step = self.steps[index] if index < len(self.steps) else {"say": "That is all."}
        self.exchanges.append({"sent": body, "step": step, "status": None, "text": ""})
        if "status" in step:
            self.exchanges[index]["status"] = step["status"]
            return self.answer(step["status"], json.dumps(REFUSAL).encode(), "application/json")
        if "failed" in step:
            return self.fail(step)
        self.forward(json.dumps(scripted(body, step)).encode(), self.exchanges[index])

    def fail(self, step):
        """A stream that ends before anything was said."""
        response = {"id": "resp_1", "object": "response", "created_at": 0, "model": "scripted", "output": [], "error": None}
        failed = {"status": "failed", "error": {"code": step["failed"], "message": step["message"]}}
        events = [("response.created", {"status": "in_progress"}), ("response.failed", failed)]
        text = "".join(
            f"event: {name}\ndata: "
            + json.dumps({"type": name, "sequence_number": number, "response": response | more})
            + "\n\n"
            for number, (name, more) in enumerate(events)
        )
        self.answer(200, text.encode(), "text/event-stream")

    def answer(self, status, body, kind):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def forward(self, body, exchange=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.upstream, timeout=SECONDS)
        headers = {"Authorization": self.headers["Authorization"] or "", "Content-Type": "application/json"}
        connection.request(self.command, self.path, body, headers)
        reply = connection.getresponse()
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.headers["Content-Type"])
        self.send_header("Connection", "close")
        self.end_headers()
        if exchange:
            exchange["status"] = reply.status
        start = time.monotonic()
        while piece := reply.read1(65536):
            if exchange:
                exchange["text"] += piece.decode(errors="replace")
            self.wfile.write(piece)
            self.wfile.flush()
        if exchange:
            exchange["seconds"] = time.monotonic() - start
        self.close_connection = True


def play(data, steps, more, name, context, layers):
    """Runs Codex once, and returns what was said on all sides.

    It knows some models by their names, and gives those other tools."""
    if layers:
        model = tiny_folder.write_large(data / "model", 512, layers, max_position_embeddings=context)
    else:
        model = tiny_folder.write(data / "model", max_position_embeddings=context)
    server = Server(
        "--data-dir", data / "data", "--api-key", KEY, "--model", f"scripted={model}", "--context", context,
        *(["--alias", f"{name}=scripted"] if name != "scripted" else []),
    )  # fmt: skip
    relay = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Relay)
    Relay.steps, Relay.upstream = steps, int(server.address.rsplit(":", 1)[1])
    threading.Thread(target=relay.serve_forever, daemon=True).start()
    home, work = data / "home", data / "work"
    (home / ".codex").mkdir(parents=True)
    work.mkdir()
    text = CONFIGURATION.format(name=name, context=CONTEXT, port=relay.server_address[1], more=more)
    (home / ".codex/config.toml").write_text(text)
    program = pathlib.Path(codex_cli_bin.__file__).parent / "bin/codex"
    program.chmod(0o755)
    try:
        done = subprocess.run(
            [program, "exec", "--skip-git-repo-check", "--json", "--dangerously-bypass-approvals-and-sandbox", "Begin."],
            cwd=work, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS,
            env={"HOME": str(home), "PATH": "/usr/bin:/bin", "PINION_KEY": KEY},
        )  # fmt: skip
        code, out, errors = done.returncode, done.stdout, done.stderr
    except subprocess.TimeoutExpired as expired:
        code, out, errors = None, (expired.stdout or b"").decode(), (expired.stderr or b"").decode()
    finally:
        relay.shutdown()
        server.stop()
    events = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    return {"code": code, "events": events, "errors": errors[-2000:], "exchanges": Relay.exchanges}


if __name__ == "__main__":
    raise_loopback()
    scene = json.loads(pathlib.Path(sys.argv[2]).read_text())
    os.environ.pop("PYTEST_CURRENT_TEST", None)
    more, name = scene.get("configuration", ""), scene.get("model", "scripted")
    context, layers = scene.get("context", CONTEXT), scene.get("layers", 0)
    print(json.dumps(play(pathlib.Path(sys.argv[1]), scene["steps"], more, name, context, layers)))
