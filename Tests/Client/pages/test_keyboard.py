"""The keyboard alone, and input methods, whose Enter takes a candidate and must never send."""

import threading

import pytest
from pages.browser import WAIT_SECONDS
from pages.chat import LAST
from pages.proxy import Reply

COMPOSED = "ni hao"
TAKEN = "你好"
# More stops of the Tab key than the page has.
MOST_STOPS = 200
FIELDS = """[...document.querySelectorAll("input:not([type=checkbox]):not([type=file]):not([type=range]):not([type=radio]), textarea")]
    .filter((element) => element.checkVisibility({visibilityProperty: true}) && !element.disabled && !element.readOnly)
    .map((element) => element.id ? "#" + element.id : element.className ? "." + [...element.classList].join(".") : element.tagName)"""


def tab_to(page, selector):
    """Presses Tab until an element has the focus, each stop of which is visible."""
    for _ in range(MOST_STOPS):
        page.key("Tab")
        if page.value("document.activeElement.matches(arguments[0])", selector):
            return
    raise AssertionError(f"Tab never comes to {selector}")


def compose_and_press_enter(page, selector):
    """Composes in a field and presses Enter in each way in which browsers tell it; gives the field's text afterwards."""
    page.focus(selector)
    page.compose(COMPOSED)
    # During the composition: Chromium says `isComposing`.
    page.key("Enter", text="")
    # As input methods of Windows and macOS tell it: the key is "Process", of number 229.
    page.key("Process", code=229, text="")
    page.compose(COMPOSED)
    page.commit(TAKEN)
    # Safari tells the Enter that ended the composition after its end.
    page.key("Enter", code=229, text="")
    return page.value("document.querySelector(arguments[0])?.value", selector)


def test_enter_while_composing_sends_nothing_from_any_field(chat):
    page = chat.page
    chat.scripted(Reply().text("answer").end(), state="done")
    page.click("#messages article[data-role=user] button.edit")
    page.until_shown(".edit-text")
    fields = page.value(FIELDS)
    assert {"#prompt", "#system", "#p-temperature", "#p-schema", "#p-stop", ".edit-text", "#search"} <= set(fields), (
        fields
    )
    before = page.value("[history.length, location.href, document.querySelectorAll('#messages > article').length]")
    requests = len(chat.proxy.requests)
    for field in fields:
        text = compose_and_press_enter(page, field)
        # Fields for numbers take no letters.
        if page.value("document.querySelector(arguments[0]).type", field) != "number":
            assert TAKEN in text, field
    assert (
        page.value("[history.length, location.href, document.querySelectorAll('#messages > article').length]") == before
    )
    assert page.shown(".edit-text"), "the edit was sent"
    assert [path for _, path, _, _ in chat.proxy.requests[requests:] if path.endswith("completions")] == []


def test_enter_while_composing_does_not_keep_a_name(chat):
    page = chat.page
    chat.scripted(Reply().text("answer").end(), state="done")
    page.click("#conversations button.rename")
    field = "#conversations input.title"
    page.until_shown(field)
    assert TAKEN in compose_and_press_enter(page, field)
    assert page.shown(field), "the name was kept"
    page.key("Enter")
    page.until_hidden(field)
    page.until("document.querySelector('#conversations button.open')?.textContent.includes(arguments[0])", TAKEN)


def test_escape_while_composing_drops_nothing(chat):
    page = chat.page
    chat.scripted(Reply().text("answer").end(), state="done")
    page.click("#messages article[data-role=user] button.edit")
    page.focus(".edit-text")
    page.compose(COMPOSED)
    page.key("Escape")
    assert page.shown(".edit-text")


def test_enter_while_composing_does_not_sign_in(browser, proxy, server, quiet):
    with browser.page(proxy.address) as page:
        page.open("/")
        page.until("document.body.dataset.state === 'sign-in'")
        compose_and_press_enter(page, "#key")
        assert page.shown("#sign-in")
        assert not page.text("#sign-in-error").strip(), "the form was sent"


def test_enter_after_composing_sends(chat):
    chat.proxy.script(Reply().text("answer").end())
    compose_and_press_enter(chat.page, "#prompt")
    chat.page.key("Enter")
    chat.until_state("done")
    assert chat.proxy.chats()[-1]["messages"][-1]["content"] == TAKEN


def test_shift_and_enter_is_a_new_line(chat):
    chat.page.focus("#prompt")
    chat.page.type("one")
    chat.page.key("Enter", modifiers=8)
    chat.page.type("two")
    assert chat.page.value("document.querySelector('#prompt').value") == "one\ntwo"
    assert not chat.proxy.chats()


def test_a_conversation_by_the_keyboard_alone(chat):
    page = chat.page
    page.run("document.activeElement.blur()")
    page.key("/")
    assert page.value("document.activeElement.id") == "prompt"
    assert page.value("document.querySelector('#prompt').value") == ""
    chat.proxy.script(Reply().text("first answer").end())
    page.type("first")
    page.key("Enter")
    chat.until_state("done")
    assert page.value("document.activeElement.id") == "prompt", "the focus stays where one writes"
    # Back from the composer to the reply's own buttons, and regenerate.
    chat.proxy.script(Reply().text("second answer").end())
    page.run("document.querySelector('#transcript').focus()")
    tab_to(page, chat.part("button.regenerate"))
    page.key("Enter")
    chat.until_says("second answer")
    # A new conversation, and back to the first.
    page.key("n", modifiers=1)
    page.until("document.querySelectorAll('#messages > article').length === 0")
    tab_to(page, "#conversations button.open")
    page.key("Enter")
    page.until("document.querySelectorAll('#messages > article').length === 2")


def test_escape_stops_a_reply(chat):
    held = chat.proxy.script(Reply().text("going on").flow(threading.Event(), 0.05).end())
    chat.send("hello")
    chat.until_state("streaming")
    chat.page.key("Escape")
    chat.until_state("stopped")
    assert held.gone.wait(WAIT_SECONDS)


def test_every_stop_of_the_tab_key_is_visible_and_marked(chat):
    """Nothing takes the focus where nobody sees it, and what has it shows so."""
    page = chat.page
    chat.scripted(Reply().text("[a link](https://pinion.example/)\n\n```\ncode\n```\n").end(), state="done")
    page.run("document.activeElement.blur(); window.scrollTo(0, 0)")
    seen = set()
    for _ in range(MOST_STOPS):
        page.key("Tab")
        stop = page.value(
            """(() => {
                const element = document.activeElement, box = element.getBoundingClientRect(), style = getComputedStyle(element);
                if (element === document.body) return null;
                element.dataset.stop ??= String(window.stops = (window.stops ?? 0) + 1);
                return {name: element.outerHTML.slice(0, 120), stop: element.dataset.stop, width: box.width, height: box.height,
                    seen: element.checkVisibility({visibilityProperty: true, opacityProperty: true}),
                    outline: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0 || style.boxShadow !== "none"};
            })()"""
        )
        if stop is None or stop["stop"] in seen:
            break
        seen.add(stop["stop"])
        assert stop["seen"] and stop["width"] > 0 and stop["height"] > 0, stop
        assert stop["outline"], f"no mark of the focus: {stop['name']}"
    assert len(seen) > 15


@pytest.mark.parametrize("opener, drawer", [("#open-sidebar", "#sidebar"), ("#open-settings", "#settings")])
def test_drawers_of_a_phone_open_and_close_by_keys_and_give_the_focus_back(chat, opener, drawer):
    page = chat.page
    page.size(390, 844, mobile=True)
    page.until_hidden(drawer)
    page.focus(opener)
    page.key("Enter")
    page.until_shown(drawer)
    assert page.attribute(opener, "aria-expanded") == "true"
    page.key("Tab")
    assert page.value("document.querySelector(arguments[0]).contains(document.activeElement)", drawer)
    page.key("Escape")
    page.until_hidden(drawer)
    assert page.value("document.activeElement.matches(arguments[0])", opener)
