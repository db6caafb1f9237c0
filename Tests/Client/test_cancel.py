"""Clients that leave at any moment: nothing of them stays."""

import asyncio
import random
import socket
import struct
import time

from vitals import MEBIBYTE, SPARE, eventually, gauges, sequences, vitals
from wire import WORDS, ask, chat, place, serving

DISCONNECTS = 10_000
# Open at once.
CONNECTIONS = 300
# Disconnects a second, at most: faster, and most would find the queue full and never reach the engine.
RATE = 400
# Of them, those that wait for the first words and leave in the middle of the text.
IN_DECODE = 600
LONGEST_WAIT = 0.03
# Small enough that the first half of the disconnects has used all of it.
SERVER = ["--context", 1024, "--max-sequences", 8]
# What the second half may add to the first: no more than 6 KB a disconnect, less than a kept prompt would take.
GROWTH = 32 * MEBIBYTE


def request(draw, short):
    """A request of any kind that is long enough to be left."""
    words = draw.randint(1, 10) if short else int(draw.paretovariate(0.7)) % 600 + 1
    return chat(
        " ".join(draw.choices(WORDS, k=words)),
        stream=short or draw.random() < 0.5, n=draw.choice([1, 1, 3]), max_tokens=200, ignore_eos=True,
    )  # fmt: skip


async def leave(server, draw, in_decode):
    """Sends a request, or a part of one, and is gone; whether its reply had begun."""
    reader, writer = await asyncio.open_connection(*place(server))
    try:
        whole = request(draw, short=in_decode)
        part = 1 if in_decode or draw.random() < 0.8 else draw.random()
        writer.write(whole[: int(len(whole) * part)])
        begun = in_decode and b" 200 " in await reader.readline()
        await asyncio.sleep(draw.random() * LONGEST_WAIT)
        if draw.random() < 0.5:
            # No goodbye: the server hears of it from a reset.
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        return begun
    finally:
        writer.close()


async def flood(server, count, in_decode, draw):
    """How many of the disconnects fell into the text."""
    places = asyncio.Semaphore(CONNECTIONS)
    kinds = [True] * in_decode + [False] * (count - in_decode)
    draw.shuffle(kinds)

    async def one(kind):
        try:
            return await leave(server, draw, kind)
        finally:
            places.release()

    start = time.monotonic()
    tasks = []
    for number, kind in enumerate(kinds):
        await places.acquire()
        tasks.append(asyncio.create_task(one(kind)))
        await asyncio.sleep(max(0, start + number / RATE - time.monotonic()))
    return sum(await asyncio.gather(*tasks))


def seconds_of_a_reply(server):
    start = time.monotonic()
    status, _, reply = ask(server, temperature=0, max_tokens=32)
    assert status == 200
    assert "Paris" in reply["choices"][0]["message"]["content"]
    return time.monotonic() - start


def usual_seconds(server):
    return max(seconds_of_a_reply(server) for _ in range(5))


def test_nothing_is_left_of_clients_that_left(new_data):
    draw = random.Random(7)
    # The idle one tells how fast the machine is at the time.
    with serving(new_data(), *SERVER) as server, serving(new_data(), *SERVER) as idle:
        usual = usual_seconds(server)
        before = vitals(server)
        begun, resident = 0, []
        for _ in range(2):
            begun += asyncio.run(flood(server, DISCONNECTS // 2, IN_DECODE // 2, draw))
            left = time.monotonic()
            times = [seconds_of_a_reply(server)]
            while times[-1] >= 2 * usual and time.monotonic() < left + 2:
                times.append(seconds_of_a_reply(server))
            assert eventually(lambda: sequences(server) == 0, max(0.5, left + 2 - time.monotonic()))
            assert eventually(lambda: gauges(server)["kv_blocks", "used"] == 0, 0.5)
            assert min(times) < 2 * usual or min(times) < 2 * usual_seconds(idle), times
            assert eventually(lambda: vitals(server).descriptors <= before.descriptors + SPARE, 5), vitals(server)
            resident.append(vitals(server).resident)
        growth = resident[1] - resident[0]
        print(f"{begun} of {IN_DECODE} got as far as the text, {growth // 1024} KiB more in the second half")
        assert begun > IN_DECODE / 4, "too few got as far as the text"
        # The system keeps threads that made prompts for some seconds, in case there are more.
        assert eventually(lambda: vitals(server).threads <= before.threads + SPARE, 20), vitals(server)
        assert growth < GROWTH, [size // MEBIBYTE for size in resident]
