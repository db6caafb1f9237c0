"""Keys made and revoked beside a running server."""

import concurrent.futures
import contextlib
import hashlib
import json
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import stat
import subprocess
import time

import httpx
import openai
import pytest
from conftest import BINARY, Server, environment, run


def accepted(server, key):
    try:
        server.client(key).models.list()
        return True
    except openai.AuthenticationError:
        return False


def test_a_key_is_good_from_its_making_until_its_revocation(server, data):
    made = run("keys", "create", "--name", "visitor", "--data-dir", data)
    key = made.stdout.strip()
    assert accepted(server, key)
    listed = json.loads(run("keys", "list", "--json", "--data-dir", data).stdout)
    (record,) = [record for record in listed if record["name"] == "visitor"]
    assert record["revoked"] is None
    assert key.startswith(record["prefix"])
    assert run("keys", "revoke", record["id"], "--data-dir", data).returncode == 0
    revoked = time.monotonic()
    while accepted(server, key):
        assert time.monotonic() - revoked < 1
    assert accepted(server, server.key)


def test_the_first_key_is_shown_once_and_stored_nowhere(server, data):
    server.wait_for("(serve --model FILE.gguf)")
    assert sum(server.key in line for line in server.output) == 3, "alone, and in each example"
    assert not any(server.key in line for line in server.errors)
    for file in data.glob("*"):
        if file.is_file():
            assert server.key.encode()[8:] not in file.read_bytes(), file
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    assert stat.S_IMODE(data.stat().st_mode) == 0o700


def test_a_later_start_makes_no_key(new_data):
    data = new_data()
    run("keys", "create", "--data-dir", data)
    server = Server("--data-dir", data)
    counted = server.wait_for(r"^API keys: (.*)$")
    assert server.stop() == 0
    assert counted.startswith("1 stored")
    assert not any("pk-" in line for line in server.output)


@pytest.mark.parametrize("place", ["flag", "variable", "file"])
def test_a_given_key_is_accepted_and_not_stored(new_data, tmp_path, place):
    data = new_data()
    arguments, variables = ["--data-dir", data], {}
    if place == "flag":
        arguments += ["--api-key", "given"]
        # A flag goes before the variable.
        variables["PINION_API_KEY"] = "other"
    elif place == "variable":
        variables["PINION_API_KEY"] = "given"
    else:
        config = tmp_path / "settings.json"
        config.write_text(json.dumps({"api-key": ["given"]}))
        arguments += ["--config", config]
    server = Server(*arguments, **variables)
    try:
        assert accepted(server, "given")
        assert not accepted(server, "other")
        assert json.loads(run("keys", "list", "--json", "--data-dir", data).stdout) == []
    finally:
        server.stop()


def test_a_secret_for_two_purposes_is_refused(new_data):
    data = new_data()
    stored = run("keys", "create", "--data-dir", data).stdout.strip()
    (record,) = json.loads(run("keys", "list", "--json", "--data-dir", data).stdout)

    def refused(*words, **variables):
        done = run("serve", "--port", 0, "--data-dir", data, **variables)
        (line,) = done.stderr.splitlines()
        assert done.returncode == 1 and all(word in line for word in words), done
        assert stored not in line and "canary" not in line

    refused("--api-key is a secret", record["id"], PINION_API_KEY=stored)
    refused("--admin-key is a secret", record["id"], PINION_ADMIN_KEY=stored)
    refused("--admin-key is given with --api-key", PINION_API_KEY="canary-one", PINION_ADMIN_KEY="canary-one")
    # A given key would survive the revocation.
    assert run("keys", "revoke", record["id"], "--data-dir", data).returncode == 0
    refused("--api-key is a secret", record["id"], PINION_API_KEY=stored)


def test_no_auth_serves_everyone_on_loopback(new_data):
    server = Server("--no-auth", "--data-dir", new_data())
    try:
        assert accepted(server, "whatever")
    finally:
        server.stop()


@contextlib.contextmanager
def database(path):
    connection = sqlite3.connect(path)
    try:
        yield connection
    finally:
        connection.close()


def refused_within_a_second(server, key):
    start = time.monotonic()
    while True:
        try:
            if not accepted(server, key):
                return True
        except openai.APIStatusError:
            return True
        if time.monotonic() - start > 1:
            return False


def test_a_replaced_database_is_noticed(new_data, tmp_path):
    data = new_data()
    key = run("keys", "create", "--data-dir", data).stdout.strip()
    server = Server("--data-dir", data)
    try:
        assert accepted(server, key)
        backup = tmp_path / "backup.db"
        with database(data / "pinion.db") as connection:
            connection.execute("VACUUM INTO ?", [str(backup)])
        later = run("keys", "create", "--data-dir", data).stdout.strip()
        assert accepted(server, later)
        shutil.copy(backup, data / "backup.db")
        os.replace(data / "backup.db", data / "pinion.db")
        # The server is not asked in between: the file is replaced, then changed by another process.
        assert run("keys", "revoke", key, "--data-dir", data).returncode == 0
        assert refused_within_a_second(server, key)
        assert refused_within_a_second(server, later), "the backup does not have it"
        made = run("keys", "create", "--data-dir", data).stdout.strip()
        assert accepted(server, made)
        # Without a file nobody is let in, and none is made.
        os.rename(data / "pinion.db", data / "away.db")
        assert refused_within_a_second(server, made)
        assert not (data / "pinion.db").exists()
        os.rename(data / "away.db", data / "pinion.db")
        assert accepted(server, made)
        assert not accepted(server, key)
    finally:
        server.stop()


def test_a_database_that_is_held_refuses_everybody_in_one_time(new_data):
    data = new_data()
    key = run("keys", "create", "--data-dir", data).stdout.strip()
    server = Server("--data-dir", data)
    try:
        assert accepted(server, key)
        with database(data / "pinion.db") as connection:
            connection.isolation_level = None
            connection.execute("BEGIN EXCLUSIVE")

            def ask(_):
                start = time.monotonic()
                reply = httpx.get(f"{server.address}/v1/models", headers={"Authorization": f"Bearer {key}"}, timeout=60)
                return reply, time.monotonic() - start

            with concurrent.futures.ThreadPoolExecutor(12) as pool:
                replies = list(pool.map(ask, range(12)))
            connection.execute("ROLLBACK")
        for reply, seconds in replies:
            assert reply.status_code == 503 and seconds < 10, (reply.text, seconds)
            assert reply.json()["error"]["code"] == "server_is_overloaded" and int(reply.headers["retry-after"]) > 0
        assert accepted(server, key)
    finally:
        server.stop()
    # One line for all of them.
    assert sum("requests are refused" in line for line in server.errors) == 1, server.errors


def test_who_reads_the_database_holds_up_no_request(new_data):
    data = new_data()
    keys = [run("keys", "create", "--data-dir", data).stdout.strip() for _ in range(4)]
    server = Server("--data-dir", data)
    try:
        with database(data / "pinion.db") as connection:
            connection.isolation_level = None
            connection.execute("BEGIN")
            connection.execute("SELECT * FROM api_key").fetchall()
            for key in keys * 3:
                start = time.monotonic()
                assert accepted(server, key)
                # Who waits for the reader's lock waits for five seconds.
                assert time.monotonic() - start < 4
                time.sleep(0.25)
            connection.execute("ROLLBACK")
    finally:
        server.stop()


def test_a_key_given_as_a_flag_cannot_be_read_by_other_users(new_data):
    server = Server("--data-dir", new_data(), "--api-key", "canary-one", "--api-key=canary-two")
    try:
        command = pathlib.Path("/proc", str(server.process.pid), "cmdline").read_bytes()
        assert b"canary" not in command, command
        assert command.split(b"\0").count(b"**********") == 1 and b"--api-key=**********" in command
        assert accepted(server, "canary-one") and accepted(server, "canary-two")
        assert not any("canary" in line for line in server.output + server.errors)
    finally:
        server.stop()


def test_kill_9_while_keys_are_made(tmp_path):
    data = tmp_path / "data"
    assert run("keys", "create", "--name", "first", "--data-dir", data).returncode == 0
    acknowledged = []
    pauses = random.Random(5)
    for _ in range(50):
        process = subprocess.Popen(
            [BINARY, "keys", "create", "--data-dir", str(data)],
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(pauses.uniform(0, 0.08))
        process.send_signal(signal.SIGKILL)
        output = process.communicate()[0].decode()
        # The secret is printed when the key is in the database.
        if output.endswith("\n"):
            acknowledged.append(output.strip())
    listed = json.loads(run("keys", "list", "--json", "--data-dir", data).stdout)
    assert len({record["id"] for record in listed}) == len(listed) <= 51
    with database(data / "pinion.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        stored = {digest for (digest,) in connection.execute("SELECT digest FROM key_secret")}
    assert len(stored) == len(listed)
    assert all(hashlib.sha256(secret.encode()).digest() in stored for secret in acknowledged)


def test_a_full_disk_is_refused_and_harms_no_key(tmp_path):
    # A file system of a few pages, in a mount namespace of this test's own.
    script = """
        set -e
        mount -t tmpfs -o size=192k tmpfs "$1"
        "$2" keys create --name kept --data-dir "$1/data" > "$3/kept"
        cat /dev/zero > "$1/filler" 2> /dev/null || true
        set +e
        for round in $(seq 40); do
            "$2" keys create --name more --data-dir "$1/data" > "$3/more" 2> "$3/errors" || break
        done
        echo $? > "$3/status"
        rm "$1/filler"
        set -e
        "$2" keys list --json --data-dir "$1/data" > "$3/list"
        "$2" keys create --name later --data-dir "$1/data" > "$3/later"
    """
    mount = tmp_path / "mount"
    mount.mkdir()
    namespace = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
    if subprocess.run([*namespace, "mount", "-t", "tmpfs", "tmpfs", mount], capture_output=True).returncode != 0:
        pytest.skip("this machine lets no test mount a file system")
    done = subprocess.run(
        [*namespace, "sh", "-c", script, "sh", mount, BINARY, tmp_path], env=environment(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    (line,) = (tmp_path / "errors").read_text().splitlines()
    assert "disk is full" in line and str(mount) in line, line
    names = [record["name"] for record in json.loads((tmp_path / "list").read_text())]
    assert names.count("kept") == 1
    assert (tmp_path / "later").read_text().startswith("pk-")


def test_keys_are_revoked_by_the_beginning_of_their_identifier(tmp_path):
    data = tmp_path / "data"
    run("keys", "create", "--name", "mine", "--data-dir", data)
    (record,) = json.loads(run("keys", "list", "--json", "--data-dir", data).stdout)
    done = run("keys", "revoke", "key_nosuchkey", "--data-dir", data)
    assert done.returncode == 1 and "'key_nosuchkey'" in done.stderr and "keys list" in done.stderr
    done = run("keys", "revoke", "pk-" + "a" * 43, "--data-dir", data)
    assert done.returncode == 1 and "no key has this secret" in done.stderr and "aaaa" not in done.stderr
    assert run("keys", "revoke", record["id"][:10], "--data-dir", data).stdout.startswith(f"revoked {record['id']}")
