"""Keys made and revoked beside a running server."""

import json
import stat
import time

import openai
import pytest
from conftest import Server, run


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


def test_no_auth_serves_everyone_on_loopback(new_data):
    server = Server("--no-auth", "--data-dir", new_data())
    try:
        assert accepted(server, "whatever")
    finally:
        server.stop()
