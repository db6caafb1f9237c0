"""What a person with other means needs: axe-core's rules, narrow windows, zoom, forced colours, words for what happens."""

import threading

import pytest
from pages.chat import Chat
from pages.proxy import Reply

THEMES = ["light", "dark"]
LANGUAGES = ["en", "zh"]
NARROW = 320
RICH = (
    "# A heading\n\nText with **strong**, `code` and [a link](https://pinion.example/).\n\n- one\n- two\n\n```swift\n"
    + "let value = compute(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19)\n" * 3
    + "```\n\n| a column | another | a third | a fourth | a fifth | a sixth |\n| --- | --- | --- | --- | --- | --- |\n"
    "| 1111111111 | 2222222222 | 3333333333 | 4444444444 | 5555555555 | 6666666666 |\n\n> A quote.\n\n---\n\n"
    "https://pinion.example/a/very/long/address/that/has/no/place/to/break/in/it/because/it/is/one/word\n\n" + "w" * 200
)


def everything_shown(chat):
    """A conversation with each part that a message can have, and an error."""
    reply = Reply().reasoning("I think.").text(RICH).tool_call("weather", '{"city": "Paris"}')
    chat.scripted(reply.end("tool_calls"), "a question", "done")
    chat.scripted(Reply().text("before").fault("The engine failed."), "another", "failed")


def set_looks(page, theme, language):
    page.run(
        "localStorage['pinion.theme'] = arguments[0]; localStorage['pinion.language'] = arguments[1]", theme, language
    )
    page.reload()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_in_the_chat(chat, theme, language):
    set_looks(chat.page, theme, language)
    chat.ready()
    assert chat.page.value("[document.documentElement.lang.slice(0, 2), document.documentElement.dataset.theme]") == [
        language,
        theme,
    ]
    assert not chat.page.axe(), "an empty chat"
    everything_shown(chat)
    chat.page.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert not chat.page.axe(), "a conversation"
    chat.page.click("#messages article[data-role=user] button.edit")
    chat.page.fill("#p-temperature", "9")
    chat.page.key("Tab")
    assert not chat.page.axe(), "an edit and a wrong parameter"
    chat.page.click("#forget")
    chat.page.until_shown("dialog#ask")
    assert not chat.page.axe(), "a question"
    chat.page.click("#ask-no")
    chat.page.size(390, 844, mobile=True)
    assert not chat.page.axe(), "a phone"
    for opener, drawer in (("#open-sidebar", "#sidebar"), ("#open-settings", "#settings")):
        chat.page.click(opener)
        chat.page.until_shown(drawer)
        assert not chat.page.axe(), drawer
        chat.page.key("Escape")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_where_one_signs_in(browser, proxy, quiet, theme, language):
    with browser.page(proxy.address) as page:
        page.open("/")
        set_looks(page, theme, language)
        page.until("document.body.dataset.state === 'sign-in'")
        assert not page.axe()
        page.fill("#key", "pk-wrong")
        page.click("#sign-in-send")
        page.until("document.querySelector('#sign-in-error').textContent.trim()")
        assert not page.axe(), "an error"


def test_the_system_theme_follows_the_system(chat):
    colours = []
    for scheme in THEMES:
        chat.page.media(prefers_color_scheme=scheme)
        colours.append(chat.page.value("getComputedStyle(document.body).backgroundColor"))
    assert colours[0] != colours[1]


def test_theme_and_language_are_switched_at_once_and_kept(chat):
    page = chat.page
    chat.scripted(Reply().text("An answer.").end(), state="done")
    english = page.text("#new") or page.attribute("#new", "aria-label")
    page.choose("#language", "zh")
    page.until("document.documentElement.lang.startsWith('zh')")
    assert (page.text("#new") or page.attribute("#new", "aria-label")) != english
    chat.until_says("An answer.")
    page.choose("#theme", "dark")
    page.until("document.documentElement.dataset.theme === 'dark'")
    page.reload()
    chat.ready()
    assert page.value("[document.documentElement.lang.slice(0, 2), document.documentElement.dataset.theme]") == [
        "zh",
        "dark",
    ]


def too_wide(page):
    """Whether the page itself scrolls sideways, and which elements stick out that have no scroller of their own."""
    return page.value(
        """(() => {
            const width = document.documentElement.clientWidth;
            const scrolls = (element) => element && (/auto|scroll|hidden|clip/.test(getComputedStyle(element).overflowX) || scrolls(element.parentElement));
            const found = [...document.querySelectorAll("body *")].filter((element) => {
                const box = element.getBoundingClientRect();
                return element.checkVisibility() && box.width && box.right > width + 1 && box.left < width && !scrolls(element.parentElement);
            }).map((element) => element.outerHTML.slice(0, 100));
            if (document.documentElement.scrollWidth > width || document.body.scrollWidth > width) found.push("the page scrolls sideways");
            const transcript = document.querySelector("#transcript");
            if (transcript && transcript.scrollWidth > transcript.clientWidth) found.push("the transcript scrolls sideways");
            return found;
        })()"""
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_at_320_pixels_nothing_scrolls_sideways(chat, language):
    set_looks(chat.page, "light", language)
    chat.ready()
    chat.page.size(NARROW, 640)
    everything_shown(chat)
    assert not too_wide(chat.page)
    assert chat.page.shown("#prompt") and chat.page.shown("#send")
    for opener, drawer in (("#open-sidebar", "#sidebar"), ("#open-settings", "#settings")):
        chat.page.click(opener)
        chat.page.until_shown(drawer)
        assert not too_wide(chat.page), drawer
        assert chat.page.value(
            "document.querySelector(arguments[0]).scrollWidth <= document.querySelector(arguments[0]).clientWidth + 1",
            drawer,
        )
        chat.page.key("Escape")


def test_at_320_pixels_one_can_sign_in(browser, proxy, server, quiet):
    with browser.page(proxy.address) as page:
        page.size(NARROW, 400)
        page.open("/")
        page.until("document.body.dataset.state === 'sign-in'")
        assert not too_wide(page)
        page.fill("#key", server.key)
        page.click("#sign-in-send")
        Chat(page, proxy).ready()


def test_at_200_percent_everything_can_be_reached(chat):
    """A window of 1280 x 800 at 200 % has 640 x 400 pixels of its own."""
    chat.page.size(640, 400, scale=2)
    everything_shown(chat)
    assert not too_wide(chat.page)
    # The composer leaves room for what it answers.
    assert chat.page.value("document.querySelector('#transcript').clientHeight") >= 100
    for control in ("#prompt", "#send", "#open-settings"):
        assert chat.page.value(
            """(() => { const box = document.querySelector(arguments[0]).getBoundingClientRect();
            return box.left >= 0 && box.right <= innerWidth && box.top >= 0 && box.bottom <= innerHeight; })()""",
            control,
        ), control


def test_larger_text_alone_fits(chat):
    chat.page.run("document.documentElement.style.setProperty('font-size', '200%')")
    everything_shown(chat)
    assert not too_wide(chat.page)


def test_forced_colours_leave_controls_visible(chat):
    """With forced colours backgrounds are gone: what can be pressed or filled has a border, and the focus an outline."""
    chat.page.media(forced_colors="active")
    everything_shown(chat)
    bare = chat.page.value(
        """[...document.querySelectorAll("button, input:not([type=checkbox]):not([type=file]), select, textarea")]
        .filter((element) => element.checkVisibility({visibilityProperty: true, opacityProperty: true}))
        .filter((element) => { const style = getComputedStyle(element);
            const text = element.textContent.trim() || element.querySelector("svg") || /^(INPUT|SELECT|TEXTAREA)$/.test(element.tagName);
            return !(parseFloat(style.borderTopWidth) > 0 && style.borderTopStyle !== "none") && !(element.tagName === "BUTTON" && text); })
        .map((element) => element.outerHTML.slice(0, 100))"""
    )
    assert not bare
    chat.page.focus("#prompt")
    chat.page.key("Tab")
    outline = chat.page.value(
        "(({outlineStyle, outlineWidth}) => [outlineStyle, parseFloat(outlineWidth)])(getComputedStyle(document.activeElement))"
    )
    assert outline[0] != "none" and outline[1] > 0, "the focus is seen"
    assert not chat.page.axe()


def test_less_motion_is_respected(chat):
    chat.page.media(prefers_reduced_motion="reduce")
    chat.proxy.script(Reply().text("going on").hold(threading.Event()))
    chat.send("hello")
    chat.until_state("streaming")
    moving = chat.page.value(
        "document.getAnimations().filter((each) => each.effect.getComputedTiming().activeDuration > 100).length"
    )
    assert moving == 0
    chat.page.key("Escape")
    chat.until_state("stopped")


def test_the_live_region_says_how_each_reply_went_and_never_the_reply(chat):
    page = chat.page
    page.run(
        """window.heard = [];
        new MutationObserver(() => {
            const live = document.querySelector("#live");
            heard.push([live.dataset.event, live.textContent.trim()]);
        }).observe(document.querySelector("#live"), {childList: true, characterData: true, subtree: true, attributes: true});"""
    )

    def heard():
        found = page.value("heard.splice(0)")
        assert all("piece" not in text for _, text in found), "a reply is read aloud while it streams"
        return [event for event, text in found if text]

    assert page.value(
        "[document.querySelector('#live').getAttribute('role'), document.querySelector('#live').ariaLive]"
    ) in (
        ["status", "polite"],
        ["status", None],
    )
    chat.scripted(Reply().each(["piece "] * 5, 0.05).end(), state="done")
    events = heard()
    assert events[0] == "started" and events[-1] == "finished", events
    chat.scripted(Reply().text("piece").fault("broken"), state="failed")
    events = heard()
    assert events[0] == "started" and events[-1] == "failed", events
    chat.proxy.script(Reply().text("piece").hold(threading.Event()))
    chat.send("hello")
    chat.until_state("streaming")
    page.key("Escape")
    chat.until_state("stopped")
    assert heard()[-1] == "stopped"


def test_the_page_has_landmarks_a_title_and_one_first_heading(chat):
    chat.scripted(Reply().text("# A heading of the model\n\ntext").end(), state="done")
    assert chat.page.value("document.title").strip()
    for landmark in ("header", "nav", "main", "aside"):
        assert chat.page.count(landmark) >= 1, landmark
    assert chat.page.count("h1") == 1, "a heading of a reply is below those of the page"
