"""Errors before and in a reply, lost connections, a restart, a revoked key, full storage: no text is lost, and it says so."""

import threading
import time

import httpx
import pytest
from conftest import Server, run
from pages.browser import WAIT_SECONDS
from pages.chat import LAST, Chat
from pages.proxy import Proxy, Reply

NEVER = threading.Event()
# Bytes of a stream of the server, which are about twelve tokens.
HOLD_AFTER = 3_000


def said(chat):
    """The banner's words and the last event of the live region."""
    return chat.page.until(
        "!document.querySelector('#error').hidden && document.querySelector('#error-text').textContent"
    )


@pytest.mark.parametrize(
    "status, kind, code, message",
    [
        (
            400,
            "invalid_request_error",
            "context_length_exceeded",
            "This model's maximum context length is 2048 tokens.",
        ),
        (429, "requests", "rate_limit_exceeded", "Rate limit reached. Please try again in 3 s."),
        (429, "insufficient_quota", "insufficient_quota", "The day's tokens are spent."),
        (503, "server_error", "server_is_overloaded", "The server is overloaded."),
        (500, "server_error", "internal_error", "The server had an error."),
    ],
)
def test_a_refusal_is_told_in_the_servers_words_and_can_be_tried_again(chat, status, kind, code, message):
    fields = {"retry_after": "3"} if status in (429, 503) else {}
    chat.scripted(Reply.refusal(status, message, kind, code, **fields), "my question", "failed")
    assert message in said(chat)
    assert chat.page.attribute("#live", "data-event") == "failed"
    assert ["user", "my question"] in chat.messages()
    chat.proxy.script(Reply().text("now it works").end())
    chat.page.click("#retry")
    chat.page.until("document.querySelector(arguments[0])?.textContent === 'now it works'", f"{LAST} .body")
    assert chat.page.value("document.querySelector('#error').hidden")
    assert [message["content"] for message in chat.proxy.chats()[-1]["messages"]] == ["my question"]


def test_an_error_that_is_no_json_is_told_too(chat):
    chat.scripted(Reply(502, b"<html><h1>Bad gateway</h1></html>"), state="failed")
    assert said(chat).strip()
    assert chat.page.count("#error h1") == 0


def test_an_error_in_the_stream_keeps_what_came(chat):
    chat.scripted(Reply().text("What came ", "before.").fault("The engine failed."), state="failed")
    chat.until_says("What came before.")
    assert "The engine failed." in said(chat)
    chat.until_kept('"state":"failed"')
    chat.page.reload()
    chat.ready()
    chat.page.until(
        "document.querySelector(arguments[0])?.textContent.startsWith('What came before.')", f"{LAST} .body"
    )
    assert chat.state == "failed"


@pytest.mark.parametrize("cut", [True, False], ids=["dropped", "ended early"])
def test_a_lost_connection_keeps_what_came_and_is_marked(chat, cut):
    # A connection that breaks takes with it what the page has not read yet.
    is_read = threading.Event()
    reply = Reply().text("What came ", "before.").hold(is_read)
    chat.scripted(reply.drop() if cut else reply, state="streaming")
    chat.until_says("What came before.")
    is_read.set()
    chat.until_state("interrupted")
    chat.until_says("What came before.")
    assert chat.page.text(chat.part(".ending")).strip()
    assert chat.page.attribute("#live", "data-event") in ("cut", "failed")
    assert said(chat)


def test_a_cut_stream_of_the_real_server_can_be_continued(chat):
    chat.proxy.hold_after, chat.proxy.cuts = HOLD_AFTER, True
    chat.page.fill("#p-max_tokens", "60")
    chat.page.fill("#p-temperature", "0")
    chat.send("Write a long story about a river.")
    chat.page.until("document.querySelector(arguments[0])?.textContent.length > 5", f"{LAST} .body", seconds=60)
    assert chat.proxy.held.wait(60)
    chat.proxy.go_on.set()
    chat.until_state("interrupted", seconds=60)
    kept = chat.body
    assert len(kept) > 5
    chat.page.click(chat.part("button.continue"))
    chat.page.until(
        "document.querySelector(arguments[0]).textContent.length > arguments[1]", f"{LAST} .body", len(kept)
    )
    chat.until_state("done", seconds=60)


def test_no_server_is_told_and_the_question_is_kept(chat):
    chat.proxy.upstream = "http://127.0.0.1:9"
    chat.send("are you there?")
    chat.until_state("failed")
    assert said(chat)
    assert ["user", "are you there?"] in chat.messages()


def test_a_reload_in_mid_stream_keeps_the_text_and_marks_it(chat):
    """Some of it was written before, the rest is on the way out; the page is left between two writes, not in one."""
    go_on = threading.Event()
    words = [f"word{number} " for number in range(20)]
    chat.proxy.script(Reply().text(*words[:10]).hold(go_on).text(*words[10:]).hold(NEVER))
    chat.send("hello")
    chat.until_kept("word9")
    go_on.set()
    chat.page.until("document.querySelector(arguments[0])?.textContent.includes('word19')", f"{LAST} .body")
    chat.page.reload()
    chat.ready()
    chat.until_state("interrupted")
    chat.until_includes("word19")
    assert "word0 word1" in chat.body
    assert chat.page.text(chat.part(".ending")).strip()
    assert chat.page.shown(chat.part("button.continue"))
    assert chat.page.shown("#send") and not chat.page.shown("#stop")


def test_a_tab_that_was_closed_in_mid_stream_is_opened_again_with_the_text(chat, browser, server):
    chat.proxy.script(Reply().text("kept by the closed tab").hold(NEVER))
    chat.send("hello")
    chat.page.until("document.querySelector(arguments[0])?.textContent.includes('closed tab')", f"{LAST} .body")
    # The page writes from time to time, because not every end is told to it.
    chat.until_kept("kept by the closed tab")
    chat.page.close()
    with browser.page(chat.proxy.address) as page:
        other = Chat(page, chat.proxy)
        other.sign_in(server.key)
        page.click("#conversations button.open")
        other.until_state("interrupted")
        other.until_says("kept by the closed tab")


def test_a_server_that_is_killed_in_mid_stream_and_started_again_goes_on(browser, quiet, new_data):
    data = new_data()
    first = Server("--data-dir", data)
    key = first.wait_for(r"^\s+(pk-\w+)$")
    proxy = Proxy(first.address)
    second = None
    try:
        with browser.page(proxy.address) as page:
            chat = Chat(page, proxy)
            chat.sign_in(key)
            page.fill("#p-max_tokens", "4000")
            page.fill("#p-temperature", "0")
            proxy.hold_after = HOLD_AFTER
            chat.send("Write a long story about a river.")
            # The server goes on meanwhile, for seconds.
            assert proxy.held.wait(60)
            first.process.kill()
            page.until("document.querySelector(arguments[0])?.textContent.length > 20", f"{LAST} .body")
            proxy.go_on.set()
            chat.until_state("interrupted")
            kept = chat.body
            assert len(kept) > 20 and said(chat)
            second = Server("--data-dir", data)
            proxy.upstream, proxy.pace = second.address, 0.02
            page.click(chat.part("button.continue"))
            page.until(
                "document.querySelector(arguments[0]).textContent.length > arguments[1]",
                f"{LAST} .body",
                len(kept) + 20,
                seconds=60,
            )
            page.click("#stop")
            chat.until_state("stopped")
            assert chat.body.startswith(kept.strip()[:20])
    finally:
        proxy.close()
        first.stop()
        if second:
            second.stop()


def test_a_key_that_is_revoked_while_chatting_leaves_the_conversation_and_asks_for_another(chat, browser, server, data):
    made = run("keys", "create", "--name", "visitor", "--data-dir", data).stdout.strip()
    with browser.page(chat.proxy.address) as page:
        visitor = Chat(page, chat.proxy)
        visitor.sign_in(made)
        visitor.scripted(Reply().text("before the revocation").end(), "first", "done")
        assert run("keys", "revoke", made, "--data-dir", data).returncode == 0
        # A server takes up to a second to notice.
        refused = {"authorization": f"Bearer {made}"}
        deadline = time.monotonic() + WAIT_SECONDS
        while httpx.get(f"{server.address}/v1/models", headers=refused, timeout=WAIT_SECONDS).status_code != 401:
            assert time.monotonic() < deadline, "the key is still accepted"
            time.sleep(0.05)
        visitor.send("second")
        page.until_shown("#sign-in")
        assert ["assistant", "before the revocation"] in visitor.messages(), "the conversation is still shown"
        assert (
            page.value("document.querySelector('#prompt').value === 'second'")
            or ["user", "second"] in visitor.messages()
        )
        assert page.value("sessionStorage.getItem('pinion.key')") is None


def test_a_wrong_key_is_told(browser, proxy, quiet):
    with browser.page(proxy.address) as page:
        page.open("/")
        page.until("document.body.dataset.state === 'sign-in'")
        page.fill("#key", "pk-wrong")
        page.click("#sign-in-send")
        page.until("document.querySelector('#sign-in-error').textContent.trim()")
        assert page.shown("#sign-in") and page.value("sessionStorage.getItem('pinion.key')") is None


def test_full_storage_is_told_and_the_reply_stays_on_the_page(browser, proxy, server, quiet):
    """Full before the page first writes: later the browser goes by the room that it saw up to half a minute ago."""
    with browser.page(proxy.address) as page:
        page.open("/")
        page.cdp("Storage.overrideQuotaForOrigin", origin=proxy.address, quotaSize=1)
        chat = Chat(page, proxy)
        chat.sign_in(server.key)
        chat.scripted(Reply().text("x" * 300_000).end(), "this does not fit", "done")
        chat.until_says("x" * 300_000)
        page.until("document.querySelector('#notice[data-kind=storage]')?.checkVisibility()")
        assert page.text("#notice-text").strip()
        chat.scripted(Reply().text("and it goes on").end(), "next", "done")
        chat.until_says("and it goes on")
        assert [role for role, _ in chat.messages()] == ["user", "assistant"] * 2
        page.cdp("Storage.overrideQuotaForOrigin", origin=proxy.address)
