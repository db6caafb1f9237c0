"""What the page keeps in the browser, where, for whom, and how it is taken out, put back and forgotten."""

import contextlib
import json
import threading
import time

import httpx
import pytest
from conftest import Server, run
from pages import hostile
from pages.browser import LOOK_SECONDS, WAIT_SECONDS
from pages.chat import DONE, LAST, Chat
from pages.proxy import Proxy, Reply

PAGE_BYTES = 150_000


@pytest.fixture
def downloads(browser, tmp_path):
    """Where the browser puts what a page exports."""
    browser.driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    return tmp_path


def exported(page, downloads, button):
    """The file that a button makes."""
    before = set(downloads.iterdir())
    page.click(button)
    deadline = time.monotonic() + WAIT_SECONDS
    # While it comes, the file has other names of the browser's.
    while not (new := [file for file in set(downloads.glob("pinion-*")) - before if file.suffix in (".json", ".md")]):
        assert time.monotonic() < deadline, "no file was made"
        time.sleep(LOOK_SECONDS)
    # A later file of the same name would take its place.
    return new[0].rename(downloads / f"{len(before)} {new[0].name}")


def import_file(page, path):
    page.cdp("DOM.enable")
    root = page.cdp("DOM.getDocument")["root"]["nodeId"]
    node = page.cdp("DOM.querySelector", nodeId=root, selector="#import-file")["nodeId"]
    page.cdp("DOM.setFileInputFiles", files=[str(path)], nodeId=node)


# Keys


def test_the_key_is_kept_for_the_tab_alone_and_leaves_the_address(chat, server):
    chat.scripted(Reply().text("ok").end(), state="done")
    page = chat.page
    assert page.value("sessionStorage.getItem('pinion.key')") == server.key
    assert page.value("location.hash + location.search") == ""
    assert server.key not in chat.kept()
    assert server.key not in page.value("document.documentElement.outerHTML")
    assert page.value(
        "[...document.querySelectorAll('input')].every((each) => !each.value.includes(arguments[0]))", server.key
    )
    # Going back does not bring it to the address again.
    assert page.value("history.length") <= 2
    sent = [(path, fields) for _, path, fields, _ in chat.proxy.requests]
    assert all(server.key not in path for path, _ in sent)
    assert {
        path for path, fields in sent if server.key in fields.get("authorization", fields.get("Authorization", ""))
    } <= {path for path, _ in sent if path.startswith("/v1/")}


def test_the_printed_link_signs_in_once(browser, quiet, new_data):
    server = Server("--data-dir", new_data())
    try:
        link = server.wait_for(r"Open the page: (http://\S+#sign-in=\w+)")
        path = "/" + link.partition("#")[1] + link.partition("#")[2]
        with browser.page(server.address) as page:
            chat = Chat(page)
            page.speak("en")
            page.open(path)
            chat.ready()
            assert page.value("location.hash") == ""
            page.fill("#p-max_tokens", "8")
            chat.send("Hi")
            chat.until_state("done", seconds=60)
            # The tab keeps the key that it got; the code is used up.
            page.reload()
            chat.ready()
        with browser.page(server.address) as page:
            page.speak("en")
            page.open(path)
            page.until_shown("#sign-in")
            assert page.value("sessionStorage.getItem('pinion.key')") is None
    finally:
        assert server.stop() == 0, server.errors


def test_signing_out_forgets_the_key_and_hides_the_conversations(chat, server):
    chat.scripted(Reply().text("a secret answer").end(), state="done")
    chat.page.click("#sign-out")
    chat.page.until_shown("#sign-in")
    assert chat.page.value("sessionStorage.getItem('pinion.key')") is None
    assert "a secret answer" not in chat.page.value("document.body.textContent")


def test_each_key_has_conversations_of_its_own(chat, browser, server, data):
    chat.scripted(Reply().text("of the first key").end(), state="done")
    other_key = run("keys", "create", "--name", "second", "--data-dir", data).stdout.strip()
    with browser.page(chat.proxy.address) as page:
        other = Chat(page, chat.proxy)
        other.sign_in(other_key)
        assert page.count("#conversations li") == 0
        assert "of the first key" not in page.value("document.body.textContent")


def test_a_page_is_served_without_a_key_and_nothing_else_is(proxy, server):
    for path, status in (
        ("/", 200),
        ("/status", 200),
        ("/v1/models", 401),
        ("/pages/../etc/passwd", 404),
        ("/pages/nothing.js", 404),
    ):
        reply = httpx.get(server.address + path, timeout=WAIT_SECONDS)
        assert reply.status_code == status, path
        if status == 200:
            assert "script-src 'self'" in reply.headers["content-security-policy"]
            assert reply.headers["x-content-type-options"] == "nosniff"
            assert reply.headers["referrer-policy"] == "no-referrer"
            assert server.key not in reply.text


def test_the_policy_is_the_strict_one_on_pages_and_assets(browser, server, quiet):
    wanted = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )
    with browser.page(server.address) as page:
        page.open(f"/#key={server.key}")
        page.until("document.body.dataset.state === 'ready'")
        addresses = page.value(
            "performance.getEntriesByType('resource').map((each) => each.name).filter((each) => each.includes('/pages/'))"
        )
    assert len(addresses) > 3
    for address in [server.address + "/", server.address + "/status", *addresses]:
        reply = httpx.get(address, timeout=WAIT_SECONDS)
        assert reply.headers["content-security-policy"] == wanted, address
        assert reply.headers["x-content-type-options"] == "nosniff", address


def test_the_page_is_small_and_asks_no_one_else(browser, server, quiet):
    with browser.page(server.address) as page:
        page.open(f"/#key={server.key}")
        page.until("document.body.dataset.state === 'ready'")
        entries = page.value(
            """[...performance.getEntriesByType("resource"), ...performance.getEntriesByType("navigation")]
            .map((each) => [each.name, each.decodedBodySize])"""
        )
    assert all(name.startswith(server.address) for name, _ in entries), entries
    size = sum(size for name, size in entries if "/v1/" not in name)
    assert 10_000 < size < PAGE_BYTES


# Prefix, tabs


def test_the_page_works_under_a_path_prefix(browser, server, quiet):
    proxy = Proxy(server.address, "/some/prefix")
    try:
        with browser.page(proxy.address) as page:
            chat = Chat(page, proxy)
            chat.sign_in(server.key)
            chat.scripted(Reply().text("below a prefix").end(), state="done")
            chat.until_kept(DONE)
            page.reload()
            chat.ready()
            chat.until_says("below a prefix")
            assert page.value("location.pathname") == "/some/prefix/"
            assert any(
                "/some/prefix/" in name
                for name in page.promise("return (await indexedDB.databases()).map((each) => each.name)")
            )
    finally:
        proxy.close()


def open_again(chat, server, page):
    """The same conversation in another tab."""
    other = Chat(page, chat.proxy)
    other.sign_in(server.key)
    page.click("#conversations button.open")
    page.until("document.querySelectorAll('#messages > article.message').length >= 2")
    return other


def test_two_tabs_on_one_conversation_lose_nothing(chat, browser, server):
    chat.scripted(Reply().text("first answer").end(), "first", "done")
    with browser.page(chat.proxy.address) as page:
        other = open_again(chat, server, page)
        chat.scripted(Reply().text("answer in one tab").end(), "from one tab", "done")
        # The other tab hears of it.
        page.until("document.querySelector('#messages').textContent.includes('answer in one tab')")
        # Both write at the same time: the one that comes later keeps its own as a copy.
        go_on = threading.Event()
        chat.proxy.script(Reply().text("late in one").hold(go_on).text(".").end())
        chat.send("at once, one")
        chat.until_state("streaming")
        chat.proxy.script(Reply().text("late in two").hold(go_on).text(".").end())
        other.send("at once, two")
        other.until_state("streaming")
        go_on.set()
        other.until_state("done")
        chat.until_state("done")
        chat.page.reload()
        chat.ready()
    chat.until_kept("first answer", "answer in one tab", "at once, one", "late in one.", "at once, two", "late in two.")


def test_a_conversation_deleted_in_one_tab_harms_no_other(chat, browser, server):
    chat.scripted(Reply().text("first answer").end(), "first", "done")
    with browser.page(chat.proxy.address) as page:
        other = open_again(chat, server, page)
        chat.page.click("#conversations button.delete")
        chat.page.click("#ask-yes")
        chat.page.until("document.querySelectorAll('#conversations li').length === 0")
        other.scripted(Reply().text("goes on").end(), "and now", "done")
        other.until_says("goes on")


def test_seven_tabs_are_used_at_once(browser, proxy, server, quiet):
    """Each has its own conversation; a browser opens six connections to a server at most, and none may be held."""
    with contextlib.ExitStack() as stack:
        chats = []
        for number in range(7):
            chat = Chat(stack.enter_context(browser.page(proxy.address)), proxy)
            chat.sign_in(server.key)
            chats.append(chat)
        for number, chat in enumerate(chats):
            chat.scripted(Reply().text(f"answer {number}").end(), f"question {number}", "done")
        for number, chat in enumerate(chats):
            chat.until_says(f"answer {number}")
        last = chats[-1].page
        last.until("document.querySelectorAll('#conversations li').length === 7")


# Slow storage

# Another user of the database, before whom nobody else reads or writes, until `free` is called or its page is left.
BUSY = """
const [{name, version}] = await indexedDB.databases();
const opening = indexedDB.open(name, version);
await new Promise((done) => { opening.onsuccess = done; });
const stores = opening.result.transaction(["conversations", "messages"], "readwrite");
let isBusy = true;
const goOn = () => { if (isBusy) stores.objectStore("messages").get(["", ""]).onsuccess = goOn; };
await new Promise((done) => { stores.objectStore("messages").get(["", ""]).onsuccess = () => { goOn(); done(); }; });
globalThis.free = () => { isBusy = false; };
"""


def test_a_conversation_that_is_slow_to_open_does_not_replace_a_later_one(chat):
    chat.scripted(Reply().text("slow to come").end(), state="done")
    chat.until_kept(DONE)
    chat.page.click("#new")
    chat.page.promise(BUSY)
    chat.page.click("#conversations button.open")
    chat.page.click("#new")
    chat.page.run("free()")
    # What has to wait for the one that was slow comes after it.
    chat.until_kept("slow to come")
    chat.page.until_shown_whole()
    assert chat.messages() == []


# Out and in again


def test_a_conversation_is_exported_and_imported(chat, browser, downloads, server):
    chat.page.fill("#system", "Be kind.")
    chat.scripted(Reply().reasoning("hm").text("the **answer**").end(), "the question", "done")
    file = exported(chat.page, downloads, "#export-json")
    text = file.read_text()
    assert "the question" in text and "the **answer**" in text and "Be kind." in text
    assert server.key not in text
    chat.until_kept(DONE)
    markdown = exported(chat.page, downloads, "#export-markdown").read_text()
    assert "the question" in markdown and "the **answer**" in markdown
    everything = exported(chat.page, downloads, "#export-all")
    forget(chat, server.key)
    import_file(chat.page, everything)
    chat.page.until_shown("#notice[data-kind=import]")
    assert chat.page.count("#conversations li") == 1
    chat.page.click("#conversations button.open")
    chat.page.until("document.querySelector('#messages').textContent.includes('the answer')")
    assert chat.page.value("document.querySelector('#system').value") == "Be kind."
    # Once more: what is there already is not lost.
    import_file(chat.page, file)
    chat.page.until("document.querySelectorAll('#conversations li').length === 2")


def forget(chat, key):
    """Forgets everything, the key too, and signs in again."""
    chat.page.click("#forget")
    chat.page.click("#ask-yes")
    chat.page.until_shown("#sign-in")
    chat.sign_in(key)
    assert chat.page.count("#conversations li") == 0 and chat.page.count("#messages > article") == 0


def test_forgetting_everything_leaves_nothing(chat, server):
    chat.scripted(Reply().text("to be forgotten").end(), "a secret question", "done")
    chat.page.fill("#prompt", "a secret draft")
    chat.until_kept("to be forgotten", "a secret question", "a secret draft")
    chat.page.click("#forget")
    chat.page.click("#ask-no")
    chat.page.until_hidden("dialog#ask")
    chat.page.until("document.querySelectorAll('#conversations li').length === 1")
    chat.until_kept("to be forgotten", "a secret question", "a secret draft")
    forget(chat, server.key)
    time.sleep(1.2)
    kept = chat.kept()
    for words in ("to be forgotten", "a secret question", "a secret draft"):
        assert words not in kept, words


def test_a_hostile_file_is_imported_as_text(chat, server, downloads, tmp_path):
    chat.scripted(
        Reply().reasoning("hm").text("WORD").tool_call("WORD", '{"a": "WORD"}').end("tool_calls"), "WORD", "done"
    )
    chat.until_kept(DONE)
    file = exported(chat.page, downloads, "#export-all")
    original = file.read_text()
    assert original.count("WORD") >= 4
    forget(chat, server.key)
    everything = json.dumps("\n\n".join(hostile.ALL))[1:-1]
    imported = tmp_path / "hostile.json"
    imported.write_text(original.replace("WORD", everything))
    import_file(chat.page, imported)
    # The list is made anew when the conversation that came is opened.
    chat.page.until_shown("#notice[data-kind=import]")
    assert chat.page.count("#conversations li") == 1
    chat.page.click("#conversations button.open")
    chat.page.until("document.querySelectorAll('#messages > article.message').length === 2")
    chat.until_state("done")
    hostile.assert_harmless(chat.page, chat.proxy)


def mutations(text):
    """Files of other shapes: each field in turn of another type, taken away, or named as JavaScript's own objects are."""
    whole = json.loads(text)

    def paths(node, path=()):
        yield path
        pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        for name, child in pairs:
            yield from paths(child, (*path, name))

    for path in list(paths(whole))[1:]:
        for value in (None, 7, -1e300, "text", [], {}, [None], {"__proto__": {"pwned": 1}}, hostile.SCRIPTS[4]):
            changed = json.loads(text)
            node = changed
            for name in path[:-1]:
                node = node[name]
            node[path[-1]] = value
            yield json.dumps(changed)


def test_damaged_files_are_refused_or_read_and_never_break_the_page(chat, downloads, tmp_path):
    chat.scripted(Reply().reasoning("hm").text("answer").tool_call("name", "{}").end("tool_calls"), "question", "done")
    original = exported(chat.page, downloads, "#export-json").read_text()
    texts = [
        "",
        "{",
        "null",
        "[]",
        "{}",
        "7",
        '"text"',
        original[:-20],
        "\ufeff" + original,
        "[" * 100_000,
        '{"__proto__": {"pwned": 1}}',
    ]
    texts += list(mutations(original))[::7]
    chat.page.run(
        """window.told = 0;
        new MutationObserver(() => { told += 1; }).observe(document.querySelector("#notice-text"), {childList: true});"""
    )
    for number, text in enumerate(texts):
        path = tmp_path / f"damaged {number}.json"
        path.write_text(text)
        import_file(chat.page, path)
        # Of each file it is said what became of it.
        chat.page.until("told > arguments[0]", number)
    assert chat.page.shown("#notice")
    chat.page.reload()
    chat.ready()
    # Whatever was taken can be opened.
    row = "document.querySelectorAll('#conversations button.open')[arguments[0]]"
    for index in range(min(chat.page.count("#conversations button.open"), 40)):
        chat.page.run(f"{row}.click()", index)
        chat.page.until(f"{row}.ariaCurrent === 'true'", index)
    chat.page.until_shown_whole()
    hostile.assert_harmless(chat.page, chat.proxy)
    assert chat.page.value("({}).pwned") is None
    chat.page.click("#new")
    chat.scripted(Reply().text("still here").end(), "after all that", "done")
    chat.until_says("still here")


# The reader's place


def test_scroll_is_never_taken_from_the_reader(chat):
    page = chat.page
    for number in range(6):
        chat.scripted(Reply().text("line\n\n" * 30).end(), f"question {number}", "done")
    # It grows while the reader goes up, however long that takes, and after that.
    is_up = threading.Event()
    reply = Reply().flow(is_up, 0.02).each([f"word {number}\n\n" for number in range(60)], 0.02)
    chat.proxy.script(reply.end())
    chat.send("and now a long one")
    chat.until_state("streaming")
    at_end = "(({scrollHeight, scrollTop, clientHeight}) => scrollHeight - scrollTop - clientHeight < 4)(document.querySelector('#transcript'))"
    page.until(at_end)
    # The reader goes up, and stays there while the reply grows.
    page.run("document.querySelector('#transcript').focus()")
    box = page.value(
        "(({x, y, width, height}) => [x + width / 2, y + height / 2])(document.querySelector('#transcript').getBoundingClientRect())"
    )
    before = page.value("document.querySelector('#transcript').scrollTop")
    page.wheel(*box, -700)
    page.until_shown("#to-end")
    # A browser scrolls smoothly, for as long as its frames take.
    place = None
    while place != (place := page.value("document.querySelector('#transcript').scrollTop")):
        time.sleep(0.3)
    assert place < before - 300
    length = len(chat.body)
    is_up.set()
    chat.until_state("done")
    assert len(chat.body) > length
    assert abs(page.value("document.querySelector('#transcript').scrollTop") - place) < 2
    # Asked for, the end is shown again.
    page.click("#to-end")
    page.until(at_end)
    page.until_hidden("#to-end")


def test_a_reader_at_the_end_follows_it(chat):
    chat.scripted(Reply().each(["line\n\n"] * 80, 0.005).end(), state="done")
    chat.page.until(
        "(({scrollHeight, scrollTop, clientHeight}) => scrollHeight - scrollTop - clientHeight < 4)(document.querySelector('#transcript'))"
    )


def test_selected_text_stays_selected_while_the_reply_grows(chat):
    page = chat.page
    is_selected = threading.Event()
    reply = Reply().text("first paragraph\n\nsecond\n\n").flow(is_selected, 0.03).each(["more\n\n"] * 20, 0.03)
    chat.proxy.script(reply.end())
    chat.send("hello")
    page.until("document.querySelectorAll(arguments[0]).length > 3", f"{LAST} .body p")
    page.run("getSelection().selectAllChildren(document.querySelector(arguments[0]))", f"{LAST} .body p")
    is_selected.set()
    chat.until_state("done")
    assert page.value("String(getSelection())").strip() == "first paragraph"
