"""The status page with the real server's figures: signing in, polling, lost servers, hostile names, looks."""

import contextlib
import time

import httpx
import pytest
from conftest import Server, run
from pages import hostile
from pages.browser import WAIT_SECONDS
from pages.proxy import Proxy
from pages.test_access import LANGUAGES, NARROW, THEMES, set_looks, too_wide
from pages.test_keyboard import compose_and_press_enter

STATUS = "/admin/status"
READY = "document.body.dataset.state === 'ready'"
POLL_SECONDS = 5
# A look of axe-core's takes less than the time between two polls.
MOST_LOOKS = 5


def sign_in(page, key, path="/status"):
    page.speak("en")
    page.open(path)
    page.until("document.body.dataset.state === 'sign-in'")
    page.fill("#admin-key", key)
    page.key("Enter")
    page.until(READY)
    page.until("document.querySelector('#updated').dataset.time")
    until_drawn(page)
    return page


def until_drawn(page):
    """Waits for the plots, which are drawn once their width is known, and for those tables that are unfolded."""
    page.until(
        """(plots => plots.length && plots.every((plot) => plot.querySelector("svg")
            && (!plot.querySelector("details").open || plot.querySelector("details tr"))))(
            [...document.querySelectorAll("figure.plot")])"""
    )


def axe(page):
    """What axe-core finds while the figures stay: a poll makes them anew under its hands."""
    for _ in range(MOST_LOOKS):
        before = page.attribute("#updated", "data-time")
        found = page.axe()
        if page.attribute("#updated", "data-time") == before:
            return found
    raise AssertionError("the figures never stay for as long as axe-core takes")


@pytest.fixture
def status(browser, proxy, server, quiet):
    """The status page behind the proxy, signed in."""
    with browser.page(proxy.address) as page:
        yield sign_in(page, server.admin_key)


def use(server, count=2):
    """Requests whose figures the page shows."""
    for _ in range(count):
        server.client(server.key).chat.completions.create(
            model="smollm2/135m-instruct", messages=[{"role": "user", "content": "Say hello."}], max_tokens=8
        )
    with contextlib.suppress(Exception):
        server.client(server.key).chat.completions.create(
            model="none/such", messages=[{"role": "user", "content": "x"}]
        )


def figure(page, tile):
    value = page.attribute(f"#tile-{tile} .value", "data-value")
    return None if value in (None, "") else float(value)


def test_the_figures_are_those_of_the_server(status, server):
    use(server)
    before = status.attribute("#updated", "data-time")
    status.until("document.querySelector('#updated').dataset.time !== arguments[0]", before)
    status.until("+document.querySelector('#tile-requests .value').dataset.value >= 2")
    assert status.text("#version").strip() and run("--version").stdout.split()[-1] in status.text("#version")
    assert status.attribute("#server-state", "data-state") == "ready"
    # A poll may have come before the last request had left.
    status.until(
        "['running', 'waiting'].every((name) => document.querySelector(`#tile-${name} .value`).dataset.value === '0')"
    )
    assert figure(status, "running") == 0 and figure(status, "waiting") == 0
    assert figure(status, "memory") > 50e6
    assert status.count("table#models tbody tr[data-model]") == 1
    assert "smollm2/135m-instruct" in status.text("table#models tbody")
    status.until("document.querySelector('table#keys tbody tr[data-key]')")
    assert server.key not in status.value("document.documentElement.outerHTML")


def test_running_requests_are_counted(status, server):
    """Two that last for some seconds, in which the page asks: as it does where a connection is there again."""
    with contextlib.ExitStack() as stack:
        for _ in range(2):
            stream = server.client(server.key).chat.completions.create(
                model="smollm2/135m-instruct",
                messages=[{"role": "user", "content": "Write a long story."}],
                max_tokens=4_000,
                stream=True,
                extra_body={"ignore_eos": True},
            )
            next(iter(stack.enter_context(stream)))
        status.run("dispatchEvent(new Event('online'))")
        status.until("+document.querySelector('#tile-running .value').dataset.value >= 2", seconds=4 * POLL_SECONDS)
    status.until("+document.querySelector('#tile-running .value').dataset.value === 0", seconds=4 * POLL_SECONDS)


def test_plots_are_drawn_with_words_and_as_tables(status, server):
    use(server)
    for plot in ("rate", "sequences", "first", "gap", "requests", "hits"):
        figure = f"figure.plot#plot-{plot}"
        status.until("document.querySelector(arguments[0])", f"{figure} svg[role=img]")
        assert len(status.attribute(f"{figure} svg", "aria-label")) > 10, plot
        status.click(f"{figure} details.as-table > summary")
        status.until("document.querySelector(arguments[0])", f"{figure} details table")


def test_the_admin_key_is_kept_nowhere(status, server):
    kept = status.promise("""
        return JSON.stringify([localStorage, sessionStorage, document.cookie, location.href, history.state,
            await indexedDB.databases(), await caches.keys(), document.documentElement.outerHTML,
            [...document.querySelectorAll("input")].map((each) => each.value)]);
    """)
    assert server.admin_key not in kept
    status.reload()
    status.until("document.body.dataset.state === 'sign-in'")


@pytest.mark.parametrize("field", ["#admin-key"])
def test_enter_while_composing_does_not_sign_in(browser, proxy, quiet, field):
    with browser.page(proxy.address) as page:
        page.open("/status")
        page.until("document.body.dataset.state === 'sign-in'")
        compose_and_press_enter(page, field)
        assert page.value("document.body.dataset.state") == "sign-in" and not proxy.asked(STATUS)


def test_a_wrong_key_is_told_and_so_is_a_users_key(browser, proxy, server, quiet):
    with browser.page(proxy.address) as page:
        page.open("/status")
        for key in ("nonsense", server.key):
            page.fill("#admin-key", key)
            page.click("#sign-in-send")
            page.until(
                "document.body.dataset.state === 'sign-in' && document.querySelector('#sign-in-error').dataset.kind === 'wrong'"
            )
            asked = [fields for _, path, fields, _ in proxy.requests if path == STATUS]
            assert {name.lower(): value for name, value in asked[-1].items()}["authorization"] == f"Bearer {key}"
            assert page.shown("#sign-in") and not page.shown("#figures")


def test_a_server_without_an_admin_key_is_told_apart(browser, new_data, quiet):
    server = Server("--data-dir", new_data())
    try:
        with browser.page(server.address) as page:
            page.open("/status")
            page.fill("#admin-key", "some key")
            page.click("#sign-in-send")
            page.until("document.querySelector('#sign-in-error').dataset.kind === 'missing'")
    finally:
        server.stop()


def test_a_lost_server_is_told_and_its_figures_stay(status, proxy):
    shown = status.text("#figures")
    address, proxy.upstream = proxy.upstream, "http://127.0.0.1:9"
    status.until("document.body.dataset.health === 'lost'", seconds=6 * POLL_SECONDS)
    assert status.shown("#alert") and status.text("#alert-text").strip()
    assert status.attribute("#live", "data-event") == "lost"
    assert status.shown("#figures") and len(status.text("#figures")) > len(shown) / 2
    proxy.upstream = address
    status.until("document.body.dataset.health === 'ok'", seconds=40)
    assert not status.shown("#alert") and status.attribute("#live", "data-event") == "found"


def test_seven_tabs_ask_as_often_as_one(browser, proxy, server, quiet):
    """The one in front asks, the others hear of it or are hidden."""
    with contextlib.ExitStack() as stack:
        pages = [sign_in(stack.enter_context(browser.page(proxy.address)), server.admin_key) for _ in range(7)]
        before, start = proxy.asked(STATUS), time.monotonic()
        time.sleep(2.5 * POLL_SECONDS)
        asked, most = proxy.asked(STATUS) - before, (time.monotonic() - start) / POLL_SECONDS + 1
        assert 1 <= asked <= most, asked
        assert pages[-1].attribute("body", "data-tab") == "polls"


def replaced(node, text):
    """The same JSON with each text that is no time or state of the server's replaced."""
    if isinstance(node, dict):
        return {key: replaced(value, text) for key, value in node.items()}
    if isinstance(node, list):
        return [replaced(value, text) for value in node]
    return text if isinstance(node, str) else node


def real_status(server):
    fields = {"authorization": f"Bearer {server.admin_key}"}
    return httpx.get(server.address + STATUS, headers=fields, timeout=WAIT_SECONDS).json()


@pytest.mark.parametrize("text", [*hostile.NAMES, "\n".join(hostile.ALL), "constructor", "__proto__", "x" * 5_000])
def test_hostile_names_are_text(browser, proxy, server, quiet, text):
    use(server)
    proxy.answers[STATUS] = replaced(real_status(server), text)
    with browser.page(proxy.address) as page:
        sign_in(page, server.admin_key)
        hostile.assert_harmless(page, proxy)
        assert page.count("#figures script, #figures img, #figures iframe, #figures a, #figures style") == 0
        assert not too_wide(page)


def test_figures_of_odd_shapes_do_not_break_the_page(browser, proxy, server, quiet):
    use(server)
    real = real_status(server)
    with browser.page(proxy.address) as page:
        sign_in(page, server.admin_key)
        for value in (None, 0, -1, 1e308, [], {}, "text"):
            for name in real:
                proxy.answers[STATUS] = real | {name: value}
                # Each shape is asked for by a sign-in of its own, because polls are five seconds apart.
                # A poll that comes at that moment may have asked for the key already.
                if page.shown("#forget"):
                    page.click("#forget")
                page.fill("#admin-key", server.admin_key)
                page.key("Enter")
                page.until("document.body.dataset.state !== 'checking'")
        proxy.answers.clear()
        if page.shown("#admin-key"):
            page.fill("#admin-key", server.admin_key)
            page.key("Enter")
        page.until(READY)
        page.until("document.body.dataset.health === 'ok'", seconds=40)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_in_the_status_page(browser, proxy, server, quiet, theme, language):
    use(server)
    with browser.page(proxy.address) as page:
        page.open("/status")
        set_looks(page, theme, language)
        page.until("document.body.dataset.state === 'sign-in'")
        assert page.value("[document.documentElement.lang.slice(0, 2), document.documentElement.dataset.theme]") == [
            language,
            theme,
        ]
        assert not axe(page), "signing in"
        page.fill("#admin-key", "nonsense")
        page.key("Enter")
        page.until("document.querySelector('#sign-in-error').textContent.trim()")
        assert not axe(page), "an error"
        page.fill("#admin-key", server.admin_key)
        page.key("Enter")
        page.until(READY)
        page.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        until_drawn(page)
        assert not axe(page), "the figures"
        page.size(390, 844, mobile=True)
        assert not axe(page), "a phone"


@pytest.mark.parametrize("width, height, scale", [(NARROW, 640, 1), (640, 400, 2)], ids=["320 pixels", "200 percent"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_scrolls_sideways(browser, proxy, server, quiet, language, width, height, scale):
    use(server)
    with browser.page(proxy.address) as page:
        page.size(width, height, scale)
        page.open("/status")
        set_looks(page, "light", language)
        assert not too_wide(page)
        page.fill("#admin-key", server.admin_key)
        page.key("Enter")
        page.until(READY)
        page.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        until_drawn(page)
        assert not too_wide(page)


def test_forced_colours_leave_plots_visible(status):
    status.media(forced_colors="active")
    lines = status.value(
        """[...document.querySelectorAll("figure.plot svg :is(path, polyline, line, rect)")]
        .filter((each) => each.checkVisibility())
        .map((each) => [getComputedStyle(each).stroke, getComputedStyle(each).fill])"""
    )
    background = status.value("getComputedStyle(document.body).backgroundColor")
    assert any(background not in pair[:1] for pair in lines)
    assert not axe(status)


def test_the_page_works_under_a_path_prefix(browser, server, quiet):
    proxy = Proxy(server.address, "/some/prefix")
    try:
        with browser.page(proxy.address) as page:
            sign_in(page, server.admin_key)
            assert proxy.asked(STATUS)
    finally:
        proxy.close()
