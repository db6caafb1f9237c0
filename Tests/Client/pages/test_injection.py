"""Hostile text from the model, the server, a file and the user is shown as text, wherever it turns up."""

import json

import pytest
from pages import hostile
from pages.chat import DONE, LAST, Chat
from pages.proxy import Proxy, Reply

# Pieces so short that every mark is cut.
PIECE = 7


def in_pieces(text):
    return [text[start : start + PIECE] for start in range(0, len(text), PIECE)]


def poke(page):
    """Moves the pointer over every link and opens every fold, as a curious person does."""
    page.run("""
        for (const element of document.querySelectorAll("#messages details")) element.open = true;
        for (const element of document.querySelectorAll("#messages *"))
            for (const kind of ["mouseover", "mouseenter", "pointerover", "focus", "toggle"]) element.dispatchEvent(new Event(kind));
    """)


@pytest.mark.parametrize("kind", ["SCRIPTS", "LINKS", "FORMS", "CHARACTERS"])
def test_hostile_text_of_the_model_is_text(chat, kind):
    texts = getattr(hostile, kind)
    chat.scripted(Reply().text(*in_pieces("\n\n".join(texts))).end(), state="done")
    poke(chat.page)
    hostile.assert_harmless(chat.page, chat.proxy)
    if kind == "SCRIPTS":
        shown = chat.page.text(f"{LAST} .body")
        for text in ("<script>globalThis.pwned = 1</script>", "<svg onload=globalThis.pwned=1>", "<!--><img src=x"):
            assert text in shown
    # After a reload the same text comes from the storage.
    chat.until_kept(DONE)
    chat.page.reload()
    chat.ready()
    chat.until_state("done")
    poke(chat.page)
    hostile.assert_harmless(chat.page, chat.proxy)


def test_hostile_reasoning_and_tool_calls_are_text(chat):
    everything = "\n\n".join(hostile.ALL)
    reply = Reply().reasoning(*in_pieces(everything)).text("done")
    for index, name in enumerate(hostile.NAMES + hostile.WORDS):
        reply.tool_call(name, json.dumps({name: everything}), index)
    reply.tool_call("broken", everything, len(hostile.NAMES + hostile.WORDS))
    chat.scripted(reply.end("tool_calls"), state="done")
    poke(chat.page)
    chat.page.until(
        "document.querySelector(arguments[0]).textContent.includes('<script>globalThis.pwned = 1</script>')",
        chat.part(".reasoning-text"),
    )
    hostile.assert_harmless(chat.page, chat.proxy)


def test_a_hostile_message_of_the_user_is_text_and_so_is_its_title(chat):
    text = hostile.NAMES[0] + "\n" + "\n".join(hostile.ALL)
    chat.scripted(Reply().text("ok").end(), text, "done")
    # The list shows a conversation once it is written.
    chat.page.until(
        "document.querySelector('#conversations button.open')?.textContent.includes(arguments[0])",
        hostile.NAMES[0][:20],
    )
    hostile.assert_harmless(chat.page, chat.proxy)


@pytest.mark.parametrize("status", [400, 401, 429, 500])
def test_a_hostile_error_of_the_server_is_text(chat, status):
    chat.scripted(Reply.refusal(status, "\n".join(hostile.ALL)), state="failed")
    hostile.assert_harmless(chat.page, chat.proxy)
    assert chat.page.count("#error img, #error script, #error svg, #error a") == 0


def test_a_hostile_error_in_the_stream_is_text(chat):
    chat.scripted(Reply().text("before").fault("\n".join(hostile.ALL)), state="failed")
    hostile.assert_harmless(chat.page, chat.proxy)


def test_events_of_odd_shapes_do_no_harm(chat):
    """Fields of other types, indexes that name nothing, and words of JavaScript's own objects."""
    reply = Reply()
    for fields in (
        {"choices": None},
        {"choices": "text"},
        {"choices": [None]},
        {"choices": [{"delta": None}]},
        {"choices": [{"index": 0, "delta": {"content": 7}}]},
        {"choices": [{"index": 0, "delta": {"content": {"__proto__": {"pwned": 1}}}}]},
        {"choices": [{"index": 5, "delta": {"content": "another choice"}}]},
        {
            "choices": [
                {
                    "index": 0,
                    "delta": {"tool_calls": [{"index": "__proto__", "function": {"name": "x", "arguments": "y"}}]},
                }
            ]
        },
        {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 1e9, "function": None}]}}]},
        {"choices": [{"index": 0, "delta": {"tool_calls": 5}}]},
        {"choices": [{"index": 0, "delta": {"reasoning_content": ["x"]}}]},
        {"choices": [], "usage": {"prompt_tokens": "<b>", "completion_tokens": None}},
    ):
        reply._step(lambda out, fields=fields: out.event(fields))
    for line in (
        b"data: not json\n\n",
        b"data: [1, 2]\n\n",
        b"data: null\n\n",
        b"event: x\nid: y\nretry: z\n\n",
        b"\n\n",
        b"data:\n\n",
    ):
        reply._step(lambda out, line=line: out.write(line))
    chat.scripted(reply.text("still here").end())
    assert chat.state in ("done", "failed", "interrupted")
    hostile.assert_harmless(chat.page, chat.proxy)
    assert chat.page.value("({}).pwned") is None
    chat.scripted(Reply().text("and on").end(), "next", "done")


def test_hostile_names_of_models_are_text(browser, server, quiet):
    proxy = Proxy(server.address)
    proxy.offer(*hostile.NAMES, *hostile.WORDS, "x" * 300)
    try:
        with browser.page(proxy.address) as page:
            chat = Chat(page, proxy)
            chat.sign_in(server.key)
            assert page.value("[...document.querySelector('#model').options].map(e => e.value)")[:2] == hostile.NAMES
            page.choose("#model", hostile.NAMES[0])
            chat.scripted(Reply().text("ok").end(), state="done")
            assert chat.proxy.chats()[-1]["model"] == hostile.NAMES[0]
            hostile.assert_harmless(page, proxy)
            assert page.value("document.documentElement.scrollWidth <= innerWidth"), "a long name widens the page"
    finally:
        proxy.close()


def test_a_renamed_title_is_text(chat):
    chat.scripted(Reply().text("ok").end(), state="done")
    title = "#conversations button.open"
    chat.page.until_shown(title)
    for name in hostile.NAMES:
        before = chat.page.text(title)
        chat.page.click("#conversations button.rename")
        chat.page.fill("#conversations input.title", name.replace("\0", ""))
        chat.page.key("Enter")
        # The new name is shown once it is written, with new buttons.
        chat.page.until(
            "![null, arguments[1]].includes(document.querySelector(arguments[0])?.textContent ?? null)", title, before
        )
        hostile.assert_harmless(chat.page, chat.proxy)
        assert chat.page.count("#conversations script, #conversations img[src*=leak]") == 0


@pytest.mark.parametrize(
    "fragment",
    ["#key=<script>globalThis.pwned=1</script>", "#sign-in='\"><img src=/leak>", "#javascript:x", "#%00%ff%"],
)
def test_hostile_fragments_do_no_harm(browser, proxy, quiet, fragment):
    with browser.page(proxy.address) as page:
        page.open("/" + fragment)
        page.until("document.body.dataset.state === 'sign-in'")
        hostile.assert_harmless(page, proxy)


def test_direction_marks_stay_in_their_message(chat):
    """An override that is never closed must not turn what stands beside the text."""
    chat.scripted(Reply().text("\u202e\u2067\u202b turned").end(), "\u202e turned too", "done")
    for selector in ("#messages .body", "#conversations button.open"):
        chat.page.until_shown(selector)
        assert chat.page.value(
            """[...document.querySelectorAll(arguments[0])].every((element) => {
                for (let each = element; each && each !== document.body; each = each.parentElement)
                    if (/isolate|plaintext/.test(getComputedStyle(each).unicodeBidi)) return true;
                return false;
            })""",
            selector,
        ), selector


def test_links_of_model_text_open_apart_and_show_where_they_go(chat):
    chat.scripted(Reply().text("[a bank](https://pinion.example/login?next=1)").end(), state="done")
    link = chat.part(".body a")
    assert chat.page.attribute(link, "target") == "_blank"
    assert {"noopener", "noreferrer"} <= set(chat.page.attribute(link, "rel").split())
    before = len(chat.page.driver.window_handles)
    chat.page.click(link)
    shown = chat.page.value("document.body.innerText")
    assert "https://pinion.example/login?next=1" in shown, "the address is shown before it is followed"
    assert len(chat.page.driver.window_handles) == before
