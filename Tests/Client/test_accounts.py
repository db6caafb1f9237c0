"""What stands behind a key, set by commands beside a running server."""

import hashlib
import json
import sqlite3
import subprocess
import time

import pytest
from conftest import Server, run
from rounds import quickest
from test_keys import accepted, database, refused_within_a_second

OLD_SCHEMA = """
    CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
    INSERT INTO grdb_migrations VALUES ('keys');
    CREATE TABLE api_key (
        id TEXT NOT NULL PRIMARY KEY,
        name TEXT NOT NULL,
        prefix TEXT NOT NULL,
        digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
        created INTEGER NOT NULL,
        revoked INTEGER,
        last_used INTEGER
    ) STRICT, WITHOUT ROWID;
"""


@pytest.fixture
def pinion(tmp_path):
    """Runs a command on a data directory of the test's own."""

    def command(*arguments):
        return run(*arguments, "--data-dir", tmp_path / "data")

    command.data = tmp_path / "data"
    return command


def done(result):
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def refused(result, *words):
    assert result.returncode == 1, result
    (line,) = result.stderr.splitlines()
    assert all(word in line for word in words), line
    return line


def shown(pinion, *arguments):
    return json.loads(done(pinion(*arguments, "--json")))


def test_a_key_with_everything(pinion):
    done(pinion("owners", "create", "team", "--monthly-money", "100", "--metadata", "centre=7"))
    done(pinion("keys", "policy", "create", "small", "--requests-per-minute", 60, "--daily-tokens", 1000, "--model", "qwen/*"))
    arguments = ["--name", "laptop", "--owner", "team", "--policy", "small", "--daily-tokens", 0, "--daily-money", "1.50"]
    arguments += ["--expires", "30d", "--metadata", "who=me", "--metadata", "why=tests = good"]
    secret = done(pinion("keys", "create", *arguments))
    assert secret.startswith("pk-") and len(secret) == 46
    key = shown(pinion, "keys", "show", secret)
    assert key["limits"] == {"daily_tokens": 0, "daily_money": 1_500_000_000}
    assert key["metadata"] == {"who": "me", "why": "tests = good"}
    assert key["effective"]["limits"] == {"requests_per_minute": 60, "daily_tokens": 0, "daily_money": 1_500_000_000}
    assert key["effective"]["owner_limits"] == {"monthly_money": 100_000_000_000}
    assert key["effective"]["models"] == ["qwen/*"] and key["models"] is None
    text = done(pinion("keys", "show", key["id"]))
    assert secret not in text and secret[:8] in text
    for words in ["daily-money 1.50 key", "requests-per-minute 60 policy small", "monthly-money 100.00 owner team"]:
        assert words in " ".join(text.split()), text
    done(pinion("keys", "update", key["id"], "--daily-tokens", "none", "--policy", "none", "--model", "llama/*", "--metadata", "who="))
    key = shown(pinion, "keys", "show", key["id"])
    assert key["effective"]["limits"] == {"daily_money": 1_500_000_000} and key["effective"]["models"] == ["llama/*"]
    assert key["metadata"] == {"why": "tests = good"} and key["policy"] is None
    (listed,) = shown(pinion, "keys", "list")
    assert listed["owner"] == "team" and listed["expires"] == key["expires"]
    done(pinion("keys", "update", key["id"], "--expires", "none", "--owner", "none", "--model", "none"))
    key = shown(pinion, "keys", "show", key["id"])
    assert (key["expires"], key["owner"], key["models"]) == (None, None, None)


def test_a_default_policy(pinion):
    secret = done(pinion("keys", "create"))
    refused(pinion("keys", "policy", "default", "basic"), "no policy is called 'basic'", "pinion keys policy list")
    done(pinion("keys", "policy", "create", "basic", "--output-tokens", 5))
    done(pinion("keys", "policy", "default", "basic"))
    assert shown(pinion, "keys", "show", secret)["effective"]["limits"] == {"output_tokens": 5}
    refused(pinion("keys", "policy", "remove", "basic"), "is the default policy")
    done(pinion("keys", "policy", "update", "basic", "--output-tokens", "none", "--credit", "0.000000001"))
    assert shown(pinion, "keys", "show", secret)["effective"]["limits"] == {"credit": 1}
    done(pinion("keys", "policy", "default", "none"))
    done(pinion("keys", "policy", "remove", "basic"))
    assert shown(pinion, "keys", "policy", "list") == []


def test_an_increase_ends(pinion):
    secret = done(pinion("keys", "create", "--daily-tokens", 10))
    done(pinion("keys", "increase", secret, "--daily-tokens", "+5000", "--until", "6s"))
    start = time.monotonic()
    assert shown(pinion, "keys", "show", secret)["effective"]["limits"] == {"daily_tokens": 5010}
    while shown(pinion, "keys", "show", secret)["effective"]["limits"] != {"daily_tokens": 10}:
        assert time.monotonic() - start < 12
        time.sleep(0.1)
    refused(pinion("keys", "increase", secret, "--credit", "1", "--until", "1h"), "no limit credit")
    done(pinion("owners", "create", "team", "--credit", "1"))
    done(pinion("owners", "increase", "team", "--credit", "+0.5", "--until", "2099-01-01"))
    (owner,) = shown(pinion, "owners", "list")
    assert owner["increases"] == [{"limit": "credit", "amount": 500_000_000, "until": "2099-01-01T00:00:00Z"}]


def test_prices_are_for_a_million_tokens(pinion):
    table = done(pinion("keys", "model", "set", "qwen/*", "--input-price", "0.25", "--output-price", "2"))
    assert table.splitlines()[1].split() == ["qwen/*", "0.25", "0.25", "2.00", "-"]
    done(pinion("keys", "model", "set", "qwen/*", "--cached-price", "0.025", "--concurrent-requests", 4))
    (model,) = shown(pinion, "keys", "model", "list")
    assert model["nano_units_per_token"] == {"input": 250, "cached_input": 25, "output": 2000}
    assert model["limits"] == {"concurrent_requests": 4}
    refused(pinion("keys", "model", "set", "qwen/*", "--input-price", "0.01"), "cannot be the higher one")
    done(pinion("keys", "model", "set", "qwen/*", "--cached-price", "none"))
    for price in ["0.01", "0.50"]:
        table = done(pinion("keys", "model", "set", "qwen/*", "--input-price", price))
        assert table.splitlines()[1].split()[1:3] == [price, price]
    refused(pinion("keys", "model", "set", "m", "--input-price", "0.0001"), "--input-price", "3 decimals", "'0.0001'")
    refused(pinion("keys", "model", "set", "m", "--cached-price", "1"), "cannot be the higher one")
    done(pinion("keys", "model", "remove", "qwen/*"))
    refused(pinion("keys", "model", "remove", "qwen/*"), "nothing is set for the model 'qwen/*'")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--daily-tokens", "1.5"], ["--daily-tokens: expected a whole number from 0 to 9007199254740992", "'1.5'"]),
        (["--daily-tokens=-1"], ["--daily-tokens", "'-1'"]),
        (["--daily-tokens", "9007199254740993"], ["--daily-tokens", "9007199254740993"]),
        (["--credit", "1.0000000001"], ["--credit", "9 decimals"]),
        (["--credit", "10000000"], ["--credit", "9007199.254740992"]),
        (["--expires", "tomorrow"], ["--expires: expected a date", "'tomorrow'"]),
        (["--expires", "2001-01-01"], ["is not between now"]),
        (["--owner", "taem"], ["no owner is called 'taem'", "did you mean 'team'"]),
        (["--owner", "nobody"], ["no owner is called 'nobody'", "pinion owners list"]),
        (["--policy", "nothing"], ["no policy is called 'nothing'", "pinion keys policy list"]),
        (["--name", "a\x1b[2J"], ["printable"]),
        (["--name", "x" * 65], ["1 to 64"]),
        (["--metadata", "x"], ["--metadata: expected NAME=VALUE", "'x'"]),
        (["--model", ""], ["--model: expected"]),
        (["--model", "a b"], ["'a b'", "without spaces"]),
    ],
)
def test_what_is_refused_makes_no_key(pinion, arguments, words):
    done(pinion("owners", "create", "team"))
    refused(pinion("keys", "create", *arguments), *words)
    assert shown(pinion, "keys", "list") == []


def test_endless_combining_marks_are_refused_at_once(pinion):
    marks = "a" + "\u0301\u0316" * 16_000
    for arguments in (["keys", "create", "--name", marks], ["keys", "show", marks], ["owners", "create", marks]):

        def seconds():
            start = time.monotonic()
            refused(pinion(*arguments), "combining marks")
            return time.monotonic() - start

        assert quickest(seconds, 2) < 2
    done(pinion("keys", "create", "--name", "e\u0301te\u0301"))


def test_owners_are_not_removed_while_they_have_keys(pinion):
    done(pinion("owners", "create", "team"))
    refused(pinion("owners", "create", "team"), "there is an owner 'team' already")
    secret = done(pinion("keys", "create", "--owner", "team"))
    refused(pinion("owners", "remove", "team"), "a key belongs")
    refused(pinion("owners", "remove", "tem"), "did you mean 'team'?")
    done(pinion("keys", "revoke", secret))
    done(pinion("owners", "remove", "team"))
    assert shown(pinion, "owners", "list") == []


def test_changes_are_kept_with_who_made_them(pinion):
    secret = done(pinion("keys", "create", "--name", "laptop"))
    new = done(pinion("keys", "rotate", secret))
    done(pinion("keys", "revoke", new))
    entries = shown(pinion, "keys", "audit")
    assert [entry["action"] for entry in entries] == ["key.create", "key.rotate", "key.revoke"]
    user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
    assert {entry["who"] for entry in entries} == {user}
    assert entries[0]["detail"] == {"name": "laptop"}
    text = done(pinion("keys", "audit", "--last", 2))
    assert len(text.splitlines()) == 3
    refused(pinion("keys", "audit", "--last", 0), "--last: expected 1 or more")
    assert secret[8:] not in text and new[8:] not in text + json.dumps(entries)


def test_rotation_beside_a_server_and_across_its_restart(new_data):
    data = new_data()
    old = run("keys", "create", "--data-dir", data).stdout.strip()
    server = Server("--data-dir", data)
    try:
        assert accepted(server, old)
        new = done(run("keys", "rotate", old, "--grace", "1h", "--data-dir", data))
        assert accepted(server, new) and accepted(server, old)
        server.stop()
        server = Server("--data-dir", data)
        assert accepted(server, new) and accepted(server, old)
        newest = done(run("keys", "rotate", new, "--data-dir", data))
        assert refused_within_a_second(server, old) and refused_within_a_second(server, new)
        assert accepted(server, newest)
        done(run("keys", "update", newest, "--expires", "5s", "--data-dir", data))
        assert accepted(server, newest)
        time.sleep(5)
        assert refused_within_a_second(server, newest)
    finally:
        server.stop()


def test_a_database_of_the_first_version_is_backed_up_and_goes_on(pinion):
    pinion.data.mkdir()
    secret = "pk-" + "o" * 43
    with database(pinion.data / "pinion.db") as connection:
        connection.executescript(OLD_SCHEMA)
        connection.execute("PRAGMA application_id = 1349086830")
        connection.execute(
            "INSERT INTO api_key VALUES ('key_old0000000000000', 'old', ?, ?, 1700000000, NULL, NULL)",
            [secret[:8], hashlib.sha256(secret.encode()).digest()],
        )
        connection.commit()
    assert shown(pinion, "keys", "show", secret)["name"] == "old"
    with database(pinion.data / "pinion.db.before-accounts") as connection:
        assert connection.execute("SELECT count(*) FROM api_key WHERE prefix = ?", [secret[:8]]).fetchone() == (1,)
    with database(pinion.data / "pinion.db") as connection, pytest.raises(sqlite3.OperationalError):
        connection.execute("SELECT prefix FROM api_key")
    assert (pinion.data / "pinion.db.before-accounts").stat().st_mode & 0o777 == 0o600


def test_damaged_limits_are_said_and_never_taken_for_none(pinion):
    secret = done(pinion("keys", "create", "--daily-tokens", 5))
    with database(pinion.data / "pinion.db") as connection:
        connection.execute("UPDATE api_key SET limits = '{\"daily_tokens\":-1}'")
        connection.commit()
    refused(pinion("keys", "show", secret), "damaged", "daily_tokens", str(pinion.data))
