"""A real server for the client tests: the release binary, the default model, a fresh data directory."""

import os
import pathlib
import re
import resource
import signal
import subprocess
import threading
import time

import compatibility
import hub_server
import openai
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("PINION_BINARY", ROOT / ".build/release/pinion"))
MODEL = "smollm2/135m-instruct"
# Models are kept between runs; everything else of a test lives in a directory of its own.
KEPT_DATA = ROOT / ".build/test-data"

START_SECONDS = 120
STOP_SECONDS = 40
DAY_SECONDS = 86_400
# Of the longest test that takes `one_day`.
TEST_SECONDS = 120


def environment(**extra):
    """The caller's environment without settings that would change what is tested."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PINION_")}
    return kept | extra


def run(*arguments, timeout=START_SECONDS, **extra):
    """Runs the binary to its end."""
    return subprocess.run(
        [BINARY, *map(str, arguments)],
        env=environment(**extra),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
    )


class Server:
    """A running `pinion serve`, and what it printed; `descriptors` is the most that the system lets it open."""

    def __init__(self, *arguments, descriptors=None, **extra):
        def limit():
            if descriptors:
                resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))

        self.output = []
        self.errors = []
        self.process = subprocess.Popen(
            [BINARY, "serve", "--port", "0", *map(str, arguments)],
            env=environment(**extra),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=limit if descriptors else None,
        )
        self.readers = [
            threading.Thread(target=self._read, args=pair, daemon=True)
            for pair in ((self.process.stdout, self.output), (self.process.stderr, self.errors))
        ]
        for reader in self.readers:
            reader.start()
        self.address = self.wait_for(r"^listening on (http://\S+)$")

    @staticmethod
    def _read(stream, lines):
        for line in stream:
            lines.append(line.rstrip("\n"))

    def wait_for(self, pattern):
        """The first group of the first printed line that matches."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            ended = self.process.poll() is not None
            for line in list(self.output):
                if match := re.search(pattern, line):
                    return match.group(1)
            if ended:
                break
            time.sleep(0.02)
        self.stop()
        raise AssertionError(f"no line matches {pattern!r}; printed: {self.output} {self.errors}")

    def stop(self):
        """Asks this one process to stop, and returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for reader in self.readers:
            reader.join()
        return self.process.returncode

    def client(self, key, kind=openai.OpenAI, **options):
        return kind(base_url=f"{self.address}/v1", api_key=key, max_retries=0, timeout=120, **options)


def pytest_configure(config):
    config.addinivalue_line("markers", "shows(client, route, *what): what the test shows of a client; see compatibility.py")


def pytest_collection_modifyitems(items):
    for item in items:
        item.user_properties += compatibility.shown_by(item)


@pytest.fixture(scope="session")
def model_path():
    """The default model's file."""
    done = run("models", "pull", MODEL, "--data-dir", KEPT_DATA, timeout=900)
    assert done.returncode == 0, done.stderr
    return pathlib.Path(done.stdout.strip())


@pytest.fixture(scope="session")
def new_data(model_path, tmp_path_factory):
    """Makes data directories that hold the model already, and nothing else."""

    def make():
        directory = tmp_path_factory.mktemp("data")
        (directory / "models").symlink_to(KEPT_DATA / "models")
        return directory

    return make


@pytest.fixture(scope="session")
def data(new_data):
    return new_data()


@pytest.fixture(scope="session")
def server(data):
    """A server as its first start leaves it; `key` is the one it made and showed."""
    server = Server("--data-dir", data)
    server.key = server.wait_for(r"^\s+(pk-\w+)$")
    yield server
    assert server.stop() == 0, server.errors


@pytest.fixture(scope="session")
def client(server):
    return server.client(server.key, _strict_response_validation=True)


@pytest.fixture
def asynchronous(server):
    return server.client(server.key, openai.AsyncOpenAI, _strict_response_validation=True)


def stay_in_one_day(seconds):
    """Waits for midnight in UTC, where the budgets of a day would begin anew within so many seconds."""
    left = DAY_SECONDS - time.time() % DAY_SECONDS
    if left < seconds:
        time.sleep(left + 1)


@pytest.fixture
def one_day():
    """Lets no midnight fall into a test."""
    stay_in_one_day(TEST_SECONDS)


@pytest.fixture
def hub():
    """A hub of models on this machine, empty."""
    hub = hub_server.Hub()
    yield hub
    hub.close()
