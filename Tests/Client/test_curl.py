"""The specification's own call, run through curl."""

import json
import subprocess

import pytest
from conftest import MODEL, Server

# The call says nothing of a length: sometimes the model goes on until the context is full.
CONTEXT = 512

# As the specification prints it; only the address, key and model name are filled in.
CALL = """curl -sS -X POST \\
{address}/v1/chat/completions \\
--header 'Content-Type: application/json' \\
--header 'Authorization: Bearer {key}' \\
--data '{{
{stream}"model": "{model}",
"messages": [
{{
"role": "user",
"content": "Hello!"
}}
]
}}'
"""


@pytest.fixture(scope="module")
def server(new_data):
    """A server as its first start leaves it, but for the context."""
    server = Server("--data-dir", new_data(), "--context", CONTEXT)
    server.key = server.wait_for(r"^\s+(pk-\w+)$")
    yield server
    assert server.stop() == 0, server.errors


def call(server, stream):
    script = CALL.format(address=server.address, key=server.key, model=MODEL, stream=stream)
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_plain(server):
    reply = json.loads(call(server, ""))
    assert set(reply) >= {"id", "object", "created", "model", "system_fingerprint", "choices", "usage"}
    assert set(reply["choices"][0]) == {"index", "message", "logprobs", "finish_reason"}
    assert reply["choices"][0]["message"]["role"] == "assistant"
    assert reply["choices"][0]["message"]["content"]
    assert set(reply["usage"]) >= {"prompt_tokens", "completion_tokens", "total_tokens"}


def test_streamed(server):
    events = call(server, '"stream": true,\n').split("\n\n")
    assert events.pop() == ""
    events = [event for event in events if not event.startswith(":")]
    assert all(event.startswith("data: ") for event in events)
    assert events.pop() == "data: [DONE]"
    chunks = [json.loads(event.removeprefix("data: ")) for event in events]
    for chunk in chunks:
        assert set(chunk) >= {"id", "object", "created", "model", "system_fingerprint", "choices"}
        assert set(chunk["choices"][0]) == {"index", "delta", "logprobs", "finish_reason"}
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert chunks[-1]["choices"][0]["delta"] == {}
    assert chunks[-1]["choices"][0]["finish_reason"] in ("stop", "length")


def test_the_printed_examples_work_as_they_are(server):
    lines = server.output
    starts = [index for index, line in enumerate(lines) if line.startswith("curl ")]
    assert len(starts) == 2
    for start in starts:
        end = next(index for index in range(start, len(lines)) if not lines[index].endswith("\\"))
        script = "\n".join(lines[start : end + 1])
        done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        assert '"error":' not in done.stdout
        assert '"choices"' in done.stdout
