"""How fast the page answers: beside long replies, with many messages, at its first paint."""

import statistics
import time

import pytest
from pages.chat import LAST
from pages.figures import hold, hold_all, tell
from pages.proxy import Reply

KEY_MILLISECONDS = 100
TASK_MILLISECONDS = 200
PAINT_MILLISECONDS = 150
MEGABYTE = 1_000_000
MESSAGES = 200

# Event Timing tells from the key's time stamp to the next frame; only from 16 ms on, so quick strokes are counted apart.
OBSERVE = """
window.measured = {keys: [], tasks: [], strokes: 0};
new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (entry.name === "keydown") measured.keys.push(entry.duration);
}).observe({type: "event", durationThreshold: 16});
new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) measured.tasks.push(entry.duration);
}).observe({type: "longtask"});
addEventListener("keydown", () => { measured.strokes += 1; }, true);
"""

PARAGRAPH = (
    "A paragraph of a long reply with **strong**, *emphasis*, `code` and [a link](https://pinion.example/), and enough "
    "words after it that several lines are filled on every screen, as replies do.\n\n"
)
BLOCKS = (
    "## A heading\n\n" + PARAGRAPH * 2 + "- one\n- two\n  1. three\n\n```python\ndef f(x):\n    return x + 1\n```\n\n"
    "| a | b |\n| --- | --- |\n| 1 | 2 |\n\n> A quote.\n\n"
)


def repeated(text, size):
    return (text * (size // len(text) + 1))[:size]


SHAPES = {
    "blocks": lambda size: repeated(BLOCKS, size),
    "one fence": lambda size: "```\n" + repeated("let value = compute(1, 2)  // a line of code\n", size),
    "one paragraph": lambda size: repeated("words that *never* end and `never` break ", size),
    "one list": lambda size: repeated("- an item with **strong** words\n", size),
    "one table": lambda size: "| a | b |\n| --- | --- |\n" + repeated("| a cell | `another` |\n", size),
}


def conversation(chat, count=MESSAGES):
    """A conversation of so many messages, sent one after the other."""
    for number in range(count // 2):
        chat.scripted(Reply().text(BLOCKS if number % 10 == 0 else PARAGRAPH).end(), f"question {number}", "done")


@pytest.fixture(scope="module")
def long_chat_pieces():
    """A reply of a megabyte as about 2,000 pieces of 500 characters."""
    return {
        name: [text[at : at + 500] for at in range(0, MEGABYTE, 500)]
        for name, make in SHAPES.items()
        for text in [make(MEGABYTE)]
    }


def test_keys_are_answered_beside_200_messages_and_a_streaming_megabyte(chat, long_chat_pieces):
    conversation(chat)
    assert chat.page.count("#messages > article.message") == MESSAGES
    before = len(chat.proxy.chats())

    def measure():
        chat.page.run(OBSERVE)
        reply = chat.proxy.script(Reply().each(long_chat_pieces["blocks"], 0.004).end())
        # A further round takes the place of the one before, so that the page holds one megabyte in each.
        if len(chat.proxy.chats()) > before:
            chat.page.click(chat.part("button.regenerate"))
        else:
            chat.send("a long reply")
        chat.until_state("streaming")
        chat.page.focus("#prompt")
        strokes = 0
        while not reply.finished.is_set():
            chat.page.key("a")
            strokes += 1
            time.sleep(0.1)
        chat.until_state("done", seconds=60)
        found = chat.page.value("measured")
        assert found["strokes"] >= strokes > 8
        slowest, longest = sorted(found["keys"])[-3:], sorted(found["tasks"])[-3:]
        tell(f"beside 1 MB: {strokes} key strokes, the slowest {slowest} ms, the longest tasks {longest} ms")
        return max(found["keys"], default=0), max(found["tasks"], default=0)

    hold_all({"a key beside 1 MB": KEY_MILLISECONDS, "a task beside 1 MB": TASK_MILLISECONDS}, measure)
    assert len(chat.page.text(f"{LAST} .body")) > MEGABYTE / 2


@pytest.mark.parametrize("shape", [name for name in SHAPES if name != "blocks"])
def test_no_task_is_long_whatever_the_megabyte_is_made_of(chat, long_chat_pieces, shape):
    def measure():
        chat.page.run(OBSERVE)
        chat.scripted(Reply().each(long_chat_pieces[shape], 0.002).end(), state=None)
        chat.until_state("done", seconds=120)
        return max(chat.page.value("measured.tasks"), default=0)

    hold(f"the longest task of a megabyte of {shape}", TASK_MILLISECONDS, measure)


def test_the_first_paint_of_a_cold_load_is_quick(browser, server, quiet):
    """Twenty loads with an empty cache, straight from the server."""
    with browser.page(server.address) as page:
        page.open(f"/#key={server.key}")

        def load():
            page.cdp("Network.clearBrowserCache")
            page.open("/")
            return page.until("performance.getEntriesByName('first-contentful-paint')[0]?.startTime")

        hold(
            "first contentful paint, median of 20",
            PAINT_MILLISECONDS,
            lambda: statistics.median(load() for _ in range(20)),
        )


def test_ten_megabytes_of_markdown_do_not_hang_the_page(chat):
    text, start = repeated(BLOCKS, 10 * MEGABYTE), time.monotonic()
    chat.page.run(OBSERVE)
    chat.scripted(Reply().text(*(text[at : at + 65_536] for at in range(0, len(text), 65_536))).end(), state=None)
    chat.until_state("done", seconds=120)
    # The page shows a part and offers the rest.
    length = "document.querySelector(arguments[0]).textContent.length > arguments[1]"
    chat.page.until(length, f"{LAST} .body", MEGABYTE, seconds=60)
    shown = len(chat.body)
    chat.page.click(chat.part("button.more"))
    chat.page.until(length, f"{LAST} .body", shown + MEGABYTE // 2, seconds=60)
    longest = sorted(chat.page.value("measured.tasks"))[-3:]
    tell(f"10 MB of Markdown: two parts shown after {time.monotonic() - start:.1f} s, the longest tasks {longest} ms")
    chat.page.fill("#prompt", "still there")
    assert chat.page.value("document.querySelector('#prompt').value") == "still there"
