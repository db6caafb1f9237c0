"""A prompt that takes minutes, as an agent's first one does on a small machine: Messages keep their client waiting.

Codex's is in `test_codex.py`. PINION_LONG_PROMPT is the number of the model's layers, and so says how long it takes.
"""

import os
import time

# First, because it keeps the clients from speaking to anybody as they are imported.
from test_agent_clients import nothing_leaves_this_machine  # noqa: F401
from test_dialect_clients import MessagesRelay

# isort: split
import anthropic
import pytest
import tiny_folder
from wire import serving

# What an agent sends first, in bytes, each of which is a token.
PROMPT = 48_000
CONTEXT = 1 << 17
# Seconds without an event after which the client gives up: twice the time between two pings.
PATIENCE = 30


@pytest.mark.shows("anthropic", "messages", "streamed")
@pytest.mark.skipif("PINION_LONG_PROMPT" not in os.environ, reason="takes minutes; PINION_LONG_PROMPT=LAYERS runs it")
def test_a_prompt_that_takes_minutes_is_waited_for(new_data, tmp_path):
    layers = int(os.environ["PINION_LONG_PROMPT"])
    folder = tiny_folder.write_large(tmp_path / "model", 512, layers, max_position_embeddings=CONTEXT)
    with serving(new_data(), "--model", f"long={folder}", "--context", CONTEXT) as server:
        relay = MessagesRelay(server.address, None)
        client = anthropic.Anthropic(base_url=relay.address, api_key="none", max_retries=0, timeout=PATIENCE)
        text = "".join(f"{line}: the river and the town beside it.\n" for line in range(PROMPT))[:PROMPT]
        times, start = [], time.monotonic()
        with client.messages.stream(model="long", messages=[{"role": "user", "content": text}], max_tokens=8) as stream:
            for _ in stream:
                times.append(time.monotonic() - start)
            reply = stream.get_final_message()
        relay.close()
    pings = relay.exchanges[0].text.count("event: ping\n")
    print(f"{times[-1]:.0f} s, the first event after {times[0]:.2f} s, {pings} pings, the reply after {times[1]:.0f} s")
    assert reply.usage.input_tokens > PROMPT and reply.usage.output_tokens > 0
    assert times[0] < 10
    assert pings > times[-1] / 20
