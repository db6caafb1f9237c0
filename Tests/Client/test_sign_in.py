"""The page's address in the greeting, and the link that signs the page in once."""

import concurrent.futures
import json
import os
import pathlib
import pty
import re
import select
import socket
import subprocess

import httpx
import pytest
from conftest import BINARY, MODEL, ROOT, Server, environment, run

TINY = ROOT / "Tests/Fixtures/models/tiny-llama-q4_1.gguf"
LINK = re.compile(r"Open the page: (http://\S+?/)(?:#sign-in=(\w+))?\s")


class TerminalServer:
    """A server whose standard output is a terminal, and what it has printed there by the end of its greeting."""

    def __init__(self, *arguments):
        self.reader, writer = pty.openpty()
        self.process = subprocess.Popen(
            [BINARY, "serve", "--port", "0", "--model", TINY, *map(str, arguments)],
            env=environment(), stdin=subprocess.DEVNULL, stdout=writer, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(writer)
        self.text = ""
        while not re.search(r"Lost the key|curl -N", self.text) and select.select([self.reader], [], [], 60)[0]:
            self.text += os.read(self.reader, 4096).decode()
        self.page, self.code = LINK.search(self.text).groups()

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(40)
            os.close(self.reader)


@pytest.fixture
def served(tmp_path):
    """Starts servers of one data directory, one after another; stops what is left."""
    started = []

    def start(kind=Server, *arguments):
        model = ["--model", TINY] if kind is Server else []
        started.append(kind(*model, "--data-dir", tmp_path, *arguments))
        return started[-1]

    yield start
    for server in started:
        server.stop()


def exchange(page, code):
    head = {"authorization": f"Bearer {code}", "content-type": "application/json"}
    return httpx.post(f"{page}v1/sign-in", headers=head, content="{}", timeout=60)


def models(page, key):
    return httpx.get(f"{page}v1/models", headers={"authorization": f"Bearer {key}"}, timeout=60).status_code


def greeting(server):
    server.wait_for("^(Lost the key|The same, streamed)")
    return LINK.search("\n".join(server.output)).groups()


def test_a_first_start_prints_a_link_that_signs_in_once(served, tmp_path):
    server = served()
    page, code = greeting(server)
    assert page == server.address + "/" and len(code) == 22
    assert "It works once, for ten minutes." in "\n".join(server.output)
    wrong = exchange(page, code[:-1] + ("a" if code[-1] != "a" else "b"))
    reply = exchange(page, code)
    assert reply.status_code == 200 and reply.headers["cache-control"] == "no-store"
    told = reply.json()
    assert set(told) == {"key", "expires_at"} and told["expires_at"] is None
    assert models(page, told["key"]) == 200
    second = exchange(page, code)
    other = httpx.get(f"{page}v1/models", headers={"authorization": "Bearer pk-wrong"}, timeout=60)
    assert wrong.status_code == second.status_code == other.status_code == 401
    assert wrong.json() == second.json() == other.json()

    keys = json.loads(run("keys", "list", "--json", "--data-dir", tmp_path).stdout)
    assert sorted(key["name"] for key in keys) == ["default", "page"]
    assert all(key["owner"] is None for key in keys)
    audit = run("keys", "audit", "--data-dir", tmp_path).stdout
    (page_key,) = [key["id"] for key in keys if key["name"] == "page"]
    assert any("key.create" in line and page_key in line for line in audit.splitlines())
    secrets = [code, told["key"]]
    for text in ["\n".join(server.errors), audit] + [
        path.read_bytes().decode("latin1") for path in pathlib.Path(tmp_path).iterdir() if path.is_file()
    ]:
        assert not any(secret in text for secret in secrets)


def test_of_many_who_use_a_link_at_once_one_is_signed_in(served):
    page, code = greeting(served())
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        codes = sorted(reply.status_code for reply in pool.map(lambda _: exchange(page, code), range(32)))
    assert codes == [200] + [401] * 31


def test_a_later_start_has_a_code_on_a_terminal_only_and_earlier_sign_ins_stay_good(served, tmp_path):
    first = served()
    page, code = greeting(first)
    keys = [exchange(page, code).json()["key"]]
    first.stop()

    plain = served()
    page, code = greeting(plain)
    assert page == plain.address + "/" and code is None
    assert "sign-in" not in "\n".join(plain.output + plain.errors)
    assert exchange(page, "a" * 22).status_code == 401
    plain.stop()

    watched = served(TerminalServer)
    keys.append(exchange(watched.page, watched.code).json()["key"])
    assert [models(watched.page, key) for key in keys] == [200, 200]
    listed = json.loads(run("keys", "list", "--json", "--data-dir", tmp_path).stdout)
    (key,) = [key["id"] for key in listed if key["name"] == "page"]
    details = json.loads(run("keys", "show", key, "--json", "--data-dir", tmp_path).stdout)
    assert [secret["expires"] is None for secret in details["secrets"]] == [True, False]
    assert "key.rotate" in run("keys", "audit", "--data-dir", tmp_path).stdout

    # Revoking the key ends every sign-in, and the next one makes another key.
    assert run("keys", "revoke", key, "--data-dir", tmp_path).returncode == 0
    assert [models(watched.page, key) for key in keys] == [401, 401]
    watched.stop()
    last = served(TerminalServer)
    assert models(last.page, exchange(last.page, last.code).json()["key"]) == 200


def test_a_server_that_asks_for_no_keys_has_a_page_and_no_sign_in(served):
    server = served(Server, "--no-auth")
    page, code = greeting(server)
    assert page == server.address + "/" and code is None
    assert httpx.get(page, timeout=60).status_code == 200
    assert exchange(page, "a" * 22).status_code == 404


def test_a_server_on_all_addresses_prints_one_that_works_here(served):
    server = served(Server, "--host", "0.0.0.0", "--api-key", "k" * 20)
    page, _ = greeting(server)
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", page)
    assert httpx.get(page, timeout=60).status_code == 200
    server.stop()
    page, _ = greeting(served(Server, "--host", "0.0.0.0", "--api-key", "k" * 20, "--allowed-host", "localhost"))
    assert re.fullmatch(r"http://localhost:\d+/", page)
    assert httpx.get(page, timeout=60).status_code == 200


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
@pytest.mark.parametrize("host", ["::1", "[::1]", "::"])
def test_an_address_of_ipv6_stands_in_brackets(served, host):
    page, _ = greeting(served(Server, "--host", host, "--api-key", "k" * 20))
    assert re.fullmatch(r"http://\[::1\]:\d+/", page)
    assert httpx.get(page, timeout=60).status_code == 200


def test_the_greeting_of_the_first_minute_holds_the_link_before_the_key(server):
    server.wait_for("(The same, streamed)")
    text = "\n".join(server.output)
    assert text.index("Open the page: ") < text.index(server.key) and MODEL in text
