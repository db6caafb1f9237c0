"""An evening of a small house: five keys, two owners, two models, sixteen clients, and everything that can go wrong.

PINION_EVENING says for how many seconds; `make test-long` takes ten minutes.
"""

import collections
import json
import os
import random
import signal
import threading
import time

import tiny_folder
from conftest import MODEL, TEST_SECONDS, Server, run, stay_in_one_day
from ledger_rows import BODIES, ask, rows
from test_failures import break_after

SECONDS = float(os.environ.get("PINION_EVENING", 12))
CLIENTS = 16
BROKEN = "house/broken"
# Of one day, over all that one owner's keys take.
BUDGET = 4_000
OWNERS = {"calm": ["--daily-tokens", str(BUDGET)], "wild": ["--concurrent-requests", "6"]}
KEYS = {
    "plain": ["--owner", "calm"],
    "slow": ["--owner", "calm", "--requests-per-minute", "30"],
    "poor": ["--owner", "wild", "--daily-tokens", "600"],
    "short": ["--owner", "wild", "--output-tokens", "7"],
    "strict": ["--model", "*/135m-*"],
}


class House:
    """A data directory with its keys, and the server that has it at the moment."""

    def __init__(self, data, folder):
        self.data = data
        self.arguments = ["--data-dir", data, "--model", MODEL, "--model", f"{BROKEN}={folder}"]
        for owner, limits in OWNERS.items():
            run("owners", "create", owner, *limits, "--data-dir", data)
        self.keys = {name: self.made("create", "--name", name, *limits) for name, limits in KEYS.items()}
        self.told, self.ended = [], threading.Event()
        self.start()

    def made(self, *arguments):
        done = run("keys", *arguments, "--data-dir", self.data)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def start(self):
        self.server = Server(*self.arguments)

    def client(self, number):
        choice = random.Random(number)
        while not self.ended.is_set():
            name, route = choice.choice(list(self.keys)), choice.choice(list(BODIES))
            fields = {"model": BROKEN, "temperature": 2} if choice.random() < 0.1 else {}
            read = choice.choice([None, None, None, 2])
            told = ask(self.server.address, self.keys[name], route, choice.randint(1, 40), read, **fields)
            self.told.append((name, told))
            if told.status != 200:
                time.sleep(0.05)

    def disturb(self, turn):
        """What an operator or a bad evening does."""
        if turn % 4 == 0:
            self.keys["plain"] = self.made("rotate", self.keys["plain"], "--grace", "1h")
        elif turn % 4 == 1:
            self.server.process.send_signal(signal.SIGKILL)
            self.server.stop()
            self.start()
        elif turn % 4 == 2:
            assert self.server.stop() == 0
            self.start()
        else:
            self.made("revoke", self.keys["strict"])
            self.keys["strict"] = self.made("create", "--name", "strict", *KEYS["strict"])


def test_the_books_of_an_evening_balance(new_data, tmp_path):
    stay_in_one_day(SECONDS + TEST_SECONDS)
    folder = tiny_folder.write(tmp_path / "broken")
    break_after("Z", folder)
    house = House(new_data(), folder)
    clients = [threading.Thread(target=house.client, args=(number,)) for number in range(CLIENTS)]
    for thread in clients:
        thread.start()
    end, turn = time.monotonic() + SECONDS, 0
    try:
        while time.monotonic() < end:
            time.sleep(SECONDS / 8)
            house.disturb(turn)
            turn += 1
    finally:
        house.ended.set()
        for thread in clients:
            thread.join()
        ended = house.server.stop()
    assert ended == 0
    check(house)


def check(house):
    ledger = rows(house.data)
    by_id = {row["request"]: row for row in ledger}
    assert len(by_id) == len(ledger)
    known = [(name, told) for name, told in house.told if told.status == 200 and told.request_id in by_id]
    whole = [told for _, told in known if told.usage is not None]
    assert whole
    for told in whole:
        assert told.usage == by_id[told.request_id]["output"]
    for name, told in known:
        row = by_id[told.request_id]
        assert told.tokens <= row["output"], (told, row)
        assert name != "short" or row["output"] <= 7
    for name, told in house.told:
        # A stream of Responses tells a limit with a status of 200, and a refusal has no row.
        if told.status is not None and told.status != 200:
            assert told.request_id not in by_id or by_id[told.request_id]["outcome"] == "failed", (name, told)
    spent = collections.Counter()
    for row in ledger:
        spent[row["owner"]] += row["input"] + row["output"]
        spent[row["key"]] += row["input"] + row["output"]
    assert spent["calm"] <= BUDGET
    poor = json.loads(run("keys", "list", "--json", "--data-dir", house.data).stdout)
    assert spent[next(key["id"] for key in poor if key["name"] == "poor")] <= 600
    for command in (["usage", "verify"], ["store", "check"]):
        done = run(*command, "--data-dir", house.data)
        assert done.returncode == 0, done.stdout + done.stderr
    outcomes = collections.Counter(row["outcome"] for row in ledger)
    statuses = collections.Counter(told.status for _, told in house.told)
    print(f"{len(house.told)} requests, {len(ledger)} rows, outcomes {dict(outcomes)}, statuses {dict(statuses)}")
