"""One browser and one real server for the tests of the pages."""

import os
import pathlib

import pytest
from conftest import Server
from pages import browser as browsers
from pages import figures
from pages.chat import Chat
from pages.proxy import Proxy

HERE = pathlib.Path(__file__).resolve().parent
ADMIN_KEY = "the-admins-own-key"
# What the tests run in: Chromium, or with `PINION_PAGES_IN=firefox`, as in `make test-firefox`, Firefox.
if os.environ.get("PINION_PAGES_IN") == "firefox":
    from pages import firefox as engine
else:
    engine = browsers


def pytest_collection_modifyitems(config, items):
    """Without a browser one test stands for all of the pages, and is skipped: one line says what is missing."""
    ours = [item for item in items if HERE in item.path.parents]
    if not ours or not (reason := engine.missing()):
        return
    config.hook.pytest_deselected(items=ours[1:])
    items[:] = [item for item in items if item not in ours[1:]]
    ours[0].add_marker(pytest.mark.skip(reason=f"none of the {len(ours)} tests of the pages ran: {reason}"))


def pytest_terminal_summary(terminalreporter):
    for line in figures.told:
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    browser = engine.Browser(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.log()
    browser.close()
    assert not browser.violations, "the content security policy was violated in the run"


@pytest.fixture(scope="session")
def data(new_data):
    """A directory of the pages' own: the first key is shown once, and other tests may have seen theirs."""
    return new_data()


@pytest.fixture(scope="session")
def server(data):
    """A server with a user's key and an admin's."""
    server = Server("--data-dir", data, PINION_ADMIN_KEY=ADMIN_KEY)
    server.key, server.admin_key = server.wait_for(r"^\s+(pk-\w+)$"), ADMIN_KEY
    yield server
    assert server.stop() == 0, server.errors


@pytest.fixture
def proxy(server):
    """A proxy before the real server: an origin of its own for each test."""
    proxy = Proxy(server.address)
    yield proxy
    proxy.close()


@pytest.fixture
def quiet(browser, request):
    """Nothing in a test violates the policy or throws in a page, unless the test is marked `throws`."""
    browser.log()
    yield
    entries = browser.log()
    assert not [entry for entry in entries if browsers.is_violation(entry)]
    errors = [entry["message"] for entry in entries if entry["source"] == "javascript" and entry["level"] == "SEVERE"]
    assert not errors


@pytest.fixture
def chat(browser, proxy, server, quiet):
    """The chat page behind the proxy, signed in with the server's key, in English."""
    with browser.page(proxy.address) as page:
        chat = Chat(page, proxy)
        chat.sign_in(server.key)
        yield chat
