"""Every command, request and program that the documents show is run, and every link leads somewhere."""

import collections
import contextlib
import json
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess

import documents
import httpx
import pytest
from conftest import BINARY, MODEL, ROOT, Server, environment, run

TINY = ROOT / "Tests/Fixtures/models/tiny-llama-q4_1.gguf"
# Commands that are not run here, and why.
ELSEWHERE = {
    r"make (build|format|test|bench|serve$)": "builds or tests the project, as the run of this test did",
    r"make test-\w+": "builds or tests the project",
    r"Benchmarks/": "needs a peer or an earlier build",
    r"pinion chat --url https": "talks to a server elsewhere",
}
STEP_SECONDS = 120


def free_port():
    """A port that nobody has, and that the system gives to no client or server that asks for any."""
    first = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for port in random.sample(range(first // 2, first), 100):
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError(f"no port below {first} is free")


class Desk:
    """A reader's directory, with the files that examples name, the program on its path, and perhaps a running server."""

    def __init__(self, place, data, hub):
        self.place, self.data, self.hub, self.server = place, data, hub, None
        (place / "bin").mkdir()
        (place / "bin/pinion").symlink_to(BINARY)
        (place / "path/to").mkdir(parents=True)
        (place / "backup").mkdir()
        for name in ("a.gguf", "b.gguf", "FILE.gguf", "path/to/model.gguf", "model.gguf"):
            shutil.copy(TINY, place / name)
        # Documents name a port; another program may have it here.
        self.settings = {"port": free_port(), "model": [str(place / "a.gguf")]}
        (place / "settings.json").write_text(json.dumps(self.settings))
        # Bounded: a small model does not always find the end of a string.
        name = {"type": "string", "maxLength": 20}
        schema = {"type": "object", "properties": {"name": name}, "required": ["name"]}
        (place / "schema.json").write_text(json.dumps(schema))
        (place / "city.json").write_text(json.dumps(schema | {"additionalProperties": False}))
        (place / "instance.json").write_text('{"name":"Ada"}')
        repository = {f"Qwen3-0.6B-{kind}.gguf": TINY.read_bytes() for kind in ("Q8_0", "Q4_K_M")}
        for name in ("Qwen/Qwen3-0.6B-GGUF", "Qwen/Qwen3-0.6B"):
            hub.add(name, repository)
        self.key = run("keys", "create", "--name", "reader", "--data-dir", data).stdout.strip()

    def start(self):
        self.server = Server("--data-dir", self.data, PINION_ADMIN_KEY="admin-of-the-documents")
        reply = self.server.client(self.key).chat.completions.with_raw_response.create(
            model=MODEL, messages=[{"role": "user", "content": "Hi"}], max_tokens=2, user="ada"
        )
        self.request = reply.headers["x-request-id"]

    def stop(self):
        if self.server:
            assert self.server.stop() == 0, self.server.errors
        self.server = None

    def newest_key(self):
        return json.loads(run("keys", "list", "--json", "--data-dir", self.data).stdout)[-1]["id"]

    def filled(self, text):
        """An example with what a reader fills in."""
        if self.server:
            text = text.replace("http://127.0.0.1:8080", self.server.address)
            text = text.replace("req_...", self.request)
        text = re.sub(r"\bpk-\.\.\.|\bKEY\b", self.key, text)
        text = re.sub(r"\bkey_\w+(\.\.\.)?|\bID\b(?!=)", lambda _: self.newest_key(), text)
        text = re.sub(r"\bMODEL\b(?!=)", MODEL, text)
        return text.replace("/backup/", f"{self.place}/backup/").replace("9000", str(free_port()))

    def environment(self, serves):
        """A server takes the variable for one more key, a chat for its own."""
        return environment(
            **self.hub.environment(), PINION_DATA_DIR=str(self.data), PATH=f"{self.place}/bin:/usr/bin:/bin",
            **({} if serves else {"PINION_API_KEY": self.key}),
        )  # fmt: skip

    def run(self, command):
        """Runs a command to its end, or a server until it listens."""
        command = re.sub(r"^make serve ARGS='(.*)'$", r"pinion serve \1", self.filled(command))
        command = re.sub(r"HF_ENDPOINT=\S+ ", "", command).replace("curl ", "curl -sS --fail-with-body ")
        serves = re.search(r"pinion serve", command)
        if serves and not re.search(r"port|--config|PINION_PORT", command, re.IGNORECASE):
            command += " --port 0"
        if not re.search(r"--(json|schema)", command):
            # A small model does not always find an end, and the length of a reply shows nothing here.
            command = re.sub(r"pinion (run|chat)\b", r"pinion \1 --max-tokens 64", command)
        if "pinion chat" in command and self.server and "--url" not in command:
            command = re.sub(r"pinion chat\b", f"pinion chat --url {self.server.address}", command)
        process = subprocess.Popen(
            ["bash", "-c", f"exec {command}" if serves and "=" not in command.split()[0] else command],
            cwd=self.place, env=self.environment(serves), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, process_group=0,
        )  # fmt: skip
        # What a reader types where a command waits for it.
        typed = "Name a colour." if re.search(r"pinion (run|chat)", command) else ""
        output = ""
        try:
            if serves:
                for line in process.stdout:
                    output += line
                    if line.startswith("listening on"):
                        return output
                raise AssertionError(f"{command}: {output}")
            output = process.communicate(typed, timeout=STEP_SECONDS)[0]
            assert process.returncode == 0, f"{command}: {output}"
            return output
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.communicate(timeout=STEP_SECONDS)


@pytest.fixture
def desk(tmp_path, new_data, hub):
    desk = Desk(tmp_path, new_data(), hub)
    yield desk
    if desk.server:
        desk.server.stop()


def name(page):
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", [page for page in documents.PAGES if documents.examples(page)], ids=name)
def test_the_examples_of_a_page_work_one_after_the_other(page, desk):
    for example in documents.examples(page):
        where = f"{name(page)}:{example.line}"
        if any(re.match(pattern, example.text) for pattern in ELSEWHERE):
            continue
        # These need the directory for themselves.
        if re.search(r"(make|pinion) (serve|usage prune|store restore)", example.text):
            desk.stop()
        elif not desk.server:
            desk.start()
        if example.kind == "command":
            desk.run(example.text)
        elif example.kind == "request":
            path = example.text.split()[1]
            key = "admin-of-the-documents" if path.startswith("/admin") else desk.key
            head = {"Authorization": f"Bearer {key}"}
            reply = httpx.get(desk.server.address + path, headers=head, timeout=60)
            assert reply.status_code == 200, (where, reply.text)
        else:
            exec(compile(desk.filled(example.text), where, "exec"), {})


def test_nothing_is_left_out_for_no_reason():
    texts = [example.text for page in documents.PAGES for example in documents.examples(page)]
    assert len(texts) > 40
    for pattern in ELSEWHERE:
        assert any(re.match(pattern, text) for text in texts), f"no page shows {pattern} any more"


def test_every_command_that_a_sentence_names_is_there():
    named = collections.defaultdict(set)
    for page in documents.PAGES:
        for words in documents.named_commands(page):
            named[words].add(name(page))
    assert len(named) > 20
    for words, pages in named.items():
        done = run(*words, "--help")
        usage = re.search(r"USAGE: pinion ([a-z ]+)", done.stdout)
        assert done.returncode == 0 and usage, (words, pages, done.stderr)
        # The parser takes words that are no subcommand for arguments.
        assert usage.group(1).split()[: len(words)] == list(words), (words, pages)


@pytest.mark.parametrize("page", documents.PAGES, ids=name)
def test_the_links_of_a_page_lead_somewhere(page):
    for path, anchor in documents.links(page):
        assert path.exists(), path
        if anchor and path.suffix == ".md":
            assert anchor in set(documents.anchors(path)), (path, anchor)


def test_no_page_is_left_out_of_the_index():
    index = ROOT / "docs/README.md"
    linked = {path.resolve() for path, _ in documents.links(index)}
    pages = {pathlib.Path(page) for page in ROOT.glob("docs/*/*.md")}
    assert pages <= linked, pages - linked
